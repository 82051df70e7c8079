// Measures a server that has hostile neighbours, and prints a table.
import { parseArgs } from "node:util";
import { FloodProgram, reasonAgainstFloods } from "./flood_program.ts";
import { type Access, type Figures, NEIGHBOURS, run } from "./neighbours.ts";
import { HEADINGS, row, table } from "./table.ts";

const USAGE = `Usage: deno task hostile [OPTIONS]

  --seconds N      how long the client makes calls (4)
  --mode NAME      one of ${Object.keys(NEIGHBOURS).join(", ")}; may be given more than once (all)
  --access RULE    who may call the server: anyone, or same-user (what the mode says)
  --seed N         what the client's payloads are made from (1)
  --json           print the figures as JSON lines too, with what the server says of itself`;

const { values: options } = parseArgs({
  options: {
    seconds: { type: "string", default: "4" },
    mode: { type: "string", multiple: true, default: Object.keys(NEIGHBOURS) },
    access: { type: "string" },
    seed: { type: "string", default: "1" },
    json: { type: "boolean", default: false },
  },
});
const [milliseconds, seed] = [1_000 * Number(options.seconds), Number(options.seed)];
const isKnown = options.mode.every((mode) => Object.hasOwn(NEIGHBOURS, mode)) &&
  [undefined, "anyone", "same-user"].includes(options.access);
if (!isKnown || !(milliseconds > 0) || Number.isNaN(seed)) end(USAGE, 2);
const reason = await reasonAgainstFloods();
if (reason !== undefined) end(reason, 1);

await using program = await FloodProgram.compile();
const rows: string[][] = [];
for (const mode of options.mode) {
  const neighbours = NEIGHBOURS[mode]!;
  const access = options.access as Access | undefined ?? neighbours.access;
  const figures: Figures = await run(program, { ...neighbours, access }, { milliseconds, seed });
  rows.push(row(mode, figures));
  if (options.json) console.log(JSON.stringify({ mode, access, ...figures }));
}
console.log(table([HEADINGS, ...rows]));

function end(message: string, code: number): never {
  console.error(message);
  Deno.exit(code);
}
