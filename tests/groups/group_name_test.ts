import { assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { checkGroupName, FEED_GROUP } from "../../src/groups/group_name.ts";

Deno.test("any text of up to 255 bytes is a name", () => {
  for (const name of ["n", "news", "Nachrichten für 犬", "rpc", "a b", "é".repeat(127) + "e", "x".repeat(255)]) {
    assertEquals(checkGroupName(name), name);
  }
});

Deno.test("what cannot be a name says why", () => {
  const cases: [name: string, reason: string][] = [
    ["", "it is empty"],
    ["rpc.", "it begins with rpc."],
    [FEED_GROUP, "it begins with rpc."],
    ["new\ns", "it has a control character"],
    ["\x7f", "it has a control character"],
    ["\ud800", "it is not well-formed Unicode"],
    ["x".repeat(256), "it has 256 bytes, and at most 255 may be"],
    ["é".repeat(128), "it has 256 bytes, and at most 255 may be"],
  ];
  for (const [name, reason] of cases) {
    const { message } = assertThrows(() => checkGroupName(name), RangeError);
    assertStringIncludes(message, reason);
    assertEquals(message.length < 200, true, "however long the name is");
  }
});

Deno.test("a name is a string", () => {
  for (const name of [undefined, null, 5, {}, ["news"]]) {
    assertThrows(() => checkGroupName(name), TypeError, "must be a string");
  }
});
