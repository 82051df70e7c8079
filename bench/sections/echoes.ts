/**
 * Texts of several sizes, there and back.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Contest } from "../driver/contest.ts";
import { warmUpWithTexts } from "../driver/warm_up.ts";
import { TITLES } from "../peers/catalog.ts";

/** The sizes, in bytes. */
const SIZES: readonly { readonly name: string; readonly bytes: number }[] = [
  { name: "1 KiB", bytes: 1_024 },
  { name: "64 KiB", bytes: 65_536 },
  { name: "1 MiB", bytes: 1_048_576 },
  { name: "16 MiB", bytes: 16_777_216 },
];

/** The section. */
export const echoes: Section = {
  name: "echo",
  text: "echo of texts of 1 KiB to 16 MiB, one at a time, both ways added up",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan, plan: { rounds, slice, quick }, results } = bench;
    for (const placement of quick ? bench.placements.slice(0, 1) : bench.placements) {
      await using contest = new Contest(bench, "echo", placement);
      await contest.add("procslink");
      for (const name of bench.others) await contest.add(name);
      for (const { name: size, bytes } of SIZES) {
        await contest.each(`warm-up, ${size}`, (_, { client }) => warmUpWithTexts(client, plan, bytes));
      }
      for (let round = 1; round <= rounds; round++) {
        for (const { name: measure, bytes } of SIZES) {
          await contest.each(`round ${round} of ${rounds}, ${measure}`, async (name, { client }) => {
            const command = `echo ${bytes} ${slice}`;
            const { megabytesPerSecond } = await client.ask<{ megabytesPerSecond: number }>(command, slice);
            results.add({ section: "echo", measure, where: placement, who: TITLES[name] }, "MB/s", megabytesPerSecond);
          });
        }
      }
    }
  },
};
