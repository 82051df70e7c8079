/**
 * Where a verb prints: tables and colours on a terminal, plain columns elsewhere, JSON where it is asked for.
 *
 * @module
 */
import { styleText } from "node:util";
import Table from "cli-table3";
import widthOf from "string-width";
import { OutputClosed } from "./failure.ts";
import { printable } from "./printable.ts";

/** A style of text. */
export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "cyan";

/** A column of a table. */
export interface Column {
  /** What is above it. */
  readonly heading: string;
  /** Whether it holds numbers, which end at the right. */
  readonly isNumber?: boolean;
}

/** A value in a column; undefined where it cannot be told. */
export type Cell = string | number | undefined;

/** What the output goes to. */
export interface OutputTarget {
  /** Whether somebody looks at it. */
  readonly isTerminal: boolean;
  /** Whether it may have colours. */
  readonly isColoured: boolean;
  /** How many characters fit a line. */
  readonly width: number;
  /**
   * Writes bytes.
   *
   * @param bytes The bytes.
   * @returns How many of them were written.
   */
  writeSync(bytes: Uint8Array): number;
}

/** No lines around or between the cells: they are spaces. */
const NO_LINES = Object.fromEntries(
  [
    ...["top", "top-mid", "top-left", "top-right", "bottom", "bottom-mid", "bottom-left", "bottom-right"],
    ...["left", "left-mid", "mid", "mid-mid", "right", "right-mid", "middle"],
  ].map((place) => [place, ""]),
);
/** Spaces between columns. */
const GAP = 2;
/** What is longer in a table on a terminal is cut off: nobody reads it there, and a stranger may have sent it. */
const LONGEST_CELL = 2_000;

const encoder = new TextEncoder();

/** Where a verb prints. Whatever comes from others is made printable: a terminal obeys what it is sent. */
export class Output {
  readonly #target: OutputTarget;
  /** Whether JSON was asked for. */
  readonly isJSON: boolean;

  /**
   * @param target What the output goes to.
   * @param isJSON Whether JSON was asked for.
   */
  constructor(target: OutputTarget, isJSON: boolean) {
    this.#target = target;
    this.isJSON = isJSON;
  }

  /** Whether somebody looks at it, and did not ask for JSON. */
  get isTerminal(): boolean {
    return this.#target.isTerminal && !this.isJSON;
  }

  /** How many characters fit a line. */
  get width(): number {
    return this.#target.width;
  }

  /**
   * Prints a line. It may have colours, so what comes from others must be made printable before.
   *
   * @param text The line, without its end.
   * @throws {OutputClosed} If nobody reads it.
   */
  line(text: string): void {
    this.raw(`${text}\n`);
  }

  /**
   * Writes a text as it is.
   *
   * @param text The text.
   * @throws {OutputClosed} If nobody reads it.
   */
  raw(text: string): void {
    const bytes = encoder.encode(text);
    try {
      for (let written = 0; written < bytes.length;) written += this.#target.writeSync(bytes.subarray(written));
    } catch (error) {
      if (error instanceof Deno.errors.BrokenPipe) throw new OutputClosed();
      throw error;
    }
  }

  /**
   * Prints a value as JSON, in one line.
   *
   * @param value The value; undefined is null.
   */
  json(value: unknown): void {
    this.line(printable(JSON.stringify(value ?? null)));
  }

  /**
   * Prints a value as JSON, over several lines where somebody looks at it.
   *
   * @param value The value; undefined is null.
   */
  value(value: unknown): void {
    if (!this.isTerminal) return this.json(value);
    for (const line of JSON.stringify(value ?? null, undefined, 2).split("\n")) this.line(printable(line));
  }

  /**
   * Prints one of many things that come one by one: cells that are in columns on a terminal.
   *
   * @param cells The cells, and how wide they are at least.
   * @param style The style of the first one.
   */
  row(cells: readonly (readonly [cell: Cell, width: number])[], style?: Style): void {
    const texts = cells.map(([cell, width], index) => {
      const text = this.isTerminal ? textOf(cell).padEnd(width) : textOf(cell);
      return index === 0 && style !== undefined ? this.style(style, text) : text;
    });
    this.line(texts.join(this.isTerminal ? " ".repeat(GAP) : "\t").trimEnd());
  }

  /**
   * Prints a table: with columns that fit the terminal, else with tabs between the cells.
   *
   * @param columns The columns. Those of texts are made to fit.
   * @param rows The rows.
   */
  table(columns: readonly Column[], rows: readonly (readonly Cell[])[]): void {
    for (const line of this.tableLines(columns, rows)) this.line(line);
  }

  /**
   * Makes the lines of a table.
   *
   * @param columns The columns. Those of texts are made to fit.
   * @param rows The rows.
   * @returns The lines.
   */
  tableLines(columns: readonly Column[], rows: readonly (readonly Cell[])[]): string[] {
    const headings = columns.map(({ heading }) => heading);
    if (!this.isTerminal) return [headings, ...rows.map((row) => row.map(textOf))].map((row) => row.join("\t"));
    const texts = rows.map((row) => row.map(textOf).map(cut));
    const widths = fit(columns, texts, this.#target.width);
    const table = new Table({
      head: headings.map((heading) => this.style("bold", heading)),
      style: { head: [], border: [], "padding-left": 0, "padding-right": GAP },
      chars: NO_LINES,
      colAligns: columns.map(({ isNumber }) => isNumber ? "right" : "left"),
      colWidths: widths.map((width) => width + GAP),
      wordWrap: true,
    });
    table.push(...texts);
    return table.toString().split("\n").map((line) => line.trimEnd());
  }

  /**
   * Gives a text a style, where there are colours.
   *
   * @param style The style.
   * @param text The text.
   * @returns The text with it.
   */
  style(style: Style, text: string): string {
    return this.#target.isColoured && !this.isJSON ? styleText(style, text, { validateStream: false }) : text;
  }
}

/** How wide columns are to be: what is too much is taken from the widest ones, as far as their longest words let them. */
function fit(columns: readonly Column[], rows: readonly (readonly string[])[], width: number): number[] {
  const cellsOf = (index: number) => [columns[index]!.heading, ...rows.map((row) => row[index]!)];
  const longest = (texts: readonly string[]) => texts.reduce((most, text) => Math.max(most, widthOf(text)), 0);
  const widths = columns.map((_, index) => longest(cellsOf(index)));
  const least = columns.map(({ isNumber }, index) => {
    return isNumber ? widths[index]! : longest(cellsOf(index).flatMap((text) => text.split(" ")));
  });
  let excess = widths.reduce((sum, one) => sum + one + GAP, -GAP) - width;
  for (; excess > 0; excess--) {
    const room = widths.map((one, index) => one > least[index]! ? one : 0);
    const widest = room.indexOf(Math.max(...room));
    if (room[widest] === 0) break;
    widths[widest]!--;
  }
  return widths;
}

function textOf(cell: Cell): string {
  return cell === undefined || cell === "" ? "-" : printable(String(cell));
}

function cut(text: string): string {
  return text.length > LONGEST_CELL ? `${text.slice(0, LONGEST_CELL)}…` : text;
}
