// Messages whose fragments do not make a whole.
import { assertEquals } from "@std/assert";
import type { FragmentProblem } from "../../src/wire/fragment_problem.ts";
import type { FrameFields } from "../../src/wire/frame.ts";
import { assertProblem, assertWhole, bytesOf, cut, fragment, OVERHEAD, Receiver } from "./fragments.ts";

/** Length of the body that the fragments below are of. */
const TOTAL = 100;

/** A fragment of the message below: a part of this length. */
function part(length: number, fields: Partial<FrameFields> = {}, total = TOTAL): Uint8Array<ArrayBuffer> {
  return fragment(bytesOf(length), total, false, fields);
}

/** The last one, likewise. */
function last(length: number, fields: Partial<FrameFields> = {}, total = TOTAL): Uint8Array<ArrayBuffer> {
  return fragment(bytesOf(length), total, true, fields);
}

type Case = [
  what: string,
  good: Uint8Array<ArrayBuffer>[],
  bad: Uint8Array<ArrayBuffer>,
  kind: FragmentProblem["kind"],
  reason: string,
];

/** The same fragment in another version. */
function inVersion2(datagram: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  new DataView(datagram.buffer).setUint16(16, 2, true);
  return datagram;
}

const CASES: Case[] = [
  ["its last one alone", [], last(60), "incomplete", "whose others are not here"],
  ["its last one alone, one byte short", [], last(99), "incomplete", "whose others are not here"],
  ["a middle one and the last", [part(30)], last(30), "incomplete", "and 40 of 140 bytes are missing"],
  ["the last one a byte too early", [part(40)], last(59), "incomplete", "and 1 of 140 bytes are missing"],
  ["too much at the first one", [], part(101), "malformed", "more than the 140 bytes that they state"],
  ["too much at a middle one", [part(40)], part(61), "malformed", "more than the 140 bytes that they state"],
  ["too much at the only one", [], last(101), "malformed", "more than the 140 bytes that they state"],
  ["too much at the last one", [part(40)], last(61), "malformed", "more than the 140 bytes that they state"],
  ["a fragment twice", [part(40), part(40)], last(60), "malformed", "more than the 140 bytes that they state"],
  ["nothing in the first one", [], part(0), "malformed", "without a part"],
  ["nothing in a middle one", [part(40)], part(0), "malformed", "without a part"],
  ["nothing in a middle one of an empty body", [], part(0, {}, 0), "malformed", "without a part"],
  ["nothing in one that is not the last, when all has come", [part(100)], part(0), "malformed", "without a part"],
  ["a size that is less by one", [part(40)], part(40, {}, TOTAL - 1), "malformed", "differ in their size"],
  ["a size that is more by one", [part(40)], last(60, {}, TOTAL + 1), "malformed", "differ in their size"],
  ["another payload_type", [part(40)], part(40, { payloadType: 2 }), "malformed", "differ in their payload_type"],
  [
    "another payload_type at the last one",
    [part(40)],
    last(60, { payloadType: 2 }),
    "malformed",
    "differ in their payload_type",
  ],
  ["another version", [part(40)], inVersion2(part(40)), "malformed", "differ in their version"],
  ["another version at the last one", [part(40)], inVersion2(last(60)), "malformed", "differ in their version"],
  ["a size of no headers at all", [], part(4, {}, -24), "malformed", "a message of 16 bytes"],
  ["a size a byte below that of its headers", [], part(4, {}, -1), "malformed", "a message of 39 bytes"],
  ["a size below that of its headers, at the only one", [], last(0, {}, -1), "malformed", "a message of 39 bytes"],
  ["its sender takes it back before any of it came", [], last(0), "abandoned", "taken a message back"],
  ["its sender takes it back on its way", [part(40), part(59)], last(0), "abandoned", "taken a message back"],
];

for (const [what, good, bad, kind, reason] of CASES) {
  const isLast = new DataView(bad.buffer).getUint16(4, true) === 3;

  Deno.test(`A message is given up, with one problem, and others are not: ${what}`, () => {
    const receiver = new Receiver();
    // Another message of the same port, which was begun before.
    const [first, second] = cut(bytesOf(77, 1), [30], { seq: 1_000 });
    assertEquals(receiver.take(first!), undefined);
    const before = receiver.bytes;
    assertEquals(good.map((fragment) => receiver.take(fragment)), good.map(() => undefined));

    assertProblem(receiver.take(bad), kind, reason);
    assertEquals(receiver.bytes, isLast ? before : before + OVERHEAD);
    if (!isLast) {
      // Whatever else comes of it.
      for (
        const fragment of [part(40), part(0), part(200), part(40, { payloadType: 2 }), inVersion2(part(1, {}, -24))]
      ) {
        assertEquals([receiver.take(fragment), receiver.bytes], [undefined, before + OVERHEAD]);
      }
      assertEquals([receiver.take(last(60)), receiver.bytes], [undefined, before]);
    }

    // The next message may have its number.
    assertWhole(receiver.takeMessage(cut(bytesOf(50, 2), [20])), bytesOf(50, 2));
    assertWhole(receiver.take(second!), bytesOf(77, 1));
    assertEquals([receiver.asked, receiver.lost], [3, []]);
    receiver.assertEmpty();
  });
}

Deno.test("A message whose sender takes it back after a problem has no second one", () => {
  const receiver = new Receiver();
  assertEquals(receiver.take(part(40)), undefined);
  assertProblem(receiver.take(part(0)), "malformed", "without a part");
  assertEquals(receiver.take(last(0)), undefined);
  receiver.assertEmpty();
});
