import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { DecodeError } from "../../src/errors.ts";
import { encodeText, parseJSON, stringify } from "../../src/jsonrpc/text.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("parseJSON parses any JSON value, with blanks around it", () => {
  for (const value of [null, true, 0, -1.5, "", "héllo 🦀", [], [1, [2]], {}, { a: { b: null } }]) {
    assertEquals(parseJSON(bytes(` \n${JSON.stringify(value)}\t`)), value);
  }
});

Deno.test("parseJSON refuses what is not JSON, with the parser's error as the cause", () => {
  for (
    const text of ["", " ", "{", "[1,]", "{a:1}", "'a'", "NaN", "Infinity", "undefined", "01", "1 2", '"\n"', "\0"]
  ) {
    const error = assertThrows(() => parseJSON(bytes(text)), DecodeError, "The body is not JSON") as DecodeError;
    assertInstanceOf(error.cause, SyntaxError);
  }
});

Deno.test("parseJSON refuses invalid UTF-8, with the decoder's error as the cause", () => {
  const invalid = {
    "a stray byte": [0xff],
    "a lone continuation": [0x80],
    "a cut sequence": [0xf0, 0x9f, 0xa6],
    "an overlong slash": [0xc0, 0xaf],
    "a surrogate": [0xed, 0xa0, 0x80],
    "beyond U+10FFFF": [0xf4, 0x90, 0x80, 0x80],
  };
  for (const [what, middle] of Object.entries(invalid)) {
    const quoted = new Uint8Array([0x22, ...middle, 0x22]);
    const error = assertThrows(() => parseJSON(quoted), DecodeError, "not valid UTF-8", what) as DecodeError;
    assertInstanceOf(error.cause, TypeError);
  }
});

Deno.test("parseJSON takes a replacement character that was sent as one, and refuses one that stands for something else", () => {
  for (const value of ["\ufffd", `é\ufffd🦀`, `${"x".repeat(100_000)}\ufffd`]) {
    const encoded = bytes(JSON.stringify(value));
    assertEquals(parseJSON(encoded), value);
    const broken = encoded.with(encoded.length - 2, 0xff);
    assertThrows(() => parseJSON(broken), DecodeError, "not valid UTF-8");
  }
});

Deno.test("parseJSON passes over a byte order mark, with a replacement character and without", () => {
  for (const value of ["a", "é", "\ufffd"]) assertEquals(parseJSON(bytes(`\ufeff${JSON.stringify(value)}`)), value);
});

Deno.test("parseJSON is not upset by an earlier failure", () => {
  assertThrows(() => parseJSON(new Uint8Array([0x22, 0xf0, 0x9f])), DecodeError);
  assertEquals(parseJSON(bytes('"ok"')), "ok");
});

Deno.test("parseJSON makes a __proto__ key an own property, not a prototype", () => {
  const value = parseJSON(bytes('{"__proto__":{"admin":true}}')) as Record<string, unknown>;
  assert(Object.hasOwn(value, "__proto__"));
  assertEquals(Object.getPrototypeOf(value), Object.prototype);
  assertEquals(value["admin"], undefined);
});

Deno.test("encodeText writes UTF-8", () => {
  assertEquals(encodeText("é世🦀").toHex(), "c3a9" + "e4b896" + "f09fa680");
});

Deno.test("stringify writes what JSON.stringify writes, and null for undefined", () => {
  for (const value of [null, true, 0, -1.5, "é\u2028\ud800", [1, undefined], { a: undefined, b: 1 }, new Date(0)]) {
    assertEquals(stringify(value), JSON.stringify(value));
  }
  assertEquals(stringify(undefined), "null");
});

Deno.test("stringify throws a TypeError at what JSON cannot hold", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [() => 1, class {}, Symbol("s"), 1n, [1n], { deep: [{ big: 1n }] }, cycle]) {
    assertThrows(() => stringify(value), TypeError);
  }
  assertThrows(() => stringify(() => 1), TypeError, "A value of type function cannot be written as JSON");
});

Deno.test("stringify passes on what a value's own toJSON throws", () => {
  const value = {
    toJSON(): never {
      throw new RangeError("Mine");
    },
  };
  assertThrows(() => stringify(value), RangeError, "Mine");
});
