/**
 * How long to look for what arrives before a thread is sent to wait for it.
 *
 * A thread that waits costs some 40 µs until it has woken, has told so, and is heard: several times as much as all the rest of a
 * call. Who looks again and again instead, and yields the processor in between, hears of an answer at once. That burns
 * time where nothing comes; so it is done for a moment only, and only where it has paid of late.
 *
 * @module
 */

/** Searches in a row that found nothing, before none is made any more. */
const VAIN_SEARCHES = 3;

/** How long it takes until a thread that has waited is heard, at most, in milliseconds; most often a third of it. */
const THREAD_MILLISECONDS = 0.1;

/** Waits in a row that a search would have saved, before it is tried again: at first, and after many vain ones. */
const SHORT_WAITS = { first: 1, most: 64 } as const;

/**
 * What a look and a yield cost, at most, in milliseconds. Where they took longer, others had the processor, and nothing was burnt
 * meanwhile: among many peers that all search, the moment is longer.
 */
const LOOK_MILLISECONDS = 0.002;

/**
 * How long a yield takes where another process keeps the processor busy, at least, in milliseconds: a time slice. On an idle
 * processor it takes half a microsecond, and now and then as long as that too.
 */
const SLICE_MILLISECONDS = 1;

/**
 * Where a yield took a slice, and searches take longer than waits on the whole, nobody searches for so many times as long. It
 * doubles each time, up to the longest, in milliseconds.
 */
const PAUSE = { factor: 16, longest: 1_000 } as const;

/** So many searches that found something, and a pause begins as short as the first one. */
const TRUSTED_SEARCHES = 256;

/** How much the last search counts in the mean: one that took a slice is nothing among a thousand that took no time. */
const WEIGHT = 1 / 256;

/** Waits in a pause that tell how long waiting takes; those that are longer, in milliseconds, had nothing to wait for. */
const SAMPLES = { needed: 8, longest: 5 } as const;

/** Decides whether to search, by what has come of it. Times are as `performance.now()` counts. */
export class BusyPoll {
  /** For how long to search, in milliseconds. */
  longest = 0;
  #begun = -1;
  #left = 0;
  #vain = 0;
  /** Waits in a row that were short, and how many it takes. */
  #shortWaits = 0;
  #neededWaits: number = SHORT_WAITS.first;
  #pausedUntil = 0;
  #pauseFactor: number = PAUSE.factor;
  #found = 0;
  /** How long searches took until something was there, on the whole, in milliseconds. */
  #searchMean = 0;
  /** The waits of the last pause, and how long they took together. */
  #waits = 0;
  #waitMilliseconds = 0;

  /** Whether a search is worth it now, as far as is known. */
  get isOn(): boolean {
    if (this.longest === 0 || this.#vain >= VAIN_SEARCHES) return false;
    if (this.#pausedUntil > 0) {
      if (performance.now() < this.#pausedUntil) return false;
      this.#pausedUntil = 0;
    }
    return true;
  }

  /** Whether the search should go on. */
  get goesOn(): boolean {
    return this.#left > 0;
  }

  /**
   * Begins a search, or goes on with it after others had their turn.
   *
   * @param now The time.
   */
  begin(now: number): void {
    if (this.#begun >= 0) return;
    this.#begun = now;
    this.#left = this.longest;
  }

  /**
   * Notes how long a look and a yield took.
   *
   * @param milliseconds How long.
   * @param now The time.
   */
  yielded(milliseconds: number, now: number): void {
    this.#left -= Math.min(milliseconds, LOOK_MILLISECONDS);
    if (milliseconds < SLICE_MILLISECONDS) return;
    // It is rare, or many peers have the processor in turn: waiting takes longer still.
    if (this.#waits >= SAMPLES.needed && this.#mean(now) < this.#waitMilliseconds / this.#waits) return;
    this.#left = 0;
    this.#pausedUntil = now + Math.min(this.#pauseFactor * milliseconds, PAUSE.longest);
    this.#pauseFactor *= 2;
    this.#found = this.#waits = this.#waitMilliseconds = 0;
  }

  /**
   * Ends a search: something is there.
   *
   * @param now The time.
   */
  found(now: number): void {
    this.#end(now);
    this.#vain = 0;
    this.#neededWaits = SHORT_WAITS.first;
    if (++this.#found >= TRUSTED_SEARCHES) this.#pauseFactor = PAUSE.factor;
  }

  /**
   * Ends a search: nothing was there.
   *
   * @param now The time.
   */
  foundNothing(now: number): void {
    this.#end(now);
    this.#shortWaits = 0;
    if (++this.#vain === VAIN_SEARCHES) this.#neededWaits = Math.min(2 * this.#neededWaits, SHORT_WAITS.most);
  }

  /**
   * Notes that a thread has waited until something was there.
   *
   * @param milliseconds How long.
   */
  waited(milliseconds: number): void {
    if (this.#pausedUntil > 0 && milliseconds <= SAMPLES.longest) {
      this.#waits++;
      this.#waitMilliseconds += milliseconds;
    }
    if (this.#vain < VAIN_SEARCHES) return;
    if (milliseconds > this.longest + THREAD_MILLISECONDS) this.#shortWaits = 0;
    else if (++this.#shortWaits >= this.#neededWaits) this.#vain = this.#shortWaits = 0;
  }

  #end(now: number): void {
    this.#searchMean = this.#mean(now);
    this.#begun = -1;
  }

  /** How long searches take, this one included. */
  #mean(now: number): number {
    return this.#searchMean + WEIGHT * (now - this.#begun - this.#searchMean);
  }
}
