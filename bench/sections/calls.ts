/**
 * Round trips, calls per second, and `callSync()`.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Contest } from "../driver/contest.ts";
import type { Pair, Placement } from "../driver/pair.ts";
import { warmUp } from "../driver/warm_up.ts";
import { type ContenderName, TITLES } from "../peers/catalog.ts";
import type { CallTimes } from "../programs/measurements.ts";

/** How many calls are in flight at once, apart from one. */
const IN_FLIGHT: readonly number[] = [64, 256];

/** The section. */
export const calls: Section = {
  name: "calls",
  text: "round trip of a small call, calls per second at 1, 64 and 256 in flight, callSync",
  quick: true,
  async run(bench: Bench): Promise<void> {
    for (const placement of bench.placements) await runAt(bench, placement);
  },
};

async function runAt(bench: Bench, placement: Placement): Promise<void> {
  const { plan: { rounds, slice } } = bench;
  await using contest = new Contest(bench, "calls", placement);
  await contest.add("procslink");
  for (const name of bench.others) await contest.add(name);
  await contest.addFloor();
  await contest.each("warm-up", async (name, pair) => {
    await warmUp(pair.client, bench.plan, "rate", "latency");
    if (name === "procslink") await warmUp(pair.client, bench.plan, "sync");
  });
  for (let round = 1; round <= rounds; round++) {
    await contest.each(`round ${round} of ${rounds}`, async (name, pair) => {
      await measure(bench, placement, name, pair, slice);
    });
  }
}

async function measure(
  { results }: Bench,
  where: Placement,
  name: ContenderName,
  { client }: Pair,
  slice: number,
): Promise<void> {
  const add = (times: CallTimes, who: string) => {
    const key = { section: "calls", where, who };
    results.add({ ...key, measure: "round trip p50" }, "µs", times.p50);
    results.add({ ...key, measure: "round trip p99" }, "µs", times.p99);
    results.add({ ...key, measure: "1 in flight" }, "calls/s", times.perSecond);
  };
  add(await client.ask<CallTimes>(`latency ${slice}`, slice), TITLES[name]);
  for (const inFlight of IN_FLIGHT) {
    const { perSecond } = await client.ask<{ perSecond: number }>(`rate ${inFlight} ${slice}`, slice);
    results.add(
      { section: "calls", measure: `${inFlight} in flight`, where, who: TITLES[name] },
      "calls/s",
      perSecond,
    );
  }
  if (name === "procslink") add(await client.ask<CallTimes>(`sync ${slice}`, slice), TITLES.callSync);
}
