/**
 * Notes what became of messages.
 *
 * @module
 */
import type { Delivery, WaitingMessage } from "../../src/link/delivery.ts";

/** Notes outcomes, in order: the name of a message that was delivered, or its name and the error. */
export class Deliveries {
  readonly outcomes: (string | [name: string, error: Error])[] = [];
  /** Messages that have had to wait, by name. */
  readonly waiting: Map<string, WaitingMessage> = new Map();

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
      waits: (message) => void this.waiting.set(name, message),
    };
  }

  /** Takes messages back that wait. */
  withdraw(...names: string[]): void {
    for (const name of names) {
      const message = this.waiting.get(name);
      if (message === undefined) throw new Error(`${name} does not wait`);
      message.withdraw();
    }
  }

  /** What became of messages, as text: the name of one that was delivered, or the name and that of the error. */
  get told(): string[] {
    return this.outcomes.map((outcome) => typeof outcome === "string" ? outcome : `${outcome[0]}: ${outcome[1].name}`);
  }
}
