/**
 * The table of the README: how many times as fast as others ProcsLink is.
 *
 * @module
 */
import type { Results } from "../driver/results.ts";
import { type ContenderName, TITLES } from "../peers/catalog.ts";

/** What stands around the table, so that a run can replace it. */
const [BEGIN, END] = ["<!-- figures of the benchmark -->\n\n", "\n<!-- end of figures -->"] as const;

const COLUMNS: readonly ContenderName[] = ["lines", "framed", "vscode", "zeromq", "http", "lines_hand_tuned"];

const ROWS: readonly { readonly text: string; readonly section: string; readonly measure: string }[] = [
  { text: "a call at a time, round trip", section: "calls", measure: "round trip p50" },
  { text: "64 calls in flight", section: "calls", measure: "64 in flight" },
  { text: "256 calls in flight", section: "calls", measure: "256 in flight" },
  { text: "echo of 1 KiB", section: "echo", measure: "1 KiB" },
  { text: "echo of 64 KiB", section: "echo", measure: "64 KiB" },
  { text: "echo of 1 MiB", section: "echo", measure: "1 MiB" },
  { text: "echo of 16 MiB", section: "echo", measure: "16 MiB" },
];

/**
 * Puts the table of a run into a document, in the place of the last one.
 *
 * @param document The document.
 * @param results The figures.
 * @returns The document with the new table.
 * @throws {Error} If the document has no place for it.
 */
export function withSummary(document: string, results: Results): string {
  const begin = document.indexOf(BEGIN);
  const end = document.indexOf(END);
  if (begin < 0 || end < begin) throw new Error(`there is no ${BEGIN.trim()} or no ${END.trim()}`);
  return document.slice(0, begin + BEGIN.length) + summaryOf(results) + document.slice(end);
}

function summaryOf(results: Results): string {
  const head = ["ProcsLink is so many times as fast as", ...COLUMNS.map((name) => TITLES[name])];
  const rows = ["two cores", "one core"].flatMap((where) =>
    ROWS.map(({ text, section, measure }) => [
      `${text}, ${where}`,
      ...COLUMNS.map((name) => advantage(results, section, measure, where, name)),
    ])
  );
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => row[column]!.length)));
  const line = (cells: readonly string[]) => {
    const padded = cells.map((cell, column) => {
      return column === 0 ? cell.padEnd(widths[column]!) : cell.padStart(widths[column]!);
    });
    return `| ${padded.join(" | ")} |\n`;
  };
  const rule = widths.map((width, column) => column === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`);
  return [head, rule, ...rows].map(line).join("");
}

function advantage(
  results: Results,
  section: string,
  measure: string,
  where: string,
  name: ContenderName,
): string {
  const own = results.median({ section, measure, where, who: TITLES.procslink });
  const other = results.median({ section, measure, where, who: TITLES[name] });
  if (own === undefined || other === undefined) return "-";
  return (measure.startsWith("round trip") ? other / own : own / other).toFixed(1);
}
