// The signal of a request: it aborts when nobody waits for the answer any more, and only then.
import { assert, assertEquals, assertInstanceOf, assertStrictEquals } from "@std/assert";
import { mock } from "node:test";
import { currentCall, PeerClosedError, PeerGoneError, type RPCRequest } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { fakeTicks } from "./fake_ticks.ts";
import { notification, outcomeOf, request } from "./wire.ts";

/** A server with a method that never ends, and the requests that it was called with. */
function openServer(): Peers & { requests: RPCRequest[]; reasons: unknown[]; current: unknown[] } {
  const peers = openPeers();
  const requests: RPCRequest[] = [];
  const reasons: unknown[] = [];
  const current: unknown[] = [];
  peers.server.registerFunction(() => {
    const { signal, request } = currentCall()!;
    requests.push(request);
    signal.addEventListener("abort", () => (reasons.push(signal.reason), current.push(currentCall())));
    return new Promise(() => {});
  }, "wait");
  peers.server.runServerForever();
  return { ...peers, requests, reasons, current };
}

/** Has the clock of the day stand still. */
function stopDate(now: number): Disposable {
  const { mock: mocked } = mock.method(Date, "now", () => now);
  return { [Symbol.dispose]: () => mocked.restore() };
}

Deno.test("a signal aborts when the time of its caller is up, and the request is ended", async () => {
  using _date = stopDate(5_000);
  using time = fakeTime();
  await using peers = openServer();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait", [], { deadline: 5_020 }));
  caller.send(100, request(2, "wait"));
  await settle();
  assertEquals(isolateDeadlines.size, 1);
  await time.pass(19);
  await settled(3);
  assertEquals(peers.reasons, []);
  await time.pass(1);
  await settled(3);
  const [reason] = peers.reasons as [DOMException];
  assertEquals([reason.name, reason.message], ["TimeoutError", "The caller waits no longer: its time is up"]);
  assertEquals([peers.requests.map(({ isAnswered }) => isAnswered), caller.unread], [[true, false], []]);
  assertEquals([isolateDeadlines.size, peers.server.stats().requestsInFlight], [0, 1]);
});

Deno.test("a notification has no time that could be up", async () => {
  using _date = stopDate(5_000);
  using time = fakeTime();
  await using peers = openServer();
  const { body } = notification("wait");
  peers.stranger().send(100, { body: { ...body as object, deadline: 5_020 } });
  await settle();
  await time.pass(30);
  await settled(3);
  assertEquals([peers.requests.length, peers.reasons, isolateDeadlines.size], [1, [], 0]);
});

Deno.test("a request that is answered in time has its signal left alone, whatever comes later", async () => {
  using _date = stopDate(5_000);
  using time = fakeTime();
  await using peers = openServer();
  const caller = peers.stranger();
  for (const id of [1, 2]) caller.send(100, request(id, "wait", [], { deadline: 5_020 }));
  await settle();
  peers.requests[0]!.respond("in time");
  peers.requests[1]!.fail(new Error("no luck"));
  assertEquals(isolateDeadlines.size, 0);
  caller.send(100, notification("rpc.cancel", { id: 1 }));
  await time.pass(30);
  await settled(3);
  await peers.server.close();
  assertEquals([peers.reasons, peers.requests.map(({ signal }) => signal.aborted)], [[], [false, false]]);
  assertEquals(caller.unread.map(outcomeOf), ["in time", -32603]);
});

Deno.test("a signal that nobody asks for costs no timer", async () => {
  await using peers = openPeers();
  peers.server.registerFunction(() => new Promise(() => {}), "wait");
  peers.server.runServerForever();
  peers.stranger().send(100, request(1, "wait", [], { deadline: 1e15 }));
  await settle();
  assertEquals(isolateDeadlines.size, 0);
});

Deno.test("one request has one signal, which the current call has too", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => currentCall()!.signal === currentCall()!.request.signal, "same");
  server.runServerForever();
  assertEquals(await client.call(100, "same"), true);
  const loop = server[Symbol.asyncIterator]();
  const call = client.call(100, "m").catch(() => {});
  const { value } = await loop.next();
  assertStrictEquals(value!.signal, value!.signal);
  await loop.return!();
  await server.close();
  await call;
});

Deno.test("a signal that is asked for after its request has ended has aborted, for the same reason", async () => {
  await using peers = openPeers();
  const { server } = peers;
  const caller = peers.stranger();
  const loop = server[Symbol.asyncIterator]();
  for (const id of [1, 2, 3, 4]) caller.send(100, request(id, "m"));
  const requests: RPCRequest[] = [];
  for (let count = 0; count < 4; count++) requests.push((await loop.next()).value!);
  caller.send(100, notification("rpc.cancel", { id: 1 }));
  await settle();
  requests[1]!.respond();
  assertEquals([requests[0]!.signal.reason.name, requests[1]!.signal.aborted], ["AbortError", false]);
  caller.send(100, notification("rpc.cancel", { id: 4 }));
  await settle();
  await server.close();
  assertInstanceOf(requests[2]!.signal.reason, PeerClosedError);
  assertEquals(requests[0]!.signal.reason.name, "AbortError");
  // One that was given up before is not given up by the closing, and one that was answered never is.
  assertEquals([requests[3]!.signal.reason.name, requests[1]!.signal.aborted], ["AbortError", false]);
});

Deno.test("closing aborts the signals of all requests and notifications in hand, outside of any call", async () => {
  await using peers = openServer();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait"));
  caller.send(100, notification("wait"));
  await settle();
  await peers.server.close();
  for (const reason of peers.reasons) assertInstanceOf(reason, PeerClosedError);
  assertEquals(peers.current, [undefined, undefined]);
  // Whoever is told to stop no longer has to answer, and that a notification ends is no trouble.
  assertEquals([caller.unread.map(outcomeOf), peers.serverTroubles], [[-32000], []]);
});

Deno.test("a handler that answers when it is told to stop is heard: at closing, and not where nobody waits", async () => {
  await using peers = openPeers();
  peers.server.registerFunction((name: string) => {
    const { signal, request } = currentCall()!;
    signal.addEventListener("abort", () => request.respond(name));
    return new Promise(() => {});
  }, "wait");
  peers.server.runServerForever();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait", ["closed"]));
  await settle();
  await peers.server.close();
  assertEquals(caller.unread.map(outcomeOf), ["closed"]);
});

Deno.test("the signals of a caller that has ended abort after a while", async () => {
  using ticks = fakeTicks();
  await using peers = openServer();
  const [caller, other] = [peers.stranger(600), peers.stranger(601)];
  for (const id of [1, 2]) caller.send(100, request(id, "wait"));
  other.send(100, request(1, "wait"));
  await settle();
  caller.link.kill();
  await ticks.tick(2);
  assertEquals(peers.reasons.length, 2);
  for (const reason of peers.reasons) {
    assertInstanceOf(reason, PeerGoneError);
    assertEquals((reason as PeerGoneError).port, 600);
  }
  assertEquals([peers.current, peers.server.stats().requestsInFlight], [[undefined, undefined], 1]);
});

Deno.test("a listener that closes the peer at an abort does no harm", async () => {
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction(() => {
    currentCall()!.signal.addEventListener("abort", () => server.close());
    return new Promise(() => {});
  }, "wait");
  server.runServerForever();
  const caller = peers.stranger();
  for (const id of [1, 2]) caller.send(100, request(id, "wait"));
  await settle();
  caller.send(100, notification("rpc.cancel", { id: 1 }));
  await settle();
  assert(peers.serverLink.closed);
  assertEquals(caller.unread.map(outcomeOf), [-32000, -32000]);
});

Deno.test("a request whose deadline has passed when its signal is asked for ends at once", async () => {
  using _date = stopDate(5_000);
  using time = fakeTime();
  await using peers = openPeers();
  const loop = peers.server[Symbol.asyncIterator]();
  peers.stranger().send(100, request(1, "m", [], { deadline: 5_001 }));
  const { value } = await loop.next();
  using _later = stopDate(6_000);
  const { signal } = value!;
  await time.pass(1);
  await settled(3);
  assertEquals([signal.reason.name, value!.isAnswered], ["TimeoutError", true]);
  await loop.return!();
});
