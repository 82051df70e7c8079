// How long what waits keeps the process running.
import { assertEquals } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { openFragments, type OutboxSetup, PART } from "./outbox_setup.ts";

Deno.test("a receiver that takes nothing for 10 s keeps the process running no longer, until it does", async () => {
  using time = fakeTime();
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of ["a", "b", "c"]) post(1, letter.repeat(PART));
  await settled();
  time.busy(9_999);
  await link.endPatient(1, false);
  assertEquals(link.holds, 1);
  time.busy(1);
  await link.endPatient(1, false);
  assertEquals([link.holds, link.patient.length], [0, 1], "it is tried as before");
  await link.endPatient(1, false);
  assertEquals(link.holds, 0);
  await link.endPatient(1, true);
  assertEquals([link.holds, deliveries.outcomes], [1, ["a"]]);
  time.busy(9_999);
  await link.endPatient(1, false);
  assertEquals(link.holds, 1, "the time begins anew");
  await drain(1);
  assertEquals(deliveries.outcomes, ["a", "b", "c"]);
  link.assertIdle();
});

Deno.test("a backlog that no longer keeps the process running ends as any other does", async () => {
  using time = fakeTime();
  const fates = [
    ({ link }: OutboxSetup) => link.endPatient(1, new PeerGoneError(1)),
    ({ link }: OutboxSetup) => link.endPatient(1, true),
    ({ outbox }: OutboxSetup) => outbox.close(new Error("closed")),
    async ({ link, deliveries }: OutboxSetup) => {
      deliveries.withdraw("a");
      await link.endPatient(1, false);
    },
  ];
  for (const meet of fates) {
    const setup = openFragments();
    const { link, post } = setup;
    link.full.add(1);
    post(1, "a");
    await settled();
    time.busy(10_000);
    await link.endPatient(1, false);
    assertEquals(link.holds, 0);
    await meet(setup);
    await settled();
    assertEquals(link.holds, 0);
  }
});

Deno.test("where a link cannot be held again what waits goes on without, and nobody is told twice", async () => {
  using time = fakeTime();
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  post(1, "L".repeat(2 * PART));
  for (const letter of ["a", "b"]) post(1, letter.repeat(PART));
  await settled();
  time.busy(10_000);
  await link.endPatient(1, false);
  assertEquals(link.holds, 0);
  link.holdFailure = new Error("no memory");
  await link.endPatient(1, true);
  await drain(1);
  assertEquals(link.sent.length, 4);
  assertEquals(deliveries.told.toSorted(), ["L", "a", "b"]);
  link.assertIdle();
});
