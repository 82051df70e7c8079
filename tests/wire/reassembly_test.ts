// Messages that arrive as they should: in any number of fragments, several at once.
import { assert, assertEquals, assertNotStrictEquals } from "@std/assert";
import { FRAGMENTS, unhex } from "../vectors/native.ts";
import { assertProblem, assertWhole, bytesOf, cut, fragment, join, OVERHEAD, Receiver, SENDER } from "./fragments.ts";

for (const count of [1, 2, 3, 1_000]) {
  Deno.test(`A message in ${count} fragments is whole with its last one`, () => {
    const receiver = new Receiver();
    const body = bytesOf(10_007);
    const lengths = Array<number>(count - 1).fill(Math.floor(body.length / count));
    assertWhole(receiver.takeMessage(cut(body, lengths)), body);
    assertEquals([receiver.asked, receiver.lost], [1, []]);
    receiver.assertEmpty();
  });
}

Deno.test("A message arrives byte by byte, and something is kept of it until its last one", () => {
  const receiver = new Receiver();
  const body = bytesOf(300);
  const fragments = cut(body, Array(299).fill(1));
  const last = fragments.pop()!;
  for (const fragment of fragments) {
    assertEquals(receiver.take(fragment), undefined);
    assert(receiver.bytes > 0 && !receiver.reassembler.isEmpty);
  }
  assertWhole(receiver.take(last), body);
  receiver.assertEmpty();
});

Deno.test("Parts of very different lengths make a whole", () => {
  for (const lengths of [[1, 100_000, 2], [100_000, 1, 1], [1, 8, 64, 512, 4_096], [65_536, 65_536], [199_999]]) {
    const receiver = new Receiver();
    const body = bytesOf(200_000, lengths.length);
    assertWhole(receiver.takeMessage(cut(body, lengths)), body);
    receiver.assertEmpty();
  }
});

Deno.test("The golden fragments make the golden text, each in a datagram of its own or all in one", () => {
  const fragments = FRAGMENTS.datagrams.map(unhex);
  const expected = new TextEncoder().encode(FRAGMENTS.json);
  const receiver = new Receiver();
  assertWhole(receiver.takeMessage(fragments), expected);
  const [first, second, whole] = receiver.takeAll(join(fragments));
  assertEquals([first, second], [undefined, undefined]);
  assertWhole(whole, expected);
  receiver.assertEmpty();
});

Deno.test("Fragments of several messages share a datagram, wherever in it they are", () => {
  const receiver = new Receiver();
  const [one, other] = [bytesOf(9, 1), bytesOf(11, 2)];
  const [a, b, c] = cut(one, [3, 3], { seq: 1 });
  const [d, e] = cut(other, [5], { seq: 2 });
  assertEquals(receiver.takeAll(join([a!, d!])), [undefined, undefined]);
  const outcomes = receiver.takeAll(join([b!, e!, c!]));
  assertEquals(outcomes[0], undefined);
  assertWhole(outcomes[1], other);
  assertWhole(outcomes[2], one);
  receiver.assertEmpty();
});

Deno.test("16 messages of one port arrive at once, fragment by fragment in turn", () => {
  const receiver = new Receiver();
  const bodies = Array.from({ length: 16 }, (_, seq) => bytesOf(100 + seq, seq));
  const messages = bodies.map((body, seq) => cut(body, [40, 30], { seq, nlmsgSeq: 100 + seq }));
  for (const part of [0, 1]) {
    for (const fragments of messages) assertEquals(receiver.take(fragments[part]!), undefined);
  }
  for (const [seq, fragments] of messages.entries()) assertWhole(receiver.take(fragments[2]!), bodies[seq]!);
  assertEquals([receiver.asked, receiver.lost], [16, []]);
  receiver.assertEmpty();
});

Deno.test("Several ports send messages with the same number at once", () => {
  const receiver = new Receiver();
  const ports = [1, 2, 0x8000_0001, 0xffff_ffff];
  const messages = ports.map((port) => cut(bytesOf(90, port), [50]));
  for (const [index, port] of ports.entries()) {
    assertEquals(receiver.take(messages[index]![0]!, { ...SENDER, port }), undefined);
  }
  for (const [index, port] of ports.entries()) {
    assertWhole(receiver.take(messages[index]![1]!, { ...SENDER, port }), bytesOf(90, port));
  }
  assertEquals(receiver.lost, []);
  receiver.assertEmpty();
});

Deno.test("A message with an empty body is whole, also while others are under way", () => {
  const receiver = new Receiver();
  const [first, last] = cut(bytesOf(20), [10], { seq: 1 });
  assertEquals(receiver.take(first!), undefined);
  assertWhole(receiver.take(fragment(bytesOf(0), 0, true, { seq: 2 })), bytesOf(0));
  assertWhole(receiver.take(last!), bytesOf(20));
  receiver.assertEmpty();
});

Deno.test("A message may say with an empty fragment that all of it has come", () => {
  const receiver = new Receiver();
  assertWhole(receiver.takeMessage(cut(bytesOf(20), [15, 5])), bytesOf(20));
  receiver.assertEmpty();
});

Deno.test("The numbers of messages go as far as 32 bits, and come again", () => {
  const receiver = new Receiver();
  for (const seq of [0, 2 ** 31, 2 ** 32 - 1, 0]) {
    for (const nlmsgSeq of [0, 2 ** 32 - 1]) {
      assertWhole(receiver.takeMessage(cut(bytesOf(30, seq), [10], { seq, nlmsgSeq })), bytesOf(30, seq));
    }
  }
  assertEquals(receiver.asked, 8);
  receiver.assertEmpty();
});

Deno.test("What is handed on is nobody else's memory: not the datagram's, and not another message's", () => {
  const receiver = new Receiver();
  const [one, other] = [
    receiver.takeMessage([fragment(bytesOf(50, 1), 50, true)]),
    receiver.takeMessage(cut(bytesOf(50, 2), [20])),
  ] as Uint8Array[];
  assertNotStrictEquals(one!.buffer, other!.buffer);
  other!.fill(0xff);
  assertWhole(receiver.takeMessage(cut(bytesOf(70, 3), [20])), bytesOf(70, 3));
  // The receiver has overwritten its datagrams by now.
  assertEquals(one!.toHex(), bytesOf(50, 1).toHex());
});

Deno.test("The memory of a body that was given back serves others, and nothing of it shows in them", () => {
  const receiver = new Receiver();
  const used = receiver.takeMessage(cut(bytesOf(200_000, 1), [70_000, 70_000])) as Uint8Array<ArrayBuffer>;
  const kept = receiver.takeMessage(cut(bytesOf(200_000, 2), [70_000])) as Uint8Array<ArrayBuffer>;
  receiver.reassembler.release(used);
  for (const length of [200_000, 150_000, 262_144]) {
    const fragments = [cut(bytesOf(length, 3), [10], { seq: 3 }), cut(bytesOf(length, 4), [100_000], { seq: 4 })];
    const [three, four] = fragments.map(([first]) => receiver.take(first!));
    assertEquals([three, four], [undefined, undefined]);
    assertWhole(receiver.take(fragments[1]![1]!), bytesOf(length, 4));
    assertWhole(receiver.take(fragments[0]![1]!), bytesOf(length, 3));
  }
  assertEquals(kept.toHex(), bytesOf(200_000, 2).toHex());
});

Deno.test("Whether a message is taken is asked at its first fragment, and what is said against it is handed on once", () => {
  const receiver = new Receiver();
  const [first, second, third, last] = cut(bytesOf(40), [10, 10, 10]);
  receiver.refusal = "no";
  assertEquals([first, second, third, last].map((part) => receiver.take(part!)), [
    "no",
    undefined,
    undefined,
    undefined,
  ]);
  assertEquals([receiver.asked, receiver.lost], [1, []]);
  receiver.assertEmpty();

  receiver.refusal = undefined;
  assertEquals(receiver.take(first!), undefined);
  receiver.refusal = "no longer";
  assertEquals([second, third].map((part) => receiver.take(part!)), [undefined, undefined]);
  assertWhole(receiver.take(last!), bytesOf(40));
  assertEquals(receiver.asked, 2);
  receiver.assertEmpty();
});

Deno.test("A message that is refused at its only fragment leaves nothing behind", () => {
  const receiver = new Receiver();
  receiver.refusal = "no";
  assertEquals(receiver.take(fragment(bytesOf(20), 20, true)), "no");
  receiver.assertEmpty();
});

Deno.test("What is said against a message goes before what is wrong with its fragment", () => {
  const receiver = new Receiver();
  receiver.refusal = "no";
  assertEquals(receiver.take(fragment(bytesOf(20), 90, true)), "no");
  receiver.assertEmpty();
});

Deno.test("Of a refused message hardly anything is kept, however much of it comes", () => {
  const receiver = new Receiver();
  receiver.refusal = "no";
  const fragments = cut(bytesOf(100_000), [30_000, 30_000, 30_000]);
  assertEquals(receiver.take(fragments[0]!), "no");
  for (const fragment of fragments.slice(1, 3)) {
    assertEquals([receiver.bytes, receiver.reassembler.isEmpty], [OVERHEAD, false]);
    assertEquals(receiver.take(fragment), undefined);
  }
  assertEquals(receiver.take(fragments[3]!), undefined);
  receiver.assertEmpty();
});

Deno.test("clear drops everything and tells nobody; what follows of a message is then without its beginning", () => {
  const receiver = new Receiver();
  const [first, last] = cut(bytesOf(40), [10], { seq: 1 });
  const refused = cut(bytesOf(40), [10], { seq: 2 });
  assertEquals(receiver.take(first!), undefined);
  assertEquals(receiver.take(first!, { ...SENDER, port: 1, uid: 1 }), undefined);
  receiver.refusal = "no";
  assertEquals(receiver.take(refused[0]!), "no");
  receiver.refusal = undefined;
  receiver.reassembler.clear();
  receiver.assertEmpty();
  assertEquals(receiver.lost, []);

  assertProblem(receiver.take(last!), "incomplete", "others are not here");
  assertWhole(receiver.takeMessage(cut(bytesOf(40), [10])), bytesOf(40));
  receiver.assertEmpty();
});
