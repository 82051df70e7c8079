/**
 * Whether memory grows with calls.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Pair } from "../driver/pair.ts";
import type { MemoryFigures } from "../programs/program.ts";

/** Calls after which the memory is looked at, first and last. */
const CALLS = { first: 100_000, last: 5_000_000 } as const;

/** How many calls are in flight. */
const IN_FLIGHT = 64;

/** Calls are made in so many parts, so that the progress shows. */
const PARTS = 20;

/** How long that takes at most, in milliseconds. */
const LONGEST = 100_000;

const MIB = 1_048_576;

/** The section. */
export const growth: Section = {
  name: "growth",
  text: "memory after 5 million calls against after 100 thousand",
  quick: false,
  async run(bench: Bench): Promise<void> {
    const { folder, results, step } = bench;
    await using pair = await Pair.start("procslink", { folder, v8Flags: "--expose-gc" });
    const look = async (who: string) => {
      for (const [where, program] of [["server", pair.server], ["client", pair.client]] as const) {
        const { resident, heap } = await program.ask<MemoryFigures>("memory");
        results.add({ section: "growth", measure: "memory", where, who }, "MiB", resident / MIB);
        results.add({ section: "growth", measure: "heap in use", where, who }, "MiB", heap / MIB);
      }
    };
    await pair.client.ask(`count ${IN_FLIGHT} ${CALLS.first}`, LONGEST / PARTS);
    await look("100,000 calls");
    const part = (CALLS.last - CALLS.first) / PARTS;
    for (let done = 0; done < PARTS; done++) {
      step(`growth: ${Math.round((CALLS.first + done * part) / 1_000)} thousand calls`);
      await pair.client.ask(`count ${IN_FLIGHT} ${part}`, LONGEST / PARTS);
    }
    await look("5,000,000 calls");
  },
};
