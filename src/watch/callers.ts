/**
 * Who calls a peer: told of when it calls for the first time, and when it is gone.
 *
 * @module
 */
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import type { Census, CensusSink } from "./census.ts";

/** Callers that are kept at most. */
export const MOST_CALLERS = 65_536;

/** Who is told. */
export interface CallerHooks {
  /** Somebody calls for the first time. */
  readonly onConnect: ((caller: Caller) => void) | undefined;
  /** Somebody who has called is gone. */
  readonly onDisconnect: ((caller: Caller) => void) | undefined;
}

/** What callers need of their peer. */
export interface CallersHost {
  /** Which sockets there are. */
  readonly census: Census;
  /** Finds the socket that holds a port; null where there is none, undefined where that cannot be told. */
  socketAt(port: number): bigint | null | undefined;
  /** Tells whether it is sure that nobody holds a port. */
  isGone(port: number): boolean;
  /** Reports what a hook throws. */
  readonly trouble: ReportTrouble;
}

/** A caller, and its socket: null where that was gone when its first request was read, undefined where it could not be told. */
interface Known {
  caller: Caller;
  cookie: bigint | null | undefined;
  /** Whether it has called since the last look. */
  hasCalled: boolean;
}

/** Keeps who has called, while somebody is told of it. */
export class Callers implements CensusSink {
  readonly #host: CallersHost;
  readonly #hooks: CallerHooks;
  readonly #known = new Map<number, Known>();
  #isFull = false;
  #isClosed = false;

  /**
   * @param host The peer.
   * @param hooks Who is told.
   */
  constructor(host: CallersHost, hooks: CallerHooks) {
    this.#host = host;
    this.#hooks = hooks;
  }

  /**
   * Somebody calls.
   *
   * @param caller Who.
   */
  called(caller: Caller): void {
    const known = this.#known.get(caller.port);
    if (known === undefined) return this.#add(caller);
    known.hasCalled = true;
    if (isSame(known.caller, caller)) return;
    // The port has changed hands since the last look, or its holder has changed what the kernel says of it.
    const cookie = this.#host.socketAt(caller.port);
    if (cookie === known.cookie || cookie === undefined) return void (known.caller = caller);
    this.#remove(known);
    this.#add(caller, cookie);
  }

  looked(): void {
    for (const known of [...this.#known.values()]) {
      const { caller, cookie, hasCalled } = known;
      const socket = this.#host.census.at(caller.port);
      known.hasCalled = false;
      if (socket === undefined) {
        if (this.#host.isGone(caller.port)) this.#remove(known);
      } else if (cookie === undefined) known.cookie = socket.cookie;
      else if (cookie !== socket.cookie) {
        this.#remove(known);
        // Whoever has called since the last look was taken for the one before: its calls tell nothing of its socket.
        if (hasCalled) this.#add(caller, socket.cookie);
      }
    }
  }

  /** Tells nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#known.clear();
    this.#host.census.delete(this);
  }

  #add(caller: Caller, cookie: Known["cookie"] = this.#host.socketAt(caller.port)): void {
    if (this.#isClosed) return;
    if (this.#known.size >= MOST_CALLERS) return this.#full();
    this.#known.set(caller.port, { caller, cookie, hasCalled: false });
    if (this.#known.size === 1) this.#host.census.add(this);
    this.#tell("onConnect", caller);
  }

  #remove({ caller }: Known): void {
    if (!this.#known.delete(caller.port)) return;
    if (this.#known.size === 0) this.#host.census.delete(this);
    this.#isFull = false;
    this.#tell("onDisconnect", caller);
  }

  #full(): void {
    if (this.#isFull) return;
    this.#isFull = true;
    this.#host.trouble(
      "refused",
      `More than ${MOST_CALLERS} callers: others are not told of to onConnect and onDisconnect`,
    );
  }

  #tell(name: keyof CallerHooks, caller: Caller): void {
    const failed = (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      this.#host.trouble("handler", `The ${name} function has thrown: ${message}`, caller.port, error);
    };
    try {
      const result: unknown = this.#hooks[name]?.(caller);
      // It may be async, although nobody waits for it.
      if (result instanceof Promise) result.catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

function isSame(a: Caller, b: Caller): boolean {
  return a.uid === b.uid && a.gid === b.gid && a.pidHint === b.pidHint;
}
