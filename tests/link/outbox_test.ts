import { assertEquals, assertGreaterOrEqual, assertLess, assertStrictEquals, assertThrows } from "@std/assert";
import { MessageTooLargeError, PeerGoneError } from "../../src/errors.ts";
import { Deliveries } from "../fakes/deliveries.ts";
import { decode } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { HEADERS, openOutbox } from "./outbox_setup.ts";

const IGNORE = new Deliveries().of("");

Deno.test("a request and a response carry their headers", async () => {
  const { link, outbox } = openOutbox();
  const before = BigInt(Date.now() - 1) * 1_000_000n;
  outbox.request(7, 0xffff_ffff, "grüße", IGNORE);
  outbox.response(8, 5, "{}", IGNORE);
  await settled();
  const [request, response] = link.sent.map((datagram) => decode(datagram)[0]!);
  const { timestamp, ...fields } = request!;
  assertEquals(fields, { flags: 1, nlmsgSeq: 0xffff_ffff, port: 4242, payloadType: 1, seq: 1, body: "grüße" });
  assertGreaterOrEqual(timestamp, before);
  assertLess(timestamp, BigInt(Date.now() + 1) * 1_000_000n);
  assertEquals({ ...response, timestamp }, {
    flags: 0,
    nlmsgSeq: 5,
    port: 4242,
    payloadType: 2,
    seq: 1,
    timestamp,
    body: "{}",
  });
});

Deno.test("nothing leaves before the turn ends; then all for one destination leaves in one datagram", async () => {
  const { link, outbox } = openOutbox();
  for (const body of ["a", "bb", "ccc", "dddd"]) outbox.request(7, 1, body, IGNORE);
  assertEquals(link.sent, []);
  await settled();
  assertEquals(link.bodies, [[7, "a", "bb", "ccc", "dddd"]]);
  outbox.request(7, 1, "later", IGNORE);
  await settled();
  assertEquals(link.bodies.slice(1), [[7, "later"]]);
});

Deno.test("a flush sends at once, and the end of the turn then has nothing to send", async () => {
  const { link, outbox } = openOutbox();
  outbox.request(7, 1, "now", IGNORE);
  outbox.flush();
  assertEquals(link.bodies, [[7, "now"]]);
  outbox.flush();
  await settled();
  assertEquals(link.sent.length, 1);
});

Deno.test("padding is zero, whatever was in the buffer before, and the last message has none", async () => {
  const { link, buffer, outbox } = openOutbox({ size: 4096 });
  buffer.bytes.fill(0xaa);
  for (const body of ["1", "22", "333"]) outbox.request(7, 1, body, IGNORE);
  await settled();
  const { bytes } = link.sent[0]!;
  assertEquals(bytes.length, 44 + 44 + 43);
  assertEquals([...bytes.subarray(41, 44), ...bytes.subarray(44 + 42, 88)], [0, 0, 0, 0, 0]);
});

Deno.test("messages for several destinations in turns leave in one datagram each, in order", async () => {
  const { link, buffer, outbox } = openOutbox();
  buffer.bytes.fill(0xaa);
  for (const [to, body] of [[1, "a"], [2, "secret"], [1, "bb"], [1, "ccc"], [3, "x"], [2, "y"], [1, "d"]] as const) {
    outbox.request(to, 1, body, IGNORE);
  }
  await settled();
  assertEquals(link.bodies, [[1, "a", "bb", "ccc", "d"], [2, "secret", "y"], [3, "x"]]);
  assertEquals(link.sent[0]!.bytes.length, 44 + 44 + 44 + 41);
  assertEquals([...link.sent[0]!.bytes.subarray(41, 44)], [0, 0, 0], "the padding between parts is zero too");
});

Deno.test("messages leave straight from the buffer; they are copied only where others came between", async () => {
  const { link, buffer, outbox } = openOutbox();
  for (const to of [1, 1, 2, 2, 3, 4, 3]) outbox.request(to, 1, "x", IGNORE);
  await settled();
  const straight = link.sent.map(({ to, memory }) => [to, memory === buffer.bytes.buffer]);
  assertEquals(straight, [[1, true], [2, true], [3, false], [4, true]]);
});

Deno.test("messages join a datagram up to 64 KiB, and not a byte further", async (t) => {
  // Two messages: the first one's size is padded where the second begins.
  const cases = [
    { name: "exactly 64 KiB", sizes: [32_768, 32_768], datagrams: 1 },
    { name: "one byte more", sizes: [32_768, 32_769], datagrams: 2 },
    { name: "the padding counts", sizes: [32_765, 32_769], datagrams: 2 },
    { name: "a large one goes alone, and is sent", sizes: [100, 65_537, 100], datagrams: 3 },
    { name: "three", sizes: [30_000, 30_000, 30_000], datagrams: 2 },
  ];
  for (const { name, sizes, datagrams } of cases) {
    await t.step(name, async () => {
      const { link, outbox } = openOutbox();
      for (const size of sizes) outbox.request(7, 1, "x".repeat(size - HEADERS), IGNORE);
      await settled();
      assertEquals(link.sent.length, datagrams);
      assertEquals(link.sent.flatMap(decode).map(({ body }) => body.length + HEADERS), sizes);
    });
  }
});

Deno.test("messages that fit one by one never leave in a datagram that the link cannot send", async () => {
  const { link, outbox } = openOutbox({ maxDatagram: 1_000 });
  for (let count = 0; count < 3; count++) outbox.request(7, 1, "x".repeat(500), IGNORE);
  await settled();
  assertEquals(link.sent.map(({ bytes }) => bytes.length <= link.maxDatagram), link.sent.map(() => true));
  assertEquals(link.sent.flatMap(decode).length, 3);
});

Deno.test("a new datagram for a destination takes the messages that follow, also after others", async () => {
  const { link, outbox } = openOutbox();
  const large = "x".repeat(40_000);
  for (const [to, body] of [[1, large], [2, "a"], [1, large], [2, "b"], [1, "c"]] as const) {
    outbox.request(to, 1, body, IGNORE);
  }
  await settled();
  assertEquals(link.bodies, [[1, large], [2, "a", "b"], [1, large, "c"]]);
});

Deno.test("a message that is too large throws at once, and what was posted before still leaves", async () => {
  const { link, outbox, deliveries } = openOutbox({ maxMessageSize: 1_000 });
  outbox.request(7, 1, "before", deliveries.of("before"));
  const tooLarge = "ü".repeat(481);
  const error = assertThrows(() => outbox.request(7, 2, tooLarge, deliveries.of("large")), MessageTooLargeError);
  assertEquals([error.size, error.maximum], [962 + HEADERS, 1_000]);
  assertEquals(link.sent, [], "nothing left before it was refused");
  outbox.response(7, 3, "after", deliveries.of("after"));
  await settled();
  assertEquals(link.bodies, [[7, "before", "after"]]);
  assertEquals(decode(link.sent[0]!).map(({ seq }) => seq), [1, 2], "what was refused was not counted");
  assertEquals(deliveries.outcomes, ["before", "after"]);
  link.assertIdle();
});

Deno.test("a message of the largest size is sent, also where a datagram could be larger", async () => {
  for (const maxMessageSize of [1_024, 100_000]) {
    const { link, outbox } = openOutbox({ maxMessageSize });
    outbox.request(7, 1, "x".repeat(maxMessageSize - HEADERS), IGNORE);
    await settled();
    assertEquals(link.sent[0]!.bytes.length, maxMessageSize);
    assertThrows(() => outbox.request(7, 1, "x".repeat(maxMessageSize - HEADERS + 1), IGNORE), MessageTooLargeError);
  }
});

Deno.test("a message that does not fit the buffer behind others has them sent first", async () => {
  const { link, buffer, outbox, deliveries } = openOutbox({ size: 1_024, maxDatagram: 1_024 });
  for (const name of ["one", "two", "three"]) {
    outbox.request(7, 1, name.padEnd(400, "."), deliveries.of(name));
  }
  assertEquals(link.sent.length, 1, "the third one did not fit");
  assertEquals(deliveries.outcomes, ["one", "two"]);
  await settled();
  assertEquals(deliveries.outcomes, ["one", "two", "three"]);
  assertEquals(link.sent.flatMap(decode).map(({ seq }) => seq), [1, 2, 3]);
  assertEquals(buffer.end, 0);
});

Deno.test("every message learns whether it was delivered, or why not", async () => {
  const { link, outbox, deliveries } = openOutbox();
  const gone = new PeerGoneError(2);
  link.failures.set(2, gone);
  for (const [to, name] of [[1, "a"], [2, "b"], [1, "c"], [2, "d"], [3, "e"]] as const) {
    outbox.request(to, 1, name, deliveries.of(name));
  }
  await settled();
  assertEquals(link.bodies, [[1, "a", "c"], [3, "e"]]);
  assertEquals(deliveries.outcomes, ["a", "c", ["b", gone], ["d", gone], "e"]);
  assertStrictEquals(deliveries.outcomes[2]![1], gone);
});
