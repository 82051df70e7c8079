// Closing with `drain`: what is in hand is answered first, and nothing new is taken.
import { assert, assertEquals, assertInstanceOf, assertRejects } from "@std/assert";
import { currentCall, PeerClosedError, type RPCRequest, ServerError } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { openPeers, type OwnOptions, type Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { notification, request } from "./wire.ts";

const PEER_CLOSED = -32000;

interface Setup extends Peers {
  requests: RPCRequest[];
  aborted: unknown[];
  ran: number;
}

/** A server whose `wait` is answered when a test says so. */
function openDraining(own: OwnOptions = {}): Setup {
  const peers = openPeers({}, own);
  const setup: Setup = { ...peers, requests: [], aborted: [], ran: 0 };
  peers.server.registerFunction(() => {
    const { request, signal } = currentCall()!;
    setup.requests.push(request);
    signal.addEventListener("abort", () => setup.aborted.push(signal.reason));
    return new Promise(() => {});
  }, "wait");
  peers.server.registerFunction(() => setup.ran++, "count");
  peers.server.runServerForever();
  return setup;
}

/** Follows a promise. */
function follow(promise: Promise<unknown>): { isDone: boolean } {
  const state = { isDone: false };
  promise.then(() => state.isDone = true);
  return state;
}

Deno.test("a peer that drains lets what is in hand be answered, and refuses what comes", async () => {
  await using peers = openDraining();
  const { server, client, serverLink } = peers;
  const calls = [client.call(100, "wait"), client.call(100, "wait")];
  await settle();
  const closed = server.close({ drain: true });
  const state = follow(closed);
  const refused = await assertRejects(() => client.call(100, "count"), ServerError, "The peer is closed");
  assertEquals(refused.code, PEER_CLOSED);
  await client.notify(100, "count");
  const batch = await client.batch(100, [{ method: "count" }, { method: "count", notify: true }]);
  assertEquals(batch.map(({ status }) => status), ["rejected", "fulfilled"]);
  peers.requests[0]!.respond("one");
  await settled(2);
  assertEquals([state.isDone, serverLink.closed, peers.ran], [false, false, 0]);
  peers.requests[1]!.respond("two");
  await closed;
  assertEquals([await Promise.all(calls), peers.aborted, serverLink.closed], [["one", "two"], [], true]);
  assertEquals([serverLink.holds, peers.serverTroubles], [1, []]);
});

Deno.test("a peer that has nothing in hand is closed at once, and frees its port", async () => {
  await using peers = openDraining();
  const { server, serverLink } = peers;
  await server.close({ drain: true });
  assert(serverLink.closed);
  await server.close({ drain: true });
  await assertRejects(() => server.call(200, "m"), PeerClosedError);
  assertEquals(isolateDeadlines.size, 0);
});

Deno.test("a drain takes no longer than it may; what is in hand is then answered as ever", async () => {
  using time = fakeTime();
  await using peers = openDraining();
  const { server, client } = peers;
  const call = client.call(100, "wait", [], { timeout: Infinity }).catch((error) => error);
  await settle();
  const closed = server.close({ drain: 50 });
  const state = follow(closed);
  await time.pass(49);
  await settled(3);
  assertEquals([state.isDone, peers.aborted], [false, []]);
  await time.pass(1);
  await settled(3);
  await closed;
  const error = await call;
  assertEquals([(error as ServerError).code, peers.aborted.length, isolateDeadlines.size], [PEER_CLOSED, 1, 0]);
  assertInstanceOf(peers.aborted[0], PeerClosedError);
});

Deno.test("closing once more without a drain waits no longer", async () => {
  await using peers = openDraining();
  const { server, client } = peers;
  const call = client.call(100, "wait").catch((error) => error.code);
  await settle();
  const draining = server.close({ drain: true });
  await settle();
  await server.close();
  await draining;
  assertEquals([await call, isolateDeadlines.size], [PEER_CLOSED, 0]);
});

Deno.test("a drain that is over in time leaves no timer behind", async () => {
  await using peers = openDraining();
  const call = peers.client.call(100, "wait");
  await settle();
  const closed = peers.server.close({ drain: 60_000 });
  peers.requests[0]!.respond("done");
  await closed;
  assertEquals([await call, isolateDeadlines.size], ["done", 0]);
});

Deno.test("handlers may make calls while their peer drains", async () => {
  await using peers = openDraining();
  const { server, client } = peers;
  client.registerFunction((question: string) => `${question} Blue.`, "ask");
  const gate = Promise.withResolvers<void>();
  server.registerFunction(async () => {
    await gate.promise;
    return await server.call(200, "ask", ["Which colour?"]);
  }, "survey");
  const call = client.call(100, "survey");
  await settle();
  const closed = server.close({ drain: true });
  gate.resolve();
  assertEquals(await call, "Which colour? Blue.");
  await closed;
});

Deno.test("answers that wait for room are let out", async () => {
  await using peers = openDraining({ maxDatagram: 2_000 });
  const { server, serverLink } = peers;
  server.registerFunction(() => "x".repeat(10_000), "large");
  const slow = peers.stranger();
  slow.link.release();
  slow.link.queueLimit = 0;
  for (const method of ["count", "large"]) slow.send(100, request(method, method));
  await settled(2);
  assertEquals(server.stats().requestsInFlight, 0);
  const state = follow(server.close({ drain: true }));
  await settled(3);
  assertEquals([state.isDone, serverLink.closed], [false, false]);
  slow.link.queueLimit = Infinity;
  slow.link.giveUp();
  slow.link.hold();
  await settled(5);
  assertEquals([state.isDone, slow.unread.map(({ body }) => (body as { id: unknown }).id)], [true, ["count", "large"]]);
});

Deno.test("a drain ends when the last that waits is given up by its caller", async () => {
  await using peers = openDraining();
  const slow = peers.stranger();
  slow.link.release();
  slow.link.queueLimit = 0;
  slow.send(100, request(1, "count"));
  await settled(2);
  const closed = peers.server.close({ drain: true });
  slow.link.kill();
  await closed;
  assertEquals(peers.serverTroubles, ["undelivered: An answer could not be sent: No peer holds port 666"]);
});

Deno.test("notifications in hand are waited for, too", async () => {
  await using peers = openDraining();
  const caller = peers.stranger();
  caller.send(100, notification("wait"));
  await settle();
  const state = follow(peers.server.close({ drain: true }));
  await settled(2);
  assertEquals(state.isDone, false);
  peers.requests[0]!.respond();
  await settled(2);
  assertEquals([state.isDone, caller.unread], [true, []]);
});

Deno.test("a loop ends after the request that it has, and what it has not taken is refused", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const gate = Promise.withResolvers<void>();
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const request of server) {
      seen.push(request.params);
      await gate.promise;
      if (!request.isNotification) request.respond("done");
    }
  })();
  const calls = Promise.allSettled([
    client.call(100, "m", [1]),
    client.call(100, "m", [2]),
    client.notify(100, "m", [3]),
  ]);
  await settle();
  const closed = server.close({ drain: true });
  await settled(2);
  gate.resolve();
  await closed;
  await loop;
  const [first, second] = await calls;
  assertEquals([first, seen], [{ status: "fulfilled", value: "done" }, [[1]]]);
  assertEquals((second as PromiseRejectedResult).reason.code, PEER_CLOSED);
});

Deno.test("a drain does not wait for notifications that a loop has taken", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = server[Symbol.asyncIterator]();
  await client.notify(100, "m");
  await loop.next();
  await server.close({ drain: true });
  assertEquals((await loop.next()).done, true);
});

Deno.test("a link that fails ends a drain", async () => {
  await using peers = openPeers();
  const { server, client, serverLink } = peers;
  server.registerFunction(() => new Promise(() => {}), "wait");
  const served = assertRejects(() => server.runServerForever(), PeerClosedError);
  client.call(100, "wait").catch(() => {});
  await settle();
  const closed = server.close({ drain: true });
  serverLink.receiver.failed(new Error("The kernel is tired"));
  await Promise.all([closed, served]);
  assert(serverLink.closed);
});

Deno.test("a time that is none is refused, and the peer goes on", async () => {
  await using peers = openDraining();
  const { server, client } = peers;
  for (const drain of [-1, NaN, "5" as unknown as number, null as unknown as number]) {
    await assertRejects(() => server.close({ drain }), RangeError, "drain must be true, false, or a number");
  }
  assertEquals(await client.call(100, "count"), 0);
  await server.close({ drain: false });
  assert(peers.serverLink.closed);
});
