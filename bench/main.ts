/**
 * The benchmark. Run: deno task bench --help
 *
 * @module
 */
import type { Plan } from "./driver/bench.ts";
import { machineHere } from "./driver/machine.ts";
import { runSections } from "./driver/run.ts";
import { judge } from "./driver/verdicts.ts";
import { readOptions } from "./options.ts";
import { OTHERS } from "./peers/catalog.ts";
import { chartOf } from "./report/chart.ts";
import { Progress } from "./report/progress.ts";
import { withSummary } from "./report/summary.ts";
import { tablesOf } from "./report/table.ts";
import { TARGETS } from "./targets.ts";

const FULL: Plan = { rounds: 5, slice: 200, warmUp: 1_200, quick: false };
const QUICK: Plan = { rounds: 3, slice: 50, warmUp: 180, quick: true };

const { quick, sections, json, chart, readme } = readOptions(Deno.args);
const plan = quick ? QUICK : FULL;
const machine = await machineHere();
const progress = new Progress();
const results = await runSections({ plan, sections, others: OTHERS, step: (text) => progress.step(text) });
progress.end();

console.log(tablesOf(results, sections, machine));
if (json !== undefined) {
  const { figures, leftOut } = results;
  const targets = TARGETS.map((target) => judge(results, target)).filter(({ outcome }) => outcome !== "not measured");
  await Deno.writeTextFile(json, JSON.stringify({ machine, plan, figures, targets, leftOut }, null, 2) + "\n");
}
if (chart !== undefined) await Deno.writeTextFile(chart, chartOf(results, machine, plan.rounds));
if (readme !== undefined) await Deno.writeTextFile(readme, withSummary(await Deno.readTextFile(readme), results));
for (const { section, error } of results.failures) console.error(`${section} failed:`, error);
if (results.failures.length > 0) Deno.exit(1);
