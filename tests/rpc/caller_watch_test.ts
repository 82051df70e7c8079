// Callers that end while their requests are in hand: somebody looks, and nobody goes on for them without end.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { currentCall, PeerGoneError, type RPCRequest, SyscallError } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTicks } from "./fake_ticks.ts";
import { notification, outcomeOf, request } from "./wire.ts";

/** A server whose `wait` answers when a test says so. */
function openWatching(): Peers & { requests: RPCRequest[] } {
  const peers = openPeers();
  const requests: RPCRequest[] = [];
  peers.server.registerFunction(() => {
    requests.push(currentCall()!.request);
    return new Promise(() => {});
  }, "wait");
  peers.server.registerFunction(() => "pong", "ping");
  peers.server.runServerForever();
  return { ...peers, requests };
}

Deno.test("a caller that has ended is found out at the second tick, and its requests are over", async () => {
  using ticks = fakeTicks();
  await using peers = openWatching();
  const { server, requests } = peers;
  const [dying, living] = [peers.stranger(600), peers.stranger(601)];
  for (const id of [1, 2]) dying.send(100, request(id, "wait"));
  living.send(100, request(1, "wait"));
  await settle();
  dying.link.kill();
  await ticks.tick(1);
  assertEquals([requests.map(({ isAnswered }) => isAnswered), living.noops], [[false, false, false], 0]);
  await ticks.tick(1);
  assertEquals([requests.map(({ isAnswered }) => isAnswered), living.noops], [[true, true, false], 1]);
  assertInstanceOf(requests[0]!.signal.reason, PeerGoneError);
  assertEquals([server.stats().requestsInFlight, peers.serverLink.sent.length, peers.serverTroubles], [1, 1, []]);
});

Deno.test("a request that nobody asked the signal of is over too, and its answer is not sent", async () => {
  using ticks = fakeTicks();
  await using peers = openPeers();
  const loop = peers.server[Symbol.asyncIterator]();
  const dying = peers.stranger(600);
  for (const id of [1, 2]) dying.send(100, request(id, "m"));
  const { value } = await loop.next();
  dying.link.kill();
  await ticks.tick(2);
  value!.respond("too late");
  assertEquals([peers.server.stats().requestsInFlight, peers.serverLink.sent, peers.serverTroubles], [0, [], []]);
  // The second was never begun with, and no loop sees it.
  const other = peers.stranger(601);
  other.send(100, request(3, "m"));
  assertEquals((await loop.next()).value!.caller.port, 601);
  await loop.return!();
});

Deno.test("nobody looks for callers whose requests are answered at once, nor for those of notifications", async () => {
  using ticks = fakeTicks();
  await using peers = openWatching();
  const caller = peers.stranger();
  caller.send(100, request(1, "ping"));
  caller.send(100, request(2, "missing"));
  await settle();
  assertEquals([ticks.started, caller.unread.length], [0, 2]);
  caller.send(100, notification("wait"));
  await settle();
  caller.link.kill();
  await ticks.tick(5);
  assertEquals([ticks.running, peers.requests[0]!.isAnswered], [0, false]);
});

Deno.test("the looks end by themselves, begin again, and keep no process running", async () => {
  using ticks = fakeTicks();
  await using peers = openWatching();
  const caller = peers.stranger();
  for (const round of [1, 2]) {
    caller.send(100, request(round, "wait"));
    await settle();
    assertEquals([ticks.running, ticks.unref, ticks.started], [1, 1, round]);
    await ticks.tick(1);
    peers.requests.pop()!.respond();
    await ticks.tick(1);
    assertEquals(ticks.running, 0);
  }
  assertEquals([ticks.periods, caller.noops], [[5_000, 5_000], 0]);
});

Deno.test("closing ends the looks, and none begin after it", async () => {
  using ticks = fakeTicks();
  await using peers = openWatching();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait"));
  await settle();
  await peers.server.close();
  assertEquals([ticks.running, ticks.started], [0, 1]);
});

Deno.test("a caller that takes over a port has not waited for what its last owner did", async () => {
  using ticks = fakeTicks();
  await using peers = openWatching();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait"));
  await settle();
  await ticks.tick(1);
  peers.requests[0]!.respond();
  await ticks.tick(1);
  caller.send(100, request(2, "wait"));
  await settle();
  caller.link.kill();
  await ticks.tick(1);
  assertEquals(peers.requests[1]!.isAnswered, false);
  await ticks.tick(1);
  assertEquals(peers.requests[1]!.isAnswered, true);
});

Deno.test("a caller that cannot be reached just now, or does not read, has not ended", async () => {
  using ticks = fakeTicks();
  await using peers = openWatching();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait"));
  await settle();
  caller.link.queueLimit = 0;
  await ticks.tick(2);
  caller.link.queueLimit = Infinity;
  peers.serverLink.failures.push(new SyscallError("sendto", 105));
  await ticks.tick(1);
  assertEquals(peers.requests[0]!.isAnswered, false);
  peers.requests[0]!.respond("at last");
  assertEquals(outcomeOf(await caller.next()), "at last");
});

Deno.test("requests that wait for a decision on their access are looked after as well", async () => {
  using ticks = fakeTicks();
  let decide: (allowed: boolean) => void = () => {};
  await using peers = openPeers({ access: () => new Promise((resolve) => decide = resolve) });
  let ran = 0;
  peers.server.registerFunction(() => ran++, "count");
  peers.server.runServerForever();
  const dying = peers.stranger();
  dying.send(100, request(1, "count"));
  await settle();
  dying.link.kill();
  await ticks.tick(2);
  decide(true);
  await settle();
  assertEquals([ran, peers.server.stats().requestsInFlight, ticks.running], [0, 0, 1]);
  await ticks.tick(1);
  assertEquals(ticks.running, 0);
});
