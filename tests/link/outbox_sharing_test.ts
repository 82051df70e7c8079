import { assertEquals, assertNotEquals } from "@std/assert";
import { ERRNO } from "../../ffi/errno.ts";
import { SyscallError } from "../../src/errors.ts";
import { Outbox } from "../../src/link/outbox.ts";
import { SendBuffer } from "../../src/link/send_buffer.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { Deliveries } from "../fakes/deliveries.ts";
import { decode, RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { LIMITS, openFragments } from "./outbox_setup.ts";

const IGNORE = new Deliveries().of("");

Deno.test("who learns that a message was delivered may post again", async () => {
  const link = new RecordingLink();
  const buffer = new SendBuffer(4_096);
  const outbox = new Outbox(link, buffer, LIMITS);
  const deliveries = new Deliveries();
  outbox.request(1, 1, "first", deliveries.of("first", () => outbox.request(1, 2, "again", deliveries.of("again"))));
  outbox.request(2, 3, "second", deliveries.of("second"));
  outbox.flush();
  assertEquals(deliveries.outcomes, ["first", "second"]);
  assertEquals(link.bodies, [[1, "first"], [2, "second"]]);
  await settled();
  assertEquals(deliveries.outcomes, ["first", "second", "again"]);
  assertEquals(link.bodies, [[1, "first"], [2, "second"], [1, "again"]]);
  assertEquals(buffer.end, 0);
});

Deno.test("who learns that a message could not be sent may post again", async () => {
  const link = new RecordingLink();
  const outbox = new Outbox(link, new SendBuffer(4_096), LIMITS);
  const deliveries = new Deliveries();
  const noMemory = new SyscallError("sendto", ERRNO.ENOMEM);
  link.failures.set(1, noMemory);
  outbox.request(
    1,
    1,
    "first",
    deliveries.of("first", () => {
      link.failures.clear();
      outbox.request(1, 1, "retry", deliveries.of("retry"));
    }),
  );
  await settled();
  assertEquals(deliveries.outcomes, [["first", noMemory], "retry"]);
  assertEquals(link.bodies, [[1, "retry"]]);
});

Deno.test("posting what fills the buffer from within an outcome loses and repeats nothing", async () => {
  const link = new RecordingLink();
  const buffer = new SendBuffer(1_024);
  const outbox = new Outbox(link, buffer, LIMITS);
  const deliveries = new Deliveries();
  const post = (name: string, then?: () => void) =>
    outbox.request(1, 1, name.padEnd(400, "."), deliveries.of(name, then));
  post("a", () => ["c", "d", "e", "f", "g"].forEach((name) => post(name)));
  post("b");
  await settled();
  assertEquals(link.sent.flatMap(decode).map(({ body }) => body[0]), [..."abcdefg"]);
  assertEquals(deliveries.outcomes.toSorted(), [..."abcdefg"]);
  assertEquals(buffer.end, 0);
});

Deno.test("a message that needs the whole buffer is sent, also where outcomes post while it is emptied", async () => {
  const link = new RecordingLink();
  const outbox = new Outbox(link, new SendBuffer(1_024), LIMITS);
  const whole = "x".repeat(1_024 - 40);
  const again = new Deliveries().of("first", () => outbox.request(1, 1, "again", IGNORE));
  outbox.request(1, 1, "first", again);
  outbox.request(1, 1, whole, IGNORE);
  await settled();
  assertEquals(link.bodies, [[1, "first"], [1, "again"], [1, whole]]);
});

Deno.test("messages count for each destination by itself, across turns and failures", async () => {
  const link = new RecordingLink();
  const outbox = new Outbox(link, new SendBuffer(4_096), LIMITS);
  for (const to of [1, 2, 1, 1]) outbox.request(to, 1, "", IGNORE);
  await settled();
  link.failures.set(2, new SyscallError("sendto", ERRNO.ENOMEM));
  for (const to of [1, 2]) outbox.response(to, 1, "", IGNORE);
  await settled();
  link.failures.clear();
  outbox.request(2, 1, "", IGNORE);
  await settled();
  const seqs = link.sent.map((datagram) => [datagram.to, ...decode(datagram).map(({ seq }) => seq)]);
  assertEquals(seqs, [[1, 1, 2, 3], [2, 1], [1, 4], [2, 3]], "a gap tells of the message that was lost");
});

Deno.test("4,096 destinations are counted; one more, and the first one is forgotten: no number comes twice", async () => {
  const link = new RecordingLink();
  const outbox = new Outbox(link, new SendBuffer(1_048_576), LIMITS);
  const seqOf = async (to: number) => {
    outbox.request(to, 1, "", IGNORE);
    await settled();
    return decode(link.sent.at(-1)!)[0]!.seq;
  };
  for (let to = 1; to <= 4_096; to++) outbox.request(to, 1, "", IGNORE);
  await settled();
  assertEquals([await seqOf(1), await seqOf(4_096)], [2, 2], "all are known");
  assertEquals(
    [await seqOf(5_000), await seqOf(5_000)],
    [3, 4],
    "behind the first one, which had 2 messages and is forgotten",
  );
  assertEquals([await seqOf(2), await seqOf(1)], [2, 3], "only that one was; and now the next one is");
});

Deno.test("a destination for which large messages wait is not forgotten: each has a number of its own", async () => {
  const { link, outbox, post, drain } = openFragments();
  link.full.add(1);
  post(1, "A".repeat(100));
  for (let to = 2; to <= 4_097; to++) outbox.request(to, 1, "", IGNORE);
  await settled();
  post(1, "B".repeat(100));
  await settled();
  await drain(1);
  const numbers = link.sent.filter(({ to }) => to === 1).map(({ bytes }) => {
    const reader = new DatagramReader();
    reader.start(bytes, bytes.length);
    reader.next();
    return [String.fromCharCode(bytes[reader.bodyStart]!), reader.seq] as const;
  });
  const [first, second] = ["A", "B"].map((letter) => numbers.find(([body]) => body === letter)![1]);
  assertNotEquals(first, second, "their fragments take turns, and the receiver tells them apart by nothing else");
});

Deno.test("two outboxes share a buffer, and each sends what is its own", async () => {
  const buffer = new SendBuffer(4_096);
  const [first, second] = [new RecordingLink(1), new RecordingLink(2)];
  const [outboxOfFirst, outboxOfSecond] = [new Outbox(first, buffer, LIMITS), new Outbox(second, buffer, LIMITS)];
  outboxOfFirst.request(9, 1, "a", IGNORE);
  outboxOfSecond.request(9, 1, "b", IGNORE);
  outboxOfFirst.request(9, 1, "c", IGNORE);
  outboxOfFirst.flush();
  assertEquals([first.bodies, second.bodies], [[[9, "a", "c"]], []]);
  assertEquals(buffer.end > 0, true, "the second one's message is still there");
  outboxOfFirst.request(9, 1, "d", IGNORE);
  await settled();
  assertEquals([first.bodies, second.bodies], [[[9, "a", "c"], [9, "d"]], [[9, "b"]]]);
  assertEquals(second.sent.flatMap(decode).map(({ port, seq }) => [port, seq]), [[2, 1]]);
  assertEquals(buffer.end, 0);
});

Deno.test("an outbox that fills the buffer has the other one's messages sent too", async () => {
  const buffer = new SendBuffer(1_024);
  const [first, second] = [new RecordingLink(1), new RecordingLink(2)];
  new Outbox(first, buffer, LIMITS).request(9, 1, "x".repeat(600), IGNORE);
  new Outbox(second, buffer, LIMITS).request(9, 1, "y".repeat(600), IGNORE);
  assertEquals([first.sent.length, second.sent.length], [1, 0]);
  await settled();
  assertEquals([first.sent.length, second.sent.length], [1, 1]);
  assertEquals(second.bodies, [[9, "y".repeat(600)]]);
});
