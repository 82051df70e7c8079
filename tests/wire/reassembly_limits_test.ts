// How much is kept of messages that are not whole yet: of one user, of all of them, of one port.
import { assert, assertEquals } from "@std/assert";
import { FRAME_HEADERS_SIZE } from "../../src/wire/frame.ts";
import { MAX_PARTIAL_MESSAGES } from "../../src/wire/reassembly.ts";
import { assertProblem, assertWhole, bytesOf, cut, fragment, OVERHEAD, Receiver, SENDER } from "./fragments.ts";

const OWN = 7;
const LENGTH = 1_000;
/** What a message of that length costs. */
const COST = LENGTH + OVERHEAD;
const UNLIMITED = 2 ** 40;

/** The fragments of a message, of which the first one makes room for all of it. */
function message(seq: number): Uint8Array<ArrayBuffer>[] {
  return cut(bytesOf(LENGTH, seq), [LENGTH / 2], { seq });
}

Deno.test("What is kept is what there is room for, and what a message costs besides", () => {
  const receiver = new Receiver();
  const body = bytesOf(900_000);
  const [first, second, third, last] = cut(body, [1_000, 6_999, 2]);
  const expected = [8_000, 8_000, 8 * 8_001];
  for (const [index, fragment] of [first!, second!, third!].entries()) {
    assertEquals(receiver.take(fragment), undefined);
    assertEquals(receiver.bytes, expected[index]! + OVERHEAD);
  }
  assertWhole(receiver.take(last!), body);
  receiver.assertEmpty();
});

Deno.test("There is never more room than for the whole message", () => {
  const receiver = new Receiver();
  const [first, second] = message(1);
  assertEquals([receiver.take(first!), receiver.bytes], [undefined, COST]);
  assertWhole(receiver.take(second!), bytesOf(LENGTH, 1));
});

Deno.test("A small fragment of a message that is to have 64 MiB makes little room", () => {
  const receiver = new Receiver();
  assertEquals(receiver.take(fragment(bytesOf(100), 2 ** 26, false)), undefined);
  assert(receiver.bytes <= 1_312, `${receiver.bytes} bytes are kept`);
  // So it is with the largest that a header can state.
  assertEquals(receiver.take(fragment(bytesOf(1), 2 ** 32 - 25, false, { seq: 1 })), undefined);
  assert(receiver.bytes <= 1_312 + 520, `${receiver.bytes} bytes are kept`);
});

const BOUNDS: [what: string, limits: { total: number; perUser: number }, uid: number][] = [
  ["of all messages together", { total: 2 * COST, perUser: UNLIMITED }, SENDER.uid],
  ["of one user", { total: UNLIMITED, perUser: 2 * COST }, SENDER.uid],
  ["of all messages together, for the own user too", { total: 2 * COST, perUser: 0 }, OWN],
];

for (const [what, limits, uid] of BOUNDS) {
  const fewer = { total: limits.total - 1, perUser: limits.perUser - 1 };

  Deno.test(`Messages may reach the limit ${what}, and not pass it by a byte`, () => {
    for (const [bounds, fits] of [[limits, true], [fewer, false]] as const) {
      const receiver = new Receiver({ ...bounds, isForeign: (uid) => uid !== OWN });
      // Of two ports: it does not matter how a user spreads them.
      const [one, other] = [{ ...SENDER, uid }, { ...SENDER, uid, port: 1 }];
      // What is freed by each outcome is free again, time after time.
      for (let round = 0; round < 3; round++) {
        assertEquals(receiver.take(message(1)[0]!, one), undefined);
        const outcome = receiver.take(message(2)[0]!, other);
        if (fits) assertEquals(outcome, undefined);
        else assertProblem(outcome, "refused", "there is no room for another");
        assertEquals(receiver.bytes, fits ? 2 * COST : COST + OVERHEAD);
        assertWhole(receiver.take(message(1)[1]!, one), bytesOf(LENGTH, 1));
        if (fits) assertWhole(receiver.take(message(2)[1]!, other), bytesOf(LENGTH, 2));
        else assertEquals(receiver.take(message(2)[1]!, other), undefined);
        receiver.assertEmpty();
      }
    }
  });
}

Deno.test("A message that outgrows the limit on its way is refused then, and what there was of it is free at once", () => {
  const receiver = new Receiver({ total: 5_000, perUser: UNLIMITED });
  const fragments = cut(bytesOf(4_489), [100, 701, 1_000]);
  assertEquals([receiver.take(fragments[0]!), receiver.bytes], [undefined, 800 + OVERHEAD]);
  assertProblem(receiver.take(fragments[1]!), "refused", "there is no room for another");
  assertEquals(receiver.bytes, OVERHEAD);
  assertEquals(receiver.take(fragments[2]!), undefined);
  assertEquals(receiver.take(fragments[3]!), undefined);
  receiver.assertEmpty();
  // One byte less, and it fits.
  assertWhole(receiver.takeMessage(cut(bytesOf(4_488), [100, 701, 1_000])), bytesOf(4_488));
});

Deno.test("A message in one fragment is counted too", () => {
  const receiver = new Receiver({ total: COST });
  assertWhole(receiver.take(fragment(bytesOf(LENGTH), LENGTH, true)), bytesOf(LENGTH));
  assertProblem(receiver.take(fragment(bytesOf(LENGTH + 1), LENGTH + 1, true)), "refused", "there is no room");
  receiver.assertEmpty();
});

Deno.test("A user who has reached the limit stands in nobody else's way", () => {
  // Of what is refused, there is room to note it.
  const receiver = new Receiver({ total: UNLIMITED, perUser: COST + OVERHEAD, isForeign: (uid) => uid !== OWN });
  const users = [1_000, 1_001, OWN].map((uid) => ({ ...SENDER, port: uid, uid }));
  for (const user of users) assertEquals(receiver.take(message(1)[0]!, user), undefined);
  const [first, second, own] = users.map((user) => receiver.take(message(2)[0]!, user));
  for (const outcome of [first, second]) assertProblem(outcome, "refused", "there is no room");
  assertEquals(own, undefined);
  for (const user of users) assertWhole(receiver.take(message(1)[1]!, user), bytesOf(LENGTH, 1));
  assertWhole(receiver.take(message(2)[1]!, users[2]), bytesOf(LENGTH, 2));
  for (const user of users.slice(0, 2)) assertEquals(receiver.take(message(2)[1]!, user), undefined);
  receiver.assertEmpty();
});

Deno.test("The largest message of another user is taken where one may have half as much again", () => {
  // The limits that a peer gives: for the least that its largest message may have, and for more.
  for (const largest of [1_024, 1_000_000]) {
    const receiver = new Receiver({ total: 4 * largest, perUser: 1.5 * largest });
    const body = bytesOf(largest - FRAME_HEADERS_SIZE);
    assertWhole(receiver.takeMessage(cut(body, [largest / 8])), body);
    assertEquals([receiver.asked, receiver.lost], [1, []]);
    receiver.assertEmpty();
  }
});

Deno.test("What a message costs at least is within the limits too, also where there is nothing in it", () => {
  const empty = fragment(bytesOf(0), 0, true);
  for (const limits of [{ total: OVERHEAD }, { perUser: OVERHEAD }]) {
    assertWhole(new Receiver(limits).take(empty), bytesOf(0));
  }
  for (const limits of [{ total: OVERHEAD - 1 }, { perUser: OVERHEAD - 1 }]) {
    const receiver = new Receiver(limits);
    assertProblem(receiver.take(empty), "refused", "no room");
    receiver.assertEmpty();
  }
});

Deno.test("Refused messages are noted as far as the limits go, and not beyond by a byte", () => {
  for (const name of ["total", "perUser"] as const) {
    for (const [limit, noted] of [[2 * OVERHEAD, 2], [2 * OVERHEAD - 1, 1]] as const) {
      const receiver = new Receiver({ [name]: limit });
      receiver.refusal = "no";
      for (const seq of [1, 2]) assertEquals(receiver.take(message(seq)[0]!), "no");
      assertEquals(receiver.bytes, noted * OVERHEAD);
      // What was noted is passed over.
      assertEquals([1, 2].map((seq) => receiver.take(message(seq)[1]!)), [undefined, noted === 2 ? undefined : "no"]);
      receiver.assertEmpty();
    }
  }
});

Deno.test("Where a refused message cannot even be noted, each of its fragments is judged for itself", () => {
  const receiver = new Receiver({ perUser: COST });
  assertEquals(receiver.take(message(1)[0]!), undefined);
  const [first, second, last] = cut(bytesOf(LENGTH, 2), [200, 300], { seq: 2 });
  for (const part of [first!, second!]) {
    assertProblem(receiver.take(part), "refused", "no room");
    assertEquals(receiver.bytes, COST);
  }
  assertProblem(receiver.take(last!), "incomplete", "others are not here");
  assertEquals([receiver.asked, receiver.bytes, receiver.lost], [4, COST, []]);
  // What is there already goes on.
  assertWhole(receiver.take(message(1)[1]!), bytesOf(LENGTH, 1));
  receiver.assertEmpty();
});

Deno.test("A user whose messages are all refused stays within the limit, and leaves others their room", () => {
  const limits = { total: 100_000, perUser: 50_000 };
  const receiver = new Receiver(limits);
  receiver.refusal = "no";
  for (let port = 1; port <= 100; port++) {
    const source = { port, uid: 1, pidHint: port };
    for (let seq = 0; seq < MAX_PARTIAL_MESSAGES; seq++) {
      assertEquals(receiver.take(fragment(bytesOf(1), 9, false, { seq }), source), "no");
    }
  }
  // As many are noted as there is room for.
  assertEquals(receiver.bytes, Math.floor(limits.perUser / OVERHEAD) * OVERHEAD);
  receiver.refusal = undefined;
  const body = bytesOf(limits.perUser - OVERHEAD);
  assertWhole(receiver.takeMessage(cut(body, [500]), { port: 1_000, uid: 2, pidHint: 2 }), body);
});

Deno.test("What becomes of a message matters not: its room is a user's again", () => {
  const receiver = new Receiver({ total: COST + OVERHEAD, perUser: COST + OVERHEAD });
  const [first, last] = message(1);
  const ends: [what: string, end: () => void][] = [
    ["whole", () => assertWhole(receiver.take(last!), bytesOf(LENGTH, 1))],
    [
      "incomplete",
      () => assertProblem(receiver.take(fragment(bytesOf(1), LENGTH, true, { seq: 1 })), "incomplete", "missing"),
    ],
    ["abandoned", () => assertProblem(receiver.take(fragment(bytesOf(0), LENGTH, true, { seq: 1 })), "abandoned", "")],
    ["contradiction", () => {
      assertProblem(receiver.take(fragment(bytesOf(1), LENGTH, false, { seq: 1, payloadType: 2 })), "malformed", "");
      assertEquals(receiver.take(last!), undefined);
    }],
    ["contradiction at its end", () => {
      assertProblem(receiver.take(fragment(bytesOf(1), LENGTH, true, { seq: 1, payloadType: 2 })), "malformed", "");
    }],
    ["another message with its number", () => {
      assertEquals(receiver.take(fragment(bytesOf(1), LENGTH, false, { seq: 1, nlmsgSeq: 0 })), undefined);
      assertEquals(receiver.bytes, 8 + OVERHEAD);
      assertProblem(receiver.take(last!), "incomplete", "others are not here");
    }],
    ["overrun", () => assertProblem(receiver.take(fragment(bytesOf(501), LENGTH, true, { seq: 1 })), "malformed", "")],
    ["somebody else", () => {
      const other = { ...SENDER, pidHint: 1 };
      assertProblem(receiver.take(fragment(bytesOf(1), LENGTH, true, { seq: 1 }), other), "incomplete", "");
    }],
    ["gone", () => {
      for (let tick = 0; tick < 2; tick++) receiver.reassembler.tick(() => true);
    }],
    ["cleared", () => receiver.reassembler.clear()],
  ];
  for (const [what, end] of [...ends, ...ends]) {
    assertEquals(receiver.take(first!), undefined, what);
    assertEquals(receiver.bytes, COST, what);
    end();
    assertEquals([receiver.bytes, receiver.reassembler.isEmpty], [0, true], what);
  }
});

Deno.test("The 17th message of a port has the one that was begun first dropped, and whoever waits for it is told", () => {
  const receiver = new Receiver();
  const other = { ...SENDER, port: 1 };
  assertEquals(receiver.take(cut(bytesOf(90), [50])[0]!, other), undefined);
  const messages = Array.from({ length: MAX_PARTIAL_MESSAGES + 2 }, (_, index) => {
    const fields = { seq: 100 - index, nlmsgSeq: 200 + index, payloadType: 1 + index % 2 };
    return cut(bytesOf(90, index), [50, 10], fields);
  });
  for (const [first] of messages.slice(0, MAX_PARTIAL_MESSAGES)) assertEquals(receiver.take(first!), undefined);
  // That something of it has just come does not make a message younger.
  assertEquals(receiver.take(messages[0]![1]!), undefined);
  const before = receiver.bytes;
  for (const index of [0, 1]) {
    assertEquals(receiver.lost.length, index);
    assertEquals(receiver.take(messages[MAX_PARTIAL_MESSAGES + index]![0]!), undefined);
    const { source, nlmsgSeq, payloadType, reason, isGone } = receiver.lost.at(-1)!;
    assertEquals([source, nlmsgSeq, payloadType, isGone], [SENDER, 200 + index, 1 + index, false]);
    assertEquals(
      reason,
      `${index === 0 ? 100 : 90} of 130 bytes of a message have arrived, and its sender has begun too many others`,
    );
    assertEquals(receiver.bytes, before);
  }
  for (const [index, [, second, last]] of messages.entries()) {
    if (index < 2) continue;
    assertEquals(receiver.take(second!), undefined);
    assertWhole(receiver.take(last!), bytesOf(90, index));
  }
  assertWhole(receiver.takeMessage(cut(bytesOf(90), [50]).slice(1), other), bytesOf(90));
  assertEquals(receiver.lost.length, 2);
  receiver.assertEmpty();
});

Deno.test("A refused message counts among the 16 of its port, and nobody is told when it goes", () => {
  const receiver = new Receiver();
  receiver.refusal = "no";
  assertEquals(receiver.take(message(0)[0]!), "no");
  receiver.refusal = undefined;
  for (let seq = 1; seq <= MAX_PARTIAL_MESSAGES; seq++) {
    assertEquals([receiver.take(message(seq)[0]!), receiver.lost], [undefined, []]);
  }
  assertEquals(receiver.bytes, MAX_PARTIAL_MESSAGES * COST);
  for (let seq = 1; seq <= MAX_PARTIAL_MESSAGES; seq++) {
    assertWhole(receiver.take(message(seq)[1]!), bytesOf(LENGTH, seq));
  }
  receiver.assertEmpty();
});
