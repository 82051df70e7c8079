/**
 * A group that a peer owns.
 *
 * @module
 */
import { stringify } from "../jsonrpc/text.ts";
import type { Caller } from "../link/link.ts";
import type { Publisher } from "./publisher.ts";

/** How long an owner waits where nothing is said, in milliseconds. */
const DEFAULT_TIMEOUT = 30_000;

/** Options of a publication. */
export interface PublishOptions {
  /**
   * Whether to wait until the loop of each member has taken the value.
   *
   * @default false
   */
  sync?: boolean | undefined;
  /**
   * With `sync`, how long to wait for a member, in milliseconds; `Infinity` for ever.
   *
   * @default 30,000
   */
  timeout?: number | undefined;
  /**
   * With `sync`, rejects with its reason when it aborts. The value is published all the same.
   *
   * @default none
   */
  signal?: AbortSignal | undefined;
}

/** Closes a group. */
export type CloseGroup = () => void;

/**
 * A group of a peer: what is published there, all its members get. {@linkcode GroupPeer.group} opens it. While it is open, it keeps the
 * process running.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * await using paper = new RPCPeer({ name: "com.example.paper" });
 * using news = paper.group("news");
 *
 * await using reader = new RPCPeer();
 * using messages = reader.join<string>("com.example.paper", "news");
 * await messages.joined;
 *
 * assertEquals(await news.publish("It rains"), 1);
 * for await (const message of messages) {
 *   assertEquals(message, "It rains");
 *   break;
 * }
 * ```
 */
export class Group implements Disposable, AsyncDisposable {
  /** Its name. */
  readonly name: string;
  readonly #publisher: Publisher;
  readonly #close: CloseGroup;

  /**
   * Peers open groups.
   *
   * @param name Its name.
   * @param publisher Its messages and members.
   * @param close Closes it.
   * @ignore
   */
  constructor(name: string, publisher: Publisher, close: CloseGroup) {
    this.name = name;
    this.#publisher = publisher;
    this.#close = close;
  }

  /** Who are members, in the kernel's words. Who is a member twice is here twice. One that has ended disappears by itself. */
  get members(): readonly Caller[] {
    return this.#publisher.members.map(({ caller }) => caller);
  }

  /**
   * Publishes a value to all members.
   *
   * A member that does not keep up does not slow the others: what it has no room for is kept for it up to `maxQueuedBytes`, and beyond
   * that it loses the oldest, and is told how many.
   *
   * @param value What JSON can hold; undefined becomes null.
   * @param options Whether to wait until all members have taken it.
   * @returns How many members have it in their queue. One that has no room is waited for but a moment, and then not before it has caught
   * up; it gets the value later. With `sync`, how many have taken it: all who were members, and still are. The promise rejects with the
   * errors below.
   * @throws {GroupClosedError} If the group is closed.
   * @throws {MessageTooLargeError} If the value is larger than `maxMessageSize`. Nothing was sent.
   * @throws {TypeError} If JSON cannot hold it. Nothing was sent.
   * @throws {ReceiverFullError} With `sync`, if a member was so slow that it has missed the value.
   * @throws {CallTimeoutError} With `sync`, if a member has not taken it in time.
   * @throws {unknown} With `sync`, the reason of the signal, if it aborts.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using paper = new RPCPeer();
   * using news = paper.group("news");
   * assertEquals(await news.publish("Nobody reads this"), 0);
   * ```
   */
  async publish(value: unknown, options: PublishOptions = {}): Promise<number> {
    const { sync = false, timeout = DEFAULT_TIMEOUT, signal } = options;
    if (!sync) return await this.#publisher.publish(stringify(value));
    signal?.throwIfAborted();
    return await this.#publisher.publishSync(stringify(value), { timeout, signal });
  }

  /**
   * Closes the group, once all that was published has been sent to the members that keep up. Their loops end after it. Twice is fine.
   *
   * @returns Resolves when it is closed.
   */
  async close(): Promise<void> {
    await this.#publisher.settled();
    this.#close();
  }

  /** Closes the group at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes the group at the end of a `using` block, at once. */
  [Symbol.dispose](): void {
    this.#close();
  }
}
