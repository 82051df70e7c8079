/**
 * A run of the benchmark: what it may use, how long it measures, and where its figures go.
 *
 * @module
 */
import type { PeerName } from "../peers/catalog.ts";
import type { Placement } from "./pair.ts";
import type { Results } from "./results.ts";

/** How much is measured. */
export interface Plan {
  /** Rounds, over all contenders in turns. */
  readonly rounds: number;
  /** How long one measurement takes, in milliseconds. */
  readonly slice: number;
  /** How long a contender is warmed up at most with each kind of call, in milliseconds. */
  readonly warmUp: number;
  /** Whether only the main rows are measured. */
  readonly quick: boolean;
}

/** A run. */
export interface Bench {
  readonly plan: Plan;
  readonly results: Results;
  /** A temporary folder. */
  readonly folder: string;
  /** The others that ProcsLink is compared with. */
  readonly others: readonly PeerName[];
  /** Where processes can run here: apart from each other first. */
  readonly placements: readonly [apart: Placement, ...together: readonly Placement[]];
  /** How many cores there are. */
  readonly cores: number;
  /** The compiled floor; undefined where there is none. */
  readonly floor: string | undefined;
  /** Tells what is being done. */
  readonly step: (text: string) => void;
}

/** A part of the benchmark. */
export interface Section {
  /** Its name, for `--only`. */
  readonly name: string;
  /** What it measures. */
  readonly text: string;
  /** Whether `--quick` has it. */
  readonly quick: boolean;
  /** Measures. */
  readonly run: (bench: Bench) => Promise<void>;
}
