// Large messages that are taken back under way: their receiver must learn that the rest will not come.
import { assertEquals } from "@std/assert";
import { fakeTime, settled } from "../fakes/time.ts";
import { openFragments, type OutboxSetup, PART } from "./outbox_setup.ts";

Deno.test("a large message that is under way is taken back: its receiver is told with an empty last fragment", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "A".repeat(4 * PART));
  await settled();
  await link.endPatient(1, true);
  deliveries.withdraw("A");
  await link.endPatient(1, true);
  assertEquals(link.waiting, [[1, "farewell 1"]]);
  await link.endPatient(1, false);
  assertEquals(link.waiting, [[1, "farewell 1"]], "until it has left");
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "A*60"], [1, "A*60"], [1, "farewell 1"]], []]);
  link.assertIdle();
});

Deno.test("where the fragment of a message that was taken back waits in vain the farewell goes instead", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "A".repeat(4 * PART));
  await settled();
  await link.endPatient(1, true);
  deliveries.withdraw("A");
  await link.endPatient(1, false);
  assertEquals(link.waiting, [[1, "farewell 1"]]);
  await link.endPatient(1, true);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "A*60"], [1, "farewell 1"]], []]);
  link.assertIdle();
});

Deno.test("a large message whose first fragment waits is taken back: a farewell follows only where that has left", async () => {
  for (const left of [true, false]) {
    const { link, post, deliveries } = openFragments();
    link.full.add(1);
    post(1, "A".repeat(2 * PART));
    await settled();
    deliveries.withdraw("A");
    await link.endPatient(1, left);
    assertEquals(link.waiting, left ? [[1, "farewell 1"]] : []);
    if (left) await link.endPatient(1, true);
    assertEquals(link.bodies, left ? [[1, "A*60"], [1, "farewell 1"]] : []);
    assertEquals(deliveries.outcomes, []);
    link.assertIdle();
  }
});

Deno.test("a large message whose last fragment waits is taken back: there is no farewell where that has left", async () => {
  for (const left of [true, false]) {
    const { link, post, deliveries } = openFragments();
    link.full.add(1);
    post(1, "A".repeat(2 * PART));
    await settled();
    await link.endPatient(1, true);
    deliveries.withdraw("A");
    await link.endPatient(1, left);
    if (!left) await link.endPatient(1, true);
    assertEquals(link.bodies, [[1, "A*60"], left ? [1, "A*60."] : [1, "farewell 1"]]);
    assertEquals(deliveries.outcomes, []);
    link.assertIdle();
  }
});

Deno.test("one of several under way is taken back, and the others are whole", async () => {
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of ["A", "B", "C"]) post(1, letter.repeat(3 * PART));
  await settled();
  for (let count = 0; count < 4; count++) await link.endPatient(1, true);
  deliveries.withdraw("B");
  await drain(1);
  const parts = (letter: string) => link.bodies.filter(([, body]) => body!.startsWith(letter)).length;
  assertEquals([parts("A"), parts("C"), parts("farewell 2")], [3, 3, 1]);
  assertEquals(deliveries.outcomes.toSorted(), ["A", "C"]);
  assertEquals([parts("B"), parts("farewell")], [2, 1], "the fragment that was on its way has left");
  deliveries.withdraw("A", "B", "C");
  link.assertIdle();
});

Deno.test("a farewell that fails is not tried again, and one to a port that is gone ends the backlog", async () => {
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  post(1, "A".repeat(3 * PART));
  await settled();
  await link.endPatient(1, true);
  deliveries.withdraw("A");
  await link.endPatient(1, false);
  post(1, "small");
  await settled();
  await link.endPatient(1, new Error("no memory"));
  assertEquals(link.waiting, [[1, "small"]]);
  await drain(1);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "A*60"], [1, "small"]], ["small"]]);
  link.assertIdle();
});

/** A message of four fragments at a port that is full, of which one has left. */
async function beginMessage(): Promise<OutboxSetup> {
  const setup = openFragments();
  setup.link.full.add(1);
  setup.post(1, "A".repeat(4 * PART));
  await settled();
  await setup.link.endPatient(1, true);
  return setup;
}

Deno.test("a receiver that does not read is told for a second, and then finds out by itself", async () => {
  using time = fakeTime();
  for (const [milliseconds, told] of [[1_000, true], [1_001, false]] as const) {
    const { link, deliveries } = await beginMessage();
    deliveries.withdraw("A");
    time.busy(milliseconds);
    await link.endPatient(1, false);
    assertEquals(link.waiting, told ? [[1, "farewell 1"]] : []);
    if (told) await link.endPatient(1, true);
    assertEquals(deliveries.outcomes, []);
    link.assertIdle();
  }
});

Deno.test("a farewell that has waited for too long makes room for what is behind it", async () => {
  using time = fakeTime();
  const { link, post, drain, deliveries } = await beginMessage();
  deliveries.withdraw("A");
  await link.endPatient(1, false);
  post(1, "B".repeat(2 * PART));
  await settled();
  time.busy(1_001);
  await link.endPatient(1, false);
  assertEquals(link.waiting, [[1, "B*60"]]);
  await drain(1);
  assertEquals([link.bodies, deliveries.outcomes], [[[1, "A*60"], [1, "B*60"], [1, "B*60."]], ["B"]]);
  link.assertIdle();
});

Deno.test("a fragment that waits for a thread is given up for the farewell at once", async () => {
  const { link, deliveries } = await beginMessage();
  link.cancellable = true;
  deliveries.withdraw("A", "A");
  await settled();
  deliveries.withdraw("A");
  assertEquals([link.cancels, link.waiting], [1, [[1, "farewell 1"]]]);
  link.cancellable = false;
  await link.endPatient(1, true);
  link.assertIdle();
});

Deno.test("a message of which nothing has left is given up at once, and nothing waits any more", async () => {
  for (const body of ["a", "L".repeat(2 * PART)]) {
    const { link, post, deliveries } = openFragments();
    link.full.add(1);
    link.cancellable = true;
    post(1, body);
    await settled();
    deliveries.withdraw(body[0]!);
    await settled();
    assertEquals([link.bodies, deliveries.outcomes], [[], []]);
    link.assertIdle();
  }
});

Deno.test("closing gives up what waits, where that is still possible, and sends no farewell", async () => {
  const { link, outbox, deliveries } = await beginMessage();
  link.cancellable = true;
  outbox.close(new Error("closed"));
  await settled();
  assertEquals([link.cancels, link.bodies, deliveries.told], [1, [[1, "A*60"]], ["A: Error"]]);
  link.assertIdle();
});
