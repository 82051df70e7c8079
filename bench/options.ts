/**
 * The options of the benchmark.
 *
 * @module
 */
import * as cli from "@std/cli";
import type { Section } from "./driver/bench.ts";
import { SECTIONS } from "./driver/run.ts";
import { OTHERS, PEERS } from "./peers/catalog.ts";

const USAGE = `deno task bench [options]

  --quick        the main rows only, in less than a minute
  --only NAMES   some of the sections, with commas between them
  --json FILE    writes all figures, with their samples
  --chart FILE   writes an SVG of round trips and calls per second
  --readme FILE  replaces the table of ratios in the README
  --help         prints this

sections:
${
  SECTIONS.map(({ name, text, quick }) => `  ${name.padEnd(13)}${text}${quick ? "" : " (not with --quick)"}`).join("\n")
}

peers:
  ProcsLink          ${PEERS.procslink.text}; callSync is its callSync()
${OTHERS.map((name) => `  ${PEERS[name].title.padEnd(19)}${PEERS[name].text}`).join("\n")}
  C floor            netlink datagrams of the same size in C, without JSON
`;

/** What the user wants. */
export interface Options {
  readonly quick: boolean;
  readonly sections: readonly Section[];
  /** Where the figures go. */
  readonly json: string | undefined;
  /** Where the chart goes. */
  readonly chart: string | undefined;
  /** The document with the table of ratios. */
  readonly readme: string | undefined;
}

/** The part of `@std/cli` that is used: the package has no types of its own. */
interface Arguments {
  parseArgs(args: readonly string[], options: {
    string: readonly string[];
    boolean: readonly string[];
    unknown: (arg: string) => void;
  }): Record<string, string | boolean | undefined>;
}

/**
 * Reads the options; where one is wrong, the program ends with code 2, and with --help after it has told its usage.
 *
 * @param args The arguments of the program.
 * @returns The options.
 */
export function readOptions(args: readonly string[]): Options {
  const given = (cli as unknown as Arguments).parseArgs(args, {
    string: ["only", "json", "chart", "readme"],
    boolean: ["quick", "help"],
    unknown: (argument) => refuse(`${argument} is no option`),
  });
  if (given.help === true) {
    console.log(USAGE);
    Deno.exit();
  }
  const text = (name: string): string | undefined => {
    const value = given[name];
    if (value === "") refuse(`--${name} needs a value`);
    return value as string | undefined;
  };
  const quick = given.quick === true;
  const [json, chart, readme] = [text("json"), text("chart"), text("readme")];
  const sections = sectionsOf(text("only"), quick);
  if (chart !== undefined && !sections.some(({ name }) => name === "calls")) refuse("--chart needs the section calls");
  if (readme !== undefined && ["calls", "echo"].some((needed) => sections.every(({ name }) => name !== needed))) {
    refuse("--readme needs the sections calls and echo");
  }
  return { quick, sections, json, chart, readme };
}

function sectionsOf(only: string | undefined, quick: boolean): readonly Section[] {
  if (only === undefined) return SECTIONS.filter((section) => section.quick || !quick);
  const names = only.split(",");
  const unknown = names.filter((name) => SECTIONS.every((section) => section.name !== name));
  if (unknown.length > 0) refuse(`There is no section ${unknown.join(", ")}`);
  return SECTIONS.filter(({ name }) => names.includes(name));
}

function refuse(problem: string): never {
  console.error(`${problem}\n\n${USAGE}`);
  Deno.exit(2);
}
