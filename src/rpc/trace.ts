/**
 * The calls of another peer, as they happen.
 *
 * @module
 */
import { GroupGap } from "../groups/group_gap.ts";
import type { Membership } from "../groups/membership.ts";
import { type CallEvent, readCallEvent } from "./call_event.ts";

/**
 * The calls of another peer, for a `for await` loop: each when that peer is done with it, and a {@linkcode GroupGap} where some are
 * missing. It ends with its loop, at the end of a `using` block, or when the other peer is closed. {@linkcode TracingPeer.trace}
 * makes it. While it lasts, it keeps the process running.
 */
export class Trace implements AsyncIterableIterator<CallEvent | GroupGap, undefined>, Disposable {
  readonly #membership: Membership;

  /**
   * Peers make traces.
   *
   * @param membership Its membership in the group in which the other peer tells of its calls.
   * @ignore
   */
  constructor(membership: Membership) {
    this.#membership = membership;
  }

  /** Resolves when the first trace begins: calls that arrive there from then on are told of. Rejects as the loop does where it does not. */
  get joined(): Promise<void> {
    return this.#membership.joined;
  }

  /**
   * Takes the next call, or waits for it.
   *
   * @returns A call, a {@linkcode GroupGap}, or the end. The promise rejects with the errors below.
   * @throws {GroupNotFoundError} If the other peer does not tell of its calls: it has `trace: false`.
   * @throws {PeerGoneError | AccessDeniedError | CallTimeoutError | PeerClosedError} As {@linkcode Membership.next}.
   * @throws {JSONRPCError} If the other peer has no groups: it is not of this package.
   * @throws {unknown} The reason of the signal, if it aborts.
   */
  async next(): Promise<IteratorResult<CallEvent | GroupGap, undefined>> {
    for (;;) {
      const { done, value } = await this.#membership.next();
      if (done) return { done, value: undefined };
      const event = value instanceof GroupGap ? value : readCallEvent(value);
      // What is no call is not told of: there is nothing to say about it.
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
