// How backlogs let each other and the rest of the program have their turn.
import { assertEquals } from "@std/assert";
import { fakeTime, settled } from "../fakes/time.ts";
import { openFragments, PART } from "./outbox_setup.ts";

Deno.test("a backlog sends for 5 ms; then the rest of the program has its turn, and it goes on", async () => {
  using time = fakeTime();
  const { link, outbox, post, deliveries } = openFragments();
  link.onSend = () => time.busy(2);
  post(1, "L".repeat(8 * PART));
  outbox.flush();
  assertEquals(link.sent.length, 3);
  let others = 0;
  setImmediate(() => others = link.sent.length);
  await Promise.resolve();
  assertEquals(link.sent.length, 3, "no promise lets it go on");
  await settled();
  assertEquals([link.sent.length, others], [6, 6]);
  await settled();
  assertEquals([link.sent.length, deliveries.outcomes], [8, ["L"]]);
  link.assertIdle();
});

Deno.test("what is posted while a backlog lets others have their turn waits behind it, and nothing is sent twice", async () => {
  using time = fakeTime();
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of ["a", "b", "c", "d"]) post(1, letter.repeat(PART));
  outbox.flush();
  link.full.clear();
  link.onSend = () => time.busy(6);
  const first = link.endPatient(1, true);
  await Promise.resolve();
  post(1, "e");
  outbox.flush();
  assertEquals(link.bodies.map(([, body]) => body![0]), ["a", "b"]);
  post(2, "elsewhere");
  outbox.flush();
  assertEquals(link.bodies.slice(2), [[2, "elsewhere"]], "others need not wait");
  await first;
  await settled(5);
  assertEquals(link.bodies.filter(([to]) => to === 1).map(([, body]) => body![0]), ["a", "b", "c", "d", "e"]);
  assertEquals(deliveries.outcomes.length, 6);
  link.assertIdle();
});

Deno.test("a backlog that is closed while others have their turn does not go on", async () => {
  using time = fakeTime();
  const { link, outbox, post, deliveries } = openFragments();
  link.onSend = () => time.busy(6);
  post(1, "L".repeat(4 * PART));
  outbox.flush();
  assertEquals([link.sent.length, link.holds], [1, 1]);
  outbox.close(new Error("closed"));
  assertEquals([deliveries.told, link.holds], [["L: Error"], 0]);
  await settled(3);
  assertEquals([link.sent.length, deliveries.told], [1, ["L: Error"]]);
  link.assertIdle();
});

Deno.test("a backlog that finds no room after its pause waits for it", async () => {
  using time = fakeTime();
  const { link, outbox, post } = openFragments();
  link.onSend = () => time.busy(6);
  post(1, "L".repeat(2 * PART));
  outbox.flush();
  link.full.add(1);
  await settled();
  assertEquals([link.bodies, link.waiting], [[[1, "L*60"]], [[1, "L*60."]]]);
  await link.endPatient(1, true);
  link.assertIdle();
});

Deno.test("destinations take turns where there is time for one datagram only", async () => {
  using time = fakeTime();
  const { link, outbox, post, deliveries } = openFragments();
  link.onSend = () => time.busy(6);
  for (const to of [1, 2, 3]) post(to, "L".repeat(3 * PART));
  outbox.flush();
  await settled(12);
  assertEquals(link.bodies.map(([to]) => to), [1, 2, 3, 1, 2, 3, 1, 2, 3]);
  assertEquals(deliveries.outcomes.length, 3);
  link.assertIdle();
});

Deno.test("all destinations together have one turn", async () => {
  using time = fakeTime();
  const { link, outbox, post } = openFragments();
  link.onSend = () => time.busy(2);
  for (const to of [1, 2, 3, 4, 5]) post(to, "L".repeat(2 * PART));
  outbox.flush();
  assertEquals(link.sent.length, 3);
  await settled();
  assertEquals(link.sent.length, 6);
  await settled(5);
  assertEquals(link.sent.length, 10);
  link.assertIdle();
});
