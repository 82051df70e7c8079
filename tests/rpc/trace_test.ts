// What a peer tells of its calls to whoever traces it.
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  AccessDeniedError,
  type CallEvent,
  GroupGap,
  GroupNotFoundError,
  MethodNotFoundError,
  RPCPeer,
  type RPCPeerOptions,
  Trace,
} from "../../mod.ts";
import { readCallEvent } from "../../src/rpc/call_event.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openServing, type OwnOptions } from "../fakes/peers.ts";
import { check } from "../fakes/property.ts";

/** A server that is traced, a client, and somebody else who traces. */
async function openTraced(options: RPCPeerOptions = {}, own: OwnOptions = {}) {
  const peers = openServing(options, own);
  const observer = new RPCPeer({ trust: "anyone", link: peers.network.open(300, { uid: 10, gid: 11, pidHint: 12 }) });
  const trace = observer.trace(100);
  await trace.joined;
  return {
    ...peers,
    observer,
    trace,
    async [Symbol.asyncDispose]() {
      await observer.close();
      await peers[Symbol.asyncDispose]();
    },
  };
}

/** Takes the next call, without what differs from run to run. */
async function next(trace: Trace) {
  const { value } = await trace.next();
  if (value === undefined || value instanceof GroupGap) throw new Error("A call was expected");
  const { startedAt, duration, id, ...rest } = value;
  assert(startedAt > 1_577_836_800_000 && startedAt < Date.now() + 1_000, `startedAt is ${startedAt}`);
  assert(duration >= 0 && duration < 60_000, `duration is ${duration}`);
  return { ...rest, hasId: id !== undefined };
}

const CALLER = { port: 200, uid: 10 };

Deno.test("a trace tells of each call: its method, its caller, and what became of it", async () => {
  await using peers = await openTraced();
  peers.server.registerFunction(() => {
    throw new TypeError("the reason");
  }, "fail");
  await peers.client.call(100, "ping");
  await peers.client.call(100, "fail").catch(() => {});
  await peers.client.call(100, "nothing").catch(() => {});
  await peers.client.notify(100, "ping");
  await peers.client.notify(100, "fail");
  const { trace } = peers;
  const common = { caller: CALLER, inHand: 0, hasId: true };
  assertEquals(await next(trace), { ...common, method: "ping", outcome: "result" });
  const failed = { code: -32603, message: "Internal error" };
  assertEquals(await next(trace), { ...common, method: "fail", outcome: "error", error: failed });
  const missing = { code: -32601, message: "Method not found" };
  assertEquals(await next(trace), { ...common, method: "nothing", outcome: "error", error: missing });
  assertEquals(await next(trace), { ...common, method: "ping", outcome: "notification", hasId: false });
  assertEquals(await next(trace), {
    ...common,
    method: "fail",
    outcome: "notification",
    error: failed,
    hasId: false,
  });
});

Deno.test("a call that takes time is told of when it is done, with how long it took and what is still in hand", async () => {
  await using peers = await openTraced();
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  peers.server.registerFunction((gate: number) => gates[gate]!.promise, "wait");
  const calls = [0, 1].map((gate) => peers.client.call(100, "wait", [gate]));
  await peers.client.call(100, "ping");
  gates[1]!.resolve();
  gates[0]!.resolve();
  await Promise.all(calls);
  const seen = [await next(peers.trace), await next(peers.trace), await next(peers.trace)];
  assertEquals(seen.map(({ method, inHand }) => [method, inHand]), [["ping", 2], ["wait", 1], ["wait", 0]]);
});

Deno.test("a call whose caller gives up is told of as cancelled", async () => {
  await using peers = await openTraced();
  peers.server.registerFunction(() => new Promise(() => {}), "wait");
  const controller = new AbortController();
  const call = peers.client.call(100, "wait", [], { signal: controller.signal });
  await peers.client.call(100, "ping");
  controller.abort();
  await assertRejects(() => call);
  assertEquals((await next(peers.trace)).method, "ping");
  assertEquals(await next(peers.trace), {
    caller: CALLER,
    inHand: 0,
    hasId: true,
    method: "wait",
    outcome: "cancelled",
  });
});

Deno.test("a call that is refused is told of, also a notification", async () => {
  await using peers = await openTraced({ access: ({ port }, method) => port === 300 || method !== "pair" });
  await peers.client.call(100, "pair", [1]).catch(() => {});
  await peers.client.notify(100, "pair", [1]);
  const { code } = new AccessDeniedError();
  for (const outcome of ["error", "notification"]) {
    const { error, ...call } = await next(peers.trace);
    assertEquals([call.outcome, error?.code], [outcome, code]);
  }
});

Deno.test("the name by which a peer is called is told", async () => {
  await using peers = await openTraced();
  peers.server.claim("com.example.traced");
  await peers.client.call("com.example.traced", "ping");
  assertEquals((await next(peers.trace)).calledName, "com.example.traced");
});

Deno.test("the methods that every peer has are not told of", async () => {
  await using peers = await openTraced();
  await peers.client.call(100, "rpc.ping");
  await peers.client.list({ timeout: 50 });
  await assertRejects(() => peers.client.call(100, "rpc.none"), MethodNotFoundError);
  await peers.client.call(100, "ping");
  assertEquals((await next(peers.trace)).method, "ping");
});

Deno.test("requests of a loop are told of: calls when they are answered, notifications when they are taken", async () => {
  const network = new MemoryNetwork();
  await using server = new RPCPeer({ access: "anyone", link: network.open(100) });
  await using client = new RPCPeer({ trust: "anyone", link: network.open(200) });
  const requests = server[Symbol.asyncIterator]();
  using trace = client.trace(100);
  await trace.joined;
  await client.notify(100, "told");
  const call = client.call(100, "asked");
  await requests.next();
  const { value } = await requests.next();
  value!.respond("answer");
  await call;
  assertEquals((await next(trace)).method, "told");
  assertEquals((await next(trace)).method, "asked");
  await requests.return!();
});

Deno.test("each member of a batch is told of", async () => {
  await using peers = await openTraced();
  await peers.client.batch(100, [{ method: "ping" }, { method: "pair", params: [1] }, { method: "none" }]);
  const seen = [await next(peers.trace), await next(peers.trace), await next(peers.trace)];
  assertEquals(seen.map(({ method, outcome }) => `${method} ${outcome}`), ["ping result", "pair result", "none error"]);
});

Deno.test("a peer that does not want to be traced is not", async () => {
  await using peers = openServing({}, { server: { trace: false } });
  await assertRejects(() => peers.client.trace(100).joined, GroupNotFoundError);
});

Deno.test("who may not call a peer may not trace it either", async () => {
  await using peers = openServing({ access: "same-user" }, { clientUid: 77 });
  const trace = peers.client.trace(100);
  await assertRejects(() => trace.joined, AccessDeniedError);
  await assertRejects(() => trace.next(), AccessDeniedError);
});

Deno.test("nothing is told once nobody traces any more, and all is once somebody does again", async () => {
  await using peers = await openTraced();
  const { observer, client, trace } = peers;
  await client.call(100, "ping");
  await next(trace);
  await trace.return();
  await observer.call(100, "ping");
  const { messagesIn } = observer.stats();
  await client.call(100, "ping");
  // What was sent to the observer before this answer has arrived before it.
  await observer.call(100, "ping");
  assertEquals(observer.stats().messagesIn, messagesIn + 1);
  using again = observer.trace(100);
  await again.joined;
  await client.call(100, "pair", [1]);
  assertEquals((await next(again)).method, "pair");
});

Deno.test("several may trace one peer, and one that leaves takes nothing from the others", async () => {
  await using peers = await openTraced();
  const second = peers.client.trace(100);
  await second.joined;
  await peers.client.call(100, "ping");
  assertEquals([(await next(peers.trace)).method, (await next(second)).method], ["ping", "ping"]);
  await second.return();
  await peers.client.call(100, "pair", [1]);
  assertEquals((await next(peers.trace)).method, "pair");
});

Deno.test("a call in hand when somebody else begins to trace is told of all the same", async () => {
  await using peers = await openTraced();
  const gate = Promise.withResolvers<string>();
  peers.server.registerFunction(() => gate.promise, "wait");
  const call = peers.client.call(100, "wait");
  await peers.client.call(100, "ping");
  const second = peers.client.trace(100);
  await second.joined;
  gate.resolve("now");
  await call;
  assertEquals((await next(peers.trace)).method, "ping");
  assertEquals([(await next(peers.trace)).method, (await next(second)).method], ["wait", "wait"]);
});

Deno.test("a trace does not hear the multicast of its peer, which others could hear too", async () => {
  await using peers = openServing();
  using _news = peers.server.group("news");
  const asked: number[] = [];
  const hear = (_group: number, from: number) => void asked.push(from);
  const observer = new RPCPeer({ trust: "anyone", link: Object.assign(peers.network.open(300), { hear }) });
  await observer.trace(100).joined;
  assertEquals(asked, []);
  await observer.join(100, "news").joined;
  assertEquals(asked, [100]);
  await observer.close();
});

Deno.test("a trace of a peer that closes ends", async () => {
  await using peers = await openTraced();
  await peers.client.call(100, "ping");
  await peers.server.close();
  assertEquals((await next(peers.trace)).method, "ping");
  assertEquals(await peers.trace.next(), { done: true, value: undefined });
});

for (const maxMessageSize of [1_024, 67_108_864]) {
  Deno.test(`long texts are cut, so that an event fits messages of ${maxMessageSize} bytes`, async () => {
    await using peers = await openTraced({}, { server: { maxMessageSize } });
    const { mallory } = peers;
    const method = "\u0001".repeat(20);
    mallory.send(100, { body: { jsonrpc: "2.0", id: "\u0001".repeat(20), method } });
    await mallory.next();
    mallory.send(100, { body: { jsonrpc: "2.0", id: "x".repeat(600), method: "m".repeat(300) } });
    await mallory.next();
    const longest = maxMessageSize === 1_024 ? 16 : 200;
    const seen = await next(peers.trace);
    assertEquals([seen.method, seen.hasId], [method.slice(0, longest), longest > 20]);
    const long = await next(peers.trace);
    assertEquals([long.method, long.hasId], ["m".repeat(Math.min(300, longest)), false]);
  });
}

Deno.test("a trace that falls behind is told how many calls are missing", async () => {
  await using peers = openServing();
  using trace = peers.client.trace(100, { maxQueuedBytes: 2_000 });
  await trace.joined;
  for (let call = 0; call < 50; call++) await peers.client.call(100, "ping");
  const first = (await trace.next()).value;
  assert(first instanceof GroupGap && first.missed > 0);
});

Deno.test("what a peer tells is believed only where it has the form of a call", () => {
  const call: CallEvent = {
    method: "ping",
    caller: { port: 1, uid: 0 },
    id: 1,
    startedAt: 1.5,
    duration: 0,
    outcome: "result",
    inHand: 0,
  };
  assertEquals(readCallEvent({ ...call, more: 1 }), call);
  const wrong: Record<string, unknown>[] = [
    { method: 1 },
    { caller: undefined },
    { caller: { port: -1, uid: 0 } },
    { caller: { port: 1, uid: "0" } },
    { id: {} },
    { calledName: 1 },
    { startedAt: null },
    { duration: -1 },
    { outcome: "other" },
    { outcome: "error" },
    { error: { code: 1.5, message: "" } },
    { error: { code: 1 } },
    { inHand: "many" },
  ];
  for (const fields of wrong) assertEquals(readCallEvent({ ...call, ...fields }), undefined, JSON.stringify(fields));
});

Deno.test("whatever a peer tells, nothing is thrown", () => {
  check(fc.property(fc.jsonValue(), (value) => void readCallEvent(value)));
});

Deno.test("rubbish among what a peer tells is passed over", async () => {
  const network = new MemoryNetwork();
  await using liar = new RPCPeer({ access: "anyone", link: network.open(100) });
  using lies = liar.group("lies");
  await using client = new RPCPeer({ trust: "anyone", link: network.open(200) });
  using trace = new Trace(client.join(100, "lies"), readCallEvent);
  await trace.joined;
  await lies.publish({ method: "no call" });
  await lies.publish(null);
  const call = { method: "ping", caller: CALLER, startedAt: Date.now(), duration: 1, outcome: "result", inHand: 0 };
  await lies.publish(call);
  assertEquals((await next(trace)).method, "ping");
});

Deno.test("trace must be true or false", () => {
  const link = new MemoryNetwork().open(100);
  // deno-lint-ignore no-explicit-any
  assertThrows(() => new RPCPeer({ link, trace: "params" as any }), TypeError, "trace");
});
