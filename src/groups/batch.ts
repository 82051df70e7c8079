/**
 * Messages of a group that leave together, to whoever is to get them next.
 *
 * @module
 */
import type { SharedDatagram } from "../link/fan_out.ts";
import type { Encoded, GroupLog } from "./log.ts";

/** How many bytes leave together at most. A larger message goes alone. */
const BATCH_BYTES = 65_536;

/** Messages that leave together. */
export interface Batch {
  /** Number behind the last one. */
  readonly next: number;
  /** The datagram that they make. */
  readonly datagram?: SharedDatagram;
  /** The one message, where that does not fit a datagram. */
  readonly text?: string;
}

/** Makes a datagram of JSON texts in UTF-8. */
export type Prepare = (bodies: readonly Uint8Array[]) => SharedDatagram;

/** Puts messages together. Most members need the same: what was put together last is kept. */
export class Batches {
  readonly #log: GroupLog;
  readonly #prepare: Prepare;
  readonly #maximum: number;
  #last: Batch | undefined;
  #lastFrom = 0;
  /** Number of the next message of the log when that was put together. */
  #lastNext = 0;

  /**
   * @param log The messages.
   * @param prepare Makes a datagram.
   * @param maximum How large that may be, in bytes.
   */
  constructor(log: GroupLog, prepare: Prepare, maximum: number) {
    this.#log = log;
    this.#maximum = Math.min(BATCH_BYTES, maximum);
    this.#prepare = prepare;
  }

  /**
   * Puts messages together.
   *
   * @param from Number of the first one, which the log has.
   * @returns The messages.
   */
  at(from: number): Batch {
    const { next } = this.#log;
    if (this.#last === undefined || this.#lastFrom !== from || this.#lastNext !== next) {
      this.#last = this.#make(from, this.#log.batch(from, this.#maximum));
      this.#lastFrom = from;
      this.#lastNext = next;
    }
    return this.#last;
  }

  /** Lets go of what is kept. */
  clear(): void {
    this.#last = undefined;
  }

  #make(from: number, messages: readonly Encoded[]): Batch {
    const next = from + messages.length;
    const [first] = messages;
    if (first!.text !== undefined) return { next, text: first!.text };
    return { next, datagram: this.#prepare(messages.map(({ bytes }) => bytes!)) };
  }
}
