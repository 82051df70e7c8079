/**
 * Figures against targets.
 *
 * @module
 */
import { RIVALS, TITLES } from "../peers/catalog.ts";
import type { Target } from "../targets.ts";
import type { FigureKey, Results } from "./results.ts";

/** How many times worse a figure is that is a gross loss. */
const GROSS_LOSS = 2;

/** How a target ends. Where the floor itself is not within the bound, what is not met is below the floor. */
export type Outcome = "met" | "not met" | "below the floor" | "not measured";

/** What became of a target. */
export interface Verdict {
  readonly target: Target;
  /** What is compared with the bound; undefined where something was not measured. */
  readonly value: number | undefined;
  /** Who it was compared with, where that is somebody. */
  readonly other: string | undefined;
  /** The same against the hand-tuned lines, where the target is about other peers. */
  readonly againstHandTuned: number | undefined;
  /** What became of it. */
  readonly outcome: Outcome;
}

/** The best of the other peers. */
export interface Best {
  readonly who: string;
  readonly value: number;
}

/**
 * Looks for the best of the other peers that the fastest is chosen from: the lowest time, or the highest rate.
 *
 * @param results The figures.
 * @param key What is compared; of whom does not count.
 * @returns The best; undefined where none of them was measured.
 */
export function bestOfOthers(results: Results, key: FigureKey): Best | undefined {
  const lowest = key.measure.startsWith("round trip");
  const all = RIVALS.flatMap((name): Best[] => {
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
 * @returns What became of it.
 */
export function judge(results: Results, target: Target): Verdict {
  const own = results.median(target);
  const other = otherOf(results, target);
  if (own === undefined || (other === undefined && target.against !== "nothing")) {
    return { target, value: undefined, other: undefined, againstHandTuned: undefined, outcome: "not measured" };
  }
  const value = target.as === "times" ? own / other!.value : target.as === "more" ? own - other!.value : own;
  const met = target.relation === "at most" ? value <= target.bound : value >= target.bound;
  const outcome = met ? "met" : isBelowFloor(results, target, other) ? "below the floor" : "not met";
  return { target, value, other: other?.who, againstHandTuned: againstHandTuned(results, target, own), outcome };
}

/**
 * Tells whether a figure has got much worse: worse than half of its target; or of what is measured today, where the target is not met
 * with margin.
 *
 * @param verdict What became of the target; measured.
 * @returns Whether it is a gross loss.
 */
export function isGrossLoss({ target, value }: Verdict): boolean {
  const bound = target.today ?? target.bound;
  return target.relation === "at most" ? value! > GROSS_LOSS * bound : value! < bound / GROSS_LOSS;
}

/** A rate has no floor: many messages can share a datagram. */
function isBelowFloor(results: Results, target: Target, other: Best | undefined): boolean {
  const floor = results.median({ ...target, who: TITLES.floor });
  return target.as === "times" && target.relation === "at most" && floor !== undefined && other !== undefined &&
    target.bound * other.value < floor;
}

function againstHandTuned(results: Results, target: Target, own: number): number | undefined {
  const { against } = target;
  const isAboutPeers = against === "fastest peer" || typeof against !== "string" && against.who === TITLES.framed;
  const handTuned = isAboutPeers ? results.median({ ...target, who: TITLES.lines_hand_tuned }) : undefined;
  return handTuned === undefined ? undefined : own / handTuned;
}

function otherOf(results: Results, target: Target): Best | undefined {
  const { against } = target;
  if (against === "nothing") return undefined;
  if (against === "fastest peer") return bestOfOthers(results, target);
  const value = results.median({ ...target, who: against.who });
  return value === undefined ? undefined : { who: against.who, value };
}
