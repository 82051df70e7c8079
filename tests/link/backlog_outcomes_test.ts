// Whoever learns what became of a message may post, flush, take back and close there and then.
import { assertEquals } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { settled } from "../fakes/time.ts";
import { openFragments, openOutbox, PART } from "./outbox_setup.ts";

Deno.test("what is posted as a message is delivered leaves behind all that waits", async () => {
  const { link, outbox, post, deliveries } = openOutbox();
  link.full.add(1);
  post(1, "a", () => {
    post(1, "again");
    outbox.flush();
  });
  await settled();
  for (const name of ["b", "c"]) {
    post(1, name);
    await settled();
  }
  link.full.clear();
  await link.endPatient(1, true);
  assertEquals(link.bodies.flatMap(([, ...bodies]) => bodies), ["a", "b", "c", "again"]);
  assertEquals(deliveries.outcomes, ["a", "b", "c", "again"]);
  link.assertIdle();
});

Deno.test("what is posted as the last one is delivered leaves too, small or large", async () => {
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "a", () => {
    post(1, "L".repeat(2 * PART), () => post(1, "last"));
    outbox.flush();
  });
  await settled();
  link.full.clear();
  await link.endPatient(1, true);
  assertEquals(link.bodies.map(([, body]) => body), ["a", "L*60", "L*60.", "last"]);
  assertEquals(deliveries.outcomes, ["a", "L", "last"]);
  link.assertIdle();
});

Deno.test("what is posted as a receiver is found gone is tried anew, and waits where that one is full", async () => {
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(1);
  const retry = (body: string) => () => {
    post(1, body);
    outbox.flush();
  };
  post(1, "a", retry("a again"));
  post(1, "L".repeat(100), retry("M".repeat(100)));
  await settled();
  await link.endPatient(1, new PeerGoneError(1));
  assertEquals(deliveries.told, ["a: PeerGoneError", "L: PeerGoneError"]);
  assertEquals([link.waiting, link.holds], [[[1, "a again"]], 1]);
  link.full.clear();
  await link.endPatient(1, true);
  assertEquals(link.bodies, [[1, "a again"], [1, "M*60"], [1, "M*40."]]);
  assertEquals(deliveries.told.slice(2), ["a again", "M"]);
  link.assertIdle();
});

Deno.test("what is posted as a message is refused is refused as well, and nothing is told twice", async () => {
  const { link, post, drain, deliveries } = openFragments({ maxQueuedBytes: 150 });
  link.full.add(1);
  post(1, "a".repeat(PART));
  await settled();
  post(1, "b".repeat(PART), () => post(1, "c".repeat(PART)));
  post(1, "d");
  await settled();
  assertEquals(deliveries.told, ["b: ReceiverFullError", "c: ReceiverFullError"]);
  await drain(1);
  assertEquals(deliveries.told.slice(2), ["a", "d"]);
  link.assertIdle();
});

Deno.test("messages that are taken back as the first one of their datagram is told are told nothing", async () => {
  for (const how of [true, new Error("no memory")]) {
    const { link, post, deliveries } = openOutbox();
    link.full.add(1);
    post(1, "a", () => deliveries.withdraw("b", "d"));
    for (const name of ["b", "c"]) post(1, name);
    await settled();
    post(1, "d");
    await settled();
    await link.endPatient(1, how);
    assertEquals(deliveries.outcomes.map((outcome) => outcome[0]), ["a", "c"]);
    link.assertIdle();
  }
});

Deno.test("messages that are taken back as the first one learns that all have failed are told nothing", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "a", () => deliveries.withdraw("b", "L"));
  for (const name of ["b", "c", "L".repeat(100)]) post(1, name);
  await settled();
  await link.endPatient(1, new PeerGoneError(1));
  assertEquals(deliveries.told, ["a: PeerGoneError", "c: PeerGoneError"]);
  link.assertIdle();
});

Deno.test("a flush from within an outcome lets no message overtake what was posted before it", () => {
  const { link, outbox, post } = openOutbox();
  link.full.add(2);
  post(1, "a", () => {
    post(2, "c");
    outbox.flush();
  });
  post(2, "b");
  outbox.flush();
  assertEquals([link.bodies, link.waiting[0]?.slice(0, 2)], [[[1, "a"]], [2, "b"]]);
});

Deno.test("a message that is sent now from within an outcome goes behind what was posted before it", () => {
  const { link, outbox, post } = openOutbox();
  post(1, "a", () => {
    post(2, "c");
    outbox.requestNow(3, 1, "now", () => true);
    link.full.clear();
  });
  post(2, "b");
  link.full.add(2);
  outbox.flush();
  assertEquals(link.waiting[0]?.slice(0, 2) ?? link.bodies.filter(([to]) => to === 2)[0], [2, "b"]);
});

Deno.test("closing from within an outcome ends what was posted with it: it does not wait any more", async () => {
  const { link, outbox, post, deliveries } = openOutbox();
  link.full.add(2);
  link.cancellable = true;
  post(1, "a", () => outbox.close(new Error("closed")));
  post(2, "b");
  outbox.flush();
  await settled();
  assertEquals(deliveries.told, ["a", "b: Error"]);
  link.assertIdle();
});

Deno.test("closing from within an outcome does not say of what has left that it has not", async () => {
  const { link, outbox, post, deliveries } = openOutbox();
  link.full.add(1);
  post(1, "a", () => outbox.close(new Error("closed")));
  post(1, "b");
  await settled();
  post(1, "c");
  await settled();
  await link.endPatient(1, true);
  assertEquals(link.bodies, [[1, "a", "b"]]);
  assertEquals(deliveries.told.toSorted(), ["a", "b", "c: Error"]);
  link.assertIdle();
});

Deno.test("closing from within the outcome of a large message tells the others, once", async () => {
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "A".repeat(2 * PART), () => outbox.close(new Error("closed")));
  post(1, "B".repeat(3 * PART));
  post(1, "s");
  await settled();
  link.full.clear();
  await link.endPatient(1, true);
  await settled();
  assertEquals(deliveries.told, ["s", "A", "B: Error"]);
  link.assertIdle();
});

Deno.test("a large message that is taken back as a small one of its turn is told never begins", async () => {
  const { link, post, deliveries } = openFragments();
  post(2, "s", () => deliveries.withdraw("L"));
  post(1, "L".repeat(2 * PART));
  await settled();
  assertEquals([link.bodies, deliveries.outcomes], [[[2, "s"]], ["s"]]);
  link.assertIdle();
});

Deno.test("what is posted as a message is told is told behind all that was to be told by then", async () => {
  const { link, outbox, post, deliveries } = openOutbox();
  link.failures.set(2, new Error("no memory"));
  post(1, "a", () => {
    post(1, "d");
    outbox.flush();
  });
  post(2, "b");
  post(1, "c");
  await settled();
  assertEquals(deliveries.told, ["a", "c", "b: Error", "d"]);
  assertEquals(link.bodies, [[1, "a", "c"], [1, "d"]]);
});
