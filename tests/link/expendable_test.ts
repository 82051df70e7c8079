// Messages that do not wait: where their receiver has no room, they are not sent, and keep nobody else from waiting.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { ReceiverFullError } from "../../src/errors.ts";
import type { Delivery } from "../../src/link/delivery.ts";
import { settled } from "../fakes/time.ts";
import { openFragments, openOutbox, type OutboxSetup } from "./outbox_setup.ts";

/** Posts a message that does not wait, by its first character where it is long. */
function postExpendable({ outbox, deliveries }: OutboxSetup, to: number, body: string): Delivery {
  const delivery = { ...deliveries.of(body.length > 20 ? body[0]! : body), expendable: true };
  outbox.response(to, 1, body, delivery);
  return delivery;
}

Deno.test("where there is room, an expendable message leaves as any other, with those of its turn", async () => {
  const setup = openOutbox();
  const { link, post, deliveries } = setup;
  post(1, "a");
  postExpendable(setup, 1, "b");
  post(1, "c");
  postExpendable(setup, 2, "d");
  await settled();
  assertEquals([link.bodies, deliveries.told], [[[1, "a", "b", "c"], [2, "d"]], ["a", "b", "c", "d"]]);
  link.assertIdle();
});

Deno.test("where there is none, it is not sent, and those of its turn wait in their order", async () => {
  const setup = openOutbox();
  const { link, post, deliveries, drain, outbox } = setup;
  link.full.add(1);
  post(1, "a");
  postExpendable(setup, 1, "b");
  post(1, "cc");
  postExpendable(setup, 1, "ddd");
  post(1, "e");
  await settled();
  assertEquals(deliveries.told, ["b: ReceiverFullError", "ddd: ReceiverFullError"]);
  const [, error] = deliveries.outcomes[0] as [string, Error];
  assertInstanceOf(error, ReceiverFullError);
  assertEquals((error as ReceiverFullError).port, 1);
  assertEquals([...deliveries.waiting.keys()], ["a", "cc", "e"]);
  await drain(1);
  assertEquals(link.bodies.flatMap(([, ...bodies]) => bodies), ["a", "cc", "e"]);
  assertEquals([outbox.isEmpty, outbox.queuedBytes], [true, 0]);
  link.assertIdle();
});

Deno.test("it does not overtake what waits, also where there is room again", async () => {
  const setup = openOutbox();
  const { link, post, deliveries, drain } = setup;
  link.full.add(1);
  post(1, "a");
  await settled();
  link.full.delete(1);
  postExpendable(setup, 1, "b");
  await settled();
  assertEquals([deliveries.told, link.bodies], [["b: ReceiverFullError"], []]);
  await drain(1);
  postExpendable(setup, 1, "c");
  await settled();
  assertEquals(link.bodies, [[1, "a"], [1, "c"]]);
  link.assertIdle();
});

Deno.test("where it is alone, nothing waits and nothing is held", async () => {
  const setup = openOutbox();
  const { link, outbox, deliveries } = setup;
  link.full.add(1);
  postExpendable(setup, 1, "a");
  postExpendable(setup, 1, "b");
  await settled();
  assertEquals([deliveries.told, outbox.isEmpty, link.patient], [
    ["a: ReceiverFullError", "b: ReceiverFullError"],
    true,
    [],
  ]);
  link.assertIdle();
});

Deno.test("however many there are, none of them takes up any of what may wait", async () => {
  const setup = openOutbox({ maxQueuedBytes: 200 });
  const { link, post, deliveries, outbox, drain } = setup;
  link.full.add(1);
  post(1, "a");
  for (let index = 0; index < 100; index++) postExpendable(setup, 1, "x");
  await settled();
  assertEquals([outbox.queuedBytes, deliveries.outcomes.length], [41, 100]);
  post(1, "b");
  await settled();
  await drain(1);
  assertEquals(link.bodies.flatMap(([, ...bodies]) => bodies), ["a", "b"]);
});

Deno.test("one that does not fit a datagram is not sent where others wait", async () => {
  const setup = openFragments();
  const { link, post, deliveries, drain } = setup;
  link.full.add(1);
  post(1, "a".repeat(150));
  postExpendable(setup, 1, "b".repeat(150));
  await settled();
  assertEquals(deliveries.told, ["b: ReceiverFullError"]);
  await drain(1);
  assertEquals([deliveries.told, link.bodies], [["b: ReceiverFullError", "a"], [[1, "a*60"], [1, "a*60"], [
    1,
    "a*30.",
  ]]]);
  link.assertIdle();
});

Deno.test("a receiver that is gone, and an outbox that closes, say so of it too", async () => {
  const setup = openOutbox();
  const { link, outbox, deliveries } = setup;
  link.failures.set(1, new Error("gone"));
  postExpendable(setup, 1, "a");
  await settled();
  postExpendable(setup, 2, "b");
  outbox.close(new Error("closed"));
  assertEquals(deliveries.told, ["a: Error", "b"]);
  assertEquals(link.bodies, [[2, "b"]]);
});
