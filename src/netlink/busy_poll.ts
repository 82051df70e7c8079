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

/** And at least: the search must come to its end also where the clock stands still, as in tests that have taken it over. */
const LEAST_MILLISECONDS = 0.0001;

/**
 * How long a yield takes where another process keeps the processor busy, at least, in milliseconds: a time slice. On an idle
 * processor it takes half a microsecond, among twenty peers that all search one of forty takes that long.
 */
const SLICE_MILLISECONDS = 2;

/** Where a first look found nothing, and a later one did, the next so many searches do without it. */
const YIELDS_FIRST = 15;

/** By how much a search is longer for what was sent just before; it at most doubles. */
const MILLISECONDS_A_BYTE = 0.5e-6;

/** The share of yields that take a slice, beyond which a process is taken to be busy, and how much the last yield counts in it. */
const BUSY = { share: 0.3, weight: 1 / 16 } as const;

/**
 * Where that is so, nobody searches for so many times as long as the last yield took, up to the longest, in milliseconds. It costs
 * a fiftieth of the time to find out that this is still so. Longer pauses are none better: where many peers search, those that
 * wait in threads are the ones that keep the others waiting.
 */
const PAUSE = { factor: 48, longest: 250 } as const;

/** Decides whether to search, by what has come of it. Times are as `performance.now()` counts. */
export class BusyPoll {
  /** For how long to search, in milliseconds. */
  longest = 0;
  #isUnderWay = false;
  #left = 0;
  #vain = 0;
  /** Searches from now on that do not begin with a look, and whether the last one did. */
  #yieldsFirst = 0;
  #hasLookedFirst = false;
  /** Waits in a row that were short, and how many it takes. */
  #shortWaits = 0;
  #neededWaits: number = SHORT_WAITS.first;
  #pausedUntil = 0;
  /** The share of yields that took a slice. */
  #sliceShare = 0;

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
   * @param bytes How much was sent just before: what is large takes longer to be read and answered.
   */
  begin(bytes = 0): void {
    if (this.#isUnderWay) return;
    this.#isUnderWay = true;
    this.#left = this.longest + Math.min(this.longest, bytes * MILLISECONDS_A_BYTE);
  }

  /**
   * Notes how long a look and a yield took.
   *
   * @param milliseconds How long.
   * @param now The time.
   */
  yielded(milliseconds: number, now: number): void {
    this.#left -= Math.min(Math.max(milliseconds, LEAST_MILLISECONDS), LOOK_MILLISECONDS);
    const tookSlice = milliseconds >= SLICE_MILLISECONDS;
    this.#sliceShare += BUSY.weight * (Number(tookSlice) - this.#sliceShare);
    if (!tookSlice || this.#sliceShare < BUSY.share) return;
    this.#left = 0;
    this.#pausedUntil = now + Math.min(PAUSE.factor * milliseconds, PAUSE.longest);
  }

  /**
   * Tells whether a search begins with a look, and not with a yield. Right after something was sent its answer is hardly there yet.
   *
   * @returns Whether.
   */
  looksFirst(): boolean {
    this.#hasLookedFirst = this.#yieldsFirst === 0;
    if (!this.#hasLookedFirst) this.#yieldsFirst--;
    return this.#hasLookedFirst;
  }

  /**
   * Ends a search: something is there.
   *
   * @param atOnce Whether the first look has found it, before any yield.
   */
  found(atOnce: boolean): void {
    if (atOnce) this.#yieldsFirst = 0;
    else if (this.#hasLookedFirst) this.#yieldsFirst = YIELDS_FIRST;
    this.#isUnderWay = false;
    this.#vain = 0;
    this.#neededWaits = SHORT_WAITS.first;
  }

  /** Ends a search: nothing was there. */
  foundNothing(): void {
    this.#isUnderWay = false;
    this.#shortWaits = 0;
    if (++this.#vain === VAIN_SEARCHES) this.#neededWaits = Math.min(2 * this.#neededWaits, SHORT_WAITS.most);
  }

  /**
   * Notes that a thread has waited until something was there.
   *
   * @param milliseconds How long.
   */
  waited(milliseconds: number): void {
    if (this.#vain < VAIN_SEARCHES) return;
    if (milliseconds > this.longest + THREAD_MILLISECONDS) this.#shortWaits = 0;
    else if (++this.#shortWaits >= this.#neededWaits) this.#vain = this.#shortWaits = 0;
  }
}
