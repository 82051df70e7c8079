/**
 * Notes what became of messages.
 *
 * @module
 */
import type { Delivery } from "../../src/link/outbox.ts";

/** Notes outcomes, in order: the name of a message that was delivered, or its name and the error. */
export class Deliveries {
  readonly outcomes: (string | [name: string, error: Error])[] = [];

  /** Follows a message. Where `then` is given, it is called with the outcome. */
  of(name: string, then: () => void = () => {}): Delivery {
    return {
      delivered: () => {
        this.outcomes.push(name);
        then();
      },
      undelivered: (error) => {
        this.outcomes.push([name, error]);
        then();
      },
    };
  }
}
