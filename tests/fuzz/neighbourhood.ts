/**
 * A peer and its neighbours on one network in memory: a client of its own user, an honest server, one that is called
 * synchronously, and strangers of two other users.
 *
 * @module
 */
import { assert } from "@std/assert";
import { RPCPeer, type TroubleEvent } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { type MemoryLink, MemoryNetwork } from "../fakes/memory_network.ts";
import { fragments, frame, Stranger } from "../fakes/stranger.ts";
import { API, type Echo } from "./api.ts";

/** Ports of those that are no strangers. */
export const PORTS = { peer: 100, client: 200, honest: 300, synchronous: 400 } as const;

/** The strangers: two of one user, and one of another. */
const STRANGERS = [[666, 66], [667, 67], [668, 66]] as const;

/** All peers take and send the same. So little room is left that most of it is used. */
const OPTIONS = { maxMessageSize: 32_768, maxQueuedBytes: 200_000 };
const MAX_DATAGRAM = 600;
/** Datagrams that a queue holds, and that of a stranger who does not read. */
const QUEUE = 12;
const STRANGERS_QUEUE = 3;

/** Kinds of trouble that friends cause: their methods fail because they are to. */
const FRIENDLY_TROUBLE = ["handler", "notification"];

/** A stranger, who comes and goes. */
export interface Neighbour {
  readonly port: number;
  stranger: Stranger;
  present: boolean;
  reading: boolean;
  /** How many have held the port. */
  holders: number;
}

/** All of them. */
export class Neighbourhood {
  readonly network = new MemoryNetwork();
  readonly links: Readonly<Record<"peer" | "client" | "honest" | "synchronous", MemoryLink>>;
  readonly peer: RPCPeer;
  readonly client: RPCPeer;
  readonly honest: RPCPeer;
  readonly api: API;
  readonly honestAPI: API;
  readonly neighbours: readonly Neighbour[];
  /** All strangers there ever were. */
  readonly strangers: Stranger[] = [];
  /** Each lets the honest server answer one call. */
  readonly gates: (() => void)[] = [];
  /** Trouble that should not be. */
  readonly #badTrouble: string[] = [];
  readonly #holders = new Map<number, Caller[]>();
  readonly #served: Promise<void>[];

  constructor() {
    const own = { uid: 10, gid: 10 };
    this.links = {
      peer: this.#open(PORTS.peer, own),
      client: this.#open(PORTS.client, own),
      honest: this.#open(PORTS.honest, { uid: 30, gid: 30 }),
      synchronous: this.#open(PORTS.synchronous, { uid: 40, gid: 40 }),
    };
    this.peer = this.#openPeer(this.links.peer);
    this.client = this.#openPeer(this.links.client);
    this.honest = this.#openPeer(this.links.honest);
    const whoHolds = (port: number) => this.#holders.get(port) ?? [];
    const relay = (...params: Echo) => this.peer.call<Echo>(PORTS.honest, "echo", params);
    this.api = new API({ whoHolds, relay });
    this.honestAPI = new API({ whoHolds, relay });
    this.peer.registerFunctionsInObject(this.api);
    this.honest.registerFunctionsInObject(this.honestAPI);
    this.honest.registerFunction(async (token: unknown, payload: unknown) => {
      await new Promise<void>((resolve) => this.gates.push(resolve));
      return this.honestAPI.echo(token, payload);
    }, "slow");
    this.#served = [this.peer, this.honest].map((peer) => peer.runServerForever());
    // What becomes of it is asked for in the end.
    for (const served of this.#served) served.catch(() => {});
    this.neighbours = STRANGERS.map(([port, uid]) => ({
      port,
      stranger: this.#openStranger(port, { uid, gid: uid }),
      present: true,
      reading: true,
      holders: 1,
    }));
    this.#serveSynchronously();
  }

  /** Has a stranger read no more: soon there is no room for what it is sent. */
  stopReading(neighbour: Neighbour): void {
    if (!neighbour.present || !neighbour.reading) return;
    neighbour.reading = false;
    neighbour.stranger.link.queueLimit = STRANGERS_QUEUE;
    neighbour.stranger.link.release();
  }

  /** Has a stranger read again. */
  read(neighbour: Neighbour): void {
    if (!neighbour.present || neighbour.reading) return;
    neighbour.reading = true;
    neighbour.stranger.link.queueLimit = Infinity;
    neighbour.stranger.link.hold();
  }

  /** Has a stranger leave its port. */
  leave(neighbour: Neighbour): void {
    if (neighbour.present) neighbour.stranger.link.close();
    neighbour.present = false;
  }

  /** Has another process take the port of a stranger that has left. */
  return(neighbour: Neighbour): void {
    if (neighbour.present) return;
    const { uid, gid } = neighbour.stranger.link.self;
    neighbour.holders++;
    neighbour.stranger = this.#openStranger(neighbour.port, { uid, gid, pidHint: neighbour.holders });
    neighbour.present = neighbour.reading = true;
  }

  /** Fails where something was reached that must not be, or friends are said to have made trouble. */
  assertSafe(): void {
    this.api._assertSecret();
    this.honestAPI._assertSecret();
    assert(this.#badTrouble.length === 0, `Trouble that should not be: ${this.#badTrouble.join("; ")}`);
  }

  /** Closes all. */
  async close(): Promise<void> {
    for (const neighbour of this.neighbours) this.leave(neighbour);
    await Promise.all([this.peer, this.client, this.honest].map((peer) => peer.close()));
    await Promise.all(this.#served);
    this.links.synchronous.close();
  }

  #open(port: number, credentials: Partial<Caller>): MemoryLink {
    const link = this.network.open(port, credentials);
    link.maxDatagram = MAX_DATAGRAM;
    const { uid, gid, pidHint } = link.self;
    this.#holders.set(port, [...this.#holders.get(port) ?? [], { port, uid, gid, pidHint }]);
    return link;
  }

  #openStranger(port: number, credentials: Partial<Caller>): Stranger {
    const stranger = new Stranger(this.#open(port, credentials));
    this.strangers.push(stranger);
    return stranger;
  }

  #openPeer(link: MemoryLink): RPCPeer {
    link.queueLimit = QUEUE;
    const peer = new RPCPeer({ ...OPTIONS, link });
    peer.addEventListener("trouble", ({ kind, reason, port }: TroubleEvent) => {
      const isStrange = STRANGERS.some(([strange]) => strange === port);
      if (isStrange || FRIENDLY_TROUBLE.includes(kind)) return;
      this.#badTrouble.push(`${kind} from ${port}: ${reason}`);
    });
    return peer;
  }

  /** Somebody who answers while the thread stands still, as far as there is room. */
  #serveSynchronously(): void {
    const { peer, synchronous } = this.links;
    const stranger = new Stranger(synchronous);
    const answers: Uint8Array<ArrayBuffer>[] = [];
    peer.blocking!.whileReceiving = () => {
      for (const { nlmsgSeq, body } of stranger.readNow()) {
        const { id, params: [token, payload, part] } = body as { id: number; params: [string, unknown, number] };
        const answer = { jsonrpc: "2.0", id, result: [token, payload] };
        const message = { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2, seq: nlmsgSeq } };
        answers.push(...part > 0 ? fragments(PORTS.synchronous, message, part) : [frame(PORTS.synchronous, message)]);
      }
      while (answers.length > 0 && synchronous.send(PORTS.peer, answers[0]!, answers[0]!.length)) answers.shift();
    };
  }
}
