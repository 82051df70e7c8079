/**
 * Many clients of one server, and many peers in one process: what a call costs, and what an idle peer needs.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Pair, PeersProgram } from "../driver/pair.ts";
import { warmUp } from "../driver/warm_up.ts";
import type { CallTimes } from "../programs/measurements.ts";
import type { MemoryFigures } from "../programs/program.ts";

/** How many there are. */
const COUNTS: readonly number[] = [1, 10, 100, 1_000];

/** Clients are spread over so many processes. */
const CLIENT_PROCESSES = 4;

/** The section of many clients. */
export const clients: Section = {
  name: "clients",
  text: "cost of a call with 1 to 1,000 clients of one server",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan, plan: { rounds, slice }, folder, results, placements: [placement] } = bench;
    await using ending = new AsyncDisposableStack();
    const pairs: [count: number, pair: Pair][] = [];
    for (const count of countsOf(bench)) {
      bench.step(`clients: ${name(count)} start`);
      const processes = Math.min(count, CLIENT_PROCESSES);
      const pair = ending.use(await Pair.start("procslink", { folder, clients: processes, placement }));
      pairs.push([count, pair]);
      const starts = Array.from({ length: processes + 1 }, (_, index) => Math.floor(count * index / processes));
      for (const [index, client] of pair.clients.entries()) {
        await client.ask(`open ${starts[index + 1]! - starts[index]!}`, count);
      }
    }
    for (const [, { client }] of pairs) await warmUp(client, plan, "turns", "latency");
    for (let round = 1; round <= rounds; round++) {
      for (const [count, { client }] of pairs) {
        bench.step(`clients, round ${round} of ${rounds}: ${name(count)}`);
        for (const [command, where] of [["turns", "clients in turns"], ["latency", "one of them"]] as const) {
          const times = await client.ask<CallTimes>(`${command} ${slice}`, slice);
          const key = { section: "clients", where, who: name(count) };
          results.add({ ...key, measure: "cost of a call" }, "µs", 1e6 / times.perSecond);
          results.add({ ...key, measure: "round trip p50" }, "µs", times.p50);
        }
      }
    }
  },
};

/** The section of many peers. */
export const peers: Section = {
  name: "peers",
  text: "cost of a call with 1 to 1,000 serving peers in the client's process",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan, plan: { rounds, slice }, folder, results, placements: [placement] } = bench;
    await using server = await Pair.start("procslink", { folder, clients: 0, placement });
    await using ending = new AsyncDisposableStack();
    const programs: [count: number, program: PeersProgram][] = [];
    for (const count of countsOf(bench)) {
      bench.step(`peers: ${name(count)} start`);
      const program = ending.use(await PeersProgram.start(server.address, placement));
      programs.push([count, program]);
      await program.ask(`serve ${count}`, count);
    }
    for (const [, program] of programs) await warmUp(program, plan, "latency");
    for (let round = 1; round <= rounds; round++) {
      for (const [count, program] of programs) {
        bench.step(`peers, round ${round} of ${rounds}: ${name(count)}`);
        const times = await program.ask<CallTimes>(`latency ${slice}`, slice);
        const key = { section: "peers", where: "the others serve", who: name(count) };
        results.add({ ...key, measure: "cost of a call" }, "µs", 1e6 / times.perSecond);
        results.add({ ...key, measure: "round trip p50" }, "µs", times.p50);
      }
    }
  },
};

/** The section of idle peers. */
export const idle: Section = {
  name: "idle",
  text: "memory of an idle peer, 1,000 in a process",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan: { rounds }, folder, results, placements: [placement] } = bench;
    const count = COUNTS.at(-1)!;
    await using server = await Pair.start("procslink", { folder, clients: 0, placement });
    for (let round = 1; round <= rounds; round++) {
      for (const [command, measure] of [["open", "an idle peer"], ["serve", "a peer that serves"]] as const) {
        bench.step(`idle, round ${round} of ${rounds}: ${measure}`);
        await using program = await PeersProgram.start(server.address, placement);
        await program.ask(`${command} 2`);
        const before = await program.ask<MemoryFigures>("memory");
        await program.ask(`${command} ${count}`, count);
        const after = await program.ask<MemoryFigures>("memory");
        const key = { section: "idle", where: "each beyond the first", who: name(count) };
        results.add({ ...key, measure }, "bytes", (after.resident - before.resident) / (count - 2));
        results.add({ ...key, measure: `${measure}: heap in use` }, "bytes", (after.heap - before.heap) / (count - 2));
      }
    }
  },
};

function countsOf({ plan: { quick } }: Bench): readonly number[] {
  return quick ? COUNTS.filter((_, index) => index === 0 || index === COUNTS.length - 1) : COUNTS;
}

function name(count: number): string {
  return count.toLocaleString("en");
}
