import { assertEquals, assertStrictEquals } from "@std/assert";
import { RequestPhrases } from "../../src/jsonrpc/phrases.ts";

Deno.test("what stands around the params of a request is remembered by the name of the method", () => {
  const phrases = new RequestPhrases();
  for (const hasParams of [true, false]) {
    const phrase = phrases.middle("add", hasParams);
    assertEquals(phrase.text, hasParams ? ',"method":"add","params":' : ',"method":"add"');
    assertStrictEquals(phrases.middle("add", hasParams), phrase);
  }
});

Deno.test("long names are not remembered: a gateway would keep whatever its clients choose", () => {
  const phrases = new RequestPhrases();
  const remembers = (name: string) => phrases.middle(name, true) === phrases.middle(name, true);
  assertEquals([remembers("x".repeat(128)), remembers("x".repeat(129))], [true, false]);
  assertEquals(phrases.middle("x".repeat(200), false).text, `,"method":"${"x".repeat(200)}"`);
});
