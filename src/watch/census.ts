/**
 * Which sockets there are, looked at again and again while somebody wants to know.
 *
 * @module
 */
import type { ListedSocket } from "../link/link.ts";
import { inRootContext } from "../netlink/root_context.ts";
import { type Timer, unrefTimer } from "../netlink/unref_timer.ts";

/** Time between looks, in milliseconds. */
export const LOOK_MILLISECONDS = 100;

/** What a census needs of its peer. */
export interface CensusHost {
  /** Lists the sockets; one that is not there may live all the same. Undefined where they cannot be told. */
  sockets(): readonly ListedSocket[] | undefined;
  /** Tells whether it is sure that nobody holds a port. */
  isGone(port: number): boolean;
  /** Nobody is seen to come or go until sockets can be told again. */
  blinded(): void;
}

/** What has changed since the last look. */
export interface CensusChange {
  /** Sockets that are gone. A port with another cookie is gone first, and then there. */
  readonly left: readonly ListedSocket[];
  /** Sockets that are new. */
  readonly arrived: readonly ListedSocket[];
}

/** Is told of each look. */
export interface CensusSink {
  /**
   * Somebody has looked. May not throw.
   *
   * @param change What has changed.
   */
  looked(change: CensusChange): void;
}

/** Looks at the sockets of a network while somebody wants to know. Nobody: no timer, and nothing kept. */
export class Census {
  readonly #host: CensusHost;
  readonly #sinks = new Set<CensusSink>();
  readonly #sockets = new Map<number, ListedSocket>();
  #timer: Timer | undefined;
  #isBlind = false;

  /**
   * @param host The peer.
   */
  constructor(host: CensusHost) {
    this.#host = host;
  }

  /** The sockets that were there at the last look. */
  get sockets(): Iterable<ListedSocket> {
    return this.#sockets.values();
  }

  /**
   * Finds the socket that held a port at the last look.
   *
   * @param port The port.
   * @returns The socket, or undefined.
   */
  at(port: number): ListedSocket | undefined {
    return this.#sockets.get(port);
  }

  /**
   * Has somebody told of each look.
   *
   * @param sink Who is told.
   */
  add(sink: CensusSink): void {
    this.#sinks.add(sink);
    this.#lookLater();
  }

  /**
   * Has somebody told no longer.
   *
   * @param sink Who was told.
   */
  delete(sink: CensusSink): void {
    if (!this.#sinks.delete(sink) || this.#sinks.size > 0) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#sockets.clear();
  }

  /**
   * Looks now.
   *
   * @returns Whether it could be told which sockets there are.
   */
  look(): boolean {
    const listed = this.#host.sockets();
    const wasBlind = this.#isBlind;
    this.#isBlind = listed === undefined;
    if (listed === undefined) {
      if (!wasBlind && this.#sinks.size > 0) this.#host.blinded();
      return false;
    }
    const left: ListedSocket[] = [];
    const arrived: ListedSocket[] = [];
    const present = new Set<number>();
    for (const socket of listed) {
      const { port, cookie } = socket;
      present.add(port);
      const known = this.#sockets.get(port);
      if (known?.cookie === cookie) continue;
      if (known !== undefined) left.push(known);
      arrived.push(socket);
    }
    for (const socket of this.#sockets.values()) {
      // A look passes over sockets that live.
      if (!present.has(socket.port) && this.#host.isGone(socket.port)) left.push(socket);
    }
    for (const { port } of left) this.#sockets.delete(port);
    for (const socket of arrived) this.#sockets.set(socket.port, socket);
    // Whoever is told may end others.
    for (const sink of [...this.#sinks]) if (this.#sinks.has(sink)) sink.looked({ left, arrived });
    return true;
  }

  #lookLater(): void {
    this.#timer ??= inRootContext(() => unrefTimer(this.#tick, LOOK_MILLISECONDS));
  }

  readonly #tick = (): void => {
    this.#timer = undefined;
    // Before the look: who is told of it may be the last one, and end it.
    this.#lookLater();
    this.look();
  };
}
