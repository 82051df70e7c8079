import { assertEquals, assertGreaterOrEqual, assertThrows } from "@std/assert";
import { MessageTooLargeError } from "../../src/errors.ts";
import { Deliveries } from "../fakes/deliveries.ts";
import { decode, type RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { HEADERS, openFragments, openOutbox, PART, SMALL_DATAGRAM } from "./outbox_setup.ts";

const IGNORE = new Deliveries().of("");

/** The fragments of what was sent, taken apart. */
function fragmentsOf(link: RecordingLink) {
  return link.sent.map(({ bytes }) => {
    const reader = new DatagramReader();
    reader.start(bytes, bytes.length);
    assertEquals([reader.next(), reader.problem, reader.fragment], [true, undefined, true]);
    const { seq, size, last, payloadType, nlmsgSeq, nlmsgPid, timestamp } = reader;
    return { seq, size, last, payloadType, nlmsgSeq, nlmsgPid, timestamp, body: reader.bodyEnd - reader.bodyStart };
  });
}

Deno.test("a message leaves whole up to the largest datagram, and in fragments beyond it", async (t) => {
  const cases: { name: string; body: number; sent: string[] }[] = [
    { name: "one byte less than a datagram", body: PART - 1, sent: ["x".repeat(PART - 1)] },
    { name: "just a datagram", body: PART, sent: ["x".repeat(PART)] },
    { name: "one byte more", body: PART + 1, sent: ["x*60", "x*1."] },
    { name: "two fragments", body: 2 * PART, sent: ["x*60", "x*60."] },
    { name: "two fragments and a byte", body: 2 * PART + 1, sent: ["x*60", "x*60", "x*1."] },
  ];
  for (const { name, body, sent } of cases) {
    await t.step(name, async () => {
      const { link, outbox, deliveries } = openFragments();
      outbox.request(7, 1, "x".repeat(body), deliveries.of("it"));
      assertEquals(link.sent, [], "not before the turn ends");
      await settled();
      assertEquals(link.bodies, sent.map((text) => [7, text]));
      assertEquals(deliveries.outcomes, ["it"]);
      link.assertIdle();
    });
  }
});

Deno.test("characters of several bytes count as such where a message is cut", async () => {
  const { link, outbox } = openFragments();
  outbox.request(7, 1, "ü".repeat(PART / 2), IGNORE);
  outbox.request(7, 1, "ü".repeat(PART / 2) + "a", IGNORE);
  await settled();
  assertEquals(link.sent.map(({ bytes }) => bytes.length), [SMALL_DATAGRAM, SMALL_DATAGRAM, HEADERS + 1]);
});

Deno.test("all fragments carry the number, the kind, the size and the time of their message", async () => {
  const { link, outbox } = openFragments();
  const before = Date.now() - 1;
  outbox.request(7, 0xffff_ffff, "x".repeat(150), IGNORE);
  outbox.response(8, 5, "y".repeat(150), IGNORE);
  await settled();
  const fragments = fragmentsOf(link);
  const { timestamp: [low, high] } = fragments[0]!;
  assertGreaterOrEqual((high * 2 ** 32 + low) / 1e6, before);
  const common = { size: HEADERS + 150, seq: 1, nlmsgPid: 4242 };
  const parts = [{ body: 60, last: false }, { body: 60, last: false }, { body: 30, last: true }];
  assertEquals(fragments.map(({ timestamp: _, ...others }) => others), [
    ...parts.map((part) => ({ ...common, ...part, payloadType: 1, nlmsgSeq: 0xffff_ffff })),
    ...parts.map((part) => ({ ...common, ...part, payloadType: 2, nlmsgSeq: 5 })),
  ]);
  for (const part of fragments.slice(0, 3)) assertEquals(part.timestamp, [low, high]);
  const flags = link.sent.map(({ bytes }) => NetlinkMessageHeader.fromBytes(bytes).nlmsgFlags);
  assertEquals(flags, [3, 3, 3, 2, 2, 2]);
});

Deno.test("small and large messages count in one row for each destination", async () => {
  const { link, outbox } = openFragments();
  for (const size of [10, 100, 20]) outbox.request(7, 1, "x".repeat(size), IGNORE);
  await settled();
  const large = link.sent.filter(({ bytes }) => bytes.length === SMALL_DATAGRAM || bytes.length === HEADERS + 40);
  assertEquals(fragmentsOf({ sent: large } as RecordingLink).map(({ seq }) => seq), [2, 2]);
  const small = link.sent.filter((datagram) => !large.includes(datagram)).flatMap(decode);
  assertEquals(small.map(({ seq }) => seq), [1, 3]);
});

Deno.test("a message of just the largest size leaves; one byte more is refused with its size, and is not counted", async () => {
  const maxMessageSize = 1_024;
  const most = maxMessageSize - HEADERS;
  const { link, outbox, deliveries } = openFragments({ maxMessageSize });
  const texts = {
    "ASCII": "x".repeat(most + 1),
    "two bytes for a unit": `${"ü".repeat(most / 2)}x`,
    "three bytes for a unit": "€".repeat(most / 3 + 1),
    "pairs of surrogates": `${"😀".repeat(most / 4)}x`,
  };
  for (const [name, text] of Object.entries(texts)) {
    const error = assertThrows(() => outbox.request(7, 1, text, deliveries.of(name)), MessageTooLargeError, "", name);
    assertEquals([error.size, error.maximum], [HEADERS + new TextEncoder().encode(text).length, maxMessageSize], name);
  }
  await settled();
  assertEquals([link.sent, deliveries.outcomes], [[], []], "nothing left");
  link.assertIdle();
  outbox.request(7, 1, "x".repeat(most), deliveries.of("ASCII"));
  outbox.request(7, 1, "ü".repeat(most / 2), deliveries.of("ü"));
  outbox.request(7, 1, "😀".repeat(most / 4), deliveries.of("😀"));
  await settled();
  assertEquals(deliveries.outcomes.toSorted(), ["ASCII", "ü", "😀"].toSorted());
  const fragments = fragmentsOf(link);
  assertEquals(fragments.map(({ size }) => size), fragments.map(() => maxMessageSize));
  assertEquals([...new Set(fragments.map(({ seq }) => seq))].toSorted(), [1, 2, 3], "what was refused was not counted");
  for (const seq of [1, 2, 3]) {
    const bodies = fragments.filter((fragment) => fragment.seq === seq).map(({ body }) => body);
    assertEquals(bodies.reduce((sum, length) => sum + length), most);
  }
});

Deno.test("a message larger than may be sent is refused with its exact size, also where that is far more", () => {
  const { outbox } = openOutbox({ maxMessageSize: 1_000_000 });
  for (const [text, size] of [["x".repeat(3_000_000), 3_000_000], ["€".repeat(1_000_001), 3_000_003]] as const) {
    const error = assertThrows(() => outbox.request(7, 1, text, IGNORE), MessageTooLargeError);
    assertEquals([error.size, error.maximum], [HEADERS + size, 1_000_000]);
  }
});

Deno.test("a message for which the buffer is too small leaves all the same", async () => {
  const { link, outbox, deliveries } = openOutbox({ size: 1_024, maxDatagram: 4_096 });
  outbox.request(7, 1, "small", deliveries.of("small"));
  outbox.request(7, 1, "x".repeat(2_000), deliveries.of("large"));
  await settled();
  assertEquals(link.bodies.toSorted(), [[7, "small"], [7, "x*2000."]]);
  assertEquals(deliveries.outcomes.toSorted(), ["large", "small"]);
});

Deno.test("large messages for several destinations leave in the same flush", () => {
  const { link, outbox, post } = openFragments();
  for (const to of [1, 2, 3]) post(to, "x".repeat(100));
  outbox.flush();
  assertEquals(link.bodies, [1, 2, 3].flatMap((to) => [[to, "x*60"], [to, "x*40."]]) as typeof link.bodies);
  link.assertIdle();
});

Deno.test("a large message keeps no small one for another destination from leaving straight from the buffer", async () => {
  const { link, buffer, post } = openFragments();
  post(1, "x".repeat(100));
  post(2, "small");
  await settled();
  assertEquals(link.bodies, [[2, "small"], [1, "x*60"], [1, "x*40."]]);
  assertEquals(link.sent.find(({ to }) => to === 2)!.memory, buffer.bytes.buffer);
});

Deno.test("whoever flushes the buffer has large messages sent too: an answer before the end of a program leaves", () => {
  const { link, buffer, post } = openFragments();
  post(1, "small");
  post(2, "x".repeat(100));
  buffer.flush();
  assertEquals(link.bodies.filter(([to]) => to === 2), [[2, "x*60"], [2, "x*40."]]);
  const alone = openFragments();
  alone.post(2, "x".repeat(100));
  alone.buffer.flush();
  assertEquals(alone.link.bodies, [[2, "x*60"], [2, "x*40."]]);
});
