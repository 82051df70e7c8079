import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { MessageTooLargeError, PeerGoneError } from "../../src/errors.ts";
import { NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { decode, type RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { HEADERS, openFragments, type OutboxSetup, PART } from "./outbox_setup.ts";

/** Sends now what `requestNow` hands out, as a synchronous call does; no more than so many datagrams. */
function through(link: RecordingLink, to: number, most = Infinity) {
  let datagrams = 0;
  return (bytes: Uint8Array<ArrayBuffer>, length: number): boolean =>
    datagrams++ < most && link.send(to, bytes, length);
}

/** A message of five fragments, whose number is 9. */
function sendFive({ outbox }: OutboxSetup, send: (bytes: Uint8Array<ArrayBuffer>, length: number) => boolean): void {
  outbox.requestNow(7, 9, "x".repeat(5 * PART), send);
}

Deno.test("a small request that is sent now is one plain message, with its headers", () => {
  const { link, outbox } = openFragments();
  outbox.requestNow(7, 9, "grüße", through(link, 7));
  const [{ timestamp: _, ...message }] = decode(link.sent[0]!) as [ReturnType<typeof decode>[number]];
  assertEquals(message, { flags: 1, nlmsgSeq: 9, port: 4242, payloadType: 1, seq: 1, body: "grüße" });
  assertEquals(link.sent.length, 1);
});

Deno.test("a request of the largest datagram is one plain message, and of one byte more are two fragments", () => {
  const { link, outbox } = openFragments();
  outbox.requestNow(7, 1, "x".repeat(PART), through(link, 7));
  outbox.requestNow(7, 2, "ü".repeat(PART / 2), through(link, 7));
  outbox.requestNow(7, 3, "x".repeat(PART + 1), through(link, 7));
  outbox.requestNow(7, 4, `${"ü".repeat(PART / 2)}x`, through(link, 7));
  const bodies = [["x".repeat(PART)], ["ü".repeat(PART / 2)], ["x*60"], ["x*1."], ["Ã*60"], ["x*1."]];
  assertEquals(link.bodies, bodies.map((body) => [7, ...body]) as typeof link.bodies);
  const flags = link.sent.map(({ bytes }) => NetlinkMessageHeader.fromBytes(bytes).nlmsgFlags);
  assertEquals(flags, [1, 1, 3, 3, 3, 3]);
});

Deno.test("what was posted before leaves before it, and what is posted after it behind it", async () => {
  const { link, outbox, post } = openFragments();
  post(7, "before");
  post(8, "elsewhere");
  outbox.requestNow(7, 9, "now", through(link, 7));
  post(7, "after");
  assertEquals(link.bodies, [[7, "before"], [8, "elsewhere"], [7, "now"]]);
  await settled();
  assertEquals(link.bodies.slice(3), [[7, "after"]]);
  assertEquals(link.sent.filter(({ to }) => to === 7).flatMap(decode).map(({ seq }) => seq), [1, 2, 3]);
});

Deno.test("it goes in front of what waits for room, which is left as it is", async () => {
  const { link, outbox, post, drain, deliveries } = openFragments();
  link.full.add(7);
  post(7, "waits");
  await settled();
  const handed: number[] = [];
  outbox.requestNow(7, 9, "x".repeat(100), (_, length) => handed.push(length) > 0);
  assertEquals(handed, [100, 80]);
  assertEquals([link.bodies, link.waiting, deliveries.outcomes], [[], [[7, "waits"]], []]);
  await drain(7);
  assertEquals([link.bodies, deliveries.outcomes], [[[7, "waits"]], ["waits"]]);
  link.assertIdle();
});

Deno.test("whoever sends it decides how: the link is asked for nothing, and not held", () => {
  const { link, outbox } = openFragments();
  link.full.add(7);
  link.failures.set(8, new PeerGoneError(8));
  for (const to of [7, 8]) outbox.requestNow(to, 1, "small", () => true);
  for (const to of [7, 8]) outbox.requestNow(to, 1, "x".repeat(100), () => true);
  assertEquals(link.sent, []);
  link.assertIdle();
});

Deno.test("a large request goes out fragment by fragment, all of it", () => {
  const setup = openFragments();
  sendFive(setup, through(setup.link, 7));
  assertEquals(setup.link.bodies, [...Array(4).fill([7, "x*60"]), [7, "x*60."]]);
});

Deno.test("where a fragment is not sent the rest is not either, and the receiver is told if it has some", () => {
  for (const most of [0, 1, 4]) {
    const setup = openFragments();
    sendFive(setup, through(setup.link, 7, most));
    const farewell = most === 0 ? [] : [[7, "farewell 9"] as const];
    assertEquals(setup.link.bodies, [...Array(most).fill([7, "x*60"]), ...farewell]);
    if (most > 0) assertEquals(setup.link.sent.at(-1)!.bytes.length, HEADERS);
  }
});

Deno.test("where all has left no farewell follows, and a small request that is not sent has none either", () => {
  const setup = openFragments();
  sendFive(setup, through(setup.link, 7, 5));
  assertEquals(setup.link.bodies, [...Array(4).fill([7, "x*60"]), [7, "x*60."]]);
  setup.outbox.requestNow(7, 9, "small", through(setup.link, 7, 0));
  assertEquals(setup.link.bodies.length, 5);
});

Deno.test("where sending throws the receiver is told, if it has some of the message", () => {
  const late = new Error("late");
  for (const most of [0, 1, 4]) {
    const setup = openFragments();
    const send = through(setup.link, 7);
    let datagrams = 0;
    const throwing = (bytes: Uint8Array<ArrayBuffer>, length: number) => {
      if (datagrams++ === most) throw late;
      return send(bytes, length);
    };
    assertStrictEquals(assertThrows(() => sendFive(setup, throwing)), late);
    const farewell = most === 0 ? [] : [[7, "farewell 9"] as const];
    assertEquals(setup.link.bodies, [...Array(most).fill([7, "x*60"]), ...farewell]);
  }
});

Deno.test("a farewell to a port that is gone is left out", () => {
  const setup = openFragments();
  const send = through(setup.link, 7, 1);
  sendFive(setup, (bytes, length) => {
    const sent = send(bytes, length);
    if (!sent) setup.link.failures.set(7, new PeerGoneError(7));
    return sent;
  });
  assertEquals(setup.link.bodies, [[7, "x*60"]]);
  setup.link.assertIdle();
});

Deno.test("a farewell for which there is no room waits, and goes in front of what else does", async () => {
  for (const others of [false, true]) {
    const { link, outbox, post, drain, deliveries } = openFragments();
    if (others) {
      link.full.add(7);
      post(7, "L".repeat(2 * PART));
      await settled();
      link.full.clear();
    }
    const send = through(link, 7, 1);
    outbox.requestNow(7, 9, "x".repeat(5 * PART), (bytes, length) => {
      const sent = send(bytes, length);
      link.full.add(7);
      return sent;
    });
    await settled();
    assertEquals(link.waiting, [[7, others ? "L*60" : "farewell 9"]]);
    await drain(7);
    const rest = others ? ["L*60", "farewell 9", "L*60."] : ["farewell 9"];
    assertEquals(link.bodies.map(([, body]) => body), ["x*60", ...rest]);
    assertEquals(deliveries.outcomes, others ? ["L"] : []);
    link.assertIdle();
  }
});

Deno.test("a request that is too large throws before anything of it leaves, and is not counted", () => {
  const { link, outbox, post } = openFragments({ maxMessageSize: 1_024 });
  post(7, "before");
  const send = through(link, 7);
  for (const [text, size] of [["x".repeat(985), 1_025], ["ü".repeat(493), 1_026], ["€".repeat(900), 2_740]] as const) {
    const error = assertThrows(() => outbox.requestNow(7, 9, text, send), MessageTooLargeError);
    assertEquals([error.size, error.maximum], [size, 1_024]);
  }
  outbox.requestNow(7, 9, "next", send);
  assertEquals(link.bodies, [[7, "before"], [7, "next"]]);
  assertEquals(link.sent.flatMap(decode).map(({ seq }) => seq), [1, 2]);
  outbox.requestNow(7, 9, "x".repeat(984), send);
  assertEquals(link.bodies.length, 2 + Math.ceil(984 / PART));
});

Deno.test("a request that fits a datagram is refused where messages must be smaller", () => {
  const { link, outbox } = openFragments({ maxMessageSize: HEADERS + 50 });
  for (const text of ["x".repeat(51), "ü".repeat(26)]) {
    const error = assertThrows(() => outbox.requestNow(7, 9, text, through(link, 7)), MessageTooLargeError);
    assertEquals(error.size, HEADERS + new TextEncoder().encode(text).length);
  }
  assertEquals(link.sent, []);
});
