// Whom a call trusts: nothing with params leaves before that is known, and no other's answer counts.
import { assert, assertEquals, assertInstanceOf, assertThrows } from "@std/assert";
import { AccessDeniedError, type AccessRule, RPCPeer, type RPCPeerOptions, type TroubleEvent } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { fragments, settle, type Stranger } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { heardBy } from "./blind.ts";
import { bodyOf, methodsSentBy } from "./wire.ts";

/** A client of user 10, and a stranger at port 500 whose lifeline tells who that is. */
function openTrusting(options: RPCPeerOptions = {}, who: Partial<Caller> = {}): Peers & { other: Stranger } {
  const peers = openPeers({ trust: undefined, ...options });
  return { ...peers, other: peers.stranger(500, who) };
}

/** What becomes of a call to somebody: the answer, or the user whom it does not trust. */
async function called(trust: AccessRule | undefined, who: Partial<Caller>): Promise<unknown> {
  await using peers = openTrusting({ trust }, who);
  const { client, other } = peers;
  const call = client.call(500, "m", ["secret"]).catch((error) => error);
  const first = await other.next();
  const isQuestion = bodyOf(first).method === "rpc.identity";
  other.answer(200, first, "done");
  const outcome = await call;
  if (!isQuestion) return outcome;
  assertInstanceOf(outcome, AccessDeniedError);
  assertEquals([heardBy(other), methodsSentBy(peers.clientLink)], [[], ["rpc.identity"]]);
  return { uid: (outcome as AccessDeniedError).uid };
}

const rules: [name: string, trust: AccessRule | undefined, who: Partial<Caller>, outcome: unknown][] = [
  ["by default the own user is trusted", undefined, { uid: 10 }, "done"],
  ["by default root is trusted", undefined, { uid: 0 }, "done"],
  ["by default nobody else is trusted", undefined, { uid: 1_000, gid: 21 }, { uid: 1_000 }],
  ["same-user is the default", "same-user", { uid: 1_000 }, { uid: 1_000 }],
  ["anyone is trusted where anyone is", "anyone", { uid: 1_000 }, "done"],
  ["a user of the list is trusted", { uids: [1_000] }, { uid: 1_000 }, "done"],
  ["a group of the list is trusted", { gids: [7] }, { uid: 1_000, gid: 7 }, "done"],
  ["root is not trusted where the list has another", { uids: [1_000] }, { uid: 0 }, { uid: 0 }],
  ["the own user is not trusted where the list has another", { uids: [1_000] }, { uid: 10 }, { uid: 10 }],
  ["a function says who is trusted", ({ uid }) => uid === 1_000, { uid: 1_000 }, "done"],
  ["a function says who is not", ({ uid }) => uid !== 1_000, { uid: 1_000 }, { uid: 1_000 }],
  ["an async function says who is trusted", ({ uid }) => settle().then(() => uid === 1_000), { uid: 1_000 }, "done"],
  ["an async function says who is not", () => settle().then(() => false), { uid: 1_000 }, { uid: 1_000 }],
];

for (const [name, trust, who, outcome] of rules) {
  Deno.test(`trust: ${name}`, async () => assertEquals(await called(trust, who), outcome));
}

Deno.test("an id that stands for whoever is not mapped is not trusted, also where it is the own one", async () => {
  for (const trust of ["same-user", { uids: [10] }] as const) {
    const network = new MemoryNetwork();
    const link = network.open(200, { uid: 10 });
    link.unmapped = { uid: 10, gid: undefined };
    await using client = new RPCPeer({ link, trust });
    await using server = new RPCPeer({ link: network.open(100, { uid: 10 }), access: "anyone" });
    server.runServerForever();
    const error = await client.call(100, "rpc.ping").catch((error) => error) as AccessDeniedError;
    assertEquals([error.uid, methodsSentBy(link)], [10, ["rpc.identity"]]);
  }
});

Deno.test("a function is asked of the holder and of each method", async () => {
  const asked: unknown[] = [];
  const trust = (holder: Caller, method: string) => asked.push([holder, method]) > 0 && method !== "no";
  await using peers = openTrusting({ trust }, { uid: 1_000, gid: 7 });
  const { client, other } = peers;
  const holder = { port: 500, uid: 1_000, gid: 7, pidHint: 0 };
  await client.notify(500, "m");
  assertEquals(asked, [[holder, "m"]]);
  await client.batch(500, [{ method: "a", notify: true }, { method: "b", notify: true }]);
  assertEquals(asked.slice(1), [[holder, "a"], [holder, "b"]]);
  const batch = client.batch(500, [{ method: "a" }, { method: "no" }]);
  await settle();
  // One that is not trusted is one too many: the port itself is asked, and all of it stays here.
  assertEquals(heardBy(other), ["m", "a", "b", "rpc.identity"]);
  await client.close();
  await batch;
});

Deno.test("a batch is sent where all of its methods are trusted, also where that takes time", async () => {
  const trust = (_holder: Caller, method: string) => settle().then(() => method !== "no");
  await using peers = openTrusting({ trust }, { uid: 1_000 });
  const { client, other } = peers;
  await client.batch(500, [{ method: "a", notify: true }, { method: "b", notify: true }]);
  const refused = client.batch(500, [{ method: "a", notify: true }, { method: "no", notify: true }]);
  const outcome = refused.catch((error) => error.uid);
  await settled(2);
  assertEquals(heardBy(other), ["a", "b", "rpc.identity"]);
  await other.next();
  other.answer(200, await other.next(), {});
  assertEquals([await outcome, heardBy(other)], [1_000, []]);
});

Deno.test("a function that throws trusts nobody, and that is trouble", async () => {
  const thrown = new Error("the directory is away");
  await using peers = openTrusting({
    trust: () => {
      throw thrown;
    },
  }, { uid: 10 });
  const events: TroubleEvent[] = [];
  peers.client.addEventListener("trouble", (event) => events.push(event));
  const call = peers.client.call(500, "m").catch((error) => error);
  peers.other.answer(200, await peers.other.next(), {});
  assertInstanceOf(await call, AccessDeniedError);
  assert(events.length > 0);
  for (const { kind, reason, port, error } of events) {
    const expected = ["handler", 'The trust function has thrown, which is a no, for "m"', 500, thrown];
    assertEquals([kind, reason, port, error], expected);
  }
});

Deno.test("a call, a remote object and a peer say whom they trust, the nearest first", async () => {
  await using peers = openTrusting({ trust: { uids: [1] } }, { uid: 1_000 });
  const { client, other } = peers;
  const trust = { uids: [1_000] };
  await client.notify(500, "a", [], { trust });
  await client.batch(500, [{ method: "b", notify: true }], { trust });
  const remote = client.talkTo<{ c(): string }>(500, { trust });
  const call = remote.c();
  await settle();
  assertEquals(heardBy(other).flat(), ["a", "b", "c"]);
  for (let index = 0; index < 2; index++) await other.next();
  other.answer(200, await other.next(), "done");
  assertEquals(await call, "done");
  const refused = client.talkTo<{ c(): string }>(500).c().catch((error) => error);
  other.answer(200, await other.next(), {});
  assertEquals((await refused).uid, 1_000);
});

Deno.test("a remote object reads its rule once", async () => {
  await using peers = openTrusting({}, { uid: 1_000 });
  const uids = [1_000];
  const remote = peers.client.talkTo<{ m(): string }>(500, { trust: { uids } });
  uids[0] = 1;
  const call = remote.m();
  peers.other.answer(200, await peers.other.next(), "done");
  assertEquals(await call, "done");
});

Deno.test("a rule that is none is refused, and nothing is sent", async () => {
  await using peers = openTrusting();
  const { client, clientLink } = peers;
  const trust = { uids: [-1] };
  const outcomes = await Promise.allSettled([
    client.call(500, "m", [], { trust }),
    client.notify(500, "m", [], { trust }),
    client.batch(500, [{ method: "m" }], { trust }),
    client.call(500, "m", [], { trust: "all" as "anyone" }),
    client.call(500, "m", [], { trust: null as unknown as AccessRule }),
  ]);
  assertEquals(
    outcomes.map((outcome) => (outcome as PromiseRejectedResult).reason.name),
    ["RangeError", "RangeError", "RangeError", "TypeError", "TypeError"],
  );
  assertThrows(() => client.talkTo(500, { trust }), RangeError, "trust.uids must hold ids");
  assertThrows(() => client.callSync(500, "m", [], { trust }), RangeError);
  assertEquals([clientLink.sent, clientLink.holds], [[], 0]);
});

/** A stranger whose lifeline is in the wrong hands. */
function openSquatted(): Peers & { other: Stranger } {
  const peers = openTrusting({}, { uid: 10 });
  peers.other.link.lifelineOwner = { port: 500, uid: 1_000, gid: 1_000, pidHint: 1 };
  return peers;
}

Deno.test("a lifeline in the wrong hands stops nobody: the port itself says who holds it", async () => {
  await using peers = openSquatted();
  const { client, other } = peers;
  const calls = Promise.all([client.call(500, "m", [1]), client.call(500, "m", [2])]);
  other.answer(200, await other.next(), {});
  other.answer(200, await other.next(), "one");
  other.answer(200, await other.next(), "two");
  assertEquals(await calls, ["one", "two"]);
  // Whoever has the lifeline tells nothing by its end.
  assertEquals(other.link.lifelines.size, 0);
  const call = client.call(500, "m", [3]);
  await settle();
  other.answer(200, await other.next(), "three");
  assertEquals([await call, heardBy(other)], ["three", []]);
});

Deno.test("a port that does not say otherwise within a second is in the hands that its lifeline names", async () => {
  using time = fakeTime();
  await using peers = openSquatted();
  const { client, other } = peers;
  let outcome: unknown;
  const options = { timeout: Infinity };
  const call = client.call(500, "m", ["secret"], options).catch((error) => outcome = error);
  await settle();
  await time.pass(999);
  await settled(2);
  assertEquals([outcome, heardBy(other)], [undefined, ["rpc.identity"]]);
  await time.pass(1);
  await settled(2);
  await call;
  assertInstanceOf(outcome, AccessDeniedError);
  assertEquals([(outcome as AccessDeniedError).uid, heardBy(other), peers.clientLink.holds], [
    1_000,
    ["rpc.identity"],
    0,
  ]);
});

Deno.test("an answer of somebody who is not trusted rejects the call, and names the user", async () => {
  await using peers = openTrusting({ trust: { uids: [10] } }, { uid: 10 });
  const { client, clientLink, other } = peers;
  const calls = Promise.allSettled([client.call(500, "a"), client.call(500, "b"), client.call(500, "c")]);
  const batch = client.batch(500, [{ method: "d" }, { method: "e" }]);
  const requests = [await other.next(), await other.next(), await other.next(), await other.next()];
  // The port changes hands before anybody has noticed.
  other.link.close();
  const heir = peers.stranger(500, { uid: 1_000 });
  const error = { jsonrpc: "2.0", id: (requests[1]!.body as { id: number }).id, error: { code: 7, message: "no" } };
  heir.answer(200, requests[0]!, "forged");
  heir.send(200, { body: error, netlink: { nlmsgSeq: requests[1]!.nlmsgSeq }, procslink: { payloadType: 2 } });
  heir.answer(200, requests[2]!, "forged".repeat(1_000), 500);
  const body = (requests[3]!.body as { id: number }[]).map(({ id }) => ({ jsonrpc: "2.0", id, result: "forged" }));
  heir.send(200, { body, netlink: { nlmsgSeq: requests[3]!.nlmsgSeq }, procslink: { payloadType: 2 } });
  const reasons = [...await calls, ...await batch].map((outcome) => (outcome as PromiseRejectedResult).reason);
  for (const reason of reasons) assertInstanceOf(reason, AccessDeniedError);
  assertEquals([reasons.map(({ uid }) => uid), clientLink.holds], [Array(5).fill(1_000), 0]);
  assertEquals(client.stats().reassemblyBytes, 0);
});

Deno.test("a large answer of somebody who is not trusted is not put together", async () => {
  await using peers = openTrusting({ trust: { uids: [10] } }, { uid: 10 });
  const { client, other } = peers;
  const call = client.call(500, "m", [], { timeout: Infinity }).catch((error) => error.uid);
  const { nlmsgSeq, body } = await other.next();
  other.link.close();
  const heir = peers.stranger(500, { uid: 1_000 });
  const answer = { jsonrpc: "2.0", id: (body as { id: number }).id, result: "x".repeat(50_000) };
  const [first] = fragments(500, { body: answer, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } }, 10_000);
  heir.sendBytes(200, first!);
  assertEquals(await call, 1_000);
  assert(client.stats().reassemblyBytes <= 512);
});

Deno.test("the user who is not trusted is the one who holds the port, whoever has its lifeline", async () => {
  await using peers = openTrusting({}, { uid: 1_001 });
  const { client, other } = peers;
  other.link.lifelineOwner = { port: 500, uid: 1_000, gid: 1_000, pidHint: 1 };
  const call = client.call(500, "m").catch((error) => error.uid);
  other.answer(200, await other.next(), {});
  assertEquals(await call, 1_001);
});

Deno.test("an answer counts once its async rule has been asked, also where another holds the port by then", async () => {
  const decisions: ((trusted: boolean) => void)[] = [];
  const trust = ({ uid }: Caller) => uid === 10 || new Promise<boolean>((resolve) => decisions.push(resolve));
  await using peers = openTrusting({ trust }, { uid: 10 });
  const { client, other } = peers;
  const outcomes = Promise.all(["a", "b"].map((method) => client.call(500, method).catch((error) => error.uid)));
  const requests = [await other.next(), await other.next()];
  other.link.close();
  const heir = peers.stranger(500, { uid: 1_000 });
  for (const request of requests) heir.answer(200, request, "from the heir");
  await settle();
  assertEquals([decisions.length, client.stats().callsInFlight], [2, 2]);
  decisions[0]!(true);
  decisions[1]!(false);
  assertEquals(await outcomes, ["from the heir", 1_000]);
});
