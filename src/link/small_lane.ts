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

/** A message that waits. */
interface SmallMessage {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Whether no other one joins its datagram. */
  readonly isAlone: boolean;
}

type SmallEntry = Entry<SmallMessage>;

/** The lane of messages that fit a datagram. */
export class SmallLane implements Lane {
  readonly #tally: Tally;
  readonly #maximum: number;
  readonly #entries = new Set<SmallEntry>();
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
      this.#add({ bytes: datagram.subarray(offset, offset + size), isAlone: false }, delivery);
      offset += nlmsgAlign(size);
    }
  }

  /**
   * Adds a message that leaves in a datagram of its own.
   *
   * @param bytes The message, which is kept.
   * @param delivery Learns what became of it.
   */
  addAlone(bytes: Uint8Array<ArrayBuffer>, delivery: Delivery): void {
    this.#add({ bytes, isAlone: true }, delivery);
  }

  next(): NextDatagram | undefined {
    if (this.#entries.size === 0) return undefined;
    return this.#next ??= this.#join();
  }

  clear(): Delivery[] {
    return [...this.#entries].filter((entry) => this.#take(entry));
  }

  #add(message: SmallMessage, delivery: Delivery): void {
    const { bytes: { length } } = message;
    const refusal = delivery.expendable ? this.#tally.noRoom() : this.#tally.refuse(length, delivery.reserved);
    if (refusal !== undefined) return this.#tally.outcomes.add(delivery, refusal);
    const entry = new Entry(message, length, delivery, (entry) => this.#withdraw(entry));
    this.#entries.add(entry);
    this.#tally.enter(length);
    delivery.waits?.(entry);
  }

  /** Joins as many messages as fit, and at least one. */
  #join(): NextDatagram {
    const joined: SmallEntry[] = [];
    let length = 0;
    for (const entry of this.#entries) {
      const end = nlmsgAlign(length) + entry.size;
      const { isAlone } = entry.content;
      if (joined.length > 0 && (isAlone || end > this.#maximum)) break;
      joined.push(entry);
      length = end;
      if (isAlone) break;
    }
    const bytes = new Uint8Array(length);
    let offset = 0;
    for (const { content, size } of joined) {
      bytes.set(content.bytes, offset);
      offset += nlmsgAlign(size);
    }
    const end = (error?: Error) => {
      // Those that were taken back meanwhile are no longer here, and nobody wants to know.
      for (const entry of joined) if (this.#take(entry)) this.#tally.outcomes.add(entry, error);
    };
    return { bytes, length, left: () => end(), failed: end };
  }

  #withdraw(entry: SmallEntry): void {
    if (this.#take(entry)) this.#tally.reconsider();
  }

  #take(entry: SmallEntry): boolean {
    if (!this.#entries.delete(entry)) return false;
    this.#tally.leave(entry.size);
    this.#next = undefined;
    return true;
  }
}
