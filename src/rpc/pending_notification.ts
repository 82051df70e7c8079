/**
 * A notification on its way.
 *
 * @module
 */
import { CallTimeoutError } from "../errors.ts";
import type { Delivery, WaitingMessage } from "../link/delivery.ts";
import { inWordsOf } from "../naming/errors.ts";
import { type Abortable, endOnAbort, forget } from "./abort_groups.ts";
import type { Deadlines, Timed } from "./deadlines.ts";
import type { Member } from "./members.ts";
import type { CallTerms } from "./pending_call.ts";
import type { PendingCallsHost } from "./pending_calls.ts";

/** Stands for what has not been posted, since it waits until it is known who holds its port, or for its turn: nothing is taken back. */
export const NOT_POSTED: WaitingMessage = { withdraw() {} };

/** Most often it is delivered in the turn in which it was sent. Only where it has to wait, its terms matter. */
export class PendingNotification implements Timed, Abortable, Delivery, Member {
  deadline = Infinity;
  heapIndex = -1;

  readonly #host: PendingCallsHost;
  readonly #deadlines: Deadlines;
  readonly #terms: CallTerms;
  readonly #resolve: () => void;
  readonly #reject: (reason: unknown) => void;
  #message: WaitingMessage | undefined;
  #ended = false;

  /**
   * @param host Learns when it is awaited.
   * @param deadlines The deadlines of the isolate.
   * @param terms What it is, and how long it waits.
   * @param resolve Told when it is in the other side's queue.
   * @param reject Told why not.
   */
  constructor(
    host: PendingCallsHost,
    deadlines: Deadlines,
    terms: CallTerms,
    resolve: () => void,
    reject: (reason: unknown) => void,
  ) {
    this.#host = host;
    this.#deadlines = deadlines;
    this.#terms = terms;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  /** Whether it has been neither delivered nor given up. */
  get isPending(): boolean {
    return !this.#ended;
  }

  delivered(): void {
    this.#end();
    this.#resolve();
  }

  undelivered(error: Error): void {
    this.#end();
    this.#reject(inWordsOf(this.#terms.name, error));
    this.#terms.contact.unreached(error);
  }

  waits(message: WaitingMessage): void {
    const { timeout, signal, contact } = this.#terms;
    // It has waited before, until it was known who holds its port.
    if (this.#message !== undefined) return void (this.#message = message);
    try {
      this.#host.hold();
    } catch (error) {
      this.#ended = true;
      message.withdraw();
      return this.#reject(inWordsOf(this.#terms.name, error));
    }
    this.#message = message;
    contact.join(this);
    // It may have aborted in this very turn.
    if (signal?.aborted) return this.reject(signal.reason);
    if (signal !== undefined) endOnAbort(signal, this);
    if (timeout === Infinity) return;
    this.deadline = performance.now() + timeout;
    this.#deadlines.add(this);
  }

  expire(): void {
    const { port, method, timeout } = this.#terms;
    this.reject(new CallTimeoutError(port, method, timeout, "take"));
  }

  abort(reason: unknown): void {
    this.reject(reason);
  }

  reject(reason: unknown): void {
    const message = this.#message;
    this.#end();
    message?.withdraw();
    this.#reject(inWordsOf(this.#terms.name, reason));
  }

  #end(): void {
    this.#ended = true;
    if (this.#message === undefined) return;
    this.#message = undefined;
    this.#host.release();
    this.#terms.contact.leave(this);
    this.#deadlines.delete(this);
    if (this.#terms.signal !== undefined) forget(this.#terms.signal, this);
  }
}
