// How deep JSON text is nested: told before it is parsed, and right to the level, whatever is in its strings.
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DecodeError } from "../../mod.ts";
import { encodeText, parseJSON, TooDeepError } from "../../src/jsonrpc/text.ts";
import { check } from "../fakes/property.ts";

/** How deep a value is, counted in the most naive way. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

/** Whether a text is taken at a depth. */
function isTaken(text: string, maximum: number): boolean {
  try {
    parseJSON(encodeText(text), maximum);
    return true;
  } catch (error) {
    if (error instanceof TooDeepError) return false;
    throw error;
  }
}

/** The least depth at which a text is taken. */
function leastDepth(text: string): number {
  let depth = 0;
  while (!isTaken(text, depth)) depth++;
  return depth;
}

const texts: [text: string, depth: number][] = [
  ["1", 0],
  ["null", 0],
  ['"[[[["', 0],
  ["[]", 1],
  ["{}", 1],
  ["[[],[],[]]", 2],
  ['{"a":{"b":[]}}', 3],
  ["[[[]],[[[]]],[]]", 4],
  ['["]","]","["]', 1],
  ['["\\"[[[","\\\\",[]]', 2],
  ['["\\\\\\"[[[",[]]', 2],
  ['{"[":1,"{":[1]}', 2],
  ['{"[[[\\"":"}}}"}', 1],
  ['"\\\\"', 0],
  ['["\\\\",["\\\\\\\\",["\\""]]]', 3],
  [" [ \t[\n]\r] ", 2],
  ['["ä[世[🦀["]', 1],
];

for (const [text, depth] of texts) {
  Deno.test(`the depth of ${JSON.stringify(text)} is ${depth}`, () => {
    assertEquals([leastDepth(text), depthOf(JSON.parse(text))], [depth, depth]);
  });
}

for (const length of [0, 40, 46, 47, 48, 49, 50, 100, 5_000]) {
  Deno.test(`brackets in a string are text, also behind ${length} other characters of it`, () => {
    for (const middle of ["", '\\"', "\\\\", '\\\\\\"', "\\u005b", "é"]) {
      for (const end of ["", "\\\\", '\\"']) {
        const inner = "x".repeat(length) + middle + "[[[[{{{{" + end;
        assertEquals(leastDepth(`["${inner}",["${inner}"]]`), 2, middle);
        assertEquals(leastDepth(`{"${inner}":{"${inner}":[[]]}}`), 4, middle);
      }
    }
  });
}

Deno.test("just as deep as may be is taken, and not a level more", () => {
  for (const depth of [1, 2, 999, 1_000, 1_001]) {
    for (const [open, close] of [["[", "]"], ['{"a":', "}"]] as const) {
      const text = open.repeat(depth) + "1" + close.repeat(depth);
      assertEquals([isTaken(text, depth), isTaken(text, depth - 1)], [true, false]);
    }
    const mixed = '[{"a":'.repeat(depth) + "1" + "}]".repeat(depth);
    assertEquals([isTaken(mixed, 2 * depth), isTaken(mixed, 2 * depth - 1)], [true, false]);
  }
});

Deno.test("without a bound any depth is taken", () => {
  const text = "[".repeat(5_000) + "]".repeat(5_000);
  let value = parseJSON(encodeText(text));
  for (let depth = 1; depth < 5_000; depth++) value = (value as unknown[])[0];
  assertEquals(value, []);
});

Deno.test("many values beside each other are not deep", () => {
  const members = Array.from({ length: 5_000 }, (_, index) => index % 2 === 0 ? "[1]" : '{"a":[2]}');
  assertEquals(leastDepth(`[${members.join(",")}]`), 3);
});

Deno.test("what is too deep says so, and how deep it may be", () => {
  const error = assertThrows(() => parseJSON(encodeText("[[[]]]"), 2), TooDeepError);
  assertEquals([error.name, error.message], ["TooDeepError", "The body is nested deeper than 2"]);
  assert(error instanceof DecodeError);
});

Deno.test("of what is no JSON something is said, and nothing else happens", () => {
  const rubbish = ['"', '"\\', '["\\', "[[[[", "]]]]", '{"a":"', "\\", "[\\[", '"""', '["[', "\ud800[[["];
  for (const text of rubbish) {
    for (const maximum of [0, 1, 2, 1_000]) {
      for (const filler of ["", "x".repeat(60), "[]".repeat(2_000)]) {
        assertThrows(() => parseJSON(encodeText(text + filler), maximum), DecodeError);
      }
    }
  }
});

Deno.test("the depth of any value is what a naive count says", () => {
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 12, depthSize: "large" },
      fc.oneof(fc.string({ unit: fc.constantFrom(...'[]{}"\\,:aé🦀') }), fc.string({ maxLength: 120 }), fc.integer()),
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(fc.string({ unit: fc.constantFrom(...'[]{}"\\a') }), tie("value"), { maxKeys: 3 }),
    ),
  }));
  check(
    fc.property(value, fc.nat(3), (value, spaces) => {
      const text = JSON.stringify(value, null, spaces);
      const depth = depthOf(value);
      assertEquals(isTaken(text, depth), true, text);
      if (depth > 0) assertEquals(isTaken(text, depth - 1), false, text);
    }),
    2_000,
  );
});
