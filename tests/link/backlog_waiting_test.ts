// How a backlog waits for room.
import { assertEquals } from "@std/assert";
import { settled } from "../fakes/time.ts";
import { openFragments, type OutboxSetup, PART } from "./outbox_setup.ts";

/** Whether each wait so far was said to follow one in vain. */
function stalls({ link }: OutboxSetup): boolean | undefined {
  return link.patient[0]?.stalled;
}

Deno.test("a receiver that lets a whole wait pass gives way to others, until something has left", async () => {
  const setup = openFragments();
  const { link, post } = setup;
  link.full.add(1);
  for (const letter of ["a", "b", "c"]) post(1, letter.repeat(PART));
  await settled();
  assertEquals(stalls(setup), false, "nothing is known yet");
  await link.endPatient(1, false);
  assertEquals(stalls(setup), true);
  await link.endPatient(1, false);
  assertEquals(stalls(setup), true);
  await link.endPatient(1, true);
  assertEquals(stalls(setup), false, "it reads again");
  await link.endPatient(1, true);
  assertEquals([stalls(setup), link.waiting], [false, [[1, "c".repeat(PART)]]]);
  await link.endPatient(1, false);
  assertEquals([stalls(setup), link.waiting], [true, [[1, "c".repeat(PART)]]]);
  await link.endPatient(1, true);
  link.assertIdle();
});

Deno.test("a wait that fails was not in vain, and a new backlog begins without a past", async () => {
  const setup = openFragments();
  const { link, post } = setup;
  link.full.add(1);
  for (const letter of ["a", "b"]) post(1, letter.repeat(PART));
  await settled();
  await link.endPatient(1, false);
  await link.endPatient(1, new Error("no memory"));
  assertEquals(stalls(setup), false);
  await link.endPatient(1, false);
  assertEquals(stalls(setup), true);
  await link.endPatient(1, true);
  link.assertIdle();
  post(1, "c");
  await settled();
  assertEquals(stalls(setup), false);
  await link.endPatient(1, true);
  link.assertIdle();
});

Deno.test("a wait in vain is for one destination only", async () => {
  const { link, post } = openFragments();
  link.full.add(1).add(2);
  for (const to of [1, 2]) for (const letter of ["a", "b"]) post(to, letter.repeat(PART));
  await settled();
  await link.endPatient(1, false);
  await link.endPatient(2, true);
  assertEquals(link.patient.map(({ to, stalled }) => [to, stalled]), [[1, true], [2, false]]);
});

Deno.test("after a wait in vain the other lane has its turn, and what was tried is tried again", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "L".repeat(2 * PART));
  await settled();
  post(1, "small");
  await settled();
  const tried: unknown[] = [];
  for (let count = 0; count < 4; count++) {
    tried.push(link.waiting[0]![1]);
    await link.endPatient(1, false);
  }
  assertEquals(tried, ["L*60", "small", "L*60", "small"]);
  assertEquals([link.bodies, deliveries.outcomes, link.holds], [[], [], 1]);
  link.full.clear();
  await link.endPatient(1, true);
  assertEquals(link.bodies, [[1, "L*60"], [1, "small"], [1, "L*60."]]);
  assertEquals(deliveries.outcomes, ["small", "L"]);
  link.assertIdle();
});

Deno.test("where several waits are in vain the same datagram leaves once", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  post(1, "a");
  await settled();
  let sends = 0;
  link.onSend = () => sends++;
  for (let count = 0; count < 3; count++) {
    post(1, "b".repeat(count + 1));
    await link.endPatient(1, false);
    assertEquals(link.waiting, [[1, "a"]], "what was posted meanwhile does not change what is on its way");
  }
  assertEquals(sends, 0, "nor is it tried without waiting");
  link.full.clear();
  await link.endPatient(1, true);
  assertEquals(link.bodies.flatMap(([, ...bodies]) => bodies), ["a", "b", "bb", "bbb"]);
  assertEquals(deliveries.outcomes, ["a", "b", "bb", "bbb"]);
});

Deno.test("a message that is taken back does not hide that a receiver does not read", async () => {
  for (const [waits, cancellable] of [[0, false], [1, false], [1, true]] as const) {
    const setup = openFragments();
    const { link, post, deliveries } = setup;
    link.full.add(1);
    for (const letter of ["a", "b", "c"]) post(1, letter.repeat(PART));
    await settled();
    for (let count = 0; count < waits; count++) await link.endPatient(1, false);
    link.cancellable = cancellable;
    deliveries.withdraw("c");
    await settled();
    if (!cancellable) await link.endPatient(1, false); // A thread has it, and waits in vain.
    assertEquals([link.cancels, stalls(setup)], [1, true]);
  }
});

Deno.test("a wait that was given up early is none in vain", async () => {
  const setup = openFragments();
  const { link, post, deliveries } = setup;
  link.full.add(1);
  for (const letter of ["a", "b"]) post(1, letter.repeat(PART));
  await settled();
  link.cancellable = true;
  deliveries.withdraw("a");
  await settled();
  assertEquals([link.waiting, stalls(setup)], [[[1, "b".repeat(PART)]], false]);
  await link.endPatient(1, false);
  assertEquals(stalls(setup), true, "but the next one is");
});

Deno.test("a datagram that leaves shows that a receiver reads, also where one of its messages was taken back", async () => {
  const setup = openFragments();
  const { link, post, deliveries } = setup;
  link.full.add(1);
  for (const name of ["a", "b", "c".repeat(PART)]) post(1, name);
  await settled();
  await link.endPatient(1, false);
  assertEquals([link.waiting, stalls(setup)], [[[1, "a", "b"]], true]);
  deliveries.withdraw("a");
  await link.endPatient(1, true);
  assertEquals([link.waiting, stalls(setup)], [[[1, "c".repeat(PART)]], false]);
});
