// Notifications to a receiver that is full: they wait, and whoever sent them may give up.
import { assert, assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { CallTimeoutError, PeerClosedError, PeerGoneError, ReceiverFullError, type RPCPeerOptions } from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { assertNothingWaits, read } from "./full_receiver.ts";

/** A server that does not read yet, and whose queue is full. */
async function openFull(options: RPCPeerOptions = {}): Promise<Peers & { heard: unknown[] }> {
  const peers = openPeers(options);
  const heard: unknown[] = [];
  peers.server.registerFunction((text: string) => void heard.push(text), "log");
  peers.serverLink.queueLimit = 1;
  await peers.client.notify(100, "log", ["filler"]);
  return { ...peers, heard };
}

Deno.test("notifications to a receiver that is full wait, and are delivered in order once it reads", async () => {
  await using peers = await openFull();
  const { client, clientLink, heard } = peers;
  const order: string[] = [];
  const all: Promise<unknown>[] = [];
  for (const name of ["a", "b", "c"]) {
    all.push(client.notify(100, "log", [name]).then(() => order.push(name)));
    await settled();
  }
  assertEquals([order, clientLink.sent.length, isolateDeadlines.size], [[], 1, 3]);
  // While something waits the link is read: the other side may be waiting for room here.
  assert(clientLink.holds > 0);
  await read(peers);
  await Promise.all(all);
  assertEquals([order, heard], [["a", "b", "c"], ["filler", "a", "b", "c"]]);
  assertNothingWaits(peers);
});

Deno.test("a notification for which there is no room in time is taken back", async () => {
  using time = fakeTime();
  await using peers = await openFull({ timeout: 50 });
  const { client, heard } = peers;
  const late = client.notify(100, "log", ["late"], { timeout: 20 });
  const usual = client.notify(100, "log", ["usual"]);
  const patient = client.notify(100, "log", ["patient"], { timeout: Infinity });
  const outcomes = Promise.allSettled([late, usual]);
  await settled();
  assertEquals(isolateDeadlines.size, 2);
  // What has arrived meanwhile is read before a deadline counts: that takes two turns.
  for (const [milliseconds, left] of [[19, 2], [1, 1], [29, 1], [1, 0]] as const) {
    await time.pass(milliseconds);
    await settled(2);
    assertEquals(isolateDeadlines.size, left);
  }
  const errors = (await outcomes).map((outcome) => (outcome as PromiseRejectedResult).reason as CallTimeoutError);
  for (const [index, timeout] of [20, 50].entries()) {
    const { port, method, message } = errors[index]!;
    assertEquals([port, method, message], [100, "log", `Port 100 did not take "log" within ${timeout} ms`]);
  }
  await read(peers);
  await patient;
  assertEquals(heard, ["filler", "patient"]);
  assertNothingWaits(peers);
});

Deno.test("a notification that waits is taken back when its signal aborts", async () => {
  await using peers = await openFull();
  const { client, heard } = peers;
  const controller = new AbortController();
  const { signal } = controller;
  const reason = new Error("I have changed my mind");
  const aborted = [client.notify(100, "log", ["a"], { signal }), client.notify(100, "log", ["b"], { signal })];
  const other = client.notify(100, "log", ["other"]);
  const outcomes = Promise.allSettled(aborted);
  await settled();
  controller.abort(reason);
  for (const outcome of await outcomes) assertStrictEquals((outcome as PromiseRejectedResult).reason, reason);
  assertEquals(isolateDeadlines.size, 1);
  await read(peers);
  await other;
  assertEquals(heard, ["filler", "other"]);
  assertNothingWaits(peers);
});

Deno.test("a notification whose signal aborts in the turn in which it is sent is taken back where it has to wait", async () => {
  await using peers = await openFull();
  const { client, clientLink, heard } = peers;
  const controller = new AbortController();
  const call = client.notify(100, "log", ["a"], { signal: controller.signal });
  controller.abort("enough");
  assertEquals(await call.catch((reason) => reason), "enough");
  await settled();
  assertEquals([clientLink.patient, clientLink.sent.length], [[], 1]);
  await read(peers);
  assertEquals(heard, ["filler"]);
  assertNothingWaits(peers);
});

Deno.test("a signal that has aborted before sends nothing, and one that aborts afterwards changes nothing", async () => {
  await using peers = await openFull();
  const { client, server, heard } = peers;
  const signal = AbortSignal.abort("enough");
  assertEquals(await client.notify(100, "log", ["a"], { signal }).catch((reason) => reason), "enough");
  server.runServerForever();
  const controller = new AbortController();
  await client.notify(100, "log", ["b"], { signal: controller.signal });
  controller.abort();
  await settled();
  assertEquals(heard, ["filler", "b"]);
  assertNothingWaits(peers);
});

Deno.test("a large notification is taken back too, before it begins and on its way", async () => {
  using time = fakeTime();
  await using peers = await openFull();
  const { client, clientLink, serverLink, heard } = peers;
  clientLink.maxDatagram = 200;
  const text = "x".repeat(2_000);
  const notBegun = client.notify(100, "log", [text], { timeout: 20 });
  const begun = client.notify(100, "log", [text], { timeout: 30 });
  const outcomes = Promise.allSettled([notBegun, begun]);
  await time.pass(20);
  await settled(2);
  // There is room for one fragment, and none for the rest.
  serverLink.giveUp();
  await settled();
  serverLink.queueLimit = 2;
  serverLink.giveUp();
  await settled();
  assertEquals(clientLink.sent.length, 2);
  await time.pass(10);
  await settled(2);
  for (const outcome of await outcomes) {
    assertEquals((outcome as PromiseRejectedResult).reason.constructor, CallTimeoutError);
  }
  await read(peers);
  // After the fragment its farewell follows, and nothing of the other message.
  assertEquals(clientLink.sent.slice(2).map(({ bytes }) => bytes.length), [40]);
  assertEquals([heard, peers.serverTroubles], [["filler"], []]);
  assertNothingWaits(peers);
});

Deno.test("beyond the bound a notification is refused, and those that wait are not", async () => {
  await using peers = await openFull({ maxQueuedBytes: 1_000 });
  const { client, heard } = peers;
  const first = client.notify(100, "log", ["x".repeat(600)]);
  await settled();
  const error = await assertRejects(() => client.notify(100, "log", ["y".repeat(600)]), ReceiverFullError);
  assertEquals([error.port, error.maximum], [100, 1_000]);
  assert(error.queued > 600 && error.queued < 750, `${error.queued}`);
  // What is small enough still finds its place.
  const third = client.notify(100, "log", ["z"]);
  const batch = [{ method: "log", params: ["x".repeat(600)], notify: true }];
  await assertRejects(() => client.batch(100, batch), ReceiverFullError);
  await read(peers);
  await Promise.all([first, third]);
  assertEquals(heard, ["filler", "x".repeat(600), "z"]);
  await client.notify(100, "log", ["y".repeat(600)]);
  assertNothingWaits(peers);
});

Deno.test("without a bound much may wait", async () => {
  await using peers = await openFull();
  const texts = Array.from({ length: 20 }, (_, index) => String(index % 10).repeat(50_000));
  const waiting = texts.map((text) => peers.client.notify(100, "log", [text]));
  await settled();
  await read(peers);
  await Promise.all(waiting);
  await settled();
  assertEquals(peers.heard.slice(1).map((text) => (text as string).length), Array(20).fill(50_000));
});

Deno.test("all destinations together may have twice as much waiting as one", async () => {
  await using peers = await openFull({ maxQueuedBytes: 1_000 });
  const { client } = peers;
  const idle = [1, 2, 3].map((port) => peers.stranger(port));
  const text = "x".repeat(700);
  for (const { link } of idle) {
    link.release();
    link.queueLimit = 0;
  }
  // Each may have something waiting, and more only as far as there is room for all.
  const waiting = Promise.allSettled([
    client.notify(1, "log", [text]),
    client.notify(2, "log", [text]),
    client.notify(3, "log", ["x"]),
  ]);
  await settled();
  const error = await assertRejects(() => client.notify(3, "log", [text], { timeout: 100 }), ReceiverFullError);
  assertEquals([error.port, error.maximum], [3, 2_000]);
  await client.close();
  assertEquals((await waiting).map(({ status }) => status), Array(3).fill("rejected"));
});

Deno.test("what waits for a receiver that goes is rejected", async () => {
  await using peers = await openFull();
  const { client, serverLink } = peers;
  const waiting = [
    client.notify(100, "log", ["a"]),
    client.notify(100, "log", ["x".repeat(200_000)]),
    client.batch(100, [{ method: "log", params: ["b"], notify: true }]),
  ];
  const outcomes = Promise.allSettled(waiting);
  await settled();
  serverLink.kill();
  for (const outcome of await outcomes) {
    const { reason } = outcome as PromiseRejectedResult;
    assertEquals([reason.constructor, reason.port], [PeerGoneError, 100]);
  }
  assertNothingWaits(peers);
});

Deno.test("closing rejects what waits, and it is never delivered", async () => {
  await using peers = await openFull();
  const { client, heard } = peers;
  const waiting = [
    client.notify(100, "log", ["a"]),
    client.notify(100, "log", ["x".repeat(200_000)]),
    client.batch(100, [{ method: "log", params: ["b"], notify: true }]),
  ];
  const outcomes = Promise.allSettled(waiting);
  await settled();
  // One that is sent in the turn of closing, too.
  const last = client.notify(100, "log", ["last"]);
  await client.close();
  for (const outcome of await outcomes) {
    assertEquals((outcome as PromiseRejectedResult).reason.constructor, PeerClosedError);
  }
  await assertRejects(() => last, PeerClosedError);
  await read(peers);
  assertEquals(heard, ["filler"]);
  assertNothingWaits(peers);
});

Deno.test("a link that cannot be held for a notification rejects it, and is not let go for it either", async () => {
  await using peers = await openFull();
  const { client, clientLink } = peers;
  const first = client.notify(100, "log", ["first"]);
  await settled();
  const { holds } = clientLink;
  const failure = new Error("No room in the epoll set");
  clientLink.holdFailures.push(failure);
  assertStrictEquals(await client.notify(100, "log", ["second"]).catch((error) => error), failure);
  assertEquals(clientLink.holds, holds);
  await read(peers);
  await first;
  assertEquals(peers.heard, ["filler", "first"]);
  assertNothingWaits(peers);
});

Deno.test("a link that fails rejects what waits, and says why", async () => {
  await using peers = await openFull();
  const waiting = peers.client.notify(100, "log", ["a"]);
  const failure = new Error("The kernel is tired");
  await settled();
  peers.clientLink.receiver.failed(failure);
  assertStrictEquals((await assertRejects(() => waiting, PeerClosedError)).cause, failure);
  assertEquals(isolateDeadlines.size, 0);
});

Deno.test("a signal is listened to only while a notification waits", async () => {
  await using peers = await openFull();
  const { client } = peers;
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const waiting = ["a", "b"].map((name) => client.notify(100, "log", [name], { signal }));
  await settled();
  assertEquals(listeners, 1);
  await read(peers);
  await Promise.all(waiting);
  assertEquals(listeners, 0);
});
