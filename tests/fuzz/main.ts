// Searches for cases that fail. Run: deno task fuzz --runs 100000 --target peer
import * as cli from "@std/cli";
import { campaign, type Result } from "./campaign.ts";
import { keep } from "./corpus.ts";
import type { Failure } from "./target.ts";
import { TARGETS } from "./targets.ts";

const USAGE = `deno task fuzz [options]

  --runs N       cases in all, of which each target has its share; 1000000 where nothing is said
  --seed S       an integer from 0 on, to repeat a search; random where nothing is said
  --target NAME  only this target, which then has all cases: ${TARGETS.map(({ name }) => name).join(", ")}
  --seconds N    ends earlier, after the turn of a target that is just on; without --runs there is no other end
`;

/** How often the progress is told, in milliseconds. */
const PROGRESS_MILLISECONDS = 2_000;
/** Cases where only the time is given: as many as a day has room for. */
const ENDLESS = 1_000_000_000;

/** The part of `@std/cli` that is used: the package has no types of its own. */
interface Arguments {
  parseArgs(args: readonly string[], options: {
    string: readonly string[];
    boolean: readonly string[];
    unknown: (arg: string) => void;
  }): Record<string, string | boolean | undefined>;
}

function refuse(problem: string): never {
  console.error(`${problem}\n\n${USAGE}`);
  Deno.exit(2);
}

const given = (cli as unknown as Arguments).parseArgs(Deno.args, {
  string: ["runs", "seed", "target", "seconds"],
  boolean: ["help"],
  unknown: (argument) => refuse(`${argument} is no option`),
});

function integer(name: string, least: number, otherwise: number): number {
  const text = given[name];
  if (text === undefined) return otherwise;
  const value = Number(text);
  if (text === "" || !Number.isSafeInteger(value) || value < least) {
    refuse(`--${name} must be an integer from ${least} on`);
  }
  return value;
}

if (given.help === true) {
  console.log(USAGE);
  Deno.exit();
}
const seconds = integer("seconds", 1, Infinity);
const runs = integer("runs", 1, seconds === Infinity ? 1_000_000 : ENDLESS);
const seed = integer("seed", 0, Math.floor(Math.random() * 2 ** 32)) >>> 0;
const targets = TARGETS.filter(({ name }) => given.target === undefined || name === given.target);
if (targets.length === 0) refuse(`There is no target ${given.target}`);

const begun = performance.now();
let told = begun;
let failures = 0;

function progress(results: readonly Result[]): void {
  const now = performance.now();
  if (now < told + PROGRESS_MILLISECONDS) return;
  told = now;
  const cases = results.reduce((sum, { cases }) => sum + cases, 0);
  console.error(`${((now - begun) / 1_000).toFixed(0)} s: ${cases} of ${runs} cases, ${failures} failures`);
}

async function failed(failure: Failure): Promise<void> {
  failures++;
  const file = await keep(failure);
  console.error(
    `${failure.target} fails with --target ${failure.target} --seed ${failure.seed}; the case is in ${file}\n`,
    failure.error,
  );
}

console.error(`--seed ${seed}`);
const results = await campaign({ targets, runs, seed, seconds, progress, failed });
console.table(
  Object.fromEntries(results.map(({ target, cases, milliseconds, failures }) => [
    target,
    {
      "cases": cases,
      "cases/s": milliseconds > 0 ? Math.round(1_000 * cases / milliseconds) : 0,
      "failures": failures,
    },
  ])),
);
Deno.exit(failures > 0 ? 1 : 0);
