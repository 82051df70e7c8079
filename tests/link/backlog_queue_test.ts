// What a backlog does with small messages, and with other destinations.
import { assertEquals } from "@std/assert";
import { decode } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { HEADERS, openFragments, openOutbox, PART } from "./outbox_setup.ts";

Deno.test("what a receiver has no room for waits, and leaves when there is room", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1);
  post(1, "a");
  await settled();
  assertEquals([link.bodies, link.waiting, deliveries.outcomes], [[], [[1, "a"]], []]);
  assertEquals(link.holds, 1, "the link is read meanwhile: the other side may wait for room here");
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a"]], ["a"]]);
  link.assertIdle();
});

Deno.test("messages of one turn wait in order, as one datagram", async () => {
  const { link, post, drain, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["a", "bb", "ccc"]) post(1, name);
  await settled();
  assertEquals(link.waiting, [[1, "a", "bb", "ccc"]]);
  await drain(1);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a", "bb", "ccc"]], ["a", "bb", "ccc"]]);
  link.assertIdle();
});

Deno.test("messages of several turns leave in order: what is on its way first, then all others in one datagram", async () => {
  const { link, post, drain, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["a", "b", "c", "d"]) {
    post(1, name);
    await settled();
  }
  assertEquals(link.waiting, [[1, "a"]]);
  await drain(1);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a"], [1, "b", "c", "d"]], ["a", "b", "c", "d"]]);
  assertEquals(link.sent.flatMap(decode).map(({ seq }) => seq), [1, 2, 3, 4]);
  link.assertIdle();
});

Deno.test("messages that came between others' in the buffer wait as they are", async () => {
  const { link, post, drain } = openOutbox();
  link.full.add(1).add(2);
  for (const [to, name] of [[1, "a"], [2, "x"], [1, "bb"], [2, "yy"], [1, "ccc"]] as const) post(to, name);
  await settled();
  assertEquals(link.waiting, [[1, "a", "bb", "ccc"], [2, "x", "yy"]]);
  await drain(1);
  await drain(2);
  assertEquals(link.bodies, [[1, "a", "bb", "ccc"], [2, "x", "yy"]]);
  link.assertIdle();
});

Deno.test("messages that wait join a datagram up to 64 KiB, and not a byte further", async (t) => {
  const cases = [
    { name: "exactly 64 KiB", sizes: [32_768, 32_768], datagrams: [65_536] },
    { name: "one byte more", sizes: [32_768, 32_769], datagrams: [32_768, 32_769] },
    { name: "the padding counts", sizes: [32_765, 32_769], datagrams: [32_765, 32_769] },
    { name: "a larger one goes alone", sizes: [100, 65_537, 101], datagrams: [100, 65_537, 101] },
    { name: "three, and the last two fit", sizes: [40_000, 30_000, 30_000], datagrams: [40_000, 60_000] },
  ];
  for (const { name, sizes, datagrams } of cases) {
    await t.step(name, async () => {
      const { link, post, drain } = openOutbox();
      link.full.add(1);
      post(1, "first");
      await settled();
      for (const size of sizes) {
        post(1, "x".repeat(size - HEADERS));
        await settled();
      }
      await drain(1);
      assertEquals(link.sent.slice(1).map(({ bytes }) => bytes.length), datagrams);
      assertEquals(link.sent.slice(1).flatMap(decode).map(({ body }) => HEADERS + body.length), sizes);
      link.assertIdle();
    });
  }
});

Deno.test("messages that wait never join to more than the link can send", async () => {
  const { link, post, drain } = openFragments();
  link.full.add(1);
  for (const name of ["a", "b", "c", "d", "e"]) {
    post(1, name);
    await settled();
  }
  await drain(1);
  assertEquals(link.bodies, [[1, "a"], [1, "b", "c"], [1, "d", "e"]]);
});

Deno.test("between messages that were joined the padding is zero, and behind the last one there is none", async () => {
  const { link, buffer, post, drain } = openOutbox();
  buffer.bytes.fill(0xaa);
  link.full.add(1);
  for (const name of ["first", "1", "22", "333"]) {
    post(1, name);
    await settled();
  }
  await drain(1);
  const { bytes } = link.sent[1]!;
  assertEquals(bytes.length, 44 + 44 + 43);
  assertEquals([...bytes.subarray(41, 44), ...bytes.subarray(44 + 42, 88)], [0, 0, 0, 0, 0]);
});

Deno.test("what waits is a copy: the buffer is another message's by then", async () => {
  const { link, buffer, post, drain } = openOutbox();
  link.full.add(1);
  post(1, "waits");
  await settled();
  assertEquals(buffer.end, 0);
  post(2, "other");
  await settled();
  buffer.bytes.fill(0xff);
  await drain(1);
  assertEquals(link.bodies, [[2, "other"], [1, "waits"]]);
});

Deno.test("no message overtakes what waits, also where there is room again", async () => {
  const { link, outbox, post, deliveries } = openOutbox();
  link.full.add(1);
  post(1, "a");
  outbox.flush();
  link.full.clear();
  post(1, "b");
  outbox.flush();
  post(1, "c");
  await settled();
  assertEquals([link.bodies, link.waiting], [[], [[1, "a"]]]);
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a"], [1, "b", "c"]], ["a", "b", "c"]]);
  link.assertIdle();
});

Deno.test("one that fits no more in a turn's datagrams waits behind those that were sent", async () => {
  const { link, outbox, post, drain } = openFragments();
  let room = 1;
  link.onSend = () => void (room-- === 0 && link.full.add(1));
  for (const letter of ["a", "b", "c"]) post(1, letter.repeat(PART));
  outbox.flush();
  link.onSend = () => {};
  assertEquals([link.bodies, link.waiting], [[[1, "a".repeat(PART)]], [[1, "b".repeat(PART)]]]);
  await drain(1);
  assertEquals(link.bodies.map(([, body]) => body![0]), ["a", "b", "c"]);
  link.assertIdle();
});

Deno.test("once one of a turn's datagrams has to wait, those behind it wait too, whatever room comes", () => {
  const { link, outbox, post } = openFragments();
  let sends = 0;
  // Of the first two, one comes between others' messages and is copied, the other leaves straight from the buffer.
  for (const between of [true, false]) {
    sends = 0;
    const to = between ? 1 : 3;
    link.onSend = () => void (++sends === 1 ? link.full.add(to) : link.full.delete(to));
    post(to, "a");
    if (between) post(2, "x");
    post(to, "b");
    for (const letter of ["c", "d"]) post(to, letter.repeat(PART));
    outbox.flush();
    assertEquals(link.waiting.filter(([port]) => port === to), []);
    const sent = link.bodies.filter(([port]) => port === to).flatMap(([, ...bodies]) => bodies.map((body) => body[0]));
    assertEquals(sent, ["a", "b", "c", "d"]);
  }
  link.assertIdle();
});

Deno.test("when nothing waits any more messages leave straight from the buffer again", async () => {
  const { link, buffer, post, drain } = openOutbox();
  link.full.add(1);
  post(1, "a");
  await settled();
  await drain(1);
  post(1, "b");
  await settled();
  assertEquals(link.bodies, [[1, "a"], [1, "b"]]);
  assertEquals(link.sent.map(({ memory }) => memory === buffer.bytes.buffer), [false, true]);
  link.full.add(1);
  post(1, "c");
  await settled();
  assertEquals([link.holds, link.waiting], [1, [[1, "c"]]], "and they can wait again");
  await drain(1);
  link.assertIdle();
});

Deno.test("while one destination waits, messages for others leave in the same flush", () => {
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(2);
  const long = (letter: string) => letter.repeat(PART + 1);
  for (const [to, body] of [[1, "a"], [2, "b"], [3, "c"], [2, long("B")], [1, long("A")], [3, "d"]] as const) {
    post(to, body);
  }
  outbox.flush();
  assertEquals(link.bodies, [[3, "c", "d"], [1, "a"], [1, "A*60"], [1, "A*1."]]);
  assertEquals([link.waiting, link.holds], [[[2, "b"]], 1]);
  assertEquals(deliveries.outcomes.toSorted(), ["a", "c", "d", "A"].toSorted());
  post(2, "e");
  post(1, "f");
  outbox.flush();
  assertEquals(link.bodies.slice(4), [[1, "f"]]);
  post(3, long("C"));
  outbox.flush();
  assertEquals(link.bodies.slice(5), [[3, "C*60"], [3, "C*1."]]);
});

Deno.test("destinations wait each by itself: what becomes of one is nothing to the other", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1).add(2);
  for (const [to, name] of [[1, "a"], [2, "b"]] as const) post(to, name);
  await settled();
  post(1, "c");
  await settled();
  assertEquals(link.holds, 2);
  await link.endPatient(2, true);
  assertEquals([link.bodies, link.waiting, link.holds], [[[2, "b"]], [[1, "a"]], 1]);
  await link.endPatient(1, false);
  await link.endPatient(1, true);
  await link.endPatient(1, true);
  assertEquals(deliveries.outcomes, ["b", "a", "c"]);
  link.assertIdle();
});

Deno.test("responses wait as requests do", async () => {
  const { link, outbox, deliveries, drain } = openFragments();
  link.full.add(1);
  outbox.response(1, 5, "small", deliveries.of("small"));
  outbox.response(1, 6, "x".repeat(100), deliveries.of("large"));
  await settled();
  await drain(1);
  assertEquals(link.bodies, [[1, "small"], [1, "x*60"], [1, "x*40."]]);
  assertEquals(deliveries.outcomes, ["small", "large"]);
  assertEquals(decode(link.sent[0]!).map(({ flags, nlmsgSeq, payloadType }) => [flags, nlmsgSeq, payloadType]), [[
    0,
    5,
    2,
  ]]);
});
