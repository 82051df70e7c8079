// Ports without a lifeline: they are asked who holds them, before anything with params is sent.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { AccessDeniedError, CallTimeoutError, PeerClosedError, PeerGoneError } from "../../mod.ts";
import { isolateDeadlines, isolateLooks } from "../../src/rpc/isolate.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle, type Stranger } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { heardBy, identify, openBlind } from "./blind.ts";
import { bodyOf, methodsSentBy } from "./wire.ts";

/** A client that trusts its own user, and a stranger without a lifeline. */
function openAsking(uid = 10): Peers & { blind: Stranger } {
  const peers = openPeers({ trust: "same-user" });
  return { ...peers, blind: openBlind(peers, 500, { uid }) };
}

Deno.test("a port without a lifeline is asked who holds it, and learns nothing before it has answered", async () => {
  await using peers = openAsking();
  const { client, blind } = peers;
  const call = client.call(500, "store", ["secret"]);
  await settle();
  const question = await blind.next();
  assertEquals([bodyOf(question).method, bodyOf(question).params, blind.unread], ["rpc.identity", undefined, []]);
  blind.answer(200, question, { incarnation: "x", methods: [] });
  const request = await blind.next();
  assertEquals([bodyOf(request).method, bodyOf(request).params], ["store", ["secret"]]);
  blind.answer(200, request, "stored");
  assertEquals(await call, "stored");
  assertEquals([peers.clientTroubles, peers.clientLink.holds], [[], 0]);
});

const answers: Record<string, unknown> = {
  "an error": { error: { code: -32601, message: "Method not found" } },
  "an error without its id": { id: null, error: { code: -32600, message: "Invalid Request" } },
  "what is no answer": { result: undefined },
  "a result of any kind": { result: null },
};

for (const [name, members] of Object.entries(answers)) {
  Deno.test(`whatever a port answers, it tells who holds it: ${name}`, async () => {
    await using peers = openAsking();
    const { client, blind } = peers;
    const call = client.call(500, "x");
    const { nlmsgSeq, body } = await blind.next();
    const answer = { jsonrpc: "2.0", id: (body as { id: number }).id, ...members as object };
    blind.send(200, { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
    blind.answer(200, await blind.next(), "done");
    assertEquals(await call, "done");
  });
}

Deno.test("where somebody else holds the port, it gets the question alone", async () => {
  await using peers = openAsking(1_000);
  const { client, blind } = peers;
  const calls = [
    client.call(500, "store", ["secret"]),
    client.notify(500, "store", ["secret"]),
    client.batch(500, [{ method: "store", params: ["secret"], notify: true }]),
  ];
  const outcomes = Promise.allSettled(calls);
  await identify(blind);
  for (const outcome of await outcomes) {
    const { reason } = outcome as PromiseRejectedResult;
    assertInstanceOf(reason, AccessDeniedError);
    assertEquals([reason.uid, reason.code], [1_000, -32001]);
  }
  const [{ reason }] = await client.batch(500, [{ method: "store" }]) as [PromiseRejectedResult];
  assertInstanceOf(reason, AccessDeniedError);
  assertEquals([heardBy(blind), methodsSentBy(peers.clientLink), peers.clientLink.holds], [[], ["rpc.identity"], 0]);
});

Deno.test("one question is asked for all that waits, and what waits keeps its order", async () => {
  await using peers = openAsking();
  const { client, blind } = peers;
  const sent = [
    client.call(500, "m", [1]),
    client.notify(500, "m", [2]),
    client.batch(500, [{ method: "m", params: [3] }, { method: "m", params: [4], notify: true }]),
    client.notify(500, "m", [5], { trust: "anyone" }),
    client.call(500, "m", [6], { trust: { uids: [10] } }),
    client.call(500, "m", [7], { trust: async ({ uid }) => (await settle(), uid === 10) }),
    client.notify(500, "m", [8]),
  ];
  const outcomes = Promise.allSettled(sent);
  await settle();
  // What comes while the answers are on their way goes behind them.
  const question = await blind.next();
  const late = client.notify(500, "m", [9]);
  blind.answer(200, question, {});
  await settled(3);
  assertEquals(heardBy(blind), [1, 2, 3, 4, 5, 6, 7, 8, 9].map((index) => ["m", index]));
  await late;
  await client.close();
  await outcomes;
});

Deno.test("who has answered is known for a second, and longer where more comes from there", async () => {
  using time = fakeTime();
  await using peers = openAsking();
  const { client, blind } = peers;
  // Something is awaited all the time: else the port is forgotten sooner.
  const pending = client.call(500, "m", [0], { timeout: Infinity }).catch((error) => error);
  const call = client.call(500, "m", [1], { timeout: Infinity });
  await identify(blind);
  await time.pass(1_000);
  await client.notify(500, "m", [2]);
  await blind.next();
  blind.answer(200, await blind.next(), "done");
  await call;
  await time.pass(1_000);
  await client.notify(500, "m", [3]);
  assertEquals(heardBy(blind), [["m", 2], ["m", 3]]);
  await time.pass(1);
  const last = client.notify(500, "m", [4]).catch((error) => error);
  await settle();
  assertEquals(heardBy(blind), [["m", 2], ["m", 3], "rpc.identity"]);
  await client.close();
  for (const error of [await last, await pending]) assertInstanceOf(error, PeerClosedError);
});

Deno.test("who holds the port next is asked too, once the last one is known no longer", async () => {
  using time = fakeTime();
  await using peers = openAsking();
  const { client, blind } = peers;
  const first = client.notify(500, "m", [1]);
  await identify(blind);
  await first;
  blind.link.close();
  const heir = openBlind(peers, 500, { uid: 1_000 });
  await time.pass(1_001);
  const call = client.call(500, "store", ["secret"]).catch((error) => error);
  await identify(heir);
  assertEquals([(await call as AccessDeniedError).uid, heardBy(heir)], [1_000, []]);
});

Deno.test("calls that end while nobody has answered take the question with them", async () => {
  using time = fakeTime();
  await using peers = openAsking();
  const { client, clientLink, blind } = peers;
  blind.link.release();
  blind.link.queueLimit = 0;
  const controller = new AbortController();
  const { signal } = controller;
  const late = client.call(500, "m", [1], { timeout: 20 }).catch((error) => error);
  const lateNotification = client.notify(500, "m", [2], { timeout: 20 }).catch((error) => error);
  const aborted = client.call(500, "m", [3], { signal }).catch((error) => error);
  const abortedBatch = client.batch(500, [{ method: "m", params: [4] }], { signal });
  await settled();
  assertEquals(clientLink.holds > 0, true);
  await time.pass(20);
  await settled(2);
  for (const error of [await late, await lateNotification]) assertInstanceOf(error, CallTimeoutError);
  controller.abort("enough");
  const [batched] = await abortedBatch;
  assertEquals([await aborted, (batched as PromiseRejectedResult).reason], ["enough", "enough"]);
  await settled(2);
  blind.link.queueLimit = Infinity;
  blind.link.giveUp();
  await settled(2);
  // It had not left, and does not leave any more: nor does anything that it was asked for.
  assertEquals([clientLink.sent.length, clientLink.holds, isolateDeadlines.size], [0, 0, 0]);
});

Deno.test("what has given up is not sent when the port answers, and the others are", async () => {
  await using peers = openAsking();
  let asked = 0;
  const { client, blind } = peers;
  const controller = new AbortController();
  const { signal } = controller;
  const outcomes = Promise.allSettled([
    client.call(500, "m", [1], { signal }),
    client.notify(500, "m", [2], { signal }),
    client.batch(500, [{ method: "m", params: [3] }], { signal }),
    client.call(500, "m", [3], { signal, trust: () => asked++ === 0 }),
  ]);
  const other = client.notify(500, "m", [4]);
  await settle();
  controller.abort("enough");
  await outcomes;
  await identify(blind);
  await other;
  assertEquals([heardBy(blind), asked], [[["m", 4]], 0]);
});

Deno.test("what has waited for an answer may have to wait for room as well", async () => {
  await using peers = openAsking();
  const { client, clientLink, blind } = peers;
  const sent = [client.notify(500, "m", [1]), client.batch(500, [{ method: "m", params: [2], notify: true }])];
  const question = await blind.next();
  blind.link.release();
  blind.link.queueLimit = 0;
  blind.answer(200, question, {});
  await settled(3);
  assertEquals([heardBy(blind), isolateDeadlines.size], [[], 2]);
  blind.link.queueLimit = Infinity;
  blind.link.giveUp();
  blind.link.hold();
  await Promise.all(sent);
  await settled(2);
  assertEquals(heardBy(blind), [["m", 1], ["m", 2]]);
  assertEquals([clientLink.holds, isolateDeadlines.size, client.stats().queuedBytes], [0, 0, 0]);
});

Deno.test("a port that nobody holds rejects what waits, and what is asked for next", async () => {
  await using peers = openAsking();
  const { client, clientLink } = peers;
  const outcomes = await Promise.allSettled([
    client.call(999, "m"),
    client.notify(999, "m"),
    client.notify(999, "m", [], { trust: "anyone" }),
  ]);
  for (const outcome of outcomes) {
    const { reason } = outcome as PromiseRejectedResult;
    assertInstanceOf(reason, PeerGoneError);
    assertEquals(reason.message, "No peer holds port 999");
  }
  assertEquals([clientLink.sent.length, clientLink.holds, isolateDeadlines.size], [0, 0, 0]);
});

Deno.test("a port that goes without an answer rejects what waits", async () => {
  using time = fakeTime();
  await using peers = openAsking();
  const { client, clientLink, blind } = peers;
  const calls = Promise.allSettled([client.call(500, "m"), client.notify(500, "m")]);
  await settle();
  blind.link.close();
  await time.pass(200);
  await settled(5);
  for (const outcome of await calls) assertInstanceOf((outcome as PromiseRejectedResult).reason, PeerGoneError);
  await time.pass(200);
  assertEquals([clientLink.holds, isolateDeadlines.size, isolateLooks.size], [0, 0, 0]);
});

Deno.test("closing rejects what waits for an answer, and nothing is sent any more", async () => {
  const peers = openAsking();
  const { client, clientLink } = peers;
  const outcomes = Promise.allSettled([
    client.call(500, "m"),
    client.notify(500, "m"),
    client.batch(500, [{ method: "m" }]),
  ]);
  await settle();
  await client.close();
  await peers.server.close();
  const [call, notified, batch] = await outcomes;
  for (const { reason } of [call, notified] as PromiseRejectedResult[]) assertInstanceOf(reason, PeerClosedError);
  assertEquals(batch.status, "fulfilled");
  await settled(2);
  assertEquals([methodsSentBy(clientLink), clientLink.holds], [["rpc.identity"], 0]);
});
