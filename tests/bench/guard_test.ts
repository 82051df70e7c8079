// A short benchmark, which fails on a gross loss only: where a figure is worse than half of its target, or of what is measured today
// where the target is not met with margin, in each of several tries.
// It needs no package: ProcsLink is compared with JSON on a unix socket, with the floor in C, and with itself.
import { assert } from "@std/assert";
import type { Plan, Section } from "../../bench/driver/bench.ts";
import { runSections, SECTIONS } from "../../bench/driver/run.ts";
import { isGrossLoss, judge, type Verdict } from "../../bench/driver/verdicts.ts";
import type { PeerName } from "../../bench/peers/catalog.ts";
import { type Target, TARGETS } from "../../bench/targets.ts";

const PLAN: Plan = { rounds: 2, slice: 40, warmUp: 150, quick: true };
/** Those that need no package: for calls, and for echoes. */
const OTHERS: readonly PeerName[] = ["lines", "framed"];
/** A noisy machine does not have all of these wrong. */
const TRIES = 3;

/** What became of the targets of a section, and why some were not measured. */
interface Outcome {
  readonly verdicts: readonly Verdict[];
  readonly reason: string;
}

/** Measures a section until no target has a gross loss any more; what has one after the last try keeps it. */
async function measure(section: Section, targets: readonly Target[]): Promise<Outcome> {
  const verdicts = new Map<Target, Verdict>();
  let reason = "not measured";
  for (let tries = 0; tries < TRIES; tries++) {
    const results = await runSections({ plan: PLAN, sections: [section], others: OTHERS, step: () => {} });
    for (const { error } of results.failures) throw error;
    for (const target of targets) {
      const known = verdicts.get(target);
      if (known === undefined || isBad(known)) verdicts.set(target, judge(results, target));
    }
    reason = results.leftOut.map((leftOut) => leftOut.reason).join("; ") || reason;
    if (!verdicts.values().some(isBad)) break;
  }
  return { verdicts: [...verdicts.values()], reason };
}

function isBad(verdict: Verdict): boolean {
  return reasonToSkip(verdict, "") === undefined && isGrossLoss(verdict);
}

function reasonToSkip({ target, outcome }: Verdict, notMeasured: string): string | undefined {
  if (outcome === "not measured") return notMeasured;
  return outcome === "below the floor" && target.today === undefined ? "the floor itself is above it here" : undefined;
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
    for (const verdict of verdicts) {
      const { target: { text, relation, boundText, today }, value, other } = verdict;
      const skipped = reasonToSkip(verdict, reason);
      await context.step({
        name: skipped === undefined ? text : `${text} [left out: ${skipped}]`,
        ignore: skipped !== undefined,
        fn() {
          const measured = `${value?.toFixed(3)}${other === undefined ? "" : ` (${other})`}`;
          const usual = today === undefined ? "" : `, and ${today} is usual`;
          if (Deno.env.get("PROCSLINK_BENCH") !== undefined) console.error(text, measured);
          assert(!isGrossLoss(verdict), `${text}: ${measured}; ${relation} ${boundText} is the target${usual}`);
        },
      });
    }
  });
}
