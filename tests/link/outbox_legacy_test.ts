// Messages in the legacy dialect: each leaves in a datagram of its own, and none is larger than its receiver reads.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MessageTooLargeError, PeerGoneError } from "../../src/errors.ts";
import { Outbox } from "../../src/link/outbox.ts";
import { SendBuffer } from "../../src/link/send_buffer.ts";
import { Traffic } from "../../src/link/traffic.ts";
import { Deliveries } from "../fakes/deliveries.ts";
import { decode, RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { legacyVector } from "../vectors/legacy.ts";
import { unhex } from "../vectors/native.ts";
import { HEADERS, LIMITS, openFragments, openOutbox, type OutboxSetup } from "./outbox_setup.ts";

/** What a legacy peer reads. */
const MOST = 4_096;

const IGNORE = new Deliveries().of("");

/** Posts requests at once: a legacy one where the name begins with "l". Each has its name as its body. */
function postAll({ outbox, deliveries }: OutboxSetup, ...messages: readonly (readonly [to: number, name: string])[]) {
  for (const [to, name] of messages) {
    if (name.startsWith("l")) outbox.legacyRequest(to, name, deliveries.of(name));
    else outbox.request(to, 1, name, deliveries.of(name));
  }
}

/** What throws where a message is larger than a legacy peer reads. */
function refusal(post: () => void): { size: number; maximum: number; message: string } {
  const { size, maximum, message } = assertThrows(post, MessageTooLargeError);
  return { size, maximum, message };
}

Deno.test("a legacy request and a legacy response are the bytes that the Python package sends", async () => {
  for (
    const [name, port, post] of [
      ["request, positional", 4_242, "legacyRequest"],
      ["response, error with data", 4_343, "legacyResponse"],
    ] as const
  ) {
    const link = new RecordingLink(port);
    const outbox = new Outbox(link, new SendBuffer(8_192), LIMITS);
    const { hex } = legacyVector(name);
    outbox[post](7, new TextDecoder().decode(unhex(hex).subarray(HEADERS)), IGNORE);
    assertEquals(link.sent, [], "nothing leaves before the turn ends");
    await settled();
    assertEquals(link.sent.map(({ to, bytes }) => [to, bytes.toHex()]), [[7, hex]]);
  }
});

Deno.test("a legacy message is alone in its datagram, beside others of its turn to the same port and to others", async () => {
  const setup = openOutbox();
  postAll(setup, [1, "l1"], [1, "l2"], [2, "a"], [2, "l3"], [3, "b"], [3, "c"], [1, "l4"], [3, "d"]);
  await settled();
  assertEquals(setup.link.bodies, [
    [1, "legacy l1"],
    [1, "legacy l2"],
    [2, "a"],
    [2, "legacy l3"],
    [3, "b", "c", "d"],
    [1, "legacy l4"],
  ]);
  assertEquals(setup.deliveries.outcomes, ["l1", "l2", "a", "l3", "b", "c", "d", "l4"]);
  setup.link.assertIdle();
});

Deno.test("messages to one port leave in their order, legacy ones and others", async () => {
  for (const others of [false, true]) {
    const setup = openOutbox();
    const between = (name: string): [number, string][] => others ? [[2, name]] : [];
    postAll(setup, [1, "a"], ...between("x"), [1, "b"], [1, "l1"], ...between("y"), [1, "c"], [1, "l2"], [1, "d"]);
    await settled();
    const order = setup.link.bodies.filter(([to]) => to === 1);
    assertEquals(order, [[1, "a", "b"], [1, "legacy l1"], [1, "c"], [1, "legacy l2"], [1, "d"]]);
    const elsewhere = setup.link.bodies.filter(([to]) => to === 2).flatMap(([, ...bodies]) => bodies);
    assertEquals(elsewhere, others ? ["x", "y"] : []);
    assertEquals(setup.deliveries.outcomes.length, others ? 8 : 6);
  }
});

Deno.test("a legacy message to another port keeps none from joining", async () => {
  const setup = openOutbox();
  postAll(setup, [1, "a"], [2, "l1"], [1, "b"], [3, "x"], [2, "l2"], [1, "c"], [3, "y"]);
  await settled();
  assertEquals(setup.link.bodies, [[1, "a", "b", "c"], [2, "legacy l1"], [3, "x", "y"], [2, "legacy l2"]]);
});

Deno.test("a legacy datagram ends with its message: padding and what was in the buffer stay here", async () => {
  const setup = openOutbox({ size: 4_096 });
  setup.buffer.bytes.fill(0xaa);
  for (const text of ["l", "l2", "l33", "l444"]) postAll(setup, [1, text], [1, "secret"]);
  await settled();
  const legacy = setup.link.sent.filter(({ bytes }) => bytes[0] === 0);
  assertEquals(legacy.map(({ bytes }) => bytes.length - HEADERS), [1, 2, 3, 4]);
  const joined = setup.link.sent.filter(({ bytes }) => bytes[0] !== 0);
  assertEquals(joined.map(({ bytes }) => bytes.length), [46, 46, 46, 46]);
  assertEquals(legacy.filter(({ bytes }) => bytes.includes(0xaa)), []);
});

Deno.test("the padding behind a legacy message is zero, whatever was there before", async () => {
  const { buffer, outbox } = openOutbox({ size: 4_096 });
  buffer.bytes.fill(0xaa);
  outbox.legacyRequest(1, "x", IGNORE);
  assertEquals([buffer.end, ...buffer.bytes.subarray(40, 45)], [44, 0x78, 0, 0, 0, 0xaa]);
  await settled();
});

Deno.test("messages around a legacy one are counted as if it was not there", async () => {
  const setup = openOutbox();
  postAll(setup, [1, "a"], [1, "l"], [1, "b"]);
  await settled();
  const natives = setup.link.sent.filter(({ bytes }) => bytes[0] !== 0);
  assertEquals(natives.flatMap(decode).map(({ seq, body }) => [seq, body]), [[1, "a"], [2, "b"]]);
});

Deno.test("a legacy message of 4,096 bytes leaves, ASCII or not", async () => {
  const most = MOST - HEADERS;
  for (
    const body of [
      "x".repeat(most),
      "ü".repeat(most / 2),
      "€".repeat(1_352),
      "🦕".repeat(most / 4),
      "\ud800".repeat(1_352),
    ]
  ) {
    const { link, outbox, deliveries } = openOutbox();
    outbox.checkLegacySize(body);
    outbox.legacyRequest(7, body, deliveries.of("request"));
    outbox.legacyResponse(7, body, deliveries.of("response"));
    await settled();
    assertEquals(link.sent.map(({ bytes }) => bytes.length), [MOST, MOST]);
    assertEquals(link.bodies[0], [7, `legacy ${body.toWellFormed()}`]);
    assertEquals(deliveries.outcomes, ["request", "response"]);
  }
});

Deno.test("one byte more throws, says how large it is and who reads no more, and nothing of it leaves", async () => {
  const most = MOST - HEADERS;
  const tooLarge: [string, number][] = [
    ["x".repeat(most + 1), 4_097],
    [`${"ü".repeat(most / 2)}x`, 4_097],
    [`${"€".repeat(1_352)}x`, 4_097],
    ["\ud800".repeat(1_353), 4_099],
    ["🦕".repeat(most / 4 + 1), 4_100],
    ["x".repeat(100_000), 100_040],
    ["€".repeat(100_000), 300_040],
  ];
  for (const [body, size] of tooLarge) {
    const { link, outbox, buffer } = openOutbox();
    const error = {
      size,
      maximum: MOST,
      message: `A message of ${size} bytes is larger than a peer of ProcsLink 0.1 reads, which is 4096: split it`,
    };
    assertEquals(refusal(() => outbox.legacyRequest(7, body, IGNORE)), error);
    assertEquals(refusal(() => outbox.legacyResponse(7, body, IGNORE)), error);
    assertEquals(refusal(() => outbox.checkLegacySize(body)), error);
    assertEquals(refusal(() => outbox.legacyRequestNow(7, body, () => true)), error);
    assertEquals([buffer.end, outbox.isEmpty, outbox.turn], [0, true, 0]);
    await settled();
    assertEquals(link.sent, []);
    link.assertIdle();
  }
});

Deno.test("messages that are too large are told to nobody, and those around them leave", async () => {
  const { link, outbox, deliveries } = openOutbox();
  outbox.legacyRequest(7, "before", deliveries.of("before"));
  assertThrows(() => outbox.legacyRequest(7, "x".repeat(MOST), deliveries.of("large")), MessageTooLargeError);
  outbox.legacyRequest(7, "after", deliveries.of("after"));
  await settled();
  assertEquals([link.bodies, deliveries.outcomes], [[[7, "legacy before"], [7, "legacy after"]], ["before", "after"]]);
});

Deno.test("where this side sends no larger messages, or datagrams, that is the limit", async () => {
  const message = (size: number, maximum: number) =>
    `A message of ${size} bytes is larger than maxMessageSize, which is ${maximum}: split it, or raise the limit`;
  for (const options of [{ maxMessageSize: 1_000 }, { maxDatagram: 1_000 }]) {
    const { link, outbox } = openOutbox(options);
    outbox.legacyRequest(7, "x".repeat(960), IGNORE);
    for (const [body, size] of [["x".repeat(961), 1_001], ["ü".repeat(481), 1_002]] as const) {
      const error = { size, maximum: 1_000, message: message(size, 1_000) };
      assertEquals(refusal(() => outbox.legacyRequest(7, body, IGNORE)), error);
      assertEquals(refusal(() => outbox.legacyRequestNow(7, body, () => true)), error);
    }
    await settled();
    assertEquals(link.sent.map(({ bytes }) => bytes.length), [1_000]);
  }
  const { outbox } = openOutbox({ maxMessageSize: 5_000, maxDatagram: 5_000 });
  assertEquals(refusal(() => outbox.legacyRequest(7, "x".repeat(MOST), IGNORE)).maximum, MOST);
});

Deno.test("a legacy message never leaves in fragments, and a large one beside it does", async () => {
  const { link, outbox, post } = openFragments();
  assertThrows(() => outbox.legacyRequest(7, "x".repeat(61), IGNORE), MessageTooLargeError);
  post(7, "L".repeat(130));
  outbox.legacyRequest(7, "x".repeat(60), IGNORE);
  await settled();
  assertEquals(link.bodies, [[7, `legacy ${"x".repeat(60)}`], [7, "L*60"], [7, "L*60"], [7, "L*10."]]);
});

Deno.test("a legacy message that does not fit the buffer behind others has them sent first", async () => {
  const { link, outbox, deliveries, buffer } = openOutbox({ size: 1_024 });
  for (const name of ["one", "two", "three"]) outbox.legacyRequest(7, name.padEnd(400, "."), deliveries.of(name));
  assertEquals([link.sent.length, deliveries.outcomes], [2, ["one", "two"]]);
  await settled();
  assertEquals(link.bodies.map(([, body]) => body!.slice(0, 12)), ["legacy one..", "legacy two..", "legacy three"]);
  assertEquals(buffer.end, 0);
});

Deno.test("a legacy message is whole also where the buffer is filled again while it is emptied for it", async () => {
  const { link, outbox, deliveries, buffer } = openOutbox({ size: 1_024 });
  const fill = () => outbox.request(1, 2, "x".repeat(900), deliveries.of("fills"));
  outbox.request(1, 1, "y".repeat(900), deliveries.of("first", fill));
  outbox.legacyRequest(2, "z".repeat(700), deliveries.of("legacy"));
  await settled();
  const seen = link.bodies.map(([to, body]) => [to, body!.slice(0, 8), body!.length]);
  assertEquals(seen.toSorted(), [[1, "xxxxxxxx", 900], [1, "yyyyyyyy", 900], [2, "legacy z", 707]]);
  assertEquals(deliveries.told.toSorted(), ["fills", "first", "legacy"]);
  assertEquals([buffer.end, outbox.isEmpty], [0, true]);
  link.assertIdle();
});

Deno.test("a legacy message learns why it could not be sent, and the others of its turn leave", async () => {
  const setup = openOutbox();
  const gone = new PeerGoneError(2);
  setup.link.failures.set(2, gone);
  postAll(setup, [1, "l1"], [2, "l2"], [2, "a"], [3, "l3"]);
  await settled();
  assertEquals(setup.link.bodies, [[1, "legacy l1"], [3, "legacy l3"]]);
  assertEquals(setup.deliveries.outcomes, ["l1", ["l2", gone], ["a", gone], "l3"]);
  setup.link.assertIdle();
});

Deno.test("a legacy request that is sent now leaves behind what was posted, and in front of what waits", async () => {
  const setup = openOutbox();
  const { link, outbox, deliveries } = setup;
  link.full.add(9);
  postAll(setup, [9, "l0"], [7, "l1"], [7, "a"]);
  const send = (bytes: Uint8Array<ArrayBuffer>, length: number) => link.send(7, bytes, length);
  outbox.legacyRequestNow(7, "grüße", send);
  postAll(setup, [7, "l2"]);
  assertEquals(link.bodies, [[7, "legacy l1"], [7, "a"], [7, "legacy grüße"]]);
  await settled();
  assertEquals(link.bodies.slice(3), [[7, "legacy l2"]]);
  outbox.legacyRequestNow(9, "now", () => true);
  assertEquals([link.waiting, deliveries.outcomes], [[[9, "legacy l0"]], ["l1", "a", "l2"]]);
  await setup.drain(9);
  link.assertIdle();
});

Deno.test("a legacy request that is sent now is handed out once, as the bytes of the Python package", () => {
  const { hex } = legacyVector("request, named");
  const { link, outbox } = openOutbox();
  const handed: string[] = [];
  outbox.legacyRequestNow(7, new TextDecoder().decode(unhex(hex).subarray(HEADERS)), (bytes, length) => {
    handed.push(bytes.subarray(0, length).toHex());
    return true;
  });
  assertEquals([handed, link.sent], [[hex], []]);
});

Deno.test("legacy messages are counted as they leave", async () => {
  const link = new RecordingLink();
  const traffic = new Traffic();
  const outbox = new Outbox(link, new SendBuffer(8_192), LIMITS, traffic);
  const counts = () => [traffic.messagesOut, traffic.bytesOut, traffic.retries];
  for (const body of ["a", "bb"]) outbox.legacyRequest(7, body, IGNORE);
  assertEquals(counts(), [0, 0, 0]);
  await settled();
  assertEquals(counts(), [2, 2 * HEADERS + 3, 0]);
  link.full.add(7);
  outbox.legacyResponse(7, "ccc", IGNORE);
  await settled();
  assertEquals(counts(), [2, 2 * HEADERS + 3, 1]);
  await link.endPatient(7, true);
  assertEquals(counts(), [3, 3 * HEADERS + 6, 1]);
  outbox.legacyRequestNow(7, "no room", () => false);
  assertEquals(counts(), [3, 3 * HEADERS + 6, 1], "it was not sent");
  outbox.legacyRequestNow(7, "dddd", () => true);
  assertEquals(counts(), [4, 4 * HEADERS + 10, 1]);
  const thrown = new Error("gone");
  const throwing = () => {
    throw thrown;
  };
  assertStrictEquals(assertThrows(() => outbox.legacyRequestNow(7, "e", throwing)), thrown);
  assertThrows(() => outbox.legacyRequest(7, "x".repeat(MOST), IGNORE));
  await settled();
  assertEquals(counts(), [4, 4 * HEADERS + 10, 1]);
});
