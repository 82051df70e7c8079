/**
 * The calls of another peer, as they happen.
 *
 * @module
 */
import { GroupGap } from "../groups/group_gap.ts";
import type { Membership } from "../groups/membership.ts";
import type { CallEvent } from "./call_event.ts";

/**
 * What another peer does, for a `for await` loop: its calls, each when that peer is done with it, or its datagrams; and a
 * {@linkcode GroupGap} where some are missing. It ends with its loop, at the end of a `using` block, or when the other peer is
 * closed. {@linkcode TracingPeer.trace} and {@linkcode TracingPeer.traceDatagrams} make it. While it lasts, it keeps the process
 * running.
 *
 * @typeParam Event What is told: calls, or datagrams.
 */
export class Trace<Event = CallEvent> implements AsyncIterableIterator<Event | GroupGap, undefined>, Disposable {
  readonly #membership: Membership;
  readonly #read: (value: unknown) => Event | undefined;

  /**
   * Peers make traces.
   *
   * @param membership Its membership in the group in which the other peer tells of itself.
   * @param read Reads what that tells.
   * @ignore
   */
  constructor(membership: Membership, read: (value: unknown) => Event | undefined) {
    this.#membership = membership;
    this.#read = read;
  }

  /** Resolves when the first trace begins: what happens there from then on is told. Rejects as the loop does where it does not. */
  get joined(): Promise<void> {
    return this.#membership.joined;
  }

  /**
   * Takes what is next, or waits for it.
   *
   * @returns A call or a datagram, a {@linkcode GroupGap}, or the end. The promise rejects with the errors below.
   * @throws {GroupNotFoundError} If the other peer does not tell that: it has `trace: false`, or not `trace: "datagrams"`.
   * @throws {PeerGoneError | AccessDeniedError | CallTimeoutError | PeerClosedError} As {@linkcode Membership.next}.
   * @throws {JSONRPCError} If the other peer has no groups: it is not of this package.
   * @throws {unknown} The reason of the signal, if it aborts.
   */
  async next(): Promise<IteratorResult<Event | GroupGap, undefined>> {
    for (;;) {
      const { done, value } = await this.#membership.next();
      if (done) return { done, value: undefined };
      const event = value instanceof GroupGap ? value : this.#read(value);
      // What is none is not told of: there is nothing to say about it.
      if (event !== undefined) return { done: false, value: event };
    }
  }

  /**
   * Ends the trace, as a loop does that ends early.
   *
   * @returns The end.
   */
  return(): Promise<IteratorReturnResult<undefined>> {
    return this.#membership.return();
  }

  /** Ends the trace at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.#membership.leave();
  }

  /** The trace itself: several loops share its calls. */
  [Symbol.asyncIterator](): this {
    return this;
  }
}
