/**
 * What became of messages, until it is told.
 *
 * @module
 */
import type { Delivery } from "./delivery.ts";
import { Traffic } from "./traffic.ts";

/**
 * Whoever learns what became of a message may post, flush, take back or close there and then. So nobody is told before what
 * goes on is done with, and everything is as it should be.
 */
export class Outcomes {
  readonly #deliveries: Delivery[] = [];
  readonly #errors: (Error | undefined)[] = [];
  readonly #traffic: Traffic;
  #telling = false;

  /**
   * @param traffic Counts what was sent.
   */
  constructor(traffic: Traffic = new Traffic()) {
    this.#traffic = traffic;
  }

  /**
   * Notes what became of a message.
   *
   * @param delivery Who is to learn it.
   * @param error Why it could not be sent; undefined where it was.
   */
  add(delivery: Delivery, error?: Error): void {
    if (error === undefined) this.#traffic.messagesOut++;
    this.#deliveries.push(delivery);
    this.#errors.push(error);
  }

  /** Tells all that is noted, in order; and what is noted meanwhile. */
  tell(): void {
    if (this.#telling || this.#deliveries.length === 0) return;
    this.#telling = true;
    for (let index = 0; index < this.#deliveries.length; index++) {
      const [delivery, error] = [this.#deliveries[index]!, this.#errors[index]];
      try {
        if (error === undefined) delivery.delivered();
        else delivery.undelivered(error);
      } catch (thrown) {
        reportError(thrown); // The others are told all the same.
      }
    }
    this.#deliveries.length = this.#errors.length = 0;
    this.#telling = false;
  }
}
