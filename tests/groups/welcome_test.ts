// What an owner tells who asks for a group: hostile until it has been checked.
import { assertEquals } from "@std/assert";
import { readWelcome } from "../../src/groups/messages.ts";

const WELCOME = { stream: "s", port: 1, next: 1, multicast: 1 };

Deno.test("numbers begin with 1: with less, less than nothing would be missing", () => {
  assertEquals(readWelcome(WELCOME), WELCOME);
  assertEquals(readWelcome({ ...WELCOME, next: 0 }), undefined);
});

Deno.test("the text of a stream is short: members remember those that they have left", () => {
  const longest = { ...WELCOME, stream: "s".repeat(64) };
  assertEquals(readWelcome(longest), longest);
  assertEquals(readWelcome({ ...WELCOME, stream: "s".repeat(65) }), undefined);
});
