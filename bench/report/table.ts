/**
 * The tables of a run.
 *
 * @module
 */
import Table from "cli-table3";
import type { Section } from "../driver/bench.ts";
import { describeMachine, type Machine } from "../driver/machine.ts";
import type { Figure, Results } from "../driver/results.ts";
import { bestOfOthers, judge, type Verdict } from "../driver/verdicts.ts";
import { TITLES } from "../peers/catalog.ts";
import { TARGETS } from "../targets.ts";
import { figureText, rounded, times } from "./numbers.ts";

/** What a figure without a value looks like. */
const NOTHING = "-";

/**
 * Makes the tables of a run.
 *
 * @param results The figures.
 * @param sections The sections that were run.
 * @param machine What they were measured on.
 * @returns The text.
 */
export function tablesOf(results: Results, sections: readonly Section[], machine: Machine): string {
  const parts = [describeMachine(machine)];
  for (const { name, text } of sections) {
    const figures = results.figures.filter(({ section }) => section === name);
    if (figures.length === 0) continue;
    parts.push(`${name}: ${text}\n(${runsText(figures)})`);
    parts.push(sectionTable(results, figures));
  }
  const verdicts = TARGETS.filter(({ section }) => sections.some(({ name }) => name === section))
    .map((target) => judge(results, target));
  parts.push(`targets, as ratios within this run`, targetTable(verdicts));
  if (results.leftOut.length > 0) {
    parts.push(
      `left out:\n${results.leftOut.map(({ section, what, reason }) => `  ${section}: ${what}: ${reason}`).join("\n")}`,
    );
  }
  return parts.join("\n\n");
}

/** Of how many samples the figures are medians. */
function runsText(figures: readonly Figure[]): string {
  const counts = [...new Set(figures.map(({ samples }) => samples.length))].sort((a, b) => a - b);
  const most = counts.at(-1)!;
  if (most === 1) return "each figure is of one run";
  return `each figure is the median of ${counts.length === 1 ? most : `${counts[0]} to ${most}`} runs`;
}

/** A row for each measure, a column for each who, and the ratios. */
function sectionTable(results: Results, figures: readonly Figure[]): string {
  const whos = [...new Set(figures.map(({ who }) => who))];
  const ratios = ratiosOf(figures[0]!.section, whos);
  const table = newTable(["", ...whos, ...ratios.map(({ title }) => title)], whos.length + ratios.length);
  const rows = new Map(figures.map((figure) => [`${figure.measure}, ${figure.where} (${figure.unit})`, figure]));
  for (const [name, figure] of rows) {
    const values = whos.map((who) => {
      const value = results.median({ ...figure, who });
      return value === undefined ? NOTHING : figureText(value, figure.unit);
    });
    table.push([name, ...values, ...ratios.map(({ of }) => of(results, figure) ?? NOTHING)]);
  }
  return table.toString();
}

/** A column of ratios. */
interface RatioColumn {
  readonly title: string;
  readonly of: (results: Results, figure: Figure) => string | undefined;
}

function ratiosOf(section: string, whos: readonly string[]): RatioColumn[] {
  if (section !== "calls" && section !== "echo") {
    // The settings and counts of the other sections are columns of their own: the first one against the last, or the reverse.
    const [own, other] = /^busyPoll|^one call/.test(whos[0]!) ? [whos[0]!, whos.at(-1)!] : [whos.at(-1)!, whos[0]!];
    return own === other
      ? []
      : [{ title: `${own} : ${other}`, of: (results, figure) => ratio(results, figure, own, other) }];
  }
  const own = TITLES.procslink;
  const columns: RatioColumn[] = [{
    title: `${own} : fastest peer`,
    of(results, figure) {
      const best = bestOfOthers(results, figure);
      const value = results.median({ ...figure, who: own });
      return best === undefined || value === undefined ? undefined : `${times(value / best.value)} (${best.who})`;
    },
  }];
  const pairs = [[own, TITLES.lines_hand_tuned], [own, TITLES.floor], [TITLES.callSync, TITLES.floor]] as const;
  for (const [who, other] of pairs) {
    if (!whos.includes(who) || !whos.includes(other)) continue;
    columns.push({ title: `${who} : ${other}`, of: (results, figure) => ratio(results, figure, who, other) });
  }
  return columns;
}

function ratio(results: Results, figure: Figure, own: string, other: string): string | undefined {
  const above = results.median({ ...figure, who: own });
  const below = results.median({ ...figure, who: other });
  return above === undefined || below === undefined ? undefined : times(above / below);
}

function targetTable(verdicts: readonly Verdict[]): string {
  const table = newTable(
    ["target", "bound", "measured", `against ${TITLES.lines_hand_tuned}`, "measured against", ""],
    3,
  );
  for (const { target, value, other, againstHandTuned, outcome } of verdicts) {
    table.push([
      target.text,
      `${target.relation} ${target.boundText}`,
      value === undefined ? NOTHING : measuredText(target.as, value, target.section),
      againstHandTuned === undefined ? NOTHING : times(againstHandTuned),
      other ?? NOTHING,
      outcome === "not met" ? "NOT MET" : outcome,
    ]);
  }
  return table.toString();
}

function measuredText(as: Verdict["target"]["as"], value: number, section: string): string {
  if (as === "times") return times(value);
  if (as === "more") {
    return `${value < 0 ? "-" : "+"} ${rounded(Math.abs(value))} ${section === "growth" ? "MiB" : "ms"}`;
  }
  return `${rounded(value / 1_024)} KiB`;
}

function newTable(head: string[], numbers: number): Table.Table {
  const colAligns: Table.HorizontalAlignment[] = ["left", ...Array<"right">(numbers).fill("right")];
  return new Table({ head, colAligns, style: { head: [], border: [], compact: true } });
}
