/**
 * Texts of several sizes, there and back.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Contest } from "../driver/contest.ts";
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
    const { plan: { rounds, slice, warmUp, quick }, results } = bench;
    for (const placement of quick ? bench.placements.slice(0, 1) : bench.placements) {
      await using contest = new Contest(bench, "echo", placement);
      await contest.add("procslink");
      for (const name of bench.others) await contest.add(name);
      const echo = async (round: string, time: number, add: (who: string, size: string, value: number) => void) => {
        for (const { name: size, bytes } of SIZES) {
          await contest.each(`${round}, ${size}`, async (name, { client }) => {
            const command = `echo ${bytes} ${time}`;
            const { megabytesPerSecond } = await client.ask<{ megabytesPerSecond: number }>(command, time);
            add(TITLES[name], size, megabytesPerSecond);
          });
        }
      };
      await echo("warm-up", warmUp, () => {});
      for (let round = 1; round <= rounds; round++) {
        await echo(`round ${round} of ${rounds}`, slice, (who, measure, value) => {
          results.add({ section: "echo", measure, where: placement, who }, "MB/s", value);
        });
      }
    }
  },
};
