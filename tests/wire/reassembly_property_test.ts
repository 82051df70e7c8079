// Messages of all kinds, from friends and others.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DatagramReader } from "../../src/wire/datagram.ts";
import type { FrameFields } from "../../src/wire/frame.ts";
import { MAX_PARTIAL_MESSAGES, Reassembler } from "../../src/wire/reassembly.ts";
import { check } from "../fakes/property.ts";
import { assertWhole, bytesOf, cut, fragment, join, OVERHEAD, Receiver, SENDER } from "./fragments.ts";

/** A message, and how it is cut; several of one port take turns. */
interface Message {
  readonly port: number;
  readonly body: Uint8Array;
  /** Where it is cut, in thousandths of what is left of it. */
  readonly cuts: readonly number[];
}

/** Fragments that have something in them, but for the only one of an empty body. */
function fragmentsOf({ body, cuts }: Message, seq: number): Uint8Array<ArrayBuffer>[] {
  let left = body.length;
  const lengths = cuts.flatMap((cut) => {
    const length = Math.ceil(cut * left / 1_000);
    left -= length;
    return length === 0 ? [] : [length];
  });
  return cut(body, lengths, { seq, nlmsgSeq: seq, time: seq });
}

Deno.test("Any cut of any bodies, in any interleaving and any datagrams, comes back whole, and nothing is left", () => {
  const message = fc.record({
    port: fc.integer({ min: 1, max: 3 }),
    body: fc.oneof(
      { arbitrary: fc.uint8Array({ maxLength: 60 }), weight: 3 },
      // Of several sizes of memory that is used again.
      { arbitrary: fc.integer({ min: 1, max: 300_000 }).map((length) => bytesOf(length, length)), weight: 1 },
    ),
    cuts: fc.array(fc.oneof(fc.nat(1_000), fc.constant(0)), { maxLength: 6 }),
  });
  // In what order the messages have their turns, and how many fragments leave in one datagram.
  const turns = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 1, max: 3 })), { minLength: 1, maxLength: 30 });
  check(
    fc.property(fc.array(message, { minLength: 1, maxLength: MAX_PARTIAL_MESSAGES }), turns, (messages, turns) => {
      const receiver = new Receiver();
      const whole = new Set<Message>();
      const rest = messages.map((message, seq) => ({ message, fragments: fragmentsOf(message, seq) }));
      for (let turn = 0; rest.length > 0; turn++) {
        const [choice, count] = turns[turn % turns.length]!;
        const index = choice % rest.length;
        const { message, fragments } = rest[index]!;
        const now = fragments.splice(0, count);
        const outcomes = receiver.takeAll(join(now), { ...SENDER, port: message.port });
        if (fragments.length === 0) {
          const body = outcomes.pop();
          assertWhole(body, message.body);
          whole.add(message);
          rest.splice(index, 1);
          // As whoever takes it does, at times.
          if (choice % 2 === 0) receiver.reassembler.release(body as Uint8Array<ArrayBuffer>);
        }
        assertEquals(outcomes, outcomes.map(() => undefined));
      }
      assertEquals([whole.size, receiver.asked, receiver.lost], [messages.length, messages.length, []]);
      receiver.assertEmpty();
    }),
    100,
  );
});

/** What somebody does who means no good. */
type Deed =
  | {
    kind: "fragment";
    port: number;
    uid: number;
    length: number;
    total: number;
    last: boolean;
    fields: Partial<FrameFields>;
  }
  | { kind: "refuse"; refusal: string | undefined }
  | { kind: "tick"; gone: boolean };

const FRAGMENT: fc.Arbitrary<Deed> = fc.record({
  kind: fc.constant("fragment" as const),
  port: fc.integer({ min: 1, max: 3 }),
  uid: fc.integer({ min: 1, max: 2 }),
  length: fc.oneof(fc.nat(3), fc.nat(2_000), fc.constant(0)),
  // From less than the headers take to the most that a header can state.
  total: fc.oneof(fc.integer({ min: -24, max: 6 }), fc.nat(6_000), fc.constant(2 ** 32 - 25)),
  last: fc.boolean(),
  fields: fc.record({
    seq: fc.oneof(fc.nat(2), fc.nat(40)),
    nlmsgSeq: fc.oneof(fc.constant(0), fc.nat(1)),
    payloadType: fc.oneof(fc.constant(1), fc.integer({ min: 1, max: 2 })),
    time: fc.oneof(fc.constant(0), fc.nat(1)),
  }),
});

const DEED: fc.Arbitrary<Deed> = fc.oneof(
  { arbitrary: FRAGMENT, weight: 20 },
  // Many of the same kind, of which some even become whole.
  {
    arbitrary: FRAGMENT.map((deed) => ({ ...deed, uid: 1, total: 9, length: 3, fields: { seq: 1 } }) as Deed),
    weight: 10,
  },
  { arbitrary: fc.record({ kind: fc.constant("tick" as const), gone: fc.boolean() }), weight: 2 },
  {
    arbitrary: fc.record({
      kind: fc.constant("refuse" as const),
      refusal: fc.constantFrom("no", undefined, undefined),
    }),
    weight: 1,
  },
);

const PER_USER = 10_000;
const FRIENDS_LENGTH = 5_000;
/** Just room for all that the two users can have, and for a friend's message. */
const TOTAL = 2 * PER_USER + FRIENDS_LENGTH + OVERHEAD;

Deno.test("Whatever others send: nothing throws, what is kept is bounded, what is whole is right, and a friend's message arrives", () => {
  const friend = { port: 99, uid: 99, pidHint: 99 };
  check(
    fc.property(
      // Between two fragments of the friend there are fewer ticks than it may be silent.
      fc.array(fc.array(DEED, { maxLength: 25 }), { minLength: 2, maxLength: 8 }),
      (acts) => {
        const receiver = new Receiver({ total: TOTAL, perUser: PER_USER });
        const body = bytesOf(FRIENDS_LENGTH, 3);
        const parts = cut(body, acts.slice(1).map(() => 500), { seq: 1 });
        // All that came of a message, one behind the other: what is whole is the end of that.
        const sent = new Map<string, string>();
        let lost = 0;
        // Messages that have become whole, or had a problem.
        let told = 0;
        const act = (deed: Deed) => {
          if (deed.kind === "refuse") receiver.refusal = deed.refusal;
          else if (deed.kind === "tick") receiver.reassembler.tick((port) => deed.gone && port !== friend.port);
          else {
            const { port, uid, length, total, last, fields } = deed;
            const part = bytesOf(length, sent.size + (sent.get(`${port} ${fields.seq}`)?.length ?? 0));
            const all = (sent.get(`${port} ${fields.seq}`) ?? "") + part.toHex();
            sent.set(`${port} ${fields.seq}`, all);
            const outcome = receiver.take(fragment(part, total, last, fields), { port, uid, pidHint: 0 });
            if (outcome !== undefined) told++;
            if (outcome instanceof Uint8Array) {
              assertEquals(outcome.length, total);
              assert(last && all.endsWith(outcome.toHex()), "What is whole is not what has come");
            }
          }
          assert(receiver.bytes >= 0 && receiver.bytes <= TOTAL, `${receiver.bytes} bytes are kept`);
          assert(!receiver.reassembler.isEmpty || receiver.bytes === 0, "There is nothing, and it costs something");
          for (; lost < receiver.lost.length; lost++) assert(receiver.lost[lost]!.source.port !== friend.port);
        };
        for (const [index, deeds] of acts.entries()) {
          for (const deed of deeds) act(deed);
          receiver.refusal = undefined;
          const outcome = receiver.take(parts[index]!, friend);
          if (index < parts.length - 1) assertEquals(outcome, undefined);
          else assertWhole(outcome, body);
        }
        for (let tick = 0; tick < 2; tick++) act({ kind: "tick", gone: true });
        receiver.assertEmpty();
        // Whatever was begun has one end, and the friend's message is one of them.
        assertEquals(told + receiver.lost.length + 1, receiver.asked);
      },
    ),
    500,
  );
});

Deno.test("Whatever bytes of fragments are changed, taking them throws nothing, and all can be forgotten", () => {
  const change = fc.tuple(fc.nat(43), fc.nat(255));
  const mutated = fc.tuple(fc.nat(2), fc.nat(3), fc.array(change, { maxLength: 2 })).map(([seq, part, changes]) => {
    const datagram = cut(bytesOf(12), [4, 4], { seq, time: 0 })[part % 3]!;
    for (const [offset, byte] of changes) datagram[offset] = byte;
    return datagram;
  });
  check(
    fc.property(fc.array(mutated, { maxLength: 60 }), (datagrams) => {
      const reassembler = new Reassembler(
        { total: PER_USER, perUser: PER_USER, isForeign: (uid) => uid !== 0 },
        () => {},
      );
      const reader = new DatagramReader();
      for (const datagram of datagrams) {
        reader.start(datagram, datagram.length);
        while (reader.next()) {
          if (reader.problem === undefined && reader.fragment) {
            reassembler.take(reader, datagram, SENDER, () => undefined);
          }
        }
      }
      assert(reassembler.bytes <= PER_USER);
      for (let tick = 0; tick < 2; tick++) reassembler.tick(() => true);
      assertEquals([reassembler.bytes, reassembler.isEmpty], [0, true]);
    }),
    500,
  );
});
