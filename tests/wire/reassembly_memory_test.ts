// Memory of messages is used again: it goes back when it is no longer needed, and once.
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { spareBuffers } from "../../src/wire/spare_buffers.ts";
import {
  assertProblem,
  assertWhole,
  bytesOf,
  cut,
  fragment,
  type Outcome,
  OVERHEAD,
  Receiver,
  SENDER,
} from "./fragments.ts";

const SIZE = 262_144;

/** Runs something that takes memory of this size, and checks that it gives it back: once, or not at all. */
function withSpare(run: (spare: ArrayBuffer) => void, times: 0 | 1): void {
  const spare = new ArrayBuffer(SIZE);
  spareBuffers.give(new Uint8Array(spare));
  run(spare);
  const [first, second] = [spareBuffers.take(SIZE), spareBuffers.take(SIZE)];
  assertEquals([first, second].filter(({ buffer }) => buffer === spare).length, times);
}

const [BODY, CUTS] = [bytesOf(SIZE), [SIZE / 2]];
const [FIRST, LAST] = cut(BODY, CUTS) as [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>];

/** Takes the first half of a message. */
function begin(): Receiver {
  const receiver = new Receiver();
  assertEquals(receiver.take(FIRST), undefined);
  return receiver;
}

Deno.test("A message has spare memory, and keeps it until it is given back", () => {
  withSpare((spare) => {
    const whole = begin().take(LAST);
    assertWhole(whole, BODY);
    assertStrictEquals((whole as Uint8Array).buffer, spare);
  }, 0);
  withSpare(() => {
    const receiver = begin();
    receiver.reassembler.release(receiver.take(LAST) as Uint8Array<ArrayBuffer>);
  }, 1);
});

const ENDS: [what: string, end: (receiver: Receiver) => Outcome, problem: string | undefined][] = [
  [
    "a contradiction",
    (receiver) => receiver.take(fragment(bytesOf(1), SIZE, false, { payloadType: 2 })),
    "payload_type",
  ],
  ["a contradiction at its end", (receiver) => receiver.take(fragment(bytesOf(1), SIZE + 1, true)), "size"],
  ["the beginning of another", (receiver) => receiver.take(fragment(bytesOf(1), SIZE, false, { time: 0 })), undefined],
  ["the end of another", (receiver) => receiver.take(fragment(bytesOf(1), SIZE, true, { nlmsgSeq: 0 })), "not here"],
  ["a gap", (receiver) => receiver.take(fragment(bytesOf(1), SIZE, true)), "are missing"],
  ["its sender took it back", (receiver) => receiver.take(fragment(bytesOf(0), SIZE, true)), "taken a message back"],
  ["another process", (receiver) => receiver.take(fragment(bytesOf(9), 9, true), { ...SENDER, pidHint: 1 }), undefined],
  ["its sender is gone", (receiver) => {
    for (let tick = 0; tick < 2; tick++) receiver.reassembler.tick(() => true);
    return undefined;
  }, undefined],
];

for (const [what, end, reason] of ENDS) {
  Deno.test(`The memory of a message that is given up goes back, once: ${what}`, () => {
    withSpare(() => {
      const receiver = begin();
      const outcome = end(receiver);
      if (reason !== undefined) assertEquals((outcome as { reason: string }).reason.includes(reason), true);
      // What follows of it, and the next message, change nothing.
      receiver.take(fragment(bytesOf(0), SIZE, true));
      receiver.assertEmpty();
    }, 1);
  });
}

Deno.test("A message that has no room to grow gives back what it had", () => {
  withSpare((spare) => {
    const receiver = new Receiver({ total: SIZE + 512 });
    const [first, second] = cut(bytesOf(2 * SIZE), [SIZE / 8, SIZE]);
    assertEquals(receiver.take(first!), undefined);
    assertNotStrictEquals(spareBuffers.take(SIZE).buffer, spare);
    assertProblem(receiver.take(second!), "refused", "no room");
  }, 1);
});

Deno.test("Memory that a message has outgrown goes back, and not the larger one", () => {
  withSpare(() => {
    const receiver = new Receiver();
    const body = bytesOf(4 * SIZE);
    assertWhole(receiver.takeMessage(cut(body, [SIZE / 8, SIZE])), body);
  }, 1);
});

Deno.test("What is kept of a message is counted as what it takes up, but for a quarter of what is used again", () => {
  for (const length of [10, 65_535, 65_537, 100_000, 131_073, 2 ** 24 + 1, 2 ** 26 + 1]) {
    const receiver = new Receiver();
    const [first, last] = cut(new Uint8Array(length), [Math.ceil(length / 8)]);
    assertEquals(receiver.take(first!), undefined);
    assertEquals(receiver.bytes, length + OVERHEAD);
    const { byteLength } = (receiver.take(last!) as Uint8Array).buffer;
    const most = length < 65_536 || length > 2 ** 26 ? length : 1.25 * length;
    assert(byteLength >= length && byteLength <= most, `${byteLength} bytes are taken up by ${length}`);
  }
});

/** Runs something while there is memory for so many bytes at a time, and for no more. */
function withMemoryFor(most: number, run: () => void): void {
  const { ArrayBuffer } = globalThis;
  try {
    globalThis.ArrayBuffer = class extends ArrayBuffer {
      constructor(size: number) {
        if (size > most) throw new RangeError("Array buffer allocation failed");
        super(size);
      }
    } as typeof ArrayBuffer;
    run();
  } finally {
    globalThis.ArrayBuffer = ArrayBuffer;
  }
}

Deno.test("Where there is no memory for a message, it is refused, and what follows of it passed over", () => {
  const receiver = new Receiver();
  const [first, second, last] = cut(bytesOf(500_000), [100_000, 1_000]);
  withMemoryFor(400_000, () => {
    assertProblem(receiver.take(first!), "refused", "There is no memory for a message of 500040 bytes");
  });
  assertEquals(receiver.bytes, OVERHEAD);
  assertEquals([receiver.take(second!), receiver.take(last!), receiver.lost], [undefined, undefined, []]);
  receiver.assertEmpty();
  assertWhole(receiver.takeMessage([first!, second!, last!]), bytesOf(500_000));
});

Deno.test("A message for which there is no memory to grow gives back what it had, and hinders no other", () => {
  withSpare(() => {
    const receiver = new Receiver();
    const [first, second, last] = cut(bytesOf(8 * SIZE), [SIZE / 8, SIZE]);
    const other = cut(bytesOf(1_000, 1), [500], { seq: 1 });
    assertEquals([receiver.take(first!), receiver.bytes], [undefined, SIZE + OVERHEAD]);
    withMemoryFor(4 * SIZE, () => {
      assertProblem(receiver.take(second!), "refused", "no memory");
      assertEquals(receiver.bytes, OVERHEAD);
      assertWhole(receiver.takeMessage(other), bytesOf(1_000, 1));
    });
    assertEquals(receiver.take(last!), undefined);
    receiver.assertEmpty();
  }, 1);
});
