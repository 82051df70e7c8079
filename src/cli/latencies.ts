/**
 * How long many calls took.
 *
 * @module
 */

/** Each bucket is wider than the one before by this factor: no figure is further off. */
const RATIO = 1.01;
/** The shortest time that is told from none, in milliseconds. */
const SHORTEST = 0.0001;
/** How many buckets there are: the last one begins at some hours. */
const BUCKETS = 2_600;

/** Counts times by their length: any number of them, in the same memory. */
export class Latencies {
  readonly #counts = new Uint32Array(BUCKETS);
  #count = 0;
  #most = 0;

  /** How many there are. */
  get count(): number {
    return this.#count;
  }

  /** The longest one, in milliseconds; 0 where there is none. */
  get most(): number {
    return rounded(this.#most);
  }

  /**
   * Adds one.
   *
   * @param milliseconds How long it took.
   */
  add(milliseconds: number): void {
    const bucket = Math.ceil(Math.log(Math.max(milliseconds, SHORTEST) / SHORTEST) / Math.log(RATIO));
    this.#counts[Math.min(bucket, BUCKETS - 1)]! += 1;
    this.#count++;
    this.#most = Math.max(this.#most, milliseconds);
  }

  /**
   * Finds out within which time a share of them were done.
   *
   * @param share The share, above 0 and up to 1.
   * @returns The time in milliseconds, one hundredth too long at most; undefined where there are none.
   */
  quantile(share: number): number | undefined {
    if (this.#count === 0) return undefined;
    let left = Math.ceil(this.#count * share);
    for (const [bucket, count] of this.#counts.entries()) {
      left -= count;
      if (left <= 0) return rounded(Math.min(this.#most, SHORTEST * RATIO ** bucket));
    }
    return this.most;
  }

  /** Forgets all of them. */
  clear(): void {
    this.#counts.fill(0);
    this.#count = this.#most = 0;
  }
}

/**
 * Writes a time so that three digits of it can be read.
 *
 * @param milliseconds The time; undefined where there is none.
 * @returns The text, such as `12.3 µs`; undefined where there is none.
 */
export function shownTime(milliseconds: number | undefined): string | undefined {
  if (milliseconds === undefined) return undefined;
  if (milliseconds < 0.9995) return `${digits(milliseconds * 1_000)} µs`;
  return milliseconds < 999.5 ? `${digits(milliseconds)} ms` : `${digits(milliseconds / 1_000)} s`;
}

/** Rounds to tenths of a microsecond: what is beyond is noise. */
function rounded(milliseconds: number): number {
  return Math.round(milliseconds * 10_000) / 10_000;
}

function digits(value: number): string {
  return value < 9.995 ? value.toFixed(2) : value < 99.95 ? value.toFixed(1) : value.toFixed(0);
}
