// Figures as a table.
import type { Figures } from "./neighbours.ts";
import type { CallFigures } from "./programs/client.ts";

const MIB = 1_048_576;

/**
 * What the columns are: of calls one after the other, and of many at a time, p50, p99 and the longest in milliseconds; of
 * synchronous ones, and of those of newcomers, the longest.
 */
export const HEADINGS: readonly string[] = [
  "neighbours",
  ...["calls", "lost", "p50", "p99", "max"],
  ...["64 at a time", "lost", "p50", "p99", "max"],
  ...["sync", "lost", "max"],
  ...["newcomers", "lost", "max"],
  ...["kept MiB", "peak"],
  ...["floods: sent", "full", "else"],
];

/** The figures of a run, as a row. */
export function row(
  name: string,
  { client: { single, many, sync, newcomers }, kept, peak, floods }: Figures,
): string[] {
  const sum = (count: (flood: Figures["floods"][number]) => number) =>
    String(floods.reduce((total, flood) => total + count(flood), 0));
  return [
    name,
    ...cells(single),
    ...cells(many),
    ...[sync, newcomers].flatMap((calls) => cells(calls).filter((_, index) => index !== 2 && index !== 3)),
    (kept / MIB).toFixed(1),
    (peak / MIB).toFixed(1),
    sum(({ sent }) => sent),
    sum(({ full }) => full),
    sum(({ refused, others }) => refused + others),
  ];
}

/** Rows as lines, with columns of equal width. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>(
    (widths, cells) => cells.map((cell, index) => Math.max(widths[index] ?? 0, cell.length)),
    [],
  );
  return rows.map((cells) => cells.map((cell, index) => cell.padStart(widths[index]!)).join("  ")).join("\n");
}

function cells({ calls, lost, wrong, p50, p99, max }: CallFigures): string[] {
  return [String(calls), String(lost + wrong), p50.toFixed(2), p99.toFixed(2), max.toFixed(2)];
}
