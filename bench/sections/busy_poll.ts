/**
 * What looking for messages before sleeping costs where it cannot help: beside busy loops, with more processes than cores, and for
 * a server that is seldom called. With `busyPoll` at its default, against 0.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Pair, pinned, type Placement } from "../driver/pair.ts";
import { processorMilliseconds } from "../driver/processor_time.ts";
import { ProgramHandle } from "../driver/program_handle.ts";
import { warmUp } from "../driver/warm_up.ts";
import type { CallTimes } from "../programs/measurements.ts";

/** The settings that are compared, in microseconds, and what they are called. */
const SETTINGS: readonly { readonly who: string; readonly busyPoll: number }[] = [
  { who: "busyPoll 50", busyPoll: 50 },
  { who: "busyPoll 0", busyPoll: 0 },
];

/** Pairs of processes at once, and how many calls each makes for a millisecond of other measurements. */
const CROWD = { pairs: 10, callsPerMillisecond: 8 } as const;

/** How many calls are in flight where it is more than one. */
const IN_FLIGHT = 64;

/** A measurement beside busy loops takes many slices of the scheduler, so it is longer than others; and how long it is at least. */
const BESIDE_BUSY = { factor: 3, least: 300 } as const;

/** So many times as long a server is called each millisecond. */
const PACE_FACTOR = 3;

/** Busy loops end by themselves after so many seconds. */
const BUSY_SECONDS = 60;

/** The section beside busy loops. */
export const busy: Section = {
  name: "busy",
  text: "calls beside one busy loop on each core, busyPoll 50 against 0",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan, plan: { rounds, slice }, results, cores } = bench;
    await using settings = await Settings.start(bench, "busy", 1, "free");
    await settings.each("warm-up", async (_, [pair]) => {
      await warmUp(pair!.client, plan, "rate", "latency");
    });
    await using loops = new AsyncDisposableStack();
    for (let core = 0; core < cores; core++) loops.use(await startBusyLoop(core));
    const time = Math.max(BESIDE_BUSY.least, BESIDE_BUSY.factor * slice);
    for (let round = 1; round <= rounds; round++) {
      await settings.each(`round ${round} of ${rounds}`, async (who, [pair]) => {
        const key = { section: "busy", where: "beside busy loops", who };
        const times = await pair!.client.ask<CallTimes>(`latency ${time}`, time);
        results.add({ ...key, measure: "round trip p50" }, "µs", times.p50);
        results.add({ ...key, measure: "1 in flight" }, "calls/s", times.perSecond);
        const { perSecond } = await pair!.client.ask<{ perSecond: number }>(`rate ${IN_FLIGHT} ${time}`, time);
        results.add({ ...key, measure: `${IN_FLIGHT} in flight` }, "calls/s", perSecond);
      });
    }
  },
};

/** The section of many pairs. */
export const crowd: Section = {
  name: "crowd",
  text: "ten pairs of processes at once, busyPoll 50 against 0",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan: { rounds, slice }, results } = bench;
    const calls = CROWD.callsPerMillisecond * slice;
    await using settings = await Settings.start(bench, "crowd", CROWD.pairs, "any of two cores");
    const run = (pairs: readonly Pair[]) => {
      return Promise.all(pairs.map(({ client }) => client.ask(`count 1 ${calls}`, calls)));
    };
    await settings.each("warm-up", async (_, pairs) => void await run(pairs));
    for (let round = 1; round <= rounds; round++) {
      await settings.each(`round ${round} of ${rounds}`, async (who, pairs) => {
        const begun = performance.now();
        await run(pairs);
        const key = { section: "crowd", measure: "until all have called", who };
        results.add({ ...key, where: "any of two cores" }, "ms", performance.now() - begun);
      });
    }
  },
};

/** The section of a server that is seldom called. */
export const pace: Section = {
  name: "pace",
  text: "processor time of a server that gets a message each millisecond, busyPoll 50 against 0",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan, plan: { rounds, slice }, results } = bench;
    await using settings = await Settings.start(bench, "pace", 1, bench.placements[0]);
    const time = PACE_FACTOR * slice;
    await settings.each("warm-up", async (_, [pair]) => {
      await warmUp(pair!.client, plan, "latency", "sync", "pace");
    });
    for (let round = 1; round <= rounds; round++) {
      await settings.each(`round ${round} of ${rounds}`, async (who, [pair]) => {
        const before = await processorMilliseconds(pair!.server.pid);
        const { elapsed } = await pair!.client.ask<{ elapsed: number }>(`pace ${time}`, time);
        const used = await processorMilliseconds(pair!.server.pid) - before;
        const key = { section: "pace", measure: "server", where: "a message each millisecond", who };
        results.add(key, "% of a core", 100 * used / elapsed);
      });
    }
  },
};

/** Pairs with each of the settings. Disposing ends them. */
class Settings implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #section: string;
  readonly #ending: AsyncDisposableStack;
  readonly #pairs: ReadonlyMap<string, readonly Pair[]>;

  private constructor(
    bench: Bench,
    section: string,
    ending: AsyncDisposableStack,
    pairs: ReadonlyMap<string, readonly Pair[]>,
  ) {
    this.#bench = bench;
    this.#section = section;
    this.#ending = ending;
    this.#pairs = pairs;
  }

  static async start(bench: Bench, section: string, count: number, placement: Placement): Promise<Settings> {
    await using ending = new AsyncDisposableStack();
    const all = new Map<string, readonly Pair[]>();
    for (const { who, busyPoll } of SETTINGS) {
      bench.step(`${section}: ${who} starts`);
      const starts = await Promise.allSettled(
        Array.from({ length: count }, () => Pair.start("procslink", { folder: bench.folder, busyPoll, placement })),
      );
      const pairs = starts.flatMap((start) => start.status === "fulfilled" ? ending.use(start.value) : []);
      for (const start of starts) if (start.status === "rejected") throw start.reason;
      all.set(who, pairs);
    }
    return new Settings(bench, section, ending.move(), all);
  }

  async each(what: string, turn: (who: string, pairs: readonly Pair[]) => Promise<void>): Promise<void> {
    for (const [who, pairs] of this.#pairs) {
      this.#bench.step(`${this.#section}, ${what}: ${who}`);
      await turn(who, pairs);
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync();
  }
}

async function startBusyLoop(core: number): Promise<ProgramHandle> {
  const program = new URL("../programs/busy_loop.ts", import.meta.url).href;
  const [command, ...args] = [
    ...pinned(String(core)),
    Deno.execPath(),
    "run",
    "--no-lock",
    program,
    String(BUSY_SECONDS),
  ];
  const loop = new ProgramHandle(command!, args);
  await loop.line();
  return loop;
}
