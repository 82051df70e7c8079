/**
 * Messages that fit a datagram, on their way to one destination: in order, and joined as far as they fit.
 *
 * @module
 */
import { nlmsgAlign } from "../wire/align.ts";
import { NLMSGHDR } from "../wire/nlmsghdr.ts";
import { viewOf } from "../wire/view.ts";
import type { Delivery } from "./delivery.ts";
import { Entry, type Lane, type NextDatagram, type Tally } from "./lane.ts";

/** The lane of messages that fit a datagram. */
export class SmallLane implements Lane {
  readonly #tally: Tally;
  readonly #maximum: number;
  readonly #entries = new Set<Entry<Uint8Array<ArrayBuffer>>>();
  #next: NextDatagram | undefined;

  /**
   * @param tally Counts what waits.
   * @param maximum Size up to which messages join a datagram, in bytes.
   */
  constructor(tally: Tally, maximum: number) {
    this.#tally = tally;
    this.#maximum = maximum;
  }

  /**
   * Adds the messages of a datagram.
   *
   * @param datagram The datagram, which is kept.
   * @param deliveries Learn what became of each message.
   */
  add(datagram: Uint8Array<ArrayBuffer>, deliveries: readonly Delivery[]): void {
    const view = viewOf(datagram);
    let offset = 0;
    for (const delivery of deliveries) {
      const size = view.getUint32(offset + NLMSGHDR.nlmsgLen, true);
      const message = datagram.subarray(offset, offset + size);
      offset += nlmsgAlign(size);
      const refusal = delivery.expendable ? this.#tally.noRoom() : this.#tally.refuse(size, delivery.reserved);
      if (refusal !== undefined) {
        this.#tally.outcomes.add(delivery, refusal);
        continue;
      }
      const entry = new Entry(message, size, delivery, (entry) => this.#withdraw(entry));
      this.#entries.add(entry);
      this.#tally.enter(size);
      delivery.waits?.(entry);
    }
  }

  next(): NextDatagram | undefined {
    if (this.#entries.size === 0) return undefined;
    return this.#next ??= this.#join();
  }

  clear(): Delivery[] {
    return [...this.#entries].filter((entry) => this.#take(entry));
  }

  /** Joins as many messages as fit, and at least one. */
  #join(): NextDatagram {
    const joined: Entry<Uint8Array<ArrayBuffer>>[] = [];
    let length = 0;
    for (const entry of this.#entries) {
      const end = nlmsgAlign(length) + entry.size;
      if (joined.length > 0 && end > this.#maximum) break;
      joined.push(entry);
      length = end;
    }
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (const { content } of joined) {
      bytes.set(content, offset);
      offset += nlmsgAlign(content.length);
    }
    const end = (error?: Error) => {
      // Those that were taken back meanwhile are no longer here, and nobody wants to know.
      for (const entry of joined) if (this.#take(entry)) this.#tally.outcomes.add(entry, error);
    };
    return { bytes, length, left: () => end(), failed: end };
  }

  #withdraw(entry: Entry<Uint8Array<ArrayBuffer>>): void {
    if (this.#take(entry)) this.#tally.reconsider();
  }

  #take(entry: Entry<Uint8Array<ArrayBuffer>>): boolean {
    if (!this.#entries.delete(entry)) return false;
    this.#tally.leave(entry.size);
    this.#next = undefined;
    return true;
  }
}
