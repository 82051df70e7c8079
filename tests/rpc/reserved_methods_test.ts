// Methods that every peer has: rpc.ping, rpc.identity and rpc.cancel.
import { assert, assertEquals, assertMatch, assertRejects, assertThrows } from "@std/assert";
import { AccessDeniedError, currentCall, InvalidParamsError, RPCPeer } from "../../mod.ts";
import type { Identity } from "../../src/rpc/identity.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { notification, outcomeOf, request } from "./wire.ts";

const DENIED = -32001;
const NAMES = ["rpc.ping", "rpc.identity", "rpc.cancel"];

Deno.test("every peer answers a ping", async () => {
  await using peers = openPeers();
  peers.server.runServerForever();
  assertEquals(await peers.client.call(100, "rpc.ping"), "pong");
  await assertRejects(() => peers.client.call(100, "rpc.ping", [1]), InvalidParamsError);
});

Deno.test("a peer tells its methods, and a text that no other peer has, nor this one when it is opened anew", async () => {
  await using peers = openPeers();
  const { server, client, network } = peers;
  server.registerFunction(() => 1, "one");
  server.registerFunctionsInObject({ two: () => 2, three: () => 3 });
  server.runServerForever();
  client.runServerForever();
  const identify = async (from: RPCPeer, port: number) => await from.call<Identity>(port, "rpc.identity");
  const first = await identify(client, 100);
  assertEquals(first.methods, ["one", "two", "three"]);
  assertMatch(first.incarnation, /^[0-9a-f-]{36}$/);
  server.registerFunction(() => 4, "four");
  assertEquals(await identify(client, 100), { ...first, methods: ["one", "two", "three", "four"] });
  const other = await identify(server, 200);
  assertEquals(other.methods, []);
  await server.close();
  await using again = new RPCPeer({ link: network.open(100, { uid: 10 }) });
  again.runServerForever();
  const third = await identify(client, 100);
  assertEquals(new Set([first.incarnation, other.incarnation, third.incarnation]).size, 3);
});

Deno.test("names that begin with rpc. are nobody's, and those that are not there are not found", async () => {
  using peer = new RPCPeer({ link: new MemoryNetwork().open(1) });
  for (const name of [...NAMES, "rpc.", "rpc.mine"]) {
    const message = `"${name}" begins with rpc., which JSON-RPC 2.0 keeps for itself`;
    assertThrows(() => peer.registerFunction(() => 1, name), TypeError, message);
  }
  peer.registerFunction(() => 1, "rpc");
  await using peers = openPeers();
  peers.server.runServerForever();
  await assertRejects(() => peers.client.call(100, "rpc.mine"), Error, "Method not found");
});

Deno.test("who may not call does not learn what there is; that a call is given up, everybody may say", async () => {
  await using peers = openPeers({ access: "same-user" });
  const { server, serverTroubles } = peers;
  server.registerFunction(() => currentCall()!.caller.uid, "who", { access: "anyone" });
  server.runServerForever();
  const mallory = peers.stranger();
  for (const method of NAMES.slice(0, 2)) {
    mallory.send(100, request(1, method));
    assertEquals(outcomeOf(await mallory.next()), DENIED);
  }
  mallory.send(100, request(1, "rpc.cancel", { id: 7 }));
  assertEquals(outcomeOf(await mallory.next()), null);
  assertEquals(serverTroubles, ["rpc.ping", "rpc.identity"].map((name) => `denied: User 1000 may not call "${name}"`));
});

Deno.test("a function decides on them as on any other, but for what only gives up", async () => {
  const asked: string[] = [];
  await using peers = openPeers({ access: (_caller, method) => asked.push(method) > 0 && method !== "rpc.identity" });
  const { server, client } = peers;
  server.runServerForever();
  assertEquals(await client.call(100, "rpc.ping"), "pong");
  await assertRejects(() => client.call(100, "rpc.identity"), AccessDeniedError);
  assertEquals(await client.call(100, "rpc.cancel", { id: 1 }), null);
  assertEquals(asked, ["rpc.ping", "rpc.identity"]);
});

Deno.test("no loop sees them: they are answered beside it", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = server[Symbol.asyncIterator]();
  const taken = client.call(100, "m");
  const next = await loop.next();
  assertEquals(await client.call(100, "rpc.ping"), "pong");
  assertEquals((await client.call<Identity>(100, "rpc.identity")).methods, []);
  const waiting = client.call(100, "n", [], { timeout: Infinity });
  await settle();
  await client.notify(100, "rpc.cancel", { id: 1 });
  await settle();
  // A name of that kind which is not there is the loop's, as any other.
  const unknown = client.call(100, "rpc.mine");
  const seen: unknown[] = [next.value!.method];
  next.value!.respond();
  for (let index = 0; index < 2; index++) {
    const { value } = await loop.next();
    seen.push(value!.method);
    value!.respond();
  }
  assertEquals(seen, ["m", "n", "rpc.mine"]);
  await Promise.all([taken, waiting, unknown]);
  await loop.return!();
});

Deno.test("a call to one of them that is given up is not followed by another", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const silent = peers.stranger(500);
  const call = peers.client.call(500, "rpc.ping", [], { timeout: 20 }).catch((error) => error.name);
  await time.pass(20);
  await settled(3);
  assertEquals(await call, "CallTimeoutError");
  assertEquals(silent.unread.map(({ body }) => (body as { method: string }).method), ["rpc.ping"]);
});

Deno.test("a cancellation that says nothing is no request, and harms nobody", async () => {
  await using peers = openPeers();
  const { server } = peers;
  let aborted = 0;
  server.registerFunction(() => {
    currentCall()!.signal.addEventListener("abort", () => aborted++);
    return new Promise(() => {});
  }, "wait");
  server.runServerForever();
  const caller = peers.stranger();
  caller.send(100, request(1, "wait"));
  await settle();
  for (const params of [undefined, [], {}, { id: [] }, [1, 2], { other: 1 }]) {
    caller.send(100, notification("rpc.cancel", params));
  }
  await settle();
  assertEquals([aborted, server.stats().requestsInFlight], [0, 1]);
  assert(caller.unread.length === 0);
});

Deno.test("a request may give itself up, or one of its batch", async () => {
  await using peers = openPeers();
  const { server } = peers;
  const gate = Promise.withResolvers<void>();
  server.registerFunction(() => gate.promise, "wait");
  server.runServerForever();
  const caller = peers.stranger();
  const members = [request(1, "wait"), request(2, "rpc.cancel", [1]), notification("rpc.cancel", [7])];
  caller.send(100, { body: members.map(({ body }) => body) });
  assertEquals((await caller.next()).body, [{ jsonrpc: "2.0", id: 2, result: null }]);
  assertEquals(server.stats().requestsInFlight, 0);
});
