// What goes wrong while messages wait, and the end.
import { assertEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { ERRNO } from "../../ffi/errno.ts";
import { PeerGoneError, SyscallError } from "../../src/errors.ts";
import { settled } from "../fakes/time.ts";
import { openFragments, openOutbox, PART } from "./outbox_setup.ts";

const NO_MEMORY = new SyscallError("sendto", ERRNO.ENOMEM);

Deno.test("a receiver that goes away fails all that waits for it, and other destinations go on", async () => {
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1).add(2);
  for (const to of [1, 2]) {
    for (const letter of [..."ABCDE"]) post(to, `${to}${letter}`.repeat(PART));
    for (const name of ["s", "t"]) post(to, `${to}${name}`);
  }
  await settled();
  const gone = new PeerGoneError(1);
  await link.endPatient(1, gone);
  assertEquals(deliveries.outcomes.length, 7);
  for (const [, error] of deliveries.outcomes) assertStrictEquals(error as unknown, gone);
  assertEquals(deliveries.outcomes.map(([name]) => name).toSorted(), ["1", "1", "1", "1", "1", "1s", "1t"]);
  assertEquals([link.holds, link.bodies], [1, []]);
  await drain(2);
  assertEquals(deliveries.outcomes.length, 14);
  assertEquals(deliveries.outcomes.slice(7).every((name) => typeof name === "string"), true);
  link.assertIdle();
});

Deno.test("a receiver that goes away between two datagrams fails the rest, once", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of ["a", "b", "c"]) post(1, letter.repeat(PART));
  post(1, "L".repeat(3 * PART));
  await settled();
  link.full.clear();
  let sends = 0;
  link.onSend = () => void (++sends === 2 && link.failures.set(1, new PeerGoneError(1)));
  await link.endPatient(1, true);
  assertEquals(link.bodies.map(([, body]) => body!.slice(0, 4)), ["aaaa", "L*60"]);
  assertEquals(
    deliveries.told.toSorted(),
    ["a", "L: PeerGoneError", "b: PeerGoneError", "c: PeerGoneError"].toSorted(),
  );
  assertEquals(sends, 2, "nothing more is tried");
  link.assertIdle();
});

Deno.test("a port that is gone is asked again for the next message", async () => {
  const { link, post, deliveries } = openFragments();
  link.failures.set(1, new PeerGoneError(1));
  post(1, "small");
  post(1, "L".repeat(100));
  await settled();
  link.failures.clear();
  post(1, "again");
  post(1, "M".repeat(100));
  await settled();
  assertEquals(deliveries.told.toSorted(), ["again", "M", "small: PeerGoneError", "L: PeerGoneError"].toSorted());
  assertEquals(link.bodies, [[1, "again"], [1, "M*60"], [1, "M*40."]]);
  link.assertIdle();
});

Deno.test("another error fails the messages of its datagram only", async () => {
  const { link, post, deliveries } = openFragments();
  link.full.add(1);
  for (const name of ["a", "b"]) post(1, name);
  await settled();
  for (const name of ["c", "d", "e"]) post(1, name);
  await settled();
  await link.endPatient(1, NO_MEMORY);
  assertEquals([deliveries.outcomes, link.waiting], [[["a", NO_MEMORY], ["b", NO_MEMORY]], [[1, "c", "d"]]]);
  link.full.clear();
  let sends = 0;
  link.onSend = () => {
    if (++sends === 1) link.failures.set(1, NO_MEMORY);
    else link.failures.clear();
  };
  post(1, "f");
  await settled();
  await link.endPatient(1, true);
  assertEquals(deliveries.outcomes.slice(2), ["c", "d", ["e", NO_MEMORY], ["f", NO_MEMORY]]);
  assertEquals(link.bodies, [[1, "c", "d"]]);
  link.assertIdle();
});

Deno.test("a large message whose fragment fails is told so once, and its receiver that no more will come", async () => {
  const { link, post, drain, deliveries } = openFragments();
  link.full.add(1);
  post(1, "A".repeat(4 * PART));
  post(1, "B".repeat(2 * PART));
  await settled();
  await link.endPatient(1, true);
  await link.endPatient(1, true);
  await link.endPatient(1, NO_MEMORY);
  assertEquals([deliveries.outcomes, link.waiting], [[["A", NO_MEMORY]], [[1, "farewell 1"]]]);
  await drain(1);
  assertEquals(link.bodies, [[1, "A*60"], [1, "B*60"], [1, "farewell 1"], [1, "B*60."]]);
  assertEquals(deliveries.outcomes, [["A", NO_MEMORY], "B"]);
  link.assertIdle();
});

Deno.test("a large message whose first fragment fails has no farewell", async () => {
  const { link, post, deliveries } = openFragments();
  link.failures.set(1, NO_MEMORY);
  post(1, "A".repeat(4 * PART));
  await settled();
  link.full.add(1);
  link.failures.clear();
  post(1, "B".repeat(4 * PART));
  await settled();
  await link.endPatient(1, NO_MEMORY);
  assertEquals([deliveries.outcomes, link.bodies], [[["A", NO_MEMORY], ["B", NO_MEMORY]], []]);
  link.assertIdle();
});

Deno.test("where each datagram fails all messages are told, and nothing waits", async () => {
  const { link, post, deliveries } = openFragments();
  link.failures.set(1, NO_MEMORY);
  for (const letter of [..."ABCDEF"]) post(1, letter.repeat(3 * PART));
  for (const letter of [..."abc"]) post(1, letter.repeat(PART));
  await settled();
  assertEquals(deliveries.outcomes.length, 9);
  for (const [, error] of deliveries.outcomes) assertStrictEquals(error as unknown, NO_MEMORY);
  link.assertIdle();
});

Deno.test("a small message for which the link cannot be held is not sent, and says why", async () => {
  const { link, post, deliveries } = openOutbox();
  const noRoom = new SyscallError("epoll_ctl", ERRNO.ENOMEM);
  link.holdFailure = noRoom;
  link.full.add(1);
  for (const [to, name] of [[1, "a"], [2, "b"], [1, "c"]] as const) post(to, name);
  await settled();
  assertEquals(deliveries.outcomes, [["a", noRoom], ["c", noRoom], "b"]);
  link.assertIdle();
  link.holdFailure = undefined;
  post(1, "d");
  await settled();
  assertEquals([link.waiting, link.holds], [[[1, "d"]], 1]);
  await link.endPatient(1, true);
  assertEquals(deliveries.outcomes.slice(3), ["d"]);
  link.assertIdle();
});

Deno.test("a large message for which the link cannot be held throws at once, and nothing of it is left", async () => {
  const { link, post, deliveries } = openFragments({ maxQueuedBytes: 300 });
  link.holdFailure = new SyscallError("epoll_ctl", ERRNO.ENOMEM);
  const error = assertThrows(() => post(1, "L".repeat(500)));
  assertStrictEquals(error as unknown, link.holdFailure);
  await settled();
  assertEquals([link.bodies, deliveries.outcomes], [[], []]);
  link.assertIdle();
  link.holdFailure = undefined;
  link.full.add(1).add(2);
  post(1, "M".repeat(260));
  post(2, "N".repeat(260));
  await settled();
  assertEquals([link.waiting, deliveries.outcomes], [[[1, "M*60"], [2, "N*60"]], []], "the first one is not counted");
});

Deno.test("closing sends what can be sent, and tells all others why not, once", async () => {
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of [..."ABCDE"]) post(1, letter.repeat(3 * PART));
  post(1, "s");
  await settled();
  post(1, "t");
  post(2, "u");
  post(3, "V".repeat(100));
  const closed = new Error("closed");
  outbox.close(closed);
  assertEquals(link.bodies, [[2, "u"], [3, "V*60"], [3, "V*40."]]);
  const failed = deliveries.outcomes.filter((outcome) => typeof outcome !== "string");
  assertEquals(failed.map(([name]) => name).toSorted(), [..."ABCDEst"]);
  for (const [, error] of failed) assertStrictEquals(error, closed);
  assertEquals([deliveries.outcomes.length, link.holds], [9, 0]);
  outbox.close(closed);
  await settled();
  assertEquals([deliveries.outcomes.length, link.holds], [9, 0]);
});

Deno.test("whatever becomes of a datagram after closing, nobody is told twice and nothing more is sent", async () => {
  for (const how of [true, false, NO_MEMORY, new PeerGoneError(1)]) {
    const { link, outbox, post, deliveries } = openFragments();
    link.full.add(1);
    for (const name of ["a", "b"]) post(1, name.repeat(PART));
    post(1, "L".repeat(3 * PART));
    await settled();
    outbox.close(new Error("closed"));
    assertEquals(deliveries.told.toSorted(), ["L: Error", "a: Error", "b: Error"]);
    link.full.clear();
    await link.endPatient(1, how);
    assertEquals(deliveries.told.length, 3);
    assertEquals(link.bodies.length, how === true ? 1 : 0);
    link.assertIdle();
  }
});

Deno.test("closing while a fragment is on its way: likewise", async () => {
  for (const how of [true, false, NO_MEMORY]) {
    const { link, outbox, post, deliveries } = openFragments();
    link.full.add(1);
    post(1, "L".repeat(3 * PART));
    await settled();
    await link.endPatient(1, true);
    outbox.close(new Error("closed"));
    link.full.clear();
    await link.endPatient(1, how);
    assertEquals([deliveries.told, link.bodies.length], [["L: Error"], how === true ? 2 : 1]);
    link.assertIdle();
  }
});

Deno.test("closing while the last fragment is on its way: likewise", async () => {
  for (const how of [true, false, NO_MEMORY]) {
    const { link, outbox, post, deliveries } = openFragments();
    link.full.add(1);
    post(1, "L".repeat(2 * PART));
    await settled();
    await link.endPatient(1, true);
    outbox.close(new Error("closed"));
    await link.endPatient(1, how);
    assertEquals([deliveries.told, link.bodies.length], [["L: Error"], how === true ? 2 : 1]);
    link.assertIdle();
  }
});

Deno.test("messages that were taken back are not told of the end", async () => {
  const { link, outbox, post, deliveries } = openFragments();
  link.full.add(1);
  for (const letter of [..."ABCDEF"]) post(1, letter.repeat(3 * PART));
  for (const name of ["s", "t"]) post(1, name);
  await settled();
  for (let count = 0; count < 2; count++) await link.endPatient(1, true);
  deliveries.withdraw("A", "B", "F", "s", "t");
  const told = deliveries.told.length;
  outbox.close(new Error("closed"));
  assertEquals(deliveries.told.slice(told).toSorted(), ["C: Error", "D: Error", "E: Error"]);
  await link.endPatient(1, false);
  link.assertIdle();
});

Deno.test("closing counts everything down: what is posted afterwards has all the room", async () => {
  const { link, outbox, post, deliveries } = openFragments({ maxQueuedBytes: 300 });
  link.full.add(1).add(2);
  for (const to of [1, 2]) for (const letter of [..."AB"]) post(to, letter.repeat(110));
  await settled();
  outbox.close(new Error("closed"));
  for (const to of [1, 2]) await link.endPatient(to, false);
  deliveries.outcomes.length = 0;
  post(1, "C".repeat(560));
  await settled();
  assertEquals([link.waiting, deliveries.outcomes], [[[1, "C*60"]], []]);
});
