// While a peer of ProcsLink 0.1 for Python waits for an answer, it takes whatever arrives for that: nothing else is sent to it.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { PeerGoneError, SyscallError } from "../../mod.ts";
import { LegacyStranger } from "../fakes/legacy_stranger.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { fakeTicks } from "./fake_ticks.ts";
import { LEGACY, NATIVE } from "./legacy.ts";
import type { Body } from "./wire.ts";
import { assertOnlyAnswered, openWaiting, WAITS } from "./legacy_waiting.ts";

Deno.test("a caller whose request takes long is not sent a probe", async () => {
  using ticks = fakeTicks();
  await using peers = await openWaiting();
  await ticks.tick(20);
  // It is looked after as any other caller is, but without a word.
  assertEquals([peers.serverLink.socketsAsked, peers.serverLink.sent], [Array(5).fill(600), []]);
  await assertOnlyAnswered(peers);
});

Deno.test("a caller that has ended is found out without a word, and the handler's signal aborts", async () => {
  using ticks = fakeTicks();
  await using peers = await openWaiting();
  const { signal } = peers.requests[0]!;
  peers.python.link.kill();
  await ticks.tick(2);
  assert(signal.aborted);
  assertInstanceOf(signal.reason, PeerGoneError);
  assertEquals([peers.server.stats().requestsInFlight, peers.serverLink.sent, peers.serverTroubles], [0, [], []]);
});

Deno.test("where a link cannot tell who is absent, a caller is left alone", async () => {
  using ticks = fakeTicks();
  await using peers = await openWaiting();
  Object.assign(peers.serverLink, { socketAt: undefined });
  await ticks.tick(20);
  assertEquals([peers.requests[0]!.isAnswered, peers.serverLink.sent], [false, []]);
  await assertOnlyAnswered(peers);
});

Deno.test("a port that waits is not probed for a native call that it owes an answer either", async () => {
  using time = fakeTime();
  await using peers = await openWaiting();
  const { server, network, serverLink } = peers;
  const link = network.open(601, { uid: 10 });
  link.hasLifeline = false;
  const call = server.call(601, "m", [], { timeout: 5_000 }).catch((error) => error);
  await settled();
  // It never reads that, and calls itself.
  link.shift();
  const python = new LegacyStranger(link);
  python.request(100, 2, "wait");
  await settled();
  const { length } = serverLink.sent;
  await time.pass(1_000);
  assertEquals(serverLink.sent.length, length);
  assert(serverLink.socketsAsked.length > 1);
  link.kill();
  await time.pass(400);
  await settled(3);
  assertInstanceOf(await call, PeerGoneError);
});

Deno.test("no call, notification or batch in the native dialect is sent, and the error says why", async () => {
  await using peers = await openWaiting();
  const { server, serverLink } = peers;
  await assertRejects(() => server.call(600, "m", [], NATIVE), TypeError, WAITS);
  await assertRejects(() => server.notify(600, "m", [], NATIVE), TypeError, WAITS);
  await assertRejects(() => server.batch(600, [{ method: "m" }], NATIVE), TypeError, WAITS);
  assertThrows(() => server.callSync(600, "m", [], NATIVE), TypeError, WAITS);
  const reason = "Port 600 waits for an answer, which cannot be given while this thread waits: use call()";
  assertThrows(() => server.callSync(600, "m", [], LEGACY), TypeError, reason);
  assertEquals([serverLink.sent, serverLink.blocking!.waits.receive, server.stats().callsInFlight], [[], [], 0]);
  await assertOnlyAnswered(peers);
});

Deno.test("once it has its answer, a port may be called in any dialect", async () => {
  await using peers = await openWaiting();
  await assertOnlyAnswered(peers);
  peers.python.link.release();
  await peers.server.notify(600, "m");
  await peers.server.notify(600, "m", [], LEGACY);
  assertEquals(peers.python.link.queued, 2);
});

Deno.test("another port may be called meanwhile", async () => {
  await using peers = await openWaiting();
  peers.client.registerFunction(() => "pong", "ping");
  peers.client.runServerForever();
  assertEquals(await peers.server.call(200, "ping"), "pong");
  await assertOnlyAnswered(peers);
});

Deno.test("a native call that is given up is not cancelled while its port waits", async () => {
  await using peers = await openWaiting();
  const { server, network, serverLink } = peers;
  const link = network.open(601, { uid: 10 });
  const controller = new AbortController();
  const call = server.call(601, "m", [], { signal: controller.signal }).catch((reason) => reason);
  await settle();
  // It never reads that, and calls itself.
  link.shift();
  const python = new LegacyStranger(link);
  python.request(100, 2, "wait");
  await settle();
  const { length } = serverLink.sent;
  controller.abort("enough");
  assertEquals(await call, "enough");
  await settled(2);
  assertEquals(serverLink.sent.length, length);
  peers.requests[1]!.respond("done");
  assertEquals((await python.answer() as Body).result, "done");
});

Deno.test("a legacy call waits until the answer has left, and follows it", async () => {
  await using peers = await openWaiting();
  const { server, python, requests } = peers;
  const call = server.call(600, "hello", ["you"], LEGACY);
  const notified = server.notify(600, "log", [], LEGACY);
  await settled(2);
  assertEquals(python.unread, []);
  requests[0]!.respond("at last");
  assertEquals((await python.answer() as Body).result, "at last");
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
  await notified;
  await settle();
  assertEquals(python.heard, [["log"]]);
});

Deno.test("where a port waits for several answers, a call waits until the last of them has left", async () => {
  await using peers = await openWaiting();
  const { server, python, requests } = peers;
  python.request(100, 2, "wait");
  await settle();
  const call = server.call(600, "hello", [], LEGACY);
  requests[1]!.respond("second");
  assertEquals((await python.answer() as Body).result, "second");
  await settled(2);
  assertEquals(python.unread, []);
  requests[0]!.respond("first");
  assertEquals((await python.answer() as Body).result, "first");
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});

Deno.test("while the answer waits for room, nothing else is sent either", async () => {
  await using peers = await openWaiting();
  const { server, python, requests, serverLink } = peers;
  python.link.release();
  python.link.queueLimit = 0;
  requests[0]!.respond("at last");
  await settled(2);
  const call = server.call(600, "hello", [], LEGACY);
  await assertRejects(() => server.call(600, "m", [], NATIVE), TypeError, WAITS);
  assertThrows(() => server.callSync(600, "m", [], LEGACY), TypeError, "waits for an answer, which cannot be given");
  python.link.queueLimit = Infinity;
  await settled(2);
  assertEquals(serverLink.sent, []);
  python.link.hold();
  python.link.giveUp();
  await settled(5);
  assertEquals((await python.answer() as Body).result, "at last");
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});

Deno.test("while a refusal waits for room, nothing else is sent either", async () => {
  await using peers = await openWaiting();
  const { server, python } = peers;
  await assertOnlyAnswered(peers);
  python.link.release();
  python.link.queueLimit = 0;
  python.send(100, { body: "{" });
  await settled(2);
  const call = server.call(600, "hello", [], LEGACY);
  await assertRejects(() => server.call(600, "m", [], NATIVE), TypeError, WAITS);
  python.link.queueLimit = Infinity;
  python.link.hold();
  python.link.giveUp();
  await settled(5);
  assertEquals((await python.answer() as Body).error?.code, -32700);
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});

Deno.test("where an error goes in place of the answer, what waits goes behind the error", async () => {
  await using peers = await openWaiting();
  const { server, serverLink, python, requests } = peers;
  const call = server.call(600, "hello", [], LEGACY);
  serverLink.failures.push(new SyscallError("sendto", 105));
  requests[0]!.respond("lost");
  assertEquals((await python.answer() as Body).error?.code, -32603);
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});

Deno.test("where that error cannot be sent either, what waits is sent", async () => {
  await using peers = await openWaiting();
  const { server, serverLink, python, requests } = peers;
  const call = server.call(600, "hello", [], LEGACY);
  for (let count = 0; count < 2; count++) serverLink.failures.push(new SyscallError("sendto", 105));
  requests[0]!.respond("lost");
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});

Deno.test("a request that is cancelled, and so is not answered, keeps nothing waiting", async () => {
  await using peers = await openWaiting();
  const { server, python } = peers;
  const call = server.call(600, "hello", [], LEGACY);
  python.request(100, undefined, "rpc.cancel", { id: 1 });
  python.result(100, await python.next(), "hi");
  assertEquals(await call, "hi");
});
