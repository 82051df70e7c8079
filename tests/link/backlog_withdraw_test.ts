// Messages that are taken back while they wait.
import { assertEquals } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { settled } from "../fakes/time.ts";
import { openFragments, openOutbox, PART } from "./outbox_setup.ts";

Deno.test("a message that is taken back before it is tried again does not leave, and nobody is told", async () => {
  const { link, post, drain, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["a", "b"]) {
    post(1, name);
    await settled();
  }
  deliveries.withdraw("b");
  await drain(1);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a"]], ["a"]]);
  link.assertIdle();
});

Deno.test("the only message that waits is taken back: where its wait is in vain it does not leave, and nothing waits", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1);
  post(1, "a");
  await settled();
  deliveries.withdraw("a");
  assertEquals(link.holds, 1, "its datagram is still on its way");
  await link.endPatient(1, false);
  assertEquals([link.bodies, deliveries.outcomes], [[], []]);
  link.assertIdle();
  post(1, "b");
  await settled();
  assertEquals(link.waiting, [[1, "b"]], "a new message can wait");
});

Deno.test("the only message that waits is taken back too late: it leaves, and nobody is told", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1);
  post(1, "a");
  await settled();
  deliveries.withdraw("a");
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a"]], []]);
  link.assertIdle();
  deliveries.withdraw("a");
  assertEquals(deliveries.outcomes, [], "taking back what has left does nothing");
});

Deno.test("one of a joined datagram that has not been tried yet is left out", async () => {
  const { link, post, drain, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["first", "a", "bb", "ccc", "dddd"]) {
    post(1, name);
    await settled();
  }
  deliveries.withdraw("bb", "dddd");
  await drain(1);
  assertEquals(link.bodies, [[1, "first"], [1, "a", "ccc"]]);
  assertEquals(deliveries.outcomes, ["first", "a", "ccc"]);
  link.assertIdle();
});

Deno.test("one of a datagram that is on its way leaves with it where it is sent; the others are told", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["a", "b", "c"]) post(1, name);
  await settled();
  deliveries.withdraw("b");
  post(1, "d");
  await settled();
  link.full.clear();
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a", "b", "c"], [1, "d"]], ["a", "c", "d"]]);
  link.assertIdle();
});

Deno.test("one of a datagram that is on its way is left out where the wait is in vain", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["a", "b", "c"]) post(1, name);
  await settled();
  deliveries.withdraw("b");
  await link.endPatient(1, false);
  assertEquals([link.waiting, deliveries.outcomes], [[[1, "a", "c"]], []]);
  deliveries.withdraw("a");
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "a", "c"]], ["c"]]);
  link.assertIdle();
});

Deno.test("all of a datagram that is on its way are taken back, and another one takes its place", async () => {
  const { link, post, deliveries } = openOutbox();
  link.full.add(1);
  for (const name of ["a", "b"]) post(1, name);
  await settled();
  post(1, "c");
  await settled();
  deliveries.withdraw("a", "b");
  await link.endPatient(1, false);
  assertEquals(link.waiting, [[1, "c"]]);
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "c"]], ["c"]]);
  link.assertIdle();
});

Deno.test("a message that is taken back is told nothing when its datagram or its receiver fails", async () => {
  for (const error of [new Error("no memory"), new PeerGoneError(1)]) {
    const { link, post, deliveries } = openOutbox();
    link.full.add(1);
    for (const name of ["a", "b"]) post(1, name);
    await settled();
    deliveries.withdraw("a");
    await link.endPatient(1, error);
    assertEquals(deliveries.outcomes, [["b", error]]);
    link.assertIdle();
  }
});

Deno.test("a message that is taken back as soon as it waits is never tried", async () => {
  const { link, outbox } = openOutbox();
  link.full.add(1);
  const told: string[] = [];
  for (const name of ["a", "b"]) {
    outbox.request(1, 1, name, {
      delivered: () => told.push(name),
      undelivered: () => told.push(`not ${name}`),
      waits: (message) => message.withdraw(),
    });
  }
  await settled();
  assertEquals([link.waiting, told], [[], []]);
  link.assertIdle();
});

Deno.test("a large message that is taken back as soon as it waits is never tried", async () => {
  const { link, outbox } = openFragments();
  outbox.request(1, 1, "x".repeat(100), {
    delivered: () => {
      throw new Error("delivered");
    },
    undelivered: (error) => {
      throw error;
    },
    waits: (message) => message.withdraw(),
  });
  await settled();
  assertEquals(link.bodies, []);
  link.assertIdle();
});

Deno.test("a large message that waits for its turn is taken back, and does not begin", async () => {
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of [..."ABCDEF"]) post(1, letter.repeat(2 * PART));
  await settled();
  deliveries.withdraw("E");
  await drain(1);
  assertEquals(link.bodies.filter(([, body]) => body!.startsWith("E")), []);
  assertEquals(link.bodies.filter(([, body]) => body!.startsWith("farewell")), []);
  assertEquals(deliveries.outcomes.toSorted(), ["A", "B", "C", "D", "F"]);
  link.assertIdle();
});

Deno.test("a large message that is taken back makes room for one that waits for its turn", async () => {
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of [..."ABCDE"]) post(1, letter.repeat(3 * PART));
  await settled();
  deliveries.withdraw("A", "B");
  await drain(1);
  const begun = link.bodies.map(([, body]) => body!.slice(0, 4));
  assertEquals(begun.filter((body) => body === "B*60"), [], "nothing of it had left");
  assertEquals(begun.filter((body) => body === "fare").length, 1, "a fragment of A was on its way");
  assertEquals(deliveries.outcomes.toSorted(), ["C", "D", "E"]);
  link.assertIdle();
});

Deno.test("taking a message back twice takes back one", async () => {
  const { link, post, drain, deliveries } = openFragments({ maxQueuedBytes: 200 });
  link.full.add(1);
  for (const letter of ["a", "b"]) post(1, letter.repeat(PART));
  await settled();
  deliveries.withdraw("b", "b", "b");
  post(1, "c".repeat(PART));
  post(1, "d".repeat(PART));
  await settled();
  assertEquals(deliveries.told, ["d: ReceiverFullError"], "its bytes were counted down once");
  await drain(1);
  link.assertIdle();
});
