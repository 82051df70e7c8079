// A short benchmark, which fails on a gross loss only: where a figure is worse than half of its target, in each of several tries.
// It needs no package: ProcsLink is compared with JSON on unix sockets, with the floor in C, and with itself.
import { assert } from "@std/assert";
import type { Plan, Section } from "../../bench/driver/bench.ts";
import { runSections, SECTIONS } from "../../bench/driver/run.ts";
import { judge, type Verdict } from "../../bench/driver/verdicts.ts";
import type { PeerName } from "../../bench/peers/catalog.ts";
import { type Target, TARGETS } from "../../bench/targets.ts";

const PLAN: Plan = { rounds: 3, slice: 40, warmUp: 120, quick: true };
const OTHERS: readonly PeerName[] = ["lines", "framed"];
/** How many times worse than its target a figure may be. */
const SLACK = 2;
/** A noisy machine does not have all of these wrong. */
const TRIES = 3;

/** Measures a section until all of its targets are met once; what is not met after the last try stays so. */
async function measure(section: Section, targets: readonly Target[]): Promise<{ verdicts: Verdict[]; reason: string }> {
  const verdicts = new Map<Target, Verdict>();
  let reason = "not measured";
  for (let tries = 0; tries < TRIES; tries++) {
    const open = targets.filter((target) => verdicts.get(target)?.met !== true);
    const results = await runSections({ plan: PLAN, sections: [section], others: OTHERS, step: () => {} });
    for (const { error } of results.failures) throw error;
    for (const target of open) verdicts.set(target, judge(results, target, SLACK));
    reason = results.leftOut.map((leftOut) => leftOut.reason).join("; ") || reason;
    if (open.every((target) => verdicts.get(target)!.met !== false)) break;
  }
  return { verdicts: [...verdicts.values()], reason };
}

for (const section of SECTIONS) {
  const all = TARGETS.filter((target) => target.section === section.name);
  const targets = all.filter(({ unguarded }) => unguarded === undefined);
  for (const { text, unguarded } of all) {
    if (unguarded !== undefined) Deno.test.ignore(`no gross loss: ${text} [left out: ${unguarded}]`, () => {});
  }
  if (targets.length === 0) continue;
  Deno.test(`no gross loss: ${section.text}`, async (context) => {
    const { verdicts, reason } = await measure(section, targets);
    for (const { target, value, other, met } of verdicts) {
      const { text, relation, boundText } = target;
      await context.step({
        name: met === undefined ? `${text} [left out: ${reason}]` : text,
        ignore: met === undefined,
        fn() {
          const measured = `${value?.toFixed(3)}${other === undefined ? "" : ` (${other})`}`;
          assert(met, `${text}: ${measured}, and ${relation} ${boundText} is the target`);
        },
      });
    }
  });
}
