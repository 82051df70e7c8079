/**
 * A long search for cases that fail: targets take turns, each with as many cases as its share is.
 *
 * @module
 */
import type { Failure, Target } from "./target.ts";

/** How long to search, and where. */
export interface CampaignOptions {
  readonly targets: readonly Target[];
  /** How many cases in all. */
  readonly runs: number;
  readonly seed: number;
  /** How long at most. */
  readonly seconds: number;
  /** Told after each turn of a target. */
  readonly progress: (results: readonly Result[]) => void;
  /** Told of each failure, at once. */
  readonly failed: (failure: Failure) => void | Promise<void>;
}

/** What a target has been through. */
export interface Result {
  readonly target: string;
  /** Cases that were tried; those of a turn that fails are not counted. */
  readonly cases: number;
  readonly milliseconds: number;
  readonly failures: number;
}

/** Cases of a turn, for each case of a thousand that are for the target. */
const TURN_CASES = 10;
/** Lies far from all others, whatever the turn is: the golden ratio of 2^32. */
const SEED_STEP = 0x9e37_79b9;

/**
 * Searches. A target that has failed has no more turns, since it would fail for the same reason.
 *
 * @param options How long, and where.
 * @returns What each target has been through.
 */
export async function campaign(options: CampaignOptions): Promise<Result[]> {
  const { targets, runs, seed, seconds, progress, failed } = options;
  const shares = targets.reduce((sum, { share }) => sum + share, 0);
  const results = targets.map(({ name }) => ({ target: name, cases: 0, milliseconds: 0, failures: 0 }));
  const end = performance.now() + 1_000 * seconds;
  const turns = Math.ceil(runs / (TURN_CASES * shares));
  for (let turn = 0; turn < turns && performance.now() < end; turn++) {
    for (const [index, target] of targets.entries()) {
      const result = results[index]!;
      // What rounding has left over is in a later turn.
      const due = Math.ceil(runs * target.share / shares * (turn + 1) / turns) - result.cases;
      const begun = performance.now();
      if (due <= 0 || result.failures > 0 || begun >= end) continue;
      const failure = await target.search((seed + turn * SEED_STEP) >>> 0, due);
      result.milliseconds += performance.now() - begun;
      if (failure === undefined) {
        result.cases += due;
      } else {
        result.failures++;
        await failed(failure);
      }
      progress(results);
    }
  }
  return results;
}
