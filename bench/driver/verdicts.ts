/**
 * Figures against targets.
 *
 * @module
 */
import { OTHERS, TITLES } from "../peers/catalog.ts";
import type { Target } from "../targets.ts";
import type { FigureKey, Results } from "./results.ts";

/** What became of a target. */
export interface Verdict {
  readonly target: Target;
  /** What is compared with the bound; undefined where something was not measured. */
  readonly value: number | undefined;
  /** Who it was compared with, where that is somebody. */
  readonly other: string | undefined;
  /** Whether the target is met; undefined where something was not measured. */
  readonly met: boolean | undefined;
}

/** The best of the other peers. */
export interface Best {
  readonly who: string;
  readonly value: number;
}

/**
 * Looks for the best of the other peers: the lowest time, or the highest rate.
 *
 * @param results The figures.
 * @param key What is compared; of whom does not count.
 * @returns The best; undefined where none of them was measured.
 */
export function bestOfOthers(results: Results, key: FigureKey): Best | undefined {
  const lowest = key.measure.startsWith("round trip");
  const all = OTHERS.flatMap((name): Best[] => {
    const value = results.median({ ...key, who: TITLES[name] });
    return value === undefined ? [] : [{ who: TITLES[name], value }];
  });
  return all.toSorted((a, b) => lowest ? a.value - b.value : b.value - a.value)[0];
}

/**
 * Compares a figure with a target.
 *
 * @param results The figures.
 * @param target The target.
 * @param slack How many times worse than the target is still taken as met.
 * @returns What became of it.
 */
export function judge(results: Results, target: Target, slack: number = 1): Verdict {
  const own = results.median(target);
  const other = otherOf(results, target);
  if (own === undefined || (other === undefined && target.against !== "nothing")) {
    return { target, value: undefined, other: undefined, met: undefined };
  }
  const value = target.as === "times" ? own / other!.value : target.as === "more" ? own - other!.value : own;
  const met = target.relation === "at most" ? value <= target.bound * slack : value >= target.bound / slack;
  return { target, value, other: other?.who, met };
}

function otherOf(results: Results, target: Target): Best | undefined {
  const { against } = target;
  if (against === "nothing") return undefined;
  if (against === "fastest peer") return bestOfOthers(results, target);
  const value = results.median({ ...target, who: against.who });
  return value === undefined ? undefined : { who: against.who, value };
}
