/**
 * What was measured: figures, and what was left out.
 *
 * @module
 */

/** Units of figures. */
export type Unit = "µs" | "calls/s" | "MB/s" | "bytes" | "MiB" | "ms" | "% of a core";

/** What a figure is of. */
export interface FigureKey {
  /** The part of the benchmark. */
  readonly section: string;
  /** What was measured. */
  readonly measure: string;
  /** Where or how, such as a placement. */
  readonly where: string;
  /** Who was measured: a title of a peer, or a setting. */
  readonly who: string;
}

/** A figure: all samples of a run. */
export interface Figure extends FigureKey {
  readonly unit: Unit;
  readonly samples: readonly number[];
  /** The median of the samples. */
  readonly median: number;
}

/** Something that was not measured, and why. */
export interface LeftOut {
  readonly section: string;
  readonly what: string;
  readonly reason: string;
}

/** A section that failed; what it had measured before stays. */
export interface Failure {
  readonly section: string;
  readonly error: Error;
}

/** The figures of a run. */
export class Results {
  readonly #samples = new Map<string, { key: FigureKey; unit: Unit; values: number[] }>();
  readonly #leftOut: LeftOut[] = [];
  readonly #failures: Failure[] = [];

  /**
   * Adds a sample.
   *
   * @param key What it is of.
   * @param unit Its unit.
   * @param value The sample.
   */
  add({ section, measure, where, who }: FigureKey, unit: Unit, value: number): void {
    const key = { section, measure, where, who };
    const name = nameOf(key);
    const known = this.#samples.get(name);
    if (known === undefined) this.#samples.set(name, { key, unit, values: [value] });
    else known.values.push(value);
  }

  /**
   * Notes that something was left out; once for each reason.
   *
   * @param section The part of the benchmark.
   * @param what What was left out.
   * @param reason Why.
   */
  leaveOut(section: string, what: string, reason: string): void {
    const known = this.#leftOut.some((other) => {
      return other.section === section && other.what === what && other.reason === reason;
    });
    if (!known) this.#leftOut.push({ section, what, reason });
  }

  /**
   * Notes that a section failed.
   *
   * @param section The section.
   * @param error Why.
   */
  fail(section: string, error: Error): void {
    this.#failures.push({ section, error });
  }

  /** What failed. */
  get failures(): readonly Failure[] {
    return this.#failures;
  }

  /** What was left out. */
  get leftOut(): readonly LeftOut[] {
    return this.#leftOut;
  }

  /** All figures, in the order of their first samples. */
  get figures(): readonly Figure[] {
    return [...this.#samples.values()].map(({ key, unit, values }) => {
      return { ...key, unit, samples: values, median: median(values) };
    });
  }

  /**
   * Looks up a figure.
   *
   * @param key What it is of.
   * @returns Its median; undefined where it was not measured.
   */
  median(key: FigureKey): number | undefined {
    const values = this.#samples.get(nameOf(key))?.values;
    return values === undefined ? undefined : median(values);
  }
}

/**
 * The median of values.
 *
 * @param values At least one value.
 * @returns The one in the middle, or the mean of both.
 */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

function nameOf({ section, measure, where, who }: FigureKey): string {
  return [section, measure, where, who].join("\n");
}
