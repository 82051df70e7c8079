// Datagrams for which there is no room at once, and very soon: whether a backlog waits, and how.
import { assertEquals } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { HASTE_MILLISECONDS } from "../../src/link/backlog.ts";
import type { SoonOutcome } from "../../src/link/link.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { openFragments, type OutboxSetup, PART } from "./outbox_setup.ts";

/** An outbox whose receiver has room for nothing at once; what becomes of a datagram soon, is said by `soon`. */
function openFull(soon: (setup: OutboxSetup) => SoonOutcome): OutboxSetup {
  const setup = openFragments();
  const { link } = setup;
  link.full.add(1);
  Object.assign(link, {
    sendSoon(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): SoonOutcome {
      const outcome = soon(setup);
      if (outcome === "sent") link.sent.push({ to, bytes: bytes.slice(0, length), memory: bytes.buffer });
      return outcome;
    },
  });
  return setup;
}

Deno.test("what is sent very soon does not wait, and is sent once", async () => {
  using _time = fakeTime();
  const { link, outbox, post, deliveries } = openFull(() => "sent");
  post(1, "L".repeat(3 * PART));
  outbox.flush();
  assertEquals([link.bodies.length, link.patient.length, deliveries.outcomes], [3, 0, ["L"]]);
  await settled();
  link.assertIdle();
});

Deno.test("waiting a little for each counts as sending: after 5 ms the rest of the program has its turn", async () => {
  using time = fakeTime();
  const { link, outbox, post } = openFull(() => {
    time.busy(2);
    return "sent";
  });
  post(1, "L".repeat(4 * PART));
  outbox.flush();
  assertEquals(link.sent.length, 3);
  await settled();
  assertEquals(link.sent.length, 4);
  link.assertIdle();
});

Deno.test("what the receiver does not take soon waits with patience", async () => {
  using _time = fakeTime();
  const { link, outbox, post, drain } = openFull(() => "full");
  post(1, "L".repeat(3 * PART));
  outbox.flush();
  assertEquals(link.waiting, [[1, "L*60"]]);
  await drain(1);
  assertEquals(link.bodies, [[1, "L*60"], [1, "L*60"], [1, "L*60."]]);
  link.assertIdle();
});

Deno.test("where something is to be read first, the rest of the program has its turn before each try", async () => {
  using _time = fakeTime();
  let unread = 3;
  const { link, outbox, post } = openFull(() => unread-- > 0 ? "unread" : "sent");
  post(1, "L".repeat(2 * PART));
  outbox.flush();
  for (const left of [2, 1, 0]) {
    assertEquals([unread, link.sent.length, link.patient.length], [left, 0, 0]);
    await settled();
  }
  assertEquals(link.bodies, [[1, "L*60"], [1, "L*60."]]);
  link.assertIdle();
});

Deno.test("where nothing has left for a while, it waits with patience, whatever is to be read", async () => {
  using time = fakeTime();
  const { link, outbox, post, drain } = openFull(() => "unread");
  post(1, "L".repeat(2 * PART));
  outbox.flush();
  time.busy(HASTE_MILLISECONDS);
  await settled();
  assertEquals(link.patient.length, 0);
  time.busy(0.1);
  await settled();
  assertEquals(link.waiting, [[1, "L*60"]]);
  await drain(1);
  link.assertIdle();
});

Deno.test("a receiver that is gone meanwhile ends the backlog", async () => {
  using _time = fakeTime();
  const { link, outbox, post, deliveries } = openFull(() => {
    throw new PeerGoneError(1);
  });
  post(1, "L".repeat(2 * PART));
  outbox.flush();
  assertEquals([link.sent.length, deliveries.outcomes.length], [0, 1]);
  await settled();
  link.assertIdle();
});
