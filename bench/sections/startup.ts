/**
 * How long a client's script takes: import, one call, end; beside an empty script.
 *
 * @module
 */
import type { Bench, Section } from "../driver/bench.ts";
import { Pair } from "../driver/pair.ts";

/** A script is over soon, so it is run several times in a round. */
const RUNS_IN_A_ROUND = 3;

/** The section. */
export const startup: Section = {
  name: "startup",
  text: "start-up of a client's script, beside an empty one",
  quick: true,
  async run(bench: Bench): Promise<void> {
    const { plan: { rounds }, folder, results, step } = bench;
    await using server = await Pair.start("procslink", { folder, clients: 0 });
    const scripts = [
      { who: "one call", args: ["--allow-ffi", programUrl("one_call"), server.address] },
      { who: "empty script", args: [programUrl("empty")] },
    ];
    for (const { args } of scripts) await millisecondsOf(args); // What it compiles once, it keeps.
    for (let run = 1; run <= RUNS_IN_A_ROUND * rounds; run++) {
      step(`startup, run ${run} of ${RUNS_IN_A_ROUND * rounds}`);
      for (const { who, args } of scripts) {
        results.add(
          { section: "startup", measure: "from start to end", where: "free", who },
          "ms",
          await millisecondsOf(args),
        );
      }
    }
  },
};

async function millisecondsOf(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const { success, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-lock", "--no-prompt", ...args],
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return performance.now() - begun;
}

function programUrl(name: string): string {
  return new URL(`../programs/${name}.ts`, import.meta.url).href;
}
