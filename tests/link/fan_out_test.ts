// Messages that go to several receivers, put together once.
import { assertEquals, assertThrows } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { decode } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { openOutbox } from "./outbox_setup.ts";

/** Text as bytes. */
function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

Deno.test("one datagram goes to several receivers at once, numbered for each of them", () => {
  const { link, outbox, deliveries } = openOutbox();
  const datagram = outbox.fanOut.prepare([utf8("é"), utf8("b")]);
  outbox.fanOut.send(7, datagram, deliveries.of("seven"));
  outbox.fanOut.send(8, datagram, deliveries.of("eight"));
  outbox.fanOut.send(7, datagram, deliveries.of("seven again"));
  assertEquals(link.bodies, [[7, "é", "b"], [8, "é", "b"], [7, "é", "b"]]);
  const sent = link.sent.flatMap((datagram) => decode(datagram));
  assertEquals(sent.map(({ flags, payloadType }) => [flags, payloadType]), Array(6).fill([1, 1]));
  assertEquals(sent.map(({ seq }) => seq), [1, 2, 1, 2, 3, 4]);
  assertEquals(deliveries.told, ["seven", "eight", "seven again"], "and is told at once");
});

Deno.test("the messages of a datagram begin at multiples of four bytes, with nothing between them", () => {
  const { outbox } = openOutbox();
  const { bytes, starts } = outbox.fanOut.prepare([utf8("abc"), utf8("d")]);
  assertEquals(starts, [0, 44]);
  assertEquals([bytes.length, bytes[43]], [44 + 41, 0]);
});

Deno.test("where its receiver is full it waits as any other, message by message, and only the last one is told of", async () => {
  const { link, outbox, deliveries, drain } = openOutbox();
  link.full.add(7);
  const { fanOut } = outbox;
  fanOut.send(7, fanOut.prepare([utf8("late"), utf8("later")]), deliveries.of("both"));
  assertEquals(deliveries.told, []);
  await settled();
  assertEquals([link.waiting, deliveries.told], [[[7, "late", "later"]], []]);
  await drain(7);
  assertEquals([link.bodies, deliveries.told], [[[7, "late", "later"]], ["both"]]);
});

Deno.test("it goes behind what waits already", async () => {
  const { link, outbox, deliveries, post, drain } = openOutbox();
  link.full.add(7);
  post(7, "first");
  await settled();
  link.full.delete(7);
  outbox.fanOut.send(7, outbox.fanOut.prepare([utf8("second")]), deliveries.of("second"));
  assertEquals(deliveries.told, []);
  await drain(7);
  assertEquals(link.bodies.map(([, ...bodies]) => bodies).flat(), ["first", "second"]);
  assertEquals(deliveries.told.at(-1), "second");
});

Deno.test("what cannot be sent is told at once, and others get it all the same", () => {
  const { link, outbox, deliveries } = openOutbox();
  const datagram = outbox.fanOut.prepare([utf8("a")]);
  link.failures.set(7, new PeerGoneError(7));
  outbox.fanOut.send(7, datagram, deliveries.of("seven"));
  outbox.fanOut.send(8, datagram, deliveries.of("eight"));
  assertEquals(deliveries.told, ["seven: PeerGoneError", "eight"]);
});

Deno.test("a datagram goes to all who hear a multicast group, and its messages are numbered for these", () => {
  const { link, outbox, deliveries } = openOutbox();
  const heard: [group: number, seqs: number[]][] = [];
  const multicast = (group: number, bytes: Uint8Array<ArrayBuffer>, length: number) => {
    const datagram = { to: 0, bytes: bytes.slice(0, length), memory: new ArrayBuffer() };
    heard.push([group, decode(datagram).map(({ seq }) => seq)]);
  };
  Object.assign(link, { multicast });
  const datagram = outbox.fanOut.prepare([utf8("a"), utf8("b")]);
  outbox.fanOut.multicast(5, datagram);
  outbox.fanOut.send(7, datagram, deliveries.of("seven"));
  outbox.fanOut.multicast(6, datagram);
  assertEquals(heard, [[5, [1, 2]], [6, [3, 4]]]);
});

Deno.test("what cannot be sent by multicast throws", () => {
  const { link, outbox } = openOutbox();
  const multicast = () => {
    throw new Error("no memory");
  };
  Object.assign(link, { multicast });
  assertThrows(() => outbox.fanOut.multicast(5, outbox.fanOut.prepare([utf8("a")])), Error, "no memory");
});
