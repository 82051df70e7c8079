// The names in a parameter that is an object taken apart.
import { assertEquals } from "@std/assert";
import { keysOf } from "../../src/rpc/object_pattern.ts";

const PATTERNS: Record<string, string[]> = {
  "{}": [],
  "{ }": [],
  "{ a }": ["a"],
  "{a,b}": ["a", "b"],
  "{ a, b, }": ["a", "b"],
  "{ a = 1, b = { c: 2, d }, e }": ["a", "b", "e"],
  "{ a: x, b: { c, d }, e: [f, g] = [1, 2] }": ["a", "b", "e"],
  "{ a = '},{', b = `${'}'}`, c = /[,}]/ }": ["a", "b", "c"],
  "{ a /* , x */, // , y }\n b }": ["a", "b"],
  "{ a, ...others }": ["a"],
  "{ ['x' + 1]: a, b }": ["b"],
  '{ "two words": a, 0: b, größe, $c, _d }': ["größe", "$c", "_d"],
  "{ a, b } = {}": ["a", "b"],
  "{ a, b } = { c: 1, d: 2 }": ["a", "b"],
  "{ a": ["a"],
};

for (const [pattern, keys] of Object.entries(PATTERNS)) {
  Deno.test(`the names in ${JSON.stringify(pattern)} are read from its text`, () => {
    assertEquals(keysOf(pattern), keys);
  });
}
