// Who sends, and for how long: other holders of a port, ticks.
import { assertEquals } from "@std/assert";
import type { FrameFields } from "../../src/wire/frame.ts";
import { type FragmentSource, MAX_IDLE_TICKS } from "../../src/wire/reassembly.ts";
import { assertProblem, assertWhole, bytesOf, cut, FIELDS, fragment, OVERHEAD, Receiver, SENDER } from "./fragments.ts";

const LENGTH = 90;

/** The three fragments of a message. */
function message(seq: number, seed = seq, fields: Partial<FrameFields> = {}): Uint8Array<ArrayBuffer>[] {
  return cut(bytesOf(LENGTH, seed), [20, 30], { seq, nlmsgSeq: 100 + seq, ...fields });
}

/** Lets time pass, with nobody gone unless they are named; returns who was asked about, each time. */
function tick(receiver: Receiver, ticks = 1, gone: readonly number[] = []): number[][] {
  return Array.from({ length: ticks }, () => {
    const asked: number[] = [];
    receiver.reassembler.tick((port) => {
      asked.push(port);
      return gone.includes(port);
    });
    return asked;
  });
}

// Another low half of the timestamp, and another high one.
const LATER: Partial<FrameFields> = { time: FIELDS.time + 1 };
const MUCH_LATER: Partial<FrameFields> = { time: FIELDS.time + 2 ** 32 / 1e6 };

Deno.test("The times above differ only in the half of the timestamp that they mean", () => {
  const halves = (fields: Partial<FrameFields>) => {
    const view = new DataView(fragment(bytesOf(1), 1, true, fields).buffer);
    return [view.getUint32(32, true), view.getUint32(36, true)];
  };
  const [low, high] = halves({});
  assertEquals(halves(LATER).map((half, index) => half !== [low, high][index]), [true, false]);
  assertEquals(halves(MUCH_LATER), [low, high! + 1]);
});

/** Fragments of another message than the one of the same port with the same number. */
const OTHERS: [what: string, source: FragmentSource, fields: Partial<FrameFields>][] = [
  ["from another user", { ...SENDER, uid: 1 }, {}],
  ["from another process", { ...SENDER, pidHint: 1 }, {}],
  ["with a higher nlmsg_seq", SENDER, { nlmsgSeq: 102 }],
  ["with a lower nlmsg_seq", SENDER, { nlmsgSeq: 1 }],
  ["with a later timestamp", SENDER, LATER],
  ["with a timestamp that is much later", SENDER, MUCH_LATER],
  ["with an earlier timestamp", SENDER, { time: 0 }],
];

for (const [what, other, fields] of OTHERS) {
  Deno.test(`A message is lost where the beginning of one ${what} comes with its number, and that arrives`, () => {
    const receiver = new Receiver();
    const [first, second] = message(1);
    assertEquals([receiver.take(first!), receiver.take(second!)], [undefined, undefined]);
    const [begin, ...rest] = message(1, 2, fields);
    assertEquals(receiver.take(begin!, other), undefined);
    assertEquals(receiver.lost, [{
      source: SENDER,
      nlmsgSeq: 101,
      payloadType: 1,
      reason: "90 of 130 bytes of a message have arrived, and its port has begun anew",
      isGone: false,
    }]);
    assertEquals(receiver.bytes, LENGTH + OVERHEAD);

    assertWhole(receiver.takeMessage(rest, other), bytesOf(LENGTH, 2));
    assertEquals([receiver.asked, receiver.lost.length], [2, 1]);
    receiver.assertEmpty();
  });

  Deno.test(`The end of a message ${what} is not taken for the end of this one`, () => {
    const receiver = new Receiver();
    const [first, second] = message(1);
    assertEquals([receiver.take(first!), receiver.take(second!)], [undefined, undefined]);
    assertProblem(receiver.take(message(1, 1, fields)[2]!, other), "incomplete", "whose others are not here");
    assertEquals(receiver.lost.map(({ nlmsgSeq }) => nlmsgSeq), [101]);
    receiver.assertEmpty();
  });

  Deno.test(`A refused message does not have one ${what} passed over, and nobody is told of it`, () => {
    const receiver = new Receiver();
    receiver.refusal = "no";
    assertEquals(receiver.take(message(1)[0]!), "no");
    receiver.refusal = undefined;
    assertWhole(receiver.takeMessage(message(1, 2, fields), other), bytesOf(LENGTH, 2));
    assertEquals([receiver.asked, receiver.lost], [2, []]);
    receiver.assertEmpty();
  });

  Deno.test(`A message is lost also where the one ${what} is refused, and that is passed over`, () => {
    const receiver = new Receiver();
    assertEquals(receiver.take(message(1)[0]!), undefined);
    receiver.refusal = "no";
    const rest = message(1, 2, fields);
    assertEquals(rest.map((part) => receiver.take(part, other)), ["no", undefined, undefined]);
    assertEquals([receiver.asked, receiver.lost.map(({ nlmsgSeq }) => nlmsgSeq)], [2, [101]]);
    receiver.assertEmpty();
  });
}

Deno.test("What somebody else sends is charged to them", () => {
  // Room for one message of each user.
  const receiver = new Receiver({ perUser: LENGTH + OVERHEAD });
  const [first] = message(1);
  const other = { ...SENDER, uid: 1 };
  for (const source of [SENDER, other, SENDER, other, SENDER]) assertEquals(receiver.take(first!, source), undefined);
  assertEquals([receiver.lost.length, receiver.bytes], [4, LENGTH + OVERHEAD]);
  assertEquals(receiver.take(first!, { ...other, port: 1 }), undefined);
  assertProblem(receiver.take(first!, { ...SENDER, port: 2 }), "refused", "no room");
});

Deno.test("A message whose sender is gone is dropped after one tick without a fragment", () => {
  const receiver = new Receiver();
  const [first, second] = message(1);
  assertEquals([receiver.take(first!), receiver.take(second!)], [undefined, undefined]);
  // That this was sent before its sender went: it has just come.
  assertEquals([tick(receiver, 1, [SENDER.port]), receiver.lost], [[[]], []]);
  assertEquals(tick(receiver, 1, [SENDER.port]), [[SENDER.port]]);
  const { source, nlmsgSeq, payloadType, reason, isGone } = receiver.lost[0]!;
  assertEquals([source, nlmsgSeq, payloadType, isGone], [SENDER, 101, 1, true]);
  assertEquals(reason, "90 of 130 bytes of a message have arrived, and its sender is gone");
  assertEquals([receiver.lost.length, tick(receiver)], [1, [[]]]);
  receiver.assertEmpty();
});

Deno.test("A message whose sender is there but silent is dropped after the last idle tick, and not before", () => {
  const receiver = new Receiver();
  assertEquals(receiver.take(message(1)[0]!), undefined);
  tick(receiver, MAX_IDLE_TICKS);
  assertEquals([receiver.lost, receiver.bytes], [[], LENGTH + OVERHEAD]);
  tick(receiver);
  assertEquals(receiver.lost.map(({ nlmsgSeq, reason, isGone }) => [nlmsgSeq, reason, isGone]), [
    [101, "60 of 130 bytes of a message have arrived, and no more has come for too long", false],
  ]);
  receiver.assertEmpty();
});

Deno.test("Each fragment gives its message new time, and no other one", () => {
  const receiver = new Receiver();
  const [[first, second, last], [silent]] = [message(1), message(2)];
  assertEquals([receiver.take(first!), receiver.take(silent!)], [undefined, undefined]);
  tick(receiver, MAX_IDLE_TICKS);
  assertEquals(receiver.take(second!), undefined);
  tick(receiver, MAX_IDLE_TICKS);
  assertEquals(receiver.lost.map(({ nlmsgSeq }) => nlmsgSeq), [102]);
  assertWhole(receiver.take(last!), bytesOf(LENGTH, 1));
  receiver.assertEmpty();
});

Deno.test("A message that has just had a fragment is not asked about, also where its sender was silent before", () => {
  const receiver = new Receiver();
  const [first, second, last] = message(1);
  assertEquals(receiver.take(first!), undefined);
  tick(receiver, 2);
  assertEquals(receiver.take(second!), undefined);
  assertEquals(tick(receiver, 1, [SENDER.port]), [[]]);
  assertWhole(receiver.take(last!), bytesOf(LENGTH, 1));
});

Deno.test("A port is asked about once with each tick, however many of its messages wait", () => {
  const receiver = new Receiver();
  const ports = [1, 2, 3].map((port) => ({ ...SENDER, port }));
  for (const port of ports) {
    for (const seq of [1, 2, 3]) assertEquals(receiver.take(message(seq)[0]!, port), undefined);
  }
  assertEquals(tick(receiver, 3), [[], [1, 2, 3], [1, 2, 3]]);
  // Of the second, nothing waits.
  for (const seq of [1, 2, 3]) assertEquals(receiver.take(message(seq)[1]!, ports[1]), undefined);
  assertEquals(tick(receiver, 1, [1]), [[1, 3]]);
  assertEquals(receiver.lost.map(({ source, nlmsgSeq }) => [source.port, nlmsgSeq]), [[1, 101], [1, 102], [1, 103]]);
  assertEquals(tick(receiver, 1, [2]), [[2, 3]]);
  assertEquals(receiver.lost.slice(3).map(({ source, nlmsgSeq }) => [source.port, nlmsgSeq]), [
    [2, 101],
    [2, 102],
    [2, 103],
  ]);
  assertEquals(receiver.bytes, 3 * (LENGTH + OVERHEAD));
  for (const seq of [1, 2, 3]) {
    assertWhole(receiver.takeMessage(message(seq).slice(1), ports[2]), bytesOf(LENGTH, seq));
  }
  receiver.assertEmpty();
});

Deno.test("Of a port that is gone, what has just come stays until the next tick", () => {
  const receiver = new Receiver();
  const [silent, fresh] = [message(1), message(2)];
  assertEquals(receiver.take(silent[0]!), undefined);
  tick(receiver);
  assertEquals(receiver.take(fresh[0]!), undefined);
  tick(receiver, 1, [SENDER.port]);
  assertEquals(receiver.lost.map(({ nlmsgSeq }) => nlmsgSeq), [101]);
  tick(receiver, 1, [SENDER.port]);
  assertEquals(receiver.lost.map(({ nlmsgSeq }) => nlmsgSeq), [101, 102]);
  receiver.assertEmpty();
});

Deno.test("A refused message is forgotten with time too, and nobody is told of it", () => {
  for (const gone of [[], [SENDER.port]]) {
    const receiver = new Receiver();
    receiver.refusal = "no";
    assertEquals(receiver.take(message(1)[0]!), "no");
    tick(receiver, gone.length === 0 ? MAX_IDLE_TICKS : 1, gone);
    assertEquals([receiver.bytes, receiver.reassembler.isEmpty], [OVERHEAD, false]);
    tick(receiver, 1, gone);
    assertEquals(receiver.lost, []);
    receiver.assertEmpty();
  }
});

Deno.test("What comes of a refused message keeps it from being forgotten, and has it refused no second time", () => {
  const receiver = new Receiver();
  const [first, second, last] = message(1);
  receiver.refusal = "no";
  assertEquals(receiver.take(first!), "no");
  receiver.refusal = undefined;
  tick(receiver, MAX_IDLE_TICKS);
  assertEquals(receiver.take(second!), undefined);
  tick(receiver, MAX_IDLE_TICKS);
  assertEquals([receiver.take(last!), receiver.asked, receiver.lost], [undefined, 1, []]);
  receiver.assertEmpty();
});

Deno.test("Time passes where nothing waits, too", () => {
  const receiver = new Receiver();
  assertEquals(tick(receiver, 2), [[], []]);
  assertWhole(receiver.take(fragment(bytesOf(9), 9, true)), bytesOf(9));
  assertEquals(tick(receiver, 2), [[], []]);
});
