// Answers of peers of ProcsLink 0.1 for Python that have no id: which call they are for is told by the order alone.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { CallTimeoutError, type InternalError } from "../../mod.ts";
import { openLegacy } from "../fakes/legacy_stranger.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { kindsOf, LEGACY, openCalling } from "./legacy.ts";

Deno.test("an error without an id is that of the call under way", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const call = client.call(600, "m", [], LEGACY).catch((error) => error);
  const next = client.call(600, "m", [], LEGACY);
  await python.next();
  python.failedNotification(200, "no luck");
  assertEquals((await call as InternalError).data, "no luck");
  python.result(200, await python.next(), "next");
  assertEquals([await next, peers.clientTroubles], ["next", []]);
});

Deno.test("an error without an id is that of a notification that went before the call, and is trouble", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  await client.notify(600, "boom", [], LEGACY);
  const call = client.call(600, "m", [], LEGACY);
  await python.next();
  const request = await python.next();
  python.failedNotification(200);
  await settle();
  assertEquals([client.stats().callsInFlight, kindsOf(peers.clientTroubles)], [1, ["unexpected"]]);
  python.result(200, request, "right");
  assertEquals(await call, "right");
});

Deno.test("each notification may fail once; what comes beyond is of the call", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  for (const value of [1, 2]) await client.notify(600, "boom", [value], LEGACY);
  const call = client.call(600, "m", [], LEGACY).catch((error) => error);
  await settle();
  for (const data of ["one", "two", "three"]) python.failedNotification(200, data);
  assertEquals([(await call as InternalError).data, kindsOf(peers.clientTroubles)], [
    "three",
    Array(2).fill("unexpected"),
  ]);
});

Deno.test("once a call is answered, the notifications before it have not failed", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  await client.notify(600, "fine", [], LEGACY);
  const first = client.call(600, "m", [], LEGACY);
  await python.next();
  python.result(200, await python.next(), "first");
  assertEquals(await first, "first");
  const second = client.call(600, "m", [], LEGACY).catch((error) => error);
  await python.next();
  python.failedNotification(200, "of the second");
  assertEquals([(await second as InternalError).data, peers.clientTroubles], ["of the second", []]);
});

Deno.test("a call that was given up may still be answered without an id: that is no error of the next one", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, python } = peers;
  const slow = client.call(600, "slow", [], { ...LEGACY, timeout: 10 }).catch((error) => error);
  const next = client.call(600, "m", [], LEGACY);
  await time.pass(10);
  await settled(2);
  assertInstanceOf(await slow, CallTimeoutError);
  await python.next();
  const request = await python.next();
  python.failedNotification(200, "of the slow one");
  await settle();
  assertEquals(client.stats().callsInFlight, 1);
  python.result(200, request, "right");
  assertEquals(await next, "right");
});

Deno.test("a late answer tells that what was sent before it will not be answered", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, python } = peers;
  await client.notify(600, "fine", [], LEGACY);
  const slow = client.call(600, "slow", [], { ...LEGACY, timeout: 10 }).catch((error) => error);
  const next = client.call(600, "m", [], LEGACY).catch((error) => error);
  await time.pass(10);
  await settled(2);
  await slow;
  await python.next();
  python.result(200, await python.next(), "late");
  await settle();
  python.failedNotification(200, "of the next");
  assertEquals([(await next as InternalError).data, peers.clientTroubles], ["of the next", []]);
});

Deno.test("an answer that cannot be read is attributed likewise", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  await client.notify(600, "boom", [], LEGACY);
  const call = client.call(600, "m", [], LEGACY).catch((error) => error);
  await settle();
  python.respond(200, "{");
  await settle();
  assertEquals([client.stats().callsInFlight, kindsOf(peers.clientTroubles)], [1, ["malformed"]]);
  python.respond(200, "{");
  assertEquals([(await call as Error).name, kindsOf(peers.clientTroubles)], [
    "DecodeError",
    Array(2).fill("malformed"),
  ]);
});

Deno.test("a result without an id is none, and does not count", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const call = client.call(600, "m", [], LEGACY);
  const request = await python.next();
  python.respond(200, { jsonrpc: "2.0", id: null, result: "whose?" });
  await settle();
  assertEquals(client.stats().callsInFlight, 1);
  python.result(200, request, "right");
  assertEquals(await call, "right");
});

Deno.test("an error without an id from where nothing was sent is trouble, and no call's", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  const mallory = openLegacy(peers, 666);
  const call = client.call(600, "m", [], LEGACY);
  const request = await python.next();
  mallory.failedNotification(200);
  await settle();
  assertEquals([client.stats().callsInFlight, kindsOf(peers.clientTroubles)], [1, ["unexpected"]]);
  python.result(200, request, "right");
  assertEquals(await call, "right");
});
