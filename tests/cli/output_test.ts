// What is printed: tables, columns, JSON, and nothing that a terminal obeys.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { EXIT, OutputClosed } from "../../src/cli/failure.ts";
import { type Column, Output } from "../../src/cli/output.ts";
import { printable } from "../../src/cli/printable.ts";
import { runProgram } from "../../src/cli/program.ts";
import type { Verb } from "../../src/cli/verb.ts";
import { check } from "../fakes/property.ts";
import { Page } from "./page.ts";

const TEXT = fc.string({ unit: "binary" });
const COLUMNS: Column[] = [{ heading: "PORT", isNumber: true }, { heading: "NAMES" }, { heading: "METHODS" }];

Deno.test("what is printable has no control characters, is one line, and stays the same JSON", () => {
  check(
    fc.property(TEXT, (text) => {
      const shown = printable(text);
      assert(!/[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u.test(shown), JSON.stringify(shown));
      assertEquals(JSON.parse(printable(JSON.stringify(text))), text);
    }),
    2_000,
  );
  assertEquals(printable("Grüße, 世界 😀"), "Grüße, 世界 😀");
});

Deno.test("elsewhere than on a terminal, columns are separated by tabs, whatever a cell holds", () => {
  const page = new Page();
  new Output(page, false).table(COLUMNS, [[1, "a\tb\nc", ""], [2, undefined, "x"]]);
  assertEquals(page.text, "PORT\tNAMES\tMETHODS\n1\ta\\u0009b\\u000ac\t-\n2\t-\tx\n");
});

Deno.test("a table fits its terminal as far as its longest words do, and loses none of them", () => {
  const word = fc.string({ minLength: 1, maxLength: 12, unit: fc.constantFrom("a", "b", "ü", "世") });
  const words = fc.array(word, { maxLength: 12 }).map((all) => all.join(" "));
  const row = fc.tuple(fc.nat(0xffff_ffff), words, words);
  check(fc.property(fc.array(row, { maxLength: 5 }), fc.integer({ min: 70, max: 120 }), (rows, width) => {
    const page = new Page({ isTerminal: true, width });
    const output = new Output(page, false);
    const lines = output.tableLines(COLUMNS, rows);
    // A Chinese character takes up two columns.
    assertEquals(lines.filter((line) => line.replaceAll("世", "世世").length > width), []);
    const all = lines.join(" ");
    for (const text of rows.flatMap(([, ...texts]) => texts)) {
      for (const one of text.split(" ")) assert(all.includes(one));
    }
  }));
});

Deno.test("a cell that is very long is cut off on a terminal, and soon", () => {
  const page = new Page({ isTerminal: true });
  const names = Array.from({ length: 100_000 }, (_, index) => `name${index}`).join(", ");
  new Output(page, false).table(COLUMNS, [[1, "a", names]]);
  assert(page.text.length < 20_000 && page.text.includes("…"));
  const whole = new Page();
  new Output(whole, false).table(COLUMNS, [[1, "a", names]]);
  assert(whole.text.includes("name99999"));
});

Deno.test("colours are for those who look: not with --json, and not where there are none", () => {
  const colours = { isTerminal: true, isColoured: true };
  assertEquals(new Output(new Page(colours), false).style("red", "x"), "\x1b[31mx\x1b[39m");
  assertEquals(new Output(new Page(colours), true).style("red", "x"), "x");
  assertEquals(new Output(new Page({ isTerminal: true }), false).style("red", "x"), "x");
});

Deno.test("a value is over several lines on a terminal, unless --json is given", () => {
  const texts = [[true, false], [true, true], [false, false]].map(([isTerminal, isJSON]) => {
    const page = new Page({ isTerminal: isTerminal! });
    new Output(page, isJSON!).value({ a: undefined, b: 1 });
    return page.text;
  });
  assertEquals(texts, ['{\n  "b": 1\n}\n', '{"b":1}\n', '{"b":1}\n']);
  const page = new Page();
  new Output(page, false).value(undefined);
  assertEquals(page.text, "null\n");
});

Deno.test("what is taken in pieces is written whole", () => {
  const page = new Page();
  page.most = 1;
  new Output(page, false).line("Grüße, 世界");
  assertEquals(page.text, "Grüße, 世界\n");
});

/** A verb that fails so. */
function failing(error: unknown): Verb {
  const run = () => Promise.reject(error);
  return { name: "fail", summary: "fail", parameters: [], options: [], examples: [], run };
}

Deno.test("where nobody reads the output the command ends, without a word", async () => {
  class Closed extends Page {
    override writeSync(): number {
      throw new Deno.errors.BrokenPipe("Broken pipe");
    }
  }
  assertThrows(() => new Output(new Closed(), false).line("x"), OutputClosed);
  const err = new Page();
  assertEquals(await runProgram(["fail"], [failing(new OutputClosed())], { out: new Page(), err }), EXIT.outputClosed);
  assertEquals(err.text, "");
  // Nor does it matter where the errors go.
  assertEquals(
    await runProgram(["fail"], [failing(new Error("x"))], { out: new Page(), err: new Closed() }),
    EXIT.failed,
  );
});
