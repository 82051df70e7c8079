// Legacy messages that wait for room: each leaves alone all the same.
import { assertEquals } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { settled } from "../fakes/time.ts";
import { HEADERS, openFragments, openOutbox, type OutboxSetup, PART } from "./outbox_setup.ts";

/** Posts messages one by one, each in a turn of its own: a legacy one where the name begins with "l". */
async function postEach(setup: OutboxSetup, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    postLegacy(setup, name);
    await settled();
  }
}

function postLegacy({ outbox, post, deliveries }: OutboxSetup, name: string, extra = {}): void {
  if (name.startsWith("l")) outbox.legacyRequest(1, name, { ...deliveries.of(name), ...extra });
  else post(1, name);
}

/** Opens an outbox whose receiver has no room, with one message that waits. */
async function openFull(...names: readonly string[]): Promise<OutboxSetup> {
  const setup = openOutbox();
  setup.link.full.add(1);
  await postEach(setup, ...names);
  return setup;
}

Deno.test("what waits behind and before a legacy message is not joined with it, and the order is kept", async () => {
  const setup = await openFull("first", "a", "b", "l1", "c", "l2", "l3", "d", "ee");
  assertEquals(setup.link.waiting, [[1, "first"]]);
  await setup.drain(1);
  assertEquals(setup.link.bodies, [
    [1, "first"],
    [1, "a", "b"],
    [1, "legacy l1"],
    [1, "c"],
    [1, "legacy l2"],
    [1, "legacy l3"],
    [1, "d", "ee"],
  ]);
  assertEquals(setup.deliveries.outcomes, ["first", "a", "b", "l1", "c", "l2", "l3", "d", "ee"]);
  assertEquals([setup.outbox.isEmpty, setup.outbox.queuedBytes], [true, 0]);
  setup.link.assertIdle();
});

Deno.test("the first that waits may be a legacy one: nothing is joined with it", async () => {
  const setup = openOutbox();
  setup.link.full.add(1);
  for (const name of ["l1", "a", "b", "l2"]) postLegacy(setup, name);
  await settled();
  assertEquals(setup.link.waiting, [[1, "legacy l1"]]);
  await setup.drain(1);
  assertEquals(setup.link.bodies, [[1, "legacy l1"], [1, "a", "b"], [1, "legacy l2"]]);
  setup.link.assertIdle();
});

Deno.test("a legacy message waits as just its own bytes, whatever the buffer holds by then", async () => {
  const setup = openOutbox({ size: 4_096 });
  setup.buffer.bytes.fill(0xaa);
  setup.link.full.add(1);
  for (const name of ["l", "l2", "l33", "l444"]) postLegacy(setup, name);
  await settled();
  assertEquals(setup.outbox.queuedBytes, 4 * HEADERS + 10);
  setup.post(2, "elsewhere".repeat(20));
  await settled();
  setup.buffer.bytes.fill(0xbb);
  await setup.drain(1);
  const here = setup.link.sent.filter(({ to }) => to === 1);
  assertEquals(here.map(({ bytes }) => bytes.length - HEADERS), [1, 2, 3, 4]);
  assertEquals(setup.link.bodies.filter(([to]) => to === 1).map(([, body]) => body), [
    "legacy l",
    "legacy l2",
    "legacy l33",
    "legacy l444",
  ]);
});

Deno.test("a legacy message does not overtake what waits, also where there is room again", async () => {
  const setup = await openFull("a");
  setup.link.full.delete(1);
  await postEach(setup, "l1");
  assertEquals(setup.link.bodies, []);
  await setup.drain(1);
  assertEquals(setup.link.bodies, [[1, "a"], [1, "legacy l1"]]);
});

Deno.test("a legacy message that is taken back while it waits does not leave, and those around it may join", async () => {
  const setup = await openFull("first", "a", "l1", "b", "l2");
  setup.deliveries.withdraw("l1", "l2");
  assertEquals(setup.outbox.queuedBytes, 3 * HEADERS + "firstab".length);
  await setup.drain(1);
  assertEquals(setup.link.bodies, [[1, "first"], [1, "a", "b"]]);
  assertEquals(setup.deliveries.outcomes, ["first", "a", "b"]);
  setup.link.assertIdle();
});

Deno.test("a legacy message that is on its way is taken back: another one takes its place where the wait is in vain", async () => {
  const setup = await openFull("l1", "l2", "a");
  setup.deliveries.withdraw("l1");
  await setup.link.endPatient(1, false);
  assertEquals(setup.link.waiting, [[1, "legacy l2"]]);
  await setup.drain(1);
  assertEquals([setup.link.bodies, setup.deliveries.outcomes], [[[1, "legacy l2"], [1, "a"]], ["l2", "a"]]);
  setup.link.assertIdle();
});

Deno.test("a legacy message that is taken back as soon as it waits is never tried", async () => {
  const setup = openOutbox();
  setup.link.full.add(1);
  postLegacy(setup, "l1", { waits: (message: { withdraw(): void }) => message.withdraw() });
  await settled();
  assertEquals([setup.link.waiting, setup.deliveries.outcomes, setup.outbox.queuedBytes], [[], [], 0]);
  setup.link.assertIdle();
});

Deno.test("an expendable legacy message does not wait", async () => {
  const setup = openOutbox();
  postLegacy(setup, "l0", { expendable: true });
  await settled();
  setup.link.full.add(1);
  await postEach(setup, "a");
  postLegacy(setup, "l1", { expendable: true });
  await settled();
  assertEquals(setup.deliveries.told, ["l0", "l1: ReceiverFullError"]);
  await setup.drain(1);
  assertEquals(setup.link.bodies, [[1, "legacy l0"], [1, "a"]]);
  setup.link.assertIdle();
});

Deno.test("just so many bytes of legacy messages may wait, and reserved ones beyond", async () => {
  const setup = openOutbox({ maxQueuedBytes: 3 * (HEADERS + 2) });
  setup.link.full.add(1);
  await postEach(setup, "l1", "l2", "l3", "l4");
  assertEquals([setup.deliveries.told, setup.outbox.queuedBytes], [["l4: ReceiverFullError"], 3 * (HEADERS + 2)]);
  postLegacy(setup, "l5", { reserved: true });
  await settled();
  assertEquals(setup.deliveries.told, ["l4: ReceiverFullError"]);
  await setup.drain(1);
  assertEquals(setup.link.bodies.map(([, body]) => body), ["legacy l1", "legacy l2", "legacy l3", "legacy l5"]);
  setup.link.assertIdle();
});

Deno.test("where nobody holds the port any more, all that waits learns it; where one datagram fails, only its message does", async () => {
  const setup = await openFull("l1", "l2", "a");
  const [early, gone] = [new Error("no memory"), new PeerGoneError(1)];
  await setup.link.endPatient(1, early);
  assertEquals([setup.deliveries.outcomes, setup.link.waiting], [[["l1", early]], [[1, "legacy l2"]]]);
  await setup.link.endPatient(1, gone);
  assertEquals(setup.deliveries.outcomes, [["l1", early], ["l2", gone], ["a", gone]]);
  setup.link.assertIdle();
});

Deno.test("an outbox that closes gives up the legacy messages that wait", async () => {
  const setup = await openFull("l1", "a", "l2");
  const closed = new Error("closed");
  setup.outbox.close(closed);
  assertEquals(setup.deliveries.outcomes, [["l1", closed], ["a", closed], ["l2", closed]]);
  assertEquals(setup.link.bodies, []);
});

Deno.test("a legacy message and fragments of a large one take turns, each in a datagram of its own", async () => {
  const setup = openFragments();
  setup.link.full.add(1);
  setup.post(1, "L".repeat(3 * PART));
  for (const name of ["l1", "l2", "s"]) postLegacy(setup, name);
  await settled();
  await setup.drain(1);
  assertEquals(setup.link.bodies.map(([, ...bodies]) => bodies.join()), [
    "legacy l1",
    "L*60",
    "legacy l2",
    "L*60",
    "s",
    "L*60.",
  ]);
  setup.link.assertIdle();
});
