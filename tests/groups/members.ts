/**
 * Groups without a peer: what is posted is kept, and a test says what becomes of it.
 *
 * @module
 */
import type { Delivery } from "../../src/link/delivery.ts";
import type { Caller } from "../../src/link/link.ts";
import type { SharedDatagram } from "../../src/link/fan_out.ts";
import type { Batch } from "../../src/groups/batch.ts";
import type { WaitOptions } from "../../src/groups/publisher_host.ts";
import { OwnedGroups, type OwnedGroupsHost } from "../../src/groups/owned_groups.ts";
import type { WatchedPort } from "../../src/groups/group_member.ts";

/** Somebody at a port. */
export function callerAt(port: number, uid = 10): Caller {
  return { port, uid, gid: 11, pidHint: 12 };
}

/** A message that was posted. */
export interface Posted {
  readonly to: number;
  readonly params: unknown;
  readonly delivery: Delivery;
}

/** What a port is watched with. */
export interface Watch {
  readonly port: number;
  readonly gone: () => void;
  readonly watched: WatchedPort & { isCurrent: boolean; isClosed: boolean };
}

/** Has all but the last message of a datagram. */
const ONE_OF_MANY: Delivery = { delivered() {}, undelivered() {} };

function textOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

/** The peer of groups, as a test has it. */
export class FakeOwner implements OwnedGroupsHost {
  readonly port = 100;
  bounds = { datagram: 10_000, message: 100_000 };
  readonly posted: Posted[] = [];
  readonly watches: Watch[] = [];
  readonly farewells: [to: number, next: number][] = [];
  readonly multicasts: number[] = [];
  readonly denials: string[] = [];
  /** What those answer who are asked whether they have taken a message. */
  answer: (port: number, number: number, options: WaitOptions) => Promise<unknown> = () => Promise.resolve(true);
  mayJoin: OwnedGroupsHost["mayJoin"] = () => true;
  multicast: OwnedGroupsHost["multicast"] = (_, datagram) => {
    this.multicasts.push(this.#bodies.get(datagram)!.length);
  };
  holds = 0;
  flushes = 0;
  readonly groups = new OwnedGroups(this);
  /** What datagrams hold. */
  readonly #bodies = new WeakMap<SharedDatagram, readonly Uint8Array[]>();

  prepare = (bodies: readonly Uint8Array[]): SharedDatagram => {
    const bytes = new Uint8Array(0);
    const datagram = { bytes, view: new DataView(bytes.buffer), starts: [] };
    this.#bodies.set(datagram, bodies);
    return datagram;
  };

  send(to: number, { datagram, text }: Batch, delivery: Delivery): void {
    const bodies = datagram === undefined ? [text!] : this.#bodies.get(datagram)!.map(textOf);
    for (const [index, body] of bodies.entries()) {
      const params = JSON.parse(body).params.slice(1);
      this.posted.push({ to, params, delivery: index < bodies.length - 1 ? ONE_OF_MANY : delivery });
    }
  }

  flush(): void {
    this.flushes++;
  }

  watch({ port }: Caller, gone: () => void): WatchedPort {
    const watched = {
      isCurrent: true,
      isClosed: false,
      close: () => void (watched.isClosed = true),
    };
    this.watches.push({ port, gone, watched });
    return watched;
  }

  ask(port: number, _stream: string, number: number, options: WaitOptions): Promise<unknown> {
    return this.answer(port, number, options);
  }

  denied(reason: string): void {
    this.denials.push(reason);
  }

  farewell(to: number, _stream: string, next: number): void {
    this.farewells.push([to, next]);
  }

  hold(): void {
    this.holds++;
  }

  release(): void {
    this.holds--;
  }

  /** The params of all that was posted to a port, without the stream. */
  sentTo(port: number): unknown[] {
    return this.posted.filter(({ to }) => to === port).map(({ params }) => params);
  }

  /** What was posted last is in its receiver's queue, or not. */
  end(error?: Error): void {
    const { delivery } = this.posted.at(-1)!;
    if (error === undefined) delivery.delivered();
    else delivery.undelivered(error);
  }
}
