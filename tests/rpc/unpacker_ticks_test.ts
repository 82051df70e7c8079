// Messages of which the rest does not come: what is kept of them, for how long, and who learns of it.
import { assert, assertEquals } from "@std/assert";
import { Unpacker } from "../../src/rpc/unpacker.ts";
import { MAX_IDLE_TICKS, MAX_PARTIAL_MESSAGES } from "../../src/wire/reassembly.ts";
import { fragments } from "../fakes/stranger.ts";
import { fakeTicks } from "./fake_ticks.ts";

const SENDER = { port: 666, uid: 1, gid: 1, pidHint: 1 };
const TEXT = "x".repeat(5_000);

/** An unpacker, and what it tells. */
function setUp({ expected = true } = {}) {
  const told: unknown[] = [];
  const troubles: string[] = [];
  const asked: number[] = [];
  const gone = new Set<number>();
  const setup = {
    told,
    troubles,
    asked,
    gone,
    /** What a listener to trouble does. */
    onTrouble: () => {},
    /** What a handler does with the body of a request. */
    onRequest: (_body: Uint8Array) => {},
    unpacker: new Unpacker(
      {
        request: (body, nlmsgSeq) => {
          told.push(["request", body.length, nlmsgSeq]);
          setup.onRequest(body);
        },
        response: (body, nlmsgSeq) => void told.push(["response", body.length, nlmsgSeq]),
        badRequest: ({ code }, nlmsgSeq, { port }) => void told.push(["badRequest", code, nlmsgSeq, port]),
        badResponse: ({ name }, nlmsgSeq, { port }) => void told.push(["badResponse", name, nlmsgSeq, port]),
        expects: () => expected,
        isLate: () => false,
        denies: () => false,
        ignores: () => false,
      },
      (kind, reason) => {
        troubles.push(`${kind}: ${reason}`);
        setup.onTrouble();
      },
      (port) => {
        asked.push(port);
        return gone.has(port);
      },
      { maxMessageSize: 100_000, perUser: 300_000, total: 500_000, isForeign: (uid) => uid !== 0 },
    ),
    take: (datagrams: Uint8Array[], sender = SENDER) => {
      for (const datagram of datagrams) setup.unpacker.take(datagram, datagram.length, sender);
    },
  };
  return setup;
}

/** Fragments of a message with 500 bytes of its body in each. */
function cut(body: string, { port = 666, seq = 1, payloadType = 1 } = {}): Uint8Array<ArrayBuffer>[] {
  return fragments(port, { body, netlink: { nlmsgSeq: seq + 100 }, procslink: { seq, payloadType } }, 500);
}

Deno.test("what is kept of a message grows with what has arrived, and ends with it", () => {
  using ticks = fakeTicks();
  const { unpacker, take, told } = setUp();
  const pieces = cut(TEXT);
  take(pieces.slice(0, 1));
  assert(unpacker.bytes >= 500 && unpacker.bytes < 5_000, `${unpacker.bytes}`);
  take(pieces.slice(1, -1));
  assert(unpacker.bytes >= 5_000 && unpacker.bytes < 6_000, `${unpacker.bytes}`);
  assertEquals([told, ticks.running, ticks.unref, ticks.periods], [[], 1, 1, [1_000]]);
  take(pieces.slice(-1));
  assertEquals([told, unpacker.bytes, ticks.running], [[["request", 5_000, 101]], 0, 0]);
});

Deno.test("a message in one datagram starts no timer, and one timer serves all messages", () => {
  using ticks = fakeTicks();
  const { unpacker, take } = setUp();
  take(cut("{}"));
  take(fragments(666, { body: "{}", netlink: { nlmsgFlags: 0, nlmsgType: 0x10 } }, 500));
  assertEquals([ticks.started, unpacker.bytes], [0, 0]);
  const [one, two] = [cut(TEXT), cut(TEXT, { seq: 2 })];
  take([one[0]!, two[0]!, ...one.slice(1)]);
  assertEquals([ticks.started, ticks.running], [1, 1]);
  take(two.slice(1));
  assertEquals([ticks.running, unpacker.bytes], [0, 0]);
});

Deno.test("of a message that is refused next to nothing is kept, whatever follows of it", () => {
  using ticks = fakeTicks();
  const { unpacker, take, troubles, told } = setUp({ expected: false });
  const response = cut(TEXT, { payloadType: 2 });
  const tooLarge = cut("x".repeat(200_000), { seq: 2 });
  const unknown = cut(TEXT, { seq: 3, payloadType: 9 });
  for (const pieces of [response, tooLarge, unknown]) {
    for (const piece of pieces.slice(0, -1)) {
      take([piece]);
      assert(unpacker.bytes <= 512, `${unpacker.bytes}`);
    }
    assertEquals(ticks.running, 1);
    take(pieces.slice(-1));
    assertEquals([unpacker.bytes, ticks.running], [0, 0]);
  }
  assertEquals(troubles, [
    "unexpected: Nobody waits for a response to message 101 from port 666",
    "refused: The message has 200040 bytes, and at most 100000 are taken",
    "unsupported: payload_type 9 is unknown",
  ]);
  assertEquals(told, [["badResponse", "DecodeError", 101, 666], ["badRequest", -32600, 102, 666]]);
});

Deno.test("of a sender that is gone nothing is kept after two ticks", async () => {
  using ticks = fakeTicks();
  const { unpacker, take, told, troubles, asked, gone } = setUp();
  take(cut(TEXT).slice(0, 2));
  take(cut(TEXT, { seq: 2, payloadType: 2 }).slice(0, 1));
  gone.add(666);
  await ticks.tick();
  // What came a moment ago may go on at once: nobody is asked yet.
  assertEquals([asked, troubles], [[], []]);
  await ticks.tick();
  assertEquals(asked, [666]);
  assertEquals(troubles, [
    "incomplete: 1040 of 5040 bytes of a message have arrived, and its sender is gone",
    "incomplete: 540 of 5040 bytes of a message have arrived, and its sender is gone",
  ]);
  assertEquals(told, [["badRequest", -32600, 101, 666], ["badResponse", "PeerGoneError", 102, 666]]);
  assertEquals([unpacker.bytes, ticks.running], [0, 0]);
});

Deno.test("a sender that lives may pause, and not for ever", async () => {
  using ticks = fakeTicks();
  const { unpacker, take, told, troubles, asked } = setUp();
  const pieces = cut(TEXT);
  take(pieces.slice(0, 1));
  await ticks.tick(MAX_IDLE_TICKS);
  take(pieces.slice(1, 2));
  await ticks.tick(MAX_IDLE_TICKS);
  assertEquals([troubles, told], [[], []]);
  assertEquals(asked, Array(2 * (MAX_IDLE_TICKS - 1)).fill(666));
  await ticks.tick();
  assertEquals(troubles, [
    "incomplete: 1040 of 5040 bytes of a message have arrived, and no more has come for too long",
  ]);
  assertEquals(told, [["badRequest", -32600, 101, 666]]);
  assertEquals([unpacker.bytes, ticks.running], [0, 0]);
  // What comes later belongs to no message that is known.
  take(pieces.slice(-1));
  assertEquals(troubles.slice(1), ["incomplete: The last fragment of a message whose others are not here"]);
});

Deno.test("what is passed over of a message is forgotten in silence when no more of it comes", async () => {
  using ticks = fakeTicks();
  const { unpacker, take, troubles } = setUp();
  take(cut("x".repeat(200_000)).slice(0, 2));
  await ticks.tick(MAX_IDLE_TICKS);
  assertEquals([unpacker.bytes, ticks.running], [512, 1]);
  await ticks.tick();
  assertEquals([unpacker.bytes, ticks.running, troubles.length], [0, 0, 1]);
});

Deno.test("nothing is kept, and nothing taken, after the end", () => {
  using ticks = fakeTicks();
  const { unpacker, take, told, troubles } = setUp();
  const pieces = cut(TEXT);
  take(pieces.slice(0, 5));
  unpacker.close();
  assertEquals([unpacker.bytes, ticks.running], [0, 0]);
  take(pieces.slice(5));
  take(cut("{}"));
  assertEquals([unpacker.bytes, ticks.running, told, troubles], [0, 0, [], []]);
});

Deno.test("a body stays as it is until it has been handed on, whatever else is read meanwhile", () => {
  using ticks = fakeTicks();
  const setup = setUp();
  const bodies: string[] = [];
  const [one, two] = ["x", "y"].map((letter) => letter.repeat(90_000));
  setup.onRequest = (body) => {
    setup.onRequest = (body) => void bodies.push(new TextDecoder().decode(body));
    setup.take(cut(two!, { seq: 2 }));
    bodies.push(new TextDecoder().decode(body));
  };
  setup.take(cut(one!));
  assertEquals(bodies.map((text) => text.slice(0, 3) + text.length), ["yyy90000", "xxx90000"]);
  // Memory that is used again is cut to its new size.
  setup.take(cut("z".repeat(80_000)));
  assertEquals([bodies[2] === "z".repeat(80_000), ticks.running], [true, 0]);
});

Deno.test("a listener that closes the peer when a port has a new owner leaves nothing behind", () => {
  using ticks = fakeTicks();
  const setup = setUp();
  const [piece] = cut(TEXT);
  setup.take([piece!]);
  setup.onTrouble = () => setup.unpacker.close();
  setup.take([piece!], { ...SENDER, pidHint: 2 });
  assertEquals([setup.troubles.length, setup.unpacker.bytes, ticks.running], [1, 0, 0]);
});

Deno.test("a listener that closes the peer when one message too many begins leaves nothing behind", () => {
  using ticks = fakeTicks();
  const setup = setUp();
  setup.onTrouble = () => setup.unpacker.close();
  setup.take(Array.from({ length: MAX_PARTIAL_MESSAGES + 1 }, (_, seq) => cut(TEXT, { seq })[0]!));
  assertEquals([setup.troubles.length, setup.unpacker.bytes, ticks.running], [1, 0, 0]);
});

Deno.test("a message that is whole just when a listener closes the peer is not handed on", () => {
  using ticks = fakeTicks();
  const setup = setUp();
  setup.take(Array.from({ length: MAX_PARTIAL_MESSAGES }, (_, seq) => cut(TEXT, { seq })[0]!));
  setup.onTrouble = () => setup.unpacker.close();
  // It takes the place of the oldest, and has but one fragment.
  setup.take(cut("{}", { seq: 99 }));
  assertEquals([setup.troubles.length, setup.told, ticks.running], [1, [], 0]);
});

Deno.test("a listener that closes the peer at a tick is told of nothing more", async () => {
  using ticks = fakeTicks();
  const setup = setUp();
  setup.take([1, 2].map((seq) => cut(TEXT, { seq })[0]!));
  setup.gone.add(666);
  setup.onTrouble = () => setup.unpacker.close();
  await ticks.tick(2);
  assertEquals([setup.troubles.length, setup.unpacker.bytes, ticks.running], [1, 0, 0]);
});

Deno.test("a listener that reads on, as with a synchronous call, loses no message that begins just then", () => {
  using ticks = fakeTicks();
  const setup = setUp();
  const messages = Array.from({ length: MAX_PARTIAL_MESSAGES + 1 }, (_, seq) => cut(TEXT, { seq }));
  setup.take(messages.slice(0, -1).map(([piece]) => piece!));
  // The first one has to give way to the last; the others arrive while the listener is told of it.
  setup.onTrouble = () => {
    setup.onTrouble = () => {};
    setup.take(messages.slice(1, -1).flatMap((pieces) => pieces.slice(1)));
  };
  setup.take(messages.at(-1)!);
  const whole = setup.told.filter((told) => (told as string[])[0] === "request").length;
  assertEquals([whole, setup.troubles.length], [MAX_PARTIAL_MESSAGES, 1], setup.troubles.join("\n"));
  assertEquals([setup.unpacker.bytes, ticks.running], [0, 0]);
});

Deno.test("a listener that reads on at a tick has each body in memory of its own", async () => {
  using ticks = fakeTicks();
  const setup = setUp();
  setup.take([1, 2, 3].map((seq) => cut(TEXT, { seq })[0]!));
  setup.gone.add(666);
  const texts = ["a", "b", "c", "d"].map((letter) => letter.repeat(5_000));
  const heard: string[] = [];
  setup.onRequest = (body) => void heard.push(new TextDecoder().decode(body));
  setup.onTrouble = () => {
    setup.onTrouble = () => {};
    const messages = texts.map((text, seq) => cut(text, { port: 667, seq }));
    const inTurns = messages[0]!.flatMap((_, index) => messages.map((pieces) => pieces[index]!));
    setup.take(inTurns, { ...SENDER, port: 667 });
  };
  await ticks.tick(2);
  assertEquals(heard, texts);
  assertEquals([setup.troubles.length, setup.unpacker.bytes, ticks.running], [3, 0, 0]);
});
