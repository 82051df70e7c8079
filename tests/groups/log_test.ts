import { assertEquals, assertLess, assertThrows } from "@std/assert";
import { MessageTooLargeError } from "../../src/errors.ts";
import { chargeOf } from "../../src/groups/charge.ts";
import { encode, type Encoded, GroupLog } from "../../src/groups/log.ts";

const HEADERS = 40;
const BOUNDS = { datagram: 100, message: 1_000 };

/** A message of a size. */
function message(size: number, hasBytes = true): Encoded {
  return hasBytes ? { bytes: new Uint8Array(1), size } : { text: "large", size };
}

/** A log with messages of 10 bytes, numbered from 1 on. */
function logOf(count: number, maximum = 1_000_000): GroupLog {
  const log = new GroupLog(maximum);
  for (let number = 1; number <= count; number++) log.append(message(10));
  return log;
}

Deno.test("what fits one datagram is encoded, what does not stays text", () => {
  const small = encode("é", BOUNDS);
  assertEquals(small.bytes, new TextEncoder().encode("é"));
  assertEquals(small.text, undefined);
  const most = encode("x".repeat(100 - HEADERS), BOUNDS);
  assertEquals(most.bytes?.length, 60);
  for (const text of ["x".repeat(61), "é".repeat(31), "x".repeat(101)]) {
    const large = encode(text, BOUNDS);
    assertEquals([large.text, large.bytes], [text, undefined]);
  }
});

Deno.test("the size counts bytes, not characters, and the same for both", () => {
  assertEquals(encode("é".repeat(20), BOUNDS).size - encode("", BOUNDS).size, 40);
  assertEquals(encode("é".repeat(200), BOUNDS).size - encode("", BOUNDS).size, 400);
});

Deno.test("what is larger than a message may be is refused", () => {
  assertEquals(encode("x".repeat(960), BOUNDS).text?.length, 960);
  const error = assertThrows(() => encode("x".repeat(961), BOUNDS), MessageTooLargeError);
  assertEquals([error.size, error.maximum], [1_001, 1_000]);
  assertThrows(() => encode("é".repeat(481), BOUNDS), MessageTooLargeError);
});

Deno.test("messages are numbered from 1 on", () => {
  const log = new GroupLog(1_000);
  assertEquals([log.first, log.next, log.bytes], [1, 1, 0]);
  log.append(message(10));
  log.append(message(20));
  assertEquals([log.first, log.next, log.bytes], [1, 3, 30]);
});

Deno.test("beyond the bound the oldest go; the newest stays in any case", () => {
  const log = new GroupLog(30);
  for (let count = 0; count < 3; count++) log.append(message(10));
  assertEquals([log.first, log.next, log.bytes], [1, 4, 30]);
  log.append(message(15));
  assertEquals([log.first, log.next, log.bytes], [3, 5, 25]);
  log.append(message(1_000));
  assertEquals([log.first, log.next, log.bytes], [5, 6, 1_000]);
  log.append(message(1));
  assertEquals([log.first, log.next, log.bytes], [6, 7, 1]);
});

Deno.test("numbers and bytes stay right over many messages", () => {
  const log = new GroupLog(100);
  for (let number = 1; number <= 5_000; number++) {
    log.append({ bytes: new Uint8Array([number & 0xff]), size: 10 });
    assertEquals(log.next, number + 1);
    assertEquals(log.first, Math.max(1, number - 9));
    assertEquals(log.batch(log.first, 1_000).map(({ bytes }) => bytes![0]).at(-1), number & 0xff);
    assertEquals(log.batch(log.next - 1, 1_000).length, 1);
  }
  assertEquals(log.bytes, 100);
});

Deno.test("a batch begins at a number, and has so many bytes at most; a larger message goes alone", () => {
  const log = logOf(5);
  assertEquals(log.batch(1, 1_000).length, 5);
  assertEquals(log.batch(4, 1_000).length, 2);
  assertEquals(log.batch(1, 30).length, 3);
  assertEquals(log.batch(1, 29).length, 2);
  assertEquals(log.batch(1, 1).length, 1);
});

Deno.test("what does not fit one datagram goes alone: others would overtake it", () => {
  const log = new GroupLog(1_000);
  log.append(message(1));
  log.append(message(2, false));
  log.append(message(3));
  assertEquals([1, 2, 3].map((from) => log.batch(from, 1_000).map(({ size }) => size)), [[1], [2], [3]]);
});

Deno.test("the charge counts all that were ever added, and those before one as far as it is known", () => {
  const log = new GroupLog(30);
  assertEquals([log.charge, log.chargeBefore(1)], [0, 0]);
  for (let count = 0; count < 5; count++) log.append(message(10));
  const each = chargeOf(10);
  assertLess(10, each);
  assertEquals(log.charge, 5 * each);
  assertEquals([3, 4, 5, 6, 7].map((number) => log.chargeBefore(number) / each), [2, 3, 4, 5, 5]);
  assertEquals(log.chargeBefore(1), 2 * each, "what was dropped counts as had");
});
