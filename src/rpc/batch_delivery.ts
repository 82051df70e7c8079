/**
 * What becomes of the message of a batch.
 *
 * @module
 */
import type { Delivery, WaitingMessage } from "../link/delivery.ts";
import type { PendingCall } from "./pending_call.ts";

/** The calls of a batch share what becomes of their message. */
export class BatchDelivery implements Delivery {
  readonly #calls: readonly PendingCall[];
  #message: WaitingMessage | undefined;

  /**
   * @param calls The calls.
   */
  constructor(calls: readonly PendingCall[]) {
    this.#calls = calls;
  }

  /** Whether an answer to one of its calls is still waited for. */
  get isPending(): boolean {
    return this.#calls.some((call) => call.isPending);
  }

  delivered(): void {
    this.#message = undefined;
    for (const call of this.#calls) call.delivered();
  }

  waits(message: WaitingMessage): void {
    this.#message = message;
  }

  /**
   * Rejects those that still wait.
   *
   * @param reason Why.
   */
  reject(reason: unknown): void {
    for (const call of this.#calls) if (call.isPending) call.reject(reason);
  }

  undelivered(error: Error): void {
    this.#message = undefined;
    for (const call of this.#calls) call.undelivered(error);
  }

  /** Takes the message back where it still waits: all its calls have ended. */
  withdraw(): void {
    this.#message?.withdraw();
  }
}
