// Calls and batches to a receiver that is full: they wait, and whoever made them may give up.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { CallTimeoutError, PeerClosedError, PeerGoneError, ReceiverFullError, type RPCPeerOptions } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { openPeers, type OwnOptions, type Peers } from "../fakes/peers.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { assertNothingWaits, read } from "./full_receiver.ts";

/** A server that does not read yet, and whose queue is full. */
async function openFull(options: RPCPeerOptions = {}, own: OwnOptions = {}): Promise<Peers & { ran: unknown[] }> {
  const peers = openPeers(options, own);
  const ran: unknown[] = [];
  peers.server.registerFunction((value: unknown) => (ran.push(value), value), "run");
  peers.serverLink.queueLimit = 1;
  await peers.client.notify(100, "run", ["filler"]);
  return { ...peers, ran };
}

function reasonsOf(outcomes: PromiseSettledResult<unknown>[]): unknown[] {
  return outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason);
}

Deno.test("calls to a receiver that is full wait, and are answered in order once it reads", async () => {
  await using peers = await openFull();
  const { client, clientLink, ran } = peers;
  const order: unknown[] = [];
  const calls: Promise<unknown>[] = [];
  for (const index of [1, 2, 3]) {
    calls.push(client.call(100, "run", [index]).then((value) => order.push(value)));
    await settled();
  }
  const batch = client.batch(100, [{ method: "run", params: [4] }, { method: "run", params: [5] }]);
  await settled();
  assertEquals([clientLink.sent.length, isolateDeadlines.size], [1, 5]);
  await read(peers);
  await Promise.all(calls);
  assertEquals(await batch, [4, 5].map((value) => ({ status: "fulfilled", value })));
  assertEquals([order, ran], [[1, 2, 3], ["filler", 1, 2, 3, 4, 5]]);
  assertNothingWaits(peers);
});

Deno.test("who does not keep up keeps nobody else waiting", async () => {
  await using peers = await openFull();
  const { client } = peers;
  const other = peers.stranger(500);
  const waiting = client.call(100, "run", [1]);
  const text = "x".repeat(150_000);
  const large = client.call(100, "run", [text]);
  await settled();
  const call = client.call(500, "x", [text]);
  const { nlmsgSeq, body } = await other.next();
  const { id } = body as { id: number };
  other.send(200, {
    body: { jsonrpc: "2.0", id, result: "at once" },
    netlink: { nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  assertEquals(await call, "at once");
  await read(peers);
  assertEquals(await Promise.all([waiting, large]), [1, text]);
  assertNothingWaits(peers);
});

Deno.test("a call that times out while it waits is taken back, and never runs", async () => {
  using time = fakeTime();
  await using peers = await openFull({}, { maxDatagram: 2_000 });
  const { client, ran } = peers;
  const late = [
    client.call(100, "run", ["small"], { timeout: 20 }),
    client.call(100, "run", ["x".repeat(10_000)], { timeout: 20 }),
  ];
  const patient = client.call(100, "run", ["patient"], { timeout: Infinity });
  const outcomes = Promise.allSettled(late);
  await settled();
  assertEquals(isolateDeadlines.size, 2);
  await time.pass(20);
  await settled(2);
  for (const error of reasonsOf(await outcomes)) {
    assertInstanceOf(error, CallTimeoutError);
    assertEquals((error as CallTimeoutError).message, 'Port 100 did not answer "run" within 20 ms');
  }
  await read(peers);
  assertEquals([await patient, ran], ["patient", ["filler", "patient"]]);
  assertNothingWaits(peers);
});

Deno.test("a call is taken back when its signal aborts: while it waits, and in the very turn", async () => {
  await using peers = await openFull({}, { maxDatagram: 2_000 });
  const { client, clientLink, ran } = peers;
  const during = new AbortController();
  const waiting = [
    client.call(100, "run", ["small"], { signal: during.signal }),
    client.call(100, "run", ["x".repeat(10_000)], { signal: during.signal }),
  ];
  const outcomes = Promise.allSettled(waiting);
  await settled();
  const reason = new Error("I have changed my mind");
  during.abort(reason);
  for (const error of reasonsOf(await outcomes)) assertStrictEquals(error, reason);

  const at = new AbortController();
  const atOnce = Promise.allSettled([
    client.call(100, "run", ["small"], { signal: at.signal }),
    client.call(100, "run", ["x".repeat(10_000)], { signal: at.signal }),
    client.batch(100, [{ method: "run", params: ["batch"] }], { signal: at.signal }),
  ]);
  at.abort("at once");
  const [small, large, batch] = await atOnce;
  assertEquals(reasonsOf([small, large]), ["at once", "at once"]);
  assertEquals(reasonsOf((batch as PromiseFulfilledResult<PromiseSettledResult<unknown>[]>).value), ["at once"]);
  await read(peers);
  assertEquals([ran, clientLink.sent.length], [["filler"], 1]);
  assertNothingWaits(peers);
});

Deno.test("a batch is taken back when the last of its calls has ended, and not before", async () => {
  using time = fakeTime();
  await using peers = await openFull({}, { maxDatagram: 2_000 });
  const { client, ran } = peers;
  const calls = [{ method: "run", params: ["a"] }, { method: "run", params: ["b"], notify: true }, {
    method: "run",
    params: ["c"],
  }];
  const late = client.batch(100, calls, { timeout: 20 });
  const lateAndLarge = client.batch(100, [...calls, { method: "run", params: ["x".repeat(5_000)] }], { timeout: 20 });
  const kept = client.batch(100, [{ method: "run", params: ["kept"] }], { timeout: 1_000 });
  await settled();
  await time.pass(20);
  await settled(2);
  for (const { reason } of [...await late, ...await lateAndLarge] as PromiseRejectedResult[]) {
    assert(reason === undefined || reason instanceof CallTimeoutError);
  }
  await read(peers);
  assertEquals(await kept, [{ status: "fulfilled", value: "kept" }]);
  assertEquals(ran, ["filler", "kept"]);
  assertNothingWaits(peers);
});

Deno.test("beyond the bound calls and batches are refused, and those that wait are not", async () => {
  await using peers = await openFull({ maxQueuedBytes: 1_000 }, { maxDatagram: 2_000 });
  const { client, ran } = peers;
  const first = client.call(100, "run", ["x".repeat(600)]);
  await settled();
  const params = ["y".repeat(600)];
  const error = await assertRejects(() => client.call(100, "run", params), ReceiverFullError);
  assert(error.queued > 600 && error.queued < 800, `${error.queued}`);
  assertEquals([error.port, error.maximum], [100, 1_000]);
  const outcomes = await client.batch(100, [{ method: "run", params }, { method: "run" }]);
  for (const reason of reasonsOf(outcomes)) assert(reason instanceof ReceiverFullError);
  assertEquals(isolateDeadlines.size, 1);
  await read(peers);
  await first;
  assertEquals(ran, ["filler", "x".repeat(600)]);
  assertEquals(await client.call(100, "run", params), params[0]);
  assertNothingWaits(peers);
});

Deno.test("where nothing waits yet, one message of any size may", async () => {
  await using peers = await openFull({ maxQueuedBytes: 0 }, { maxDatagram: 2_000 });
  const { client } = peers;
  const small = client.call(100, "run", ["small"]);
  await settled();
  await assertRejects(() => client.call(100, "run", ["another"]), ReceiverFullError);
  await read(peers);
  assertEquals(await small, "small");
  const text = "x".repeat(10_000);
  assertEquals(await client.call(100, "run", [text]), text);
  assertNothingWaits(peers);
});

Deno.test("a receiver that goes rejects the calls that wait for it", async () => {
  await using peers = await openFull({}, { maxDatagram: 2_000 });
  const { client, serverLink } = peers;
  const calls = Promise.allSettled([
    client.call(100, "run", [1], { timeout: Infinity }),
    client.call(100, "run", ["x".repeat(10_000)], { timeout: Infinity }),
  ]);
  const batch = client.batch(100, [{ method: "run" }, { method: "run" }], { timeout: Infinity });
  await settled();
  serverLink.kill();
  for (const reason of reasonsOf([...await calls, ...await batch])) assert(reason instanceof PeerGoneError);
  assertNothingWaits(peers);
});

Deno.test("closing rejects the calls that wait, and they never run", async () => {
  await using peers = await openFull({}, { maxDatagram: 2_000 });
  const { client, ran } = peers;
  const calls = Promise.allSettled([
    client.call(100, "run", [1], { timeout: Infinity }),
    client.call(100, "run", ["x".repeat(10_000)], { timeout: Infinity }),
  ]);
  const batch = client.batch(100, [{ method: "run" }, { method: "run" }], { timeout: Infinity });
  await settled();
  await client.close();
  for (const reason of reasonsOf([...await calls, ...await batch])) assert(reason instanceof PeerClosedError);
  await read(peers);
  assertEquals(ran, ["filler"]);
  assertNothingWaits(peers);
});

Deno.test("a peer whose link cannot be held while it waits rejects what is sent, and goes on", async () => {
  await using peers = await openFull();
  const { client, clientLink } = peers;
  const failure = new Error("No room in the epoll set");
  // The first hold is the call's; the second is that of what waits.
  const call = client.call(100, "run", [1]);
  clientLink.holdFailures.push(failure);
  assertStrictEquals(await call.catch((error) => error), failure);
  clientLink.holdFailures.push(failure);
  assertStrictEquals(await client.notify(100, "run", ["x".repeat(200_000)]).catch((error) => error), failure);
  clientLink.holdFailures.push(failure);
  assertStrictEquals(await client.notify(100, "run", [1]).catch((error) => error), failure);
  const later = client.call(100, "run", [2]);
  await read(peers);
  assertEquals(await later, 2);
  assertNothingWaits(peers);
});
