/**
 * Messages that leave in fragments, on their way to one destination. A few of them take turns, fragment by fragment.
 *
 * @module
 */
import type { Delivery } from "./delivery.ts";
import { Entry, type Lane, type NextDatagram, type Tally } from "./lane.ts";
import type { LargeMessage } from "./large_message.ts";

/** Large messages whose fragments take turns; the others wait until one of them has left. */
export const MAX_UNDER_WAY = 4;

/** How long a receiver is told that a message will not become whole, in milliseconds. It finds out by itself later on. */
const FAREWELL_MILLISECONDS = 1_000;

type LargeEntry = Entry<LargeMessage>;

/** The lane of messages that leave in fragments. */
export class LargeLane implements Lane {
  readonly #tally: Tally;
  readonly #maximum: number;
  readonly #waiting = new Set<LargeEntry>();
  /** Those that take turns; the first one is next. */
  readonly #underWay: LargeEntry[] = [];

  /**
   * @param tally Counts what waits, which what is under way does not.
   * @param maximum Bytes of messages that take turns: the largest one, or several that are smaller.
   */
  constructor(tally: Tally, maximum: number) {
    this.#tally = tally;
    this.#maximum = maximum;
  }

  /**
   * Adds a message.
   *
   * @param message The message.
   * @param delivery Learns what became of it.
   */
  add(message: LargeMessage, delivery: Delivery): void {
    if (delivery.expendable) return this.#tally.outcomes.add(delivery, this.#tally.noRoom());
    const entry = new Entry(message, message.size, delivery, (entry) => this.#withdraw(entry));
    if (this.#waiting.size === 0 && this.#mayStart(entry)) {
      this.#underWay.push(entry);
    } else {
      const refusal = this.#tally.refuse(message.size);
      if (refusal !== undefined) return this.#tally.outcomes.add(delivery, refusal);
      this.#waiting.add(entry);
      this.#tally.enter(message.size);
    }
    delivery.waits?.(entry);
  }

  /**
   * Tells the receiver that the rest of a message will not come.
   *
   * @param message The message, of which some has left.
   */
  abandon(message: LargeMessage): void {
    this.#underWay.unshift(farewellTo(message));
  }

  next(): NextDatagram | undefined {
    for (;;) {
      this.#startWaiting();
      const [entry] = this.#underWay;
      if (entry === undefined) return undefined;
      if (!entry.withdrawn) return this.#fragmentOf(entry);
      const farewell = entry.content.isUnderWay ? this.#farewellOf(entry) : undefined;
      if (farewell !== undefined) return farewell;
      this.#remove(entry);
    }
  }

  clear(): Delivery[] {
    for (const { size } of this.#waiting) this.#tally.leave(size);
    const entries = [...this.#underWay, ...this.#waiting];
    this.#waiting.clear();
    this.#underWay.length = 0;
    return entries;
  }

  #mayStart({ size }: LargeEntry): boolean {
    const { length } = this.#underWay;
    if (length === 0) return true;
    const bytes = this.#underWay.reduce((sum, entry) => sum + entry.size, size);
    return length < MAX_UNDER_WAY && bytes <= this.#maximum;
  }

  #startWaiting(): void {
    for (const entry of this.#waiting) {
      if (!this.#mayStart(entry)) return;
      this.#waiting.delete(entry);
      this.#tally.leave(entry.size);
      this.#underWay.push(entry);
    }
  }

  #fragmentOf(entry: LargeEntry): NextDatagram {
    const { content } = entry;
    return {
      ...content.next(),
      left: () => {
        content.advance();
        this.#remove(entry);
        // Taken back meanwhile, it is ended with its next turn.
        if (!content.isSent) this.#underWay.push(entry);
        else this.#tally.outcomes.add(entry);
      },
      failed: (error) => {
        this.#tally.outcomes.add(entry, error);
        this.#remove(entry);
        if (content.isUnderWay) this.abandon(content);
      },
    };
  }

  /** Ends a message whose rest nobody wants; not for ever where its receiver does not read. */
  #farewellOf(entry: LargeEntry): NextDatagram | undefined {
    if (performance.now() > entry.withdrawnAt + FAREWELL_MILLISECONDS) return undefined;
    const end = () => this.#remove(entry);
    return { ...entry.content.abandon(), left: end, failed: end };
  }

  #withdraw(entry: LargeEntry): void {
    if (this.#waiting.delete(entry)) this.#tally.leave(entry.size);
    this.#tally.reconsider();
  }

  #remove(entry: LargeEntry): void {
    const index = this.#underWay.indexOf(entry);
    if (index >= 0) this.#underWay.splice(index, 1);
  }
}

/** The place of a message that has failed under way: its receiver must learn that the rest will not come. */
function farewellTo(message: LargeMessage): LargeEntry {
  const entry = new Entry(message, message.size, { delivered() {}, undelivered() {} }, () => {});
  entry.withdraw();
  return entry;
}
