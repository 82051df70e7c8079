/**
 * A watch over the peers of a network.
 *
 * @module
 */
import { checkName } from "../naming/name.ts";
import { EventQueue, type Step } from "./event_queue.ts";
import type { LifecycleEvent, WatchOptions } from "./events.ts";
import { type Filter, Roster, type RosterHost } from "./roster.ts";

/** Events until the watch ends: by the end of the loop, or the closing of the peer. */
export interface Watch extends AsyncIterableIterator<LifecycleEvent, undefined>, AsyncDisposable, Disposable {
  /** Waits for the next event. */
  next(): Promise<IteratorResult<LifecycleEvent, undefined>>;
  /** Ends the watch. */
  return(): Promise<IteratorResult<LifecycleEvent, undefined>>;
  /** The watch itself. */
  [Symbol.asyncIterator](): Watch;
  /** Ends the watch at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
  /** Ends the watch at the end of a `using` block. */
  [Symbol.dispose](): void;
}

/** What a watch needs of its peer. */
export interface WatchHost extends RosterHost {
  /** The watch has ended. */
  ended(watch: PeerWatch): void;
}

/** The {@linkcode Watch} of a peer. */
export class PeerWatch implements Watch {
  readonly #host: WatchHost;
  readonly #roster: Roster;
  readonly #queue: EventQueue;
  #isOpen = true;

  /**
   * @param host The peer.
   * @param filter What is watched.
   */
  constructor(host: WatchHost, filter: Filter) {
    this.#host = host;
    this.#queue = new EventQueue(() => this.#roster.all());
    this.#roster = new Roster(host, filter, (event) => this.#queue.push(event));
    this.#roster.start();
  }

  next(): Promise<Step> {
    return this.#queue.take();
  }

  return(): Promise<Step> {
    this.#queue.close(false);
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  [Symbol.dispose](): void {
    this.return();
  }

  /**
   * Ends the watch, since its peer is closed: what was told before that is still taken.
   *
   * @param failure Why, where the peer was not meant to be closed.
   */
  close(failure: Error | undefined): void {
    this.#queue.close(true, failure);
    this.#end();
  }

  #end(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#roster.close();
    this.#host.ended(this);
  }
}

/**
 * Checks what is to be watched.
 *
 * @param options The options.
 * @returns What is watched.
 * @throws {TypeError} If names or groups are not arrays of strings.
 * @throws {RangeError} If one of the names cannot be one.
 */
export function checkWatchOptions({ names, groups }: WatchOptions): Filter {
  return {
    names: names && new Set(texts("names", names).map(checkName)),
    groups: groups && new Set(texts("groups", groups)),
  };
}

function texts(what: string, value: unknown): string[] {
  if (Array.isArray(value) && value.every((text) => typeof text === "string")) return value;
  throw new TypeError(`${what} must be an array of strings`);
}
