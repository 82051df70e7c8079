/**
 * A run from its begin to its end: what it needs is made before, and nothing is left behind.
 *
 * @module
 */
import type { PeerName } from "../peers/catalog.ts";
import { busy, crowd, pace } from "../sections/busy_poll.ts";
import { calls } from "../sections/calls.ts";
import { echoes } from "../sections/echoes.ts";
import { groups } from "../sections/groups.ts";
import { growth } from "../sections/growth.ts";
import { clients, idle, peers } from "../sections/many.ts";
import { startup } from "../sections/startup.ts";
import type { Bench, Plan, Section } from "./bench.ts";
import { compileFloor, reasonAgainstPinning } from "./machine.ts";
import type { Placement } from "./pair.ts";
import { killAllPrograms } from "./program_handle.ts";
import { Results } from "./results.ts";

/** All sections, in their order. */
export const SECTIONS: readonly Section[] = [
  calls,
  echoes,
  clients,
  peers,
  groups,
  idle,
  growth,
  startup,
  busy,
  crowd,
  pace,
];

/** What a run is to be. */
export interface RunOptions {
  readonly plan: Plan;
  /** The sections. */
  readonly sections: readonly Section[];
  /** Whom ProcsLink is compared with. */
  readonly others: readonly PeerName[];
  /** Tells what is being done. */
  readonly step: (text: string) => void;
}

/**
 * Runs sections. Where one fails, the others go on.
 *
 * @param options What the run is to be.
 * @returns The figures, and what failed.
 */
export async function runSections({ plan, sections, others, step }: RunOptions): Promise<Results> {
  const results = new Results();
  const folder = await Deno.makeTempDir({ prefix: "procslink-bench-" });
  const interrupt = () => {
    killAllPrograms();
    Deno.removeSync(folder, { recursive: true });
    Deno.exit(130);
  };
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) Deno.addSignalListener(signal, interrupt);
  try {
    let floor: string | undefined;
    if (sections.includes(calls)) {
      try {
        floor = await compileFloor(folder);
      } catch (error) {
        results.leaveOut("calls", "C floor", (error as Error).message);
      }
    }
    const notPinned = await reasonAgainstPinning(0);
    const notApart = notPinned ?? await reasonAgainstPinning(1);
    const apart = notApart === undefined ? "two cores" : "free";
    const together: Placement[] = notPinned === undefined ? ["one core"] : [];
    const cores = navigator.hardwareConcurrency;
    const bench: Bench = { plan, results, folder, others, placements: [apart, ...together], floor, step, cores };
    for (const section of sections) {
      const reason = section === crowd ? notApart : notPinned;
      if (section === calls || section === echoes) {
        if (notApart !== undefined) results.leaveOut(section.name, "two cores", notApart);
        if (notPinned !== undefined) results.leaveOut(section.name, "one core", notPinned);
      }
      if (reason !== undefined && (section === busy || section === crowd)) {
        results.leaveOut(section.name, section.text, reason);
        continue;
      }
      try {
        await section.run(bench);
      } catch (error) {
        results.fail(section.name, error as Error);
      }
    }
    return results;
  } finally {
    for (const signal of signals) Deno.removeSignalListener(signal, interrupt);
    await Deno.remove(folder, { recursive: true });
  }
}
