// Calls that are given up: the other side is told, and what it still answers is nobody's business.
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { CallTimeoutError, currentCall } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fragments, settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { identify, openBlind } from "./blind.ts";
import { bodyOf, methodsSentBy, notification, request, sentBy } from "./wire.ts";

/** A server whose `wait` notes how its signal aborts, and answers when a test says so. */
function openWaiting(...options: Parameters<typeof openPeers>): Peers & { aborted: unknown[]; answer: () => void } {
  const peers = openPeers(...options);
  const aborted: unknown[] = [];
  const gate = Promise.withResolvers<void>();
  peers.server.registerFunction(async (name: string, length = 1) => {
    const { signal } = currentCall()!;
    signal.addEventListener("abort", () => {
      // Whoever gives up a call is no part of it.
      if (currentCall() !== undefined) throw new Error("An abort belongs to no call");
      aborted.push([name, signal.reason.name]);
    });
    await gate.promise;
    return "x".repeat(length);
  }, "wait");
  peers.server.runServerForever();
  return { ...peers, aborted, answer: gate.resolve };
}

Deno.test("a call that times out tells the other side, by its id", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { client } = peers;
  const slow = peers.stranger(500);
  const late = client.call(500, "m", ["late"], { timeout: 20 }).catch((error) => error);
  const other = client.call(500, "m", ["other"]);
  await time.pass(20);
  await settled(3);
  assertInstanceOf(await late, CallTimeoutError);
  const [call, kept] = [await slow.next(), await slow.next()];
  assertEquals(slow.unread.map(bodyOf), [{
    jsonrpc: "2.0",
    method: "rpc.cancel",
    params: { id: bodyOf(call).id },
  } as ReturnType<typeof bodyOf>]);
  slow.answer(200, kept, "in time");
  assertEquals([await other, client.stats().callsInFlight, peers.clientLink.holds], ["in time", 0, 0]);
});

Deno.test("the handler of a call that is given up is told, and what it returns is not sent", async () => {
  await using peers = openWaiting();
  const { client, server } = peers;
  const controller = new AbortController();
  const call = client.call(100, "wait", ["a"], { signal: controller.signal }).catch((reason) => reason);
  const other = client.call(100, "wait", ["b"]);
  await settle();
  controller.abort("enough");
  assertEquals(await call, "enough");
  await settle();
  assertEquals([peers.aborted, server.stats().requestsInFlight], [[["a", "AbortError"]], 1]);
  peers.answer();
  assertEquals(await other, "x");
  await settle();
  assertEquals([sentBy(peers.serverLink).length, peers.clientTroubles, peers.serverTroubles], [1, [], []]);
});

Deno.test("a call whose signal aborts tells the other side; one that is answered, rejected or gone does not", async () => {
  await using peers = openWaiting();
  const { client, clientLink, server } = peers;
  server.registerFunction(() => "pong", "ping");
  const controller = new AbortController();
  const { signal } = controller;
  await client.call(100, "ping", [], { signal });
  await client.call(100, "missing", [], { signal }).catch(() => {});
  await client.notify(100, "wait", ["notified"], { signal });
  const gone = peers.stranger(500);
  const lost = client.call(500, "m", [], { signal }).catch(() => {});
  await settle();
  gone.link.kill();
  await lost;
  const call = client.call(100, "wait", ["aborted"], { signal }).catch((reason) => reason);
  await settle();
  controller.abort("enough");
  assertEquals(await call, "enough");
  await settle();
  assertEquals(methodsSentBy(clientLink).filter((method) => method === "rpc.cancel").length, 1);
  assertEquals(peers.aborted, [["aborted", "AbortError"]]);
});

Deno.test("each call of a batch is cancelled, and all of it with one answer left", async () => {
  await using peers = openWaiting();
  const { client, server } = peers;
  server.registerFunction(() => "pong", "ping");
  const controller = new AbortController();
  const calls = [{ method: "wait", params: ["a"] }, { method: "ping" }, { method: "wait", params: ["b"] }];
  const batch = client.batch(100, calls, { signal: controller.signal });
  await settle();
  controller.abort("enough");
  assertEquals((await batch).map(({ status }) => status), Array(3).fill("rejected"));
  await settle();
  assertEquals(peers.aborted, [["a", "AbortError"], ["b", "AbortError"]]);
  // The answer of `ping` was ready, and leaves once nothing is waited for.
  assertEquals(sentBy(peers.serverLink).map(({ result }) => result), ["pong"]);
  assertEquals([server.stats().requestsInFlight, peers.clientTroubles], [0, []]);
});

for (const length of [1, 5_000]) {
  Deno.test(`an answer of ${length} bytes that comes too late is dropped, and no trouble`, async () => {
    await using peers = openPeers();
    const { client } = peers;
    client.runServerForever();
    const other = peers.stranger(500);
    const controller = new AbortController();
    const { signal } = controller;
    const call = client.call(500, "m", [], { signal }).catch((reason) => reason);
    const batch = client.batch(500, [{ method: "a" }, { method: "b" }], { signal });
    const kept = client.call(500, "kept");
    const [one, two, three] = [await other.next(), await other.next(), await other.next()];
    controller.abort("enough");
    assertEquals([await call, (await batch).length], ["enough", 2]);
    const part = length > 100 ? 1_000 : undefined;
    other.answer(200, one, "x".repeat(length), part);
    const results = (two.body as { id: number }[]).map(({ id }) => ({
      jsonrpc: "2.0",
      id,
      result: "x".repeat(length),
    }));
    const late = { body: results, netlink: { nlmsgSeq: two.nlmsgSeq }, procslink: { payloadType: 2, seq: 9 } };
    if (part === undefined) other.send(200, late);
    else other.sendFragments(200, late, part);
    await settle();
    assertEquals([peers.clientTroubles, client.stats().reassemblyBytes], [[], 0]);
    other.answer(200, three, "in time");
    assertEquals(await kept, "in time");
    // Once: what comes a second time was never asked for.
    other.answer(200, one, "again");
    await settle();
    assertEquals(peers.clientTroubles.map((trouble) => trouble.split(":")[0]), ["unexpected"]);
  });
}

Deno.test("an answer that is on its way in fragments when its call is given up is dropped too", async () => {
  await using peers = openPeers();
  const { client } = peers;
  client.runServerForever();
  const other = peers.stranger(500);
  const controller = new AbortController();
  const call = client.call(500, "m", [], { signal: controller.signal }).catch((reason) => reason);
  const { nlmsgSeq, body } = await other.next();
  const answer = { jsonrpc: "2.0", id: (body as { id: number }).id, result: "x".repeat(500) };
  const pieces = fragments(500, { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } }, 100);
  other.sendBytes(200, pieces.shift()!);
  await settle();
  controller.abort("enough");
  assertEquals(await call, "enough");
  for (const piece of pieces) other.sendBytes(200, piece);
  await settle();
  assertEquals([peers.clientTroubles, client.stats().reassemblyBytes], [[], 0]);
});

Deno.test("an answer from another port than the call went to is no late one", async () => {
  await using peers = openPeers();
  const { client } = peers;
  client.runServerForever();
  const [other, mallory] = [peers.stranger(500), peers.stranger()];
  const controller = new AbortController();
  const call = client.call(500, "m", [], { signal: controller.signal }).catch((reason) => reason);
  const received = await other.next();
  controller.abort("enough");
  await call;
  mallory.answer(200, received, "forged");
  await settle();
  assertEquals(peers.clientTroubles.length, 1);
  other.answer(200, received, "late");
  await settle();
  assertEquals(peers.clientTroubles.length, 1);
});

Deno.test("for a call that never left nothing is sent, whatever it waits for", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client, clientLink } = peers;
  const controller = new AbortController();
  const { signal } = controller;
  const full = peers.stranger(500, { uid: 10 });
  full.link.release();
  full.link.queueLimit = 0;
  const blind = openBlind(peers, 501);
  const calls = Promise.allSettled([
    client.call(500, "m", ["small"], { signal }),
    client.call(500, "m", ["x".repeat(200_000)], { signal }),
    client.call(501, "m", [], { signal }),
    client.batch(500, [{ method: "m" }], { signal }),
  ]);
  const other = client.call(501, "m").catch(() => {});
  await settle();
  controller.abort("enough");
  await calls;
  full.link.queueLimit = Infinity;
  full.link.giveUp();
  full.link.hold();
  await identify(blind);
  await settled(2);
  assertEquals(methodsSentBy(clientLink), ["rpc.identity", "m"]);
  assertEquals([full.unread, full.fragments, blind.unread.length], [[], 0, 1]);
  await client.close();
  await other;
});

Deno.test("a receiver that has no room is not told, and nothing waits for it", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const other = peers.stranger(500);
  const controller = new AbortController();
  const call = client.call(500, "m", [], { signal: controller.signal }).catch((reason) => reason);
  const received = await other.next();
  other.link.queueLimit = 0;
  controller.abort("enough");
  assertEquals(await call, "enough");
  await settled(2);
  assertEquals([client.stats().queuedBytes, clientLink.holds, clientLink.patient], [0, 0, []]);
  client.runServerForever();
  other.answer(200, received, "late");
  await settle();
  assertEquals(peers.clientTroubles, []);
});

Deno.test("a request that nobody has begun with is not begun any more", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = server[Symbol.asyncIterator]();
  const controller = new AbortController();
  const calls = [1, 2, 3].map((index) =>
    client.call(100, "m", [index], index === 2 ? { signal: controller.signal } : {}).catch((reason) => reason)
  );
  await settle();
  controller.abort("enough");
  await settle();
  assertEquals(server.stats().requestsInFlight, 2);
  for (const index of [1, 3]) {
    const { value } = await loop.next();
    assertEquals(value!.params, [index]);
    value!.respond(index);
  }
  assertEquals(await Promise.all(calls), [1, "enough", 3]);
  await loop.return!();
});

Deno.test("what is done with a request after its caller has given up does nothing", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => "pong", "ping");
  const loop = server[Symbol.asyncIterator]();
  const controller = new AbortController();
  const call = client.call(100, "ping", [], { signal: controller.signal }).catch((reason) => reason);
  const { value } = await loop.next();
  controller.abort("enough");
  await call;
  await settle();
  assert(value!.isAnswered && value!.signal.aborted);
  value!.respond(1);
  value!.fail(new Error("no luck"));
  await value!.dispatch();
  assertEquals([peers.serverLink.sent, peers.serverTroubles], [[], []]);
  await loop.return!();
});

Deno.test("only who has sent a request gives it up", async () => {
  await using peers = openWaiting();
  const [caller, other] = [peers.stranger(600), peers.stranger(601)];
  caller.send(100, request(1, "wait", ["a"]));
  await settle();
  other.send(100, notification("rpc.cancel", { id: 1 }));
  for (const id of [2, "1", null, {}, [1]]) caller.send(100, notification("rpc.cancel", { id }));
  await settle();
  assertEquals(peers.aborted, []);
  // Its port may be somebody else's by now.
  caller.link.close();
  const heir = peers.stranger(600, { uid: 7 });
  heir.send(100, notification("rpc.cancel", { id: 1 }));
  await settle();
  assertEquals([peers.aborted, peers.serverTroubles], [[], []]);
  const again = (heir.link.close(), peers.stranger(600));
  again.send(100, notification("rpc.cancel", { id: 1 }));
  await settle();
  assertEquals(peers.aborted, [["a", "AbortError"]]);
});

Deno.test("one of two requests with the same id in different types is given up", async () => {
  await using peers = openWaiting();
  const caller = peers.stranger(600);
  for (const id of [1, "1", null]) caller.send(100, request(id, "wait", [typeof id]));
  await settle();
  caller.send(100, notification("rpc.cancel", ["1"]));
  await settle();
  assertEquals(peers.aborted, [["string", "AbortError"]]);
  caller.send(100, request("c", "rpc.cancel", { id: null }));
  assertEquals(bodyOf(await caller.next()).result, null);
  assertEquals(peers.aborted.at(-1), ["object", "AbortError"]);
});
