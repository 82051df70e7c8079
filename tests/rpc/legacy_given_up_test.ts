// Calls to peers of ProcsLink 0.1 for Python that are given up, queued or under way: nothing tells the other side.
import { assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { CallTimeoutError, InternalError } from "../../mod.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { echo, LEGACY, openCalling } from "./legacy.ts";

Deno.test("a call that is queued times out by its own timeout, counted from the call, and is never sent", async () => {
  using time = fakeTime();
  await using peers = openCalling();
  const { client, python } = peers;
  const first = client.call(600, "echo", ["first"], LEGACY);
  await time.pass(5);
  const queued = client.call(600, "echo", ["queued"], { ...LEGACY, timeout: 20 });
  const error = assertRejects(() => queued, CallTimeoutError, 'Port 600 did not answer "echo" within 20 ms');
  const last = client.call(600, "echo", ["last"], LEGACY);
  await time.pass(19);
  assertEquals(client.stats().callsInFlight, 3);
  await time.pass(1);
  await settled(2);
  await error;
  assertEquals(python.heard, [["echo", "first"]]);
  await echo(python, 2);
  assertEquals([await first, await last], ["first", "last"]);
  await settled(2);
  assertEquals([python.heard, peers.clientTroubles], [[], []]);
});

Deno.test("a call that is queued is aborted by its signal, and is never sent", async () => {
  await using peers = openCalling();
  const { client, python, clientLink } = peers;
  const controller = new AbortController();
  const { signal } = controller;
  const first = client.call(600, "echo", ["first"], LEGACY);
  const queued = client.call(600, "echo", ["queued"], { ...LEGACY, signal }).catch((reason) => reason);
  const notified = client.notify(600, "log", ["queued"], { ...LEGACY, signal }).catch((reason) => reason);
  const last = client.call(600, "echo", ["last"], LEGACY);
  await settle();
  controller.abort("enough");
  assertEquals([await queued, await notified], ["enough", "enough"]);
  await echo(python, 2);
  assertEquals([await first, await last, clientLink.sent.length], ["first", "last", 2]);
  await assertRejects(() => client.call(600, "echo", [], { ...LEGACY, signal }));
  assertEquals(clientLink.sent.length, 2);
});

for (const how of ["timeout", "signal"] as const) {
  Deno.test(`calls that are given up together by their ${how} are none of them sent but the one under way`, async () => {
    using time = fakeTime();
    await using peers = openCalling();
    const { client, python } = peers;
    const controller = new AbortController();
    const options = { ...LEGACY, ...(how === "timeout" ? { timeout: 20 } : { signal: controller.signal }) };
    const calls = [
      ...[1, 2, 3].map((value) => client.call(600, "m", [value], options)),
      client.notify(600, "log", [4], options),
      client.call(600, "m", [5], options),
    ];
    const outcomes = Promise.allSettled(calls);
    const last = client.call(600, "echo", ["last"], LEGACY);
    await settled();
    await time.pass(20);
    controller.abort("enough");
    await settled(2);
    assertEquals((await outcomes).map(({ status }) => status), Array(5).fill("rejected"));
    assertEquals(python.heard, [["m", 1], ["echo", "last"]]);
    await echo(python, 2);
    assertEquals([await last, client.stats().callsInFlight], ["last", 0]);
  });

  Deno.test(`a call under way that is given up by its ${how} is not cancelled on the wire, and the next one goes`, async () => {
    using time = fakeTime();
    await using peers = openCalling();
    const { client, python, clientLink } = peers;
    const controller = new AbortController();
    const options = how === "timeout" ? { timeout: 20 } : { signal: controller.signal };
    const slow = client.call(600, "slow", ["late"], { ...LEGACY, ...options }).catch((reason) => reason);
    const next = client.call(600, "echo", ["next"], LEGACY);
    await time.pass(20);
    controller.abort("enough");
    await settled(2);
    if (how === "timeout") assertInstanceOf(await slow, CallTimeoutError);
    else assertEquals(await slow, "enough");
    assertEquals(python.heard, [["slow", "late"], ["echo", "next"]]);
    // The late answer comes first, and is no trouble.
    await echo(python, 2);
    assertEquals(await next, "next");
    assertEquals([peers.clientTroubles, clientLink.sent.length], [[], 2]);
  });
}

Deno.test("a call to a receiver that is full waits for room, and the others behind it", async () => {
  await using peers = openCalling();
  const { client, python, clientLink } = peers;
  python.link.release();
  python.link.queueLimit = 0;
  const calls = ["a", "b"].map((value) => client.call(600, "echo", [value], LEGACY));
  await settled(2);
  assertEquals(clientLink.sent, []);
  python.link.queueLimit = Infinity;
  python.link.hold();
  python.link.giveUp();
  await settled(5);
  assertEquals(python.heard, [["echo", "a"]]);
  await echo(python, 2);
  assertEquals(await Promise.all(calls), ["a", "b"]);
});

Deno.test("a call that is given up while it waits for room is taken back, and owes no answer", async () => {
  await using peers = openCalling();
  const { client, python } = peers;
  python.link.release();
  python.link.queueLimit = 0;
  const controller = new AbortController();
  const lost = client.call(600, "m", ["lost"], { ...LEGACY, signal: controller.signal }).catch((reason) => reason);
  const next = client.call(600, "m", ["next"], LEGACY).catch((error) => error);
  await settled(2);
  controller.abort("enough");
  assertEquals(await lost, "enough");
  python.link.queueLimit = Infinity;
  python.link.hold();
  python.link.giveUp();
  await settled(5);
  assertEquals(python.heard, [["m", "next"]]);
  // Had the first left, this would be its answer.
  python.failedNotification(200);
  assertInstanceOf(await next, InternalError);
});
