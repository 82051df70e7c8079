import { assertEquals } from "@std/assert";
import { concat } from "@std/bytes";
import fc from "fast-check";
import { encodeBehindHeaders, utf8Length } from "../../src/link/pieces.ts";
import { check } from "../fakes/property.ts";
import { HEADERS } from "./outbox_setup.ts";

/** What is encoded at a time where only the length is wanted. */
const SCRATCH = 65_536;

const ENCODER = new TextEncoder();

/** Compares with the platform's own encoder. */
function assertEncoded(text: string | readonly string[], name?: string): void {
  const pieces = typeof text === "string" ? [text] : text;
  const expected = concat(pieces.map((piece) => ENCODER.encode(piece)));
  assertEquals(utf8Length(pieces), expected.length, name);
  const bytes = encodeBehindHeaders(pieces);
  assertEquals(bytes.length, HEADERS + expected.length, name);
  // Far faster than an assertion for each byte.
  assertEquals(bytes.subarray(HEADERS).every((byte, index) => byte === expected[index]), true, name);
}

const CHARACTERS = {
  "one byte": "a",
  "two bytes": "é",
  "three bytes": "€",
  "four bytes, a pair of surrogates": "😀",
  "a lone first surrogate": "\ud800",
  "a lone second surrogate": "\udfff",
  "surrogates in the wrong order": "\udc00\ud800",
};

Deno.test("a text has as many bytes as its encoding, and is encoded behind the headers", async (t) => {
  for (const [name, character] of Object.entries(CHARACTERS)) {
    await t.step(name, () => {
      assertEncoded(character);
      assertEncoded(`${character}b`);
      assertEncoded(`b${character}`);
      assertEncoded(character.repeat(1_000));
      assertEncoded(`${"a".repeat(1_000)}${character}`);
    });
  }
  await t.step("nothing", () => assertEncoded(""));
});

Deno.test("a character of any size counts once wherever it is around the end of what is encoded at a time", async (t) => {
  for (const [name, character] of Object.entries(CHARACTERS)) {
    await t.step(name, () => {
      for (let before = SCRATCH - 5; before <= SCRATCH + 2; before++) {
        const start = "x".repeat(before);
        assertEncoded(start + character, `${before} before it`);
        assertEncoded(`${start}${character}y`, `${before} before it, one behind`);
        assertEncoded(`${start}${character}${"y".repeat(SCRATCH)}${character}`, `${before} before it, and again`);
      }
    });
  }
});

Deno.test("a text of large characters alone is counted to its end", () => {
  for (const character of Object.values(CHARACTERS)) {
    for (const more of [-1, 0, 1]) assertEncoded(character.repeat(SCRATCH / character.length + more));
    assertEncoded(`x${character.repeat(2 * SCRATCH)}`);
  }
});

Deno.test("the memory of an encoded text is its own", () => {
  const texts = ["é", "è", "ê"].map((character) => character.repeat(2 * SCRATCH));
  const encoded = texts.map((text) => encodeBehindHeaders([text]).subarray(HEADERS));
  for (const [index, text] of texts.entries()) assertEquals(new TextDecoder().decode(encoded[index]) === text, true);
});

Deno.test("whatever a text is made of, its length and its bytes are those of the platform's encoder", () => {
  const unit = fc.constantFrom("a", "é", "€", "😀", "\ud800", "\udc00", "\ud83d", "\0");
  const piece = fc.oneof(
    fc.array(unit, { maxLength: 12 }).map((units) => units.join("")),
    fc.nat(20).map((less) => "x".repeat(SCRATCH - less)),
    fc.tuple(unit, fc.nat(SCRATCH)).map(([unit, count]) => unit.repeat(count)),
  );
  const pieces = fc.array(piece, { maxLength: 6 });
  check(fc.property(pieces, (pieces) => (assertEncoded(pieces.join("")), assertEncoded(pieces))), 60);
});
