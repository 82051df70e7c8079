import { assertEquals, assertGreaterOrEqual } from "@std/assert";
import { SendBuffer } from "../../src/link/send_buffer.ts";

const NOBODY = { flush: () => {} };

Deno.test("a text is encoded at its offset, and says how many bytes it took", async (t) => {
  const cases = [
    { name: "ASCII", text: "abc", offset: 2, result: 3 },
    { name: "nothing", text: "", offset: 8, result: 0 },
    { name: "two, three and four bytes", text: "é€", offset: 0, result: 5 },
    { name: "a pair of surrogates", text: "😀", offset: 4, result: 4 },
    { name: "a lone surrogate becomes U+FFFD", text: "\ud800", offset: 0, result: 3 },
    { name: "exactly the room there is", text: "12345678", offset: 0, result: 8 },
    { name: "one unit too many", text: "123456789", offset: 0, result: -1 },
    { name: "one byte too many", text: "éééé1", offset: 0, result: -1 },
    { name: "a character that fits only in part", text: "€", offset: 6, result: -1 },
    { name: "an offset behind the end", text: "", offset: 9, result: -1 },
  ];
  for (const { name, text, offset, result } of cases) {
    await t.step(name, () => {
      const buffer = new SendBuffer(8);
      assertEquals(buffer.encode([text], offset), result);
      if (result < 0) return;
      assertEquals(buffer.bytes.slice(offset, offset + result), new TextEncoder().encode(text));
    });
  }
});

Deno.test("view and bytes are the same memory", () => {
  const buffer = new SendBuffer(8);
  buffer.view.setUint8(3, 7);
  assertEquals(buffer.bytes[3], 7);
});

Deno.test("the buffer is empty again when the last user leaves", () => {
  const buffer = new SendBuffer(64);
  const other = { flush: () => {} };
  buffer.use(NOBODY);
  buffer.use(other);
  buffer.end = 40;
  buffer.leave(NOBODY);
  assertEquals(buffer.end, 40);
  buffer.leave(other);
  assertEquals(buffer.end, 0);
});

Deno.test("the time is that of the first message, until all have left", () => {
  const buffer = new SendBuffer(64);
  const before = Date.now();
  buffer.use(NOBODY);
  assertGreaterOrEqual(buffer.time, before);
  buffer.time = 5;
  buffer.use({ flush: () => {} });
  assertEquals(buffer.time, 5, "a second user does not change it");
  const alone = new SendBuffer(64);
  alone.use(NOBODY);
  alone.time = 5;
  alone.leave(NOBODY);
  alone.use(NOBODY);
  assertGreaterOrEqual(alone.time, before);
});

Deno.test("a flush asks every user once, and those who leave meanwhile are gone", () => {
  const buffer = new SendBuffer(64);
  const asked: number[] = [];
  for (const number of [1, 2, 3]) {
    const user = {
      flush: () => {
        asked.push(number);
        buffer.leave(user);
      },
    };
    buffer.use(user);
  }
  buffer.flush();
  assertEquals(asked, [1, 2, 3]);
  buffer.flush();
  assertEquals(asked, [1, 2, 3]);
});
