/**
 * Events on their way to a loop.
 *
 * @module
 */
import type { LifecycleEvent } from "./events.ts";

/** Events that wait for a loop at most, beyond those that tell what is there. */
export const MOST_EVENTS = 65_536;

/** The outcome of a step of a loop. */
export type Step = IteratorResult<LifecycleEvent, undefined>;

/** Keeps events until a loop takes them. Where it does not keep up, it gets all that is there anew in place of what has changed. */
export class EventQueue {
  // Read from an index on, and cut at times: shift() moves every element of a long array.
  #events: LifecycleEvent[] = [];
  #next = 0;
  #most = MOST_EVENTS;
  /** Whether the loop has fallen behind, and what was told before counts no longer. */
  #isBehind = false;
  readonly #all: () => LifecycleEvent[];
  readonly #waiting: PromiseWithResolvers<Step>[] = [];
  #end: { readonly failure: Error | undefined } | undefined;

  /**
   * @param all Tells all that is there now.
   */
  constructor(all: () => LifecycleEvent[]) {
    this.#all = all;
  }

  /**
   * Adds an event.
   *
   * @param event The event.
   */
  push(event: LifecycleEvent): void {
    if (this.#end !== undefined || this.#isBehind) return;
    const waiting = this.#waiting.shift();
    if (waiting !== undefined) return waiting.resolve({ done: false, value: event });
    if (this.#events.length - this.#next >= this.#most) {
      this.#isBehind = true;
      this.#clear();
    } else this.#events.push(event);
  }

  /**
   * Takes the next event, or waits for it.
   *
   * @returns The event, or the end.
   */
  take(): Promise<Step> {
    if (this.#isBehind) this.#startOver();
    const event = this.#events[this.#next];
    if (event !== undefined) {
      this.#next++;
      if (this.#next === this.#events.length || this.#next === 1_024) {
        this.#events = this.#events.slice(this.#next);
        this.#next = 0;
      }
      return Promise.resolve({ done: false, value: event });
    }
    if (this.#end !== undefined) return this.#ended(this.#end.failure);
    const waiting = Promise.withResolvers<Step>();
    this.#waiting.push(waiting);
    return waiting.promise;
  }

  /**
   * Adds nothing any more.
   *
   * @param keep Whether what waits is still taken.
   * @param failure What the loop throws in the end, where it is not to end like any other.
   */
  close(keep: boolean, failure?: Error): void {
    if (!keep) {
      this.#isBehind = false;
      this.#clear();
    }
    if (this.#end === undefined || !keep) this.#end = { failure: keep ? failure : undefined };
    for (const waiting of this.#waiting.splice(0)) waiting.resolve(this.#ended(failure));
  }

  #ended(failure: Error | undefined): Promise<Step> {
    return failure === undefined ? Promise.resolve({ done: true, value: undefined }) : Promise.reject(failure);
  }

  #startOver(): void {
    this.#isBehind = false;
    this.#events = [{ type: "restart" }, ...this.#all()];
    this.#most = MOST_EVENTS + this.#events.length;
  }

  #clear(): void {
    this.#events = [];
    this.#next = 0;
  }
}
