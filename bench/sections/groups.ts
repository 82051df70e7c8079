/**
 * What a publication costs the owner of a group, by how many members there are and how they are reached.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { CORES, pinned } from "../driver/pair.ts";
import { ProgramHandle } from "../driver/program_handle.ts";
import { PEERS } from "../peers/catalog.ts";
import type { PublishTimes } from "../programs/group_owner.ts";

/** How members are reached, and what takes from them what the other way needs. */
const WAYS = {
  "one by one": ["setpriv", "--bounding-set", "-net_admin", "--inh-caps", "-net_admin", "--"],
  "kernel multicast": [],
} as const;

/** How members are spread. */
const SPREADS: readonly { readonly who: string; readonly processes: number; readonly each: number }[] = [
  { who: "1", processes: 1, each: 1 },
  { who: "64 in 8 processes", processes: 8, each: 8 },
  { who: "64", processes: 1, each: 64 },
];

/** The section of groups. */
export const groups: Section = {
  name: "groups",
  text: "cost of a publication with 1 to 64 members, each reached by itself or all by kernel multicast",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan: { rounds, slice, warmUp, quick }, results } = bench;
    await using ending = new AsyncDisposableStack();
    const owners: { where: string; who: string; owner: ProgramHandle }[] = [];
    const { stdout } = await new Deno.Command("id", { args: ["-u"] }).output();
    const isRoot = new TextDecoder().decode(stdout).trim() === "0";
    if (!isRoot) results.leaveOut("groups", "kernel multicast", "it takes CAP_NET_ADMIN to hear it");
    for (const [where, prefix] of Object.entries(WAYS)) {
      if (where === "kernel multicast" && !isRoot) continue;
      for (const { who, processes, each } of SPREADS) {
        if (quick && processes > 1) continue;
        bench.step(`groups: ${who} start`);
        const owner = ending.use(start(bench, "group_owner", "server", []));
        const port = await owner.line();
        const members = Array.from({ length: processes }, () => {
          return ending.use(start(bench, "group_members", "clients", isRoot ? prefix : [], port, String(each)));
        });
        await Promise.all(members.map((program) => program.line()));
        await owner.ask(`publish ${warmUp}`, warmUp);
        owners.push({ where, who, owner });
      }
    }
    for (let round = 1; round <= rounds; round++) {
      for (const { where, who, owner } of owners) {
        bench.step(`groups, round ${round} of ${rounds}: ${who}, ${where}`);
        const { cost } = await owner.ask<PublishTimes>(`publish ${slice}`, slice);
        results.add({ section: "groups", measure: "a publication", where, who }, "µs", cost);
      }
    }
  },
};

function start(
  { placements: [placement] }: Bench,
  name: string,
  side: "server" | "clients",
  prefix: readonly string[],
  ...args: string[]
): ProgramHandle {
  const program = new URL(`../programs/${name}.ts`, import.meta.url).href;
  const deno = [Deno.execPath(), "run", "--no-lock", "--no-prompt", ...PEERS.procslink.flags, program, ...args];
  const [first, ...rest] = [...pinned(CORES[placement]?.[side]), ...prefix, ...deno];
  return new ProgramHandle(first!, rest);
}
