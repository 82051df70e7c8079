// Whoever is told of lost messages: when, of which, and what may be done meanwhile.
import { assertEquals } from "@std/assert";
import { MAX_IDLE_TICKS, MAX_PARTIAL_MESSAGES } from "../../src/wire/reassembly.ts";
import { assertProblem, assertWhole, bytesOf, cut, OVERHEAD, Receiver, SENDER } from "./fragments.ts";

const LENGTH = 20;
const COST = LENGTH + OVERHEAD;

/** The two fragments of a message, of which the first one makes room for all of it. */
function message(seq: number, nlmsgSeq = seq): [Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>] {
  const [first, last] = cut(bytesOf(LENGTH, nlmsgSeq), [LENGTH / 2], { seq, nlmsgSeq });
  return [first!, last!];
}

/** A receiver to which these messages have begun to come. */
function begin(...numbers: number[]): Receiver {
  const receiver = new Receiver();
  for (const seq of numbers) assertEquals(receiver.take(message(seq)[0]), undefined);
  return receiver;
}

/** Lets the time pass in which whatever was begun is lost. */
function loseAll(receiver: Receiver): void {
  for (let tick = 0; tick < 2; tick++) receiver.reassembler.tick(() => true);
}

/** The numbers of those that were lost. */
function lostOf(receiver: Receiver): number[] {
  return receiver.lost.map(({ nlmsgSeq }) => nlmsgSeq);
}

const NUMBERS = Array.from({ length: MAX_PARTIAL_MESSAGES }, (_, index) => index + 1);

Deno.test("A peer that is opened anew at its port begins with the same numbers, and its first message arrives", () => {
  const receiver = new Receiver();
  // The peer before was closed in the middle of its first message, and could not say so: the queue was full.
  receiver.take(cut(bytesOf(900, 1), [300], { seq: 1, nlmsgSeq: 1, time: 1_000 })[0]!);
  assertWhole(receiver.takeMessage(cut(bytesOf(900, 2), [300], { seq: 1, nlmsgSeq: 2, time: 2_000 })), bytesOf(900, 2));
  assertEquals(lostOf(receiver), [1]);
  receiver.assertEmpty();
});

Deno.test("Whoever is told of a message that gave way to another finds the other one taken", () => {
  for (const [receiver, seq, count] of [[begin(1), 1, 1], [begin(...NUMBERS), 99, MAX_PARTIAL_MESSAGES]] as const) {
    const [first, last] = message(seq, 99);
    receiver.onLost = () => {
      assertEquals(receiver.bytes, count * COST);
      assertWhole(receiver.take(last), bytesOf(LENGTH, 99));
    };
    assertEquals(receiver.take(first), undefined);
    assertEquals([lostOf(receiver), receiver.bytes], [[1], (count - 1) * COST]);
  }
});

Deno.test("Whoever is told of a lost message may have all others of its port taken meanwhile", () => {
  const receiver = begin(...NUMBERS);
  receiver.onLost = () => {
    for (const seq of NUMBERS.slice(1)) assertWhole(receiver.take(message(seq)[1]), bytesOf(LENGTH, seq));
  };
  const [first, last] = message(99);
  assertEquals([receiver.take(first), receiver.bytes], [undefined, COST]);
  assertWhole(receiver.take(last), bytesOf(LENGTH, 99));
  assertEquals(lostOf(receiver), [1]);
  receiver.assertEmpty();
});

Deno.test("Whoever is told of a message that a tick lost finds all gone that it lost, and is told of each once", () => {
  const receiver = begin(1, 2);
  receiver.onLost = () => {
    receiver.onLost = () => {};
    receiver.assertEmpty();
    // Too late: that it is lost is only not told yet.
    assertProblem(receiver.take(message(2)[1]), "incomplete", "others are not here");
  };
  loseAll(receiver);
  assertEquals(lostOf(receiver), [1, 2]);
  receiver.assertEmpty();
});

Deno.test("What begins while lost messages are told of is another message, also with the number of one of them", () => {
  const receiver = begin(1, 2);
  receiver.onLost = () => {
    receiver.onLost = () => {};
    assertEquals(receiver.take(message(2, 3)[0]), undefined);
    assertEquals(receiver.bytes, COST);
  };
  loseAll(receiver);
  assertEquals([lostOf(receiver), receiver.bytes], [[1, 2], COST]);
  assertWhole(receiver.take(message(2, 3)[1]), bytesOf(LENGTH, 3));
  assertEquals([lostOf(receiver), receiver.asked], [[1, 2], 3]);
  receiver.assertEmpty();
});

Deno.test("What is lost while lost messages are told of is told after them, and once", () => {
  const receiver = begin(1, 2);
  receiver.onLost = () => {
    receiver.onLost = () => {};
    assertEquals(receiver.take(message(5, 3)[0]), undefined);
    assertEquals(receiver.take(message(5, 4)[0]), undefined);
  };
  loseAll(receiver);
  assertEquals([lostOf(receiver), receiver.bytes], [[1, 2, 3], COST]);
  receiver.onLost = () => {
    receiver.onLost = () => {};
    loseAll(receiver);
  };
  assertEquals(receiver.take(message(5)[0]), undefined);
  assertEquals(lostOf(receiver), [1, 2, 3, 4, 5]);
  receiver.assertEmpty();
});

Deno.test("Whoever is told of a lost message may drop everything, and is told of no other", () => {
  const receiver = begin(1, 2);
  receiver.onLost = () => receiver.reassembler.clear();
  loseAll(receiver);
  assertEquals(lostOf(receiver), [1]);
  receiver.assertEmpty();

  // The fragment at which it was lost goes with the others.
  for (const seq of [1, 2]) assertEquals(receiver.take(message(seq)[0]), undefined);
  assertEquals(receiver.take(message(1, 3)[0]), undefined);
  assertEquals(lostOf(receiver), [1, 1]);
  receiver.assertEmpty();
  loseAll(receiver);
  assertEquals(lostOf(receiver), [1, 1]);
});

Deno.test("Of a lost message is told whether its port is gone, and where both happen at once, for each", () => {
  const receiver = begin(1);
  const other = { ...SENDER, port: 1 };
  assertEquals(receiver.take(message(2)[0], other), undefined);
  for (let tick = 0; tick <= MAX_IDLE_TICKS; tick++) {
    assertEquals(receiver.lost, []);
    // The one is silent for too long, and just then the other one goes.
    receiver.reassembler.tick((port) => port === other.port && tick === MAX_IDLE_TICKS);
  }
  assertEquals(receiver.lost.map(({ nlmsgSeq, isGone }) => [nlmsgSeq, isGone]), [[1, false], [2, true]]);
  receiver.assertEmpty();
});
