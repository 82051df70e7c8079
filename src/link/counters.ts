/**
 * The `seq` of procslinkhdr: a counter for each destination, one more for each message.
 *
 * @module
 */

/** Destinations whose counter is kept; beyond that the one that was met first is forgotten. */
const COUNTED_DESTINATIONS = 4_096;

/** Counts messages. */
export class Counters {
  readonly #counters = new Map<number, number>();
  /** Where new destinations begin: behind all that were forgotten. To one of those a large message may still be on its way. */
  #start = 0;
  /** The last destination, and its counter, which is not in the map yet: most often the next one is the same. */
  #last = -1;
  #lastSeq = 0;

  /**
   * Counts one more message.
   *
   * @param to Its destination.
   * @returns Its number, from 1 to 2^32 - 1 and then again from 0.
   */
  next(to: number): number {
    if (to === this.#last) return this.#lastSeq = (this.#lastSeq + 1) >>> 0;
    const counters = this.#counters;
    if (this.#last >= 0) counters.set(this.#last, this.#lastSeq);
    const previous = counters.get(to);
    if (previous === undefined && counters.size >= COUNTED_DESTINATIONS) {
      const [[oldest, seq]] = counters as unknown as [[number, number]];
      counters.delete(oldest);
      this.#start = Math.max(this.#start, seq);
    }
    this.#last = to;
    this.#lastSeq = ((previous ?? this.#start) + 1) >>> 0;
    // Its place among the others is that of its first message.
    if (previous === undefined) counters.set(to, this.#lastSeq);
    return this.#lastSeq;
  }
}
