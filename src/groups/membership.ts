/**
 * A membership in a group of another peer.
 *
 * @module
 */
import type { Arrivals } from "./arrivals.ts";
import type { Attendance } from "./attendance.ts";
import type { GroupGap } from "./group_gap.ts";

/** What a membership consists of. */
export interface MembershipParts {
  /** The messages that have come. */
  readonly arrivals: Arrivals;
  /** Joins the group, and stays. */
  readonly attendance: Attendance;
}

/**
 * A membership in a group of another peer: its messages, for a `for await` loop. It begins at once, and ends with its loop, at the end of
 * a `using` block, when the owner closes the group, or when the owner ends. {@linkcode GroupPeer.join} makes it. While it lasts, it
 * keeps the process running.
 *
 * The loop gets the values that were published, and a {@linkcode GroupGap} where some are missing.
 *
 * @typeParam T What is published, after its way through JSON. Nothing checks it.
 * @example
 * ```ts
 * import { GroupGap, RPCPeer } from "@procslink/procslink";
 *
 * await using paper = new RPCPeer({ name: "com.example.paper" });
 * const news = paper.group("news");
 *
 * await using reader = new RPCPeer();
 * const messages = reader.join<{ title: string }>("com.example.paper", "news");
 * await messages.joined;
 * await news.publish({ title: "It rains" });
 * await news.close();
 *
 * for await (const message of messages) {
 *   if (message instanceof GroupGap) console.log(`${message.missed} messages are missing`);
 *   else console.log(message.title);
 * }
 * ```
 */
export class Membership<T = unknown> implements AsyncIterableIterator<T | GroupGap, undefined>, Disposable {
  readonly #parts: MembershipParts;

  /**
   * Peers make memberships.
   *
   * @param parts What it consists of.
   * @ignore
   */
  constructor(parts: MembershipParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the group is joined for the first time: what is published from then on arrives. Rejects as the loop does where it is
   * not.
   */
  get joined(): Promise<void> {
    return this.#parts.attendance.joined;
  }

  /**
   * Takes the next message, or waits for it.
   *
   * @returns A value, a {@linkcode GroupGap}, or the end. The promise rejects with the errors below.
   * @throws {GroupNotFoundError} If the owner has no such group, and it is not waited for.
   * @throws {PeerGoneError} If nobody holds the port, or has the name; or the owner has ended, and it is not waited for.
   * @throws {AccessDeniedError} If the owner does not let this user join, or is not trusted.
   * @throws {CallTimeoutError} If the owner does not answer, and it is not waited for.
   * @throws {PeerClosedError} If the socket of this peer has failed.
   * @throws {unknown} The reason of the signal, if it aborts.
   */
  next(): Promise<IteratorResult<T | GroupGap, undefined>> {
    return this.#parts.arrivals.take() as Promise<IteratorResult<T | GroupGap, undefined>>;
  }

  /**
   * Leaves the group, as a loop does that ends early. What has come and was not taken is dropped.
   *
   * @returns The end.
   */
  return(): Promise<IteratorReturnResult<undefined>> {
    this.leave();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Leaves the group. Twice is fine. What has come and was not taken is dropped. */
  leave(): void {
    this.#parts.attendance.leave();
    this.#parts.arrivals.clear();
  }

  /** Leaves the group at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.leave();
  }

  /** The membership itself: several loops share its messages. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
