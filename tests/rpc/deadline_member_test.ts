// The deadline of a request: it goes with it where somebody has said how long to wait, and what nobody waits for is not begun.
import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import type { RPCPeerOptions } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { bodyOf, notification, outcomeOf, request, sentBy } from "./wire.ts";

/** Has `Date.now()` tell a time of the test's own. */
function mockDate(now: () => number): Disposable {
  const { mock: mocked } = mock.method(Date, "now", now);
  return { [Symbol.dispose]: () => mocked.restore() };
}

const NOW = 1_700_000_000_000;

/** The deadlines of what a client sends, from now on; undefined where there is none. */
async function deadlinesOf(options: RPCPeerOptions, timeout: number | undefined): Promise<(number | undefined)[]> {
  using _date = mockDate(() => NOW);
  await using peers = openPeers(options);
  const { client, server } = peers;
  server.registerFunction(() => "pong", "ping");
  server.runServerForever();
  await client.call(100, "ping", [], timeout === undefined ? {} : { timeout });
  await client.talkTo<{ ping(): string }>(100, timeout === undefined ? {} : { timeout }).ping();
  const deadlines = sentBy(peers.clientLink).map(({ deadline }) => deadline);
  return deadlines.map((deadline) => deadline === undefined ? undefined : deadline - NOW);
}

const cases: [name: string, options: RPCPeerOptions, timeout: number | undefined, deadline: number | undefined][] = [
  ["nobody has said how long to wait", {}, undefined, undefined],
  ["a call says so", {}, 500, 500],
  ["the peer says so", { timeout: 700 }, undefined, 700],
  ["the call says otherwise than the peer", { timeout: 700 }, 300, 300],
  ["the call waits for ever", { timeout: 700 }, Infinity, undefined],
  ["the peer waits for ever", { timeout: Infinity }, undefined, undefined],
  ["the peer waits for ever, and the call does not", { timeout: Infinity }, 40, 40],
  ["it is a fraction", {}, 0.25, 1],
];

for (const [name, options, timeout, deadline] of cases) {
  Deno.test(`the deadline that goes with a request: ${name}`, async () => {
    assertEquals(await deadlinesOf(options, timeout), [deadline, deadline]);
  });
}

Deno.test("a synchronous call has its deadline too, and the question who answers it has none", async () => {
  using _date = mockDate(() => NOW);
  await using peers = openPeers({ trust: { uids: [1_000] } });
  const { client, clientLink } = peers;
  const other = peers.stranger(500);
  other.link.hasLifeline = false;
  clientLink.blocking!.whileReceiving = () => other.readNow().forEach((received) => other.answer(200, received, 1));
  client.callSync(500, "m", [], { timeout: 250 });
  client.callSync(500, "m");
  assertEquals(sentBy(clientLink).map(({ method, deadline }) => [method, deadline]), [
    ["rpc.identity", undefined],
    ["m", NOW + 250],
    ["m", undefined],
  ]);
});

Deno.test("the calls of a batch have their deadline, and its notifications have none, nor has any other", async () => {
  using _date = mockDate(() => NOW);
  await using peers = openPeers();
  const { client, server } = peers;
  server.runServerForever();
  await client.batch(100, [{ method: "a" }, { method: "b", notify: true }, { method: "c" }], { timeout: 100 });
  await client.notify(100, "d", [], { timeout: 100 });
  await client.batch(100, [{ method: "e", notify: true }], { timeout: 100 });
  const deadlines = sentBy(peers.clientLink).map(({ deadline }) => deadline && deadline - NOW);
  assertEquals(deadlines, [100, undefined, 100, undefined, undefined]);
});

Deno.test("a loop sees the deadline of a request", async () => {
  using _date = mockDate(() => NOW);
  await using peers = openPeers();
  const { client, server } = peers;
  const loop = server[Symbol.asyncIterator]();
  const calls = [client.call(100, "m", [], { timeout: 123 }), client.call(100, "m")];
  for (const deadline of [NOW + 123, undefined]) {
    const { value } = await loop.next();
    assertEquals(value!.deadline, deadline);
    value!.respond();
  }
  await Promise.all(calls);
  await loop.return!();
});

Deno.test("what nobody waits for any more when it comes is neither begun nor answered", async () => {
  using _date = mockDate(() => NOW);
  await using peers = openPeers({ access: ({ uid }) => uid === 1_000 || settle().then(() => true) });
  const { server } = peers;
  const ran: unknown[] = [];
  server.registerFunction((value: unknown) => ran.push(value), "run");
  server.runServerForever();
  for (const uid of [1_000, 1_001]) {
    const caller = peers.stranger(uid, { uid });
    for (const deadline of [NOW, NOW - 1, 0, -1e300]) caller.send(100, request(1, "run", ["late"], { deadline }));
    caller.send(100, request(2, "run", ["in time"], { deadline: NOW + 1 }));
    await settle();
    await settle();
    assertEquals(caller.unread.map(bodyOf).map(({ id }) => id), [2]);
  }
  assertEquals([ran, server.stats().requestsInFlight, peers.serverTroubles], [["in time", "in time"], 0, []]);
});

Deno.test("the time that a decision on its access takes counts", async () => {
  let now = NOW;
  using _date = mockDate(() => now);
  const gate = Promise.withResolvers<boolean>();
  await using peers = openPeers({ access: () => gate.promise });
  let ran = 0;
  peers.server.registerFunction(() => ran++, "run");
  peers.server.runServerForever();
  const caller = peers.stranger();
  caller.send(100, request(1, "run", [], { deadline: NOW + 100 }));
  await settle();
  now += 100;
  gate.resolve(true);
  await settle();
  assertEquals([ran, caller.unread, peers.server.stats().requestsInFlight], [0, [], 0]);
});

Deno.test("a notification runs, whatever its deadline is", async () => {
  await using peers = openPeers();
  let ran = 0;
  peers.server.registerFunction(() => ran++, "run");
  peers.server.runServerForever();
  peers.stranger().send(100, { body: { ...notification("run").body as object, deadline: 1 } });
  await settle();
  assertEquals(ran, 1);
});

Deno.test("the others of a batch are answered without what came too late", async () => {
  await using peers = openPeers();
  peers.server.registerFunction((value: unknown) => value, "run");
  peers.server.runServerForever();
  const caller = peers.stranger();
  const members = [request(1, "run", [1]), request(2, "run", [2], { deadline: 1 }), request(3, "run", [3])];
  caller.send(100, { body: members.map(({ body }) => body) });
  const { body } = await caller.next();
  assertEquals((body as { id: number }[]).map(({ id }) => id), [1, 3]);
  // Nothing is sent where nothing is left.
  caller.send(100, { body: [members[1]!.body, members[1]!.body] });
  await settle();
  assertEquals([caller.unread, peers.server.stats().requestsInFlight], [[], 0]);
});

Deno.test("a deadline that is no number makes no request, and one beyond all numbers is never", async () => {
  await using peers = openPeers();
  peers.server.registerFunction(() => "pong", "ping");
  peers.server.runServerForever();
  const caller = peers.stranger();
  for (const deadline of ["1", null, true, [1], {}]) {
    caller.send(100, request(1, "ping", undefined, { deadline }));
    assertEquals(outcomeOf(await caller.next()), -32600);
  }
  for (const deadline of ["1e400", "1e308", "9007199254740993"]) {
    caller.send(100, { body: `{"jsonrpc":"2.0","id":1,"method":"ping","deadline":${deadline}}` });
    assertEquals(outcomeOf(await caller.next()), "pong");
  }
  assert(peers.serverTroubles.length === 0);
});
