import { assertEquals, assertMatch, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import {
  CallTimeoutError,
  InternalError,
  JSONRPCError,
  MethodNotFoundError,
  PeerGoneError,
  RPCPeer,
  SyscallError,
} from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

class Calculator {
  #memory = 0;

  add(a: number, b = 10): number {
    return this.#memory = a + b;
  }

  async later(value: unknown): Promise<unknown> {
    await Promise.resolve();
    return value;
  }

  recall(): number {
    return this.#memory;
  }

  nothing(): void {}

  fail(message: string): never {
    throw new Error(message);
  }
}

Deno.test("a call returns what the method returns", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunctionsInObject(new Calculator());
  server.runServerForever();
  assertEquals(await client.call(100, "add", [1, 2]), 3);
  assertEquals(await client.call(100, "add", { b: 2, a: 40 }), 42);
  assertEquals(await client.call(100, "add", [1]), 11);
  assertEquals(await client.call(100, "recall"), 11);
  assertEquals(await client.call(100, "nothing"), null);
  const value = { nested: [1, "two", null, { three: "drei 世界 🦀" }] };
  assertEquals(await client.call(100, "later", [value]), value);
});

Deno.test("a remote object has the methods of its class", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunctionsInObject(new Calculator());
  server.runServerForever();
  const remote = client.talkTo<Calculator>(100);
  assertEquals(await remote.add(1, 2), 3);
  assertEquals(await remote.add(1, undefined), 11);
  assertEquals(await remote.nothing(), null);
  assertStrictEquals(remote.add, remote.add);
  // Neither awaiting nor printing it is a call, nor is what JSON.stringify() asks for.
  assertEquals(JSON.stringify({ remote }), '{"remote":{}}');
  assertEquals(Object.keys(remote), []);
  assertStrictEquals(await remote, remote);
  assertEquals(`${remote}`, "Remote(port 100)");
  assertEquals(peers.clientLink.sent.length, 3);
});

Deno.test("a failing method rejects the call with its message, and never a stack", async () => {
  await using peers = openPeers();
  const { server, client, clientLink, serverLink } = peers;
  server.registerFunctionsInObject(new Calculator());
  server.runServerForever();
  const error = await assertRejects(() => client.call(100, "fail", ["no luck"]), InternalError);
  assertEquals([error.code, error.message, error.data], [-32603, "Internal error", "no luck"]);
  assertEquals(clientLink.sent.length, 1);
  const answer = new TextDecoder().decode(serverLink.sent[0]!.bytes.subarray(40));
  assertMatch(
    answer,
    /^\{"jsonrpc":"2.0","id":\d+,"error":\{"code":-32603,"message":"Internal error","data":"no luck"\}\}$/,
  );
});

Deno.test("calls run at once, and each gets its own answer", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const waiting: ((value: string) => void)[] = [];
  server.registerFunction(() => new Promise((resolve) => waiting.push(resolve)), "wait");
  server.runServerForever();
  const calls = [client.call(100, "wait"), client.call(100, "wait"), client.call(100, "wait")];
  await settle();
  assertEquals(waiting.length, 3);
  waiting[2]!("third");
  waiting[0]!("first");
  waiting[1]!("second");
  assertEquals(await Promise.all(calls), ["first", "second", "third"]);
  // All that went in one turn went in one datagram.
  assertEquals(peers.clientLink.sent.length, 1);
  assertEquals(peers.serverLink.sent.length, 1);
});

Deno.test("two peers call each other back, and the caller need not serve for it", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  client.registerFunction((question: string) => `${question} Blue.`, "ask");
  server.registerFunction((port: number) => server.call(port, "ask", ["Your favourite colour?"]), "survey");
  server.runServerForever();
  assertEquals(await client.call(100, "survey", [200]), "Your favourite colour? Blue.");
});

Deno.test("a peer can call itself", async () => {
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction(() => "me", "who");
  assertEquals(await server.call(100, "who"), "me");
});

Deno.test("a call to a port that nobody holds rejects at once", async () => {
  await using peers = openPeers();
  const error = await assertRejects(() => peers.client.call(999, "hello"), PeerGoneError);
  assertEquals([error.port, error.message], [999, "No peer holds port 999"]);
  await assertRejects(() => peers.client.notify(999, "hello"), PeerGoneError);
  await assertRejects(() => peers.client.batch(999, [{ method: "hello", notify: true }]), PeerGoneError);
  const [outcome] = await peers.client.batch(999, [{ method: "hello" }]);
  assertEquals(outcome?.status, "rejected");
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a link that fails to send rejects the call with its error", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const failure = new SyscallError("sendto", 105);
  clientLink.failures.push(failure, failure);
  assertStrictEquals(await client.call(100, "hello").catch((error) => error), failure);
  assertStrictEquals(await client.notify(100, "hello").catch((error) => error), failure);
  assertEquals(clientLink.holds, 0);
});

Deno.test("a call waits as long as its timeout says, and no longer", async () => {
  await using peers = openPeers({ timeout: 15 });
  const { server, client } = peers;
  server.registerFunction(() => new Promise(() => {}), "never");
  server.runServerForever();
  const error = await assertRejects(() => client.call(100, "never"), CallTimeoutError);
  assertEquals([error.port, error.method, error.timeout], [100, "never", 15]);
  assertEquals(error.message, 'Port 100 did not answer "never" within 15 ms');
  await assertRejects(() => client.call(100, "never", [], { timeout: 5 }), CallTimeoutError, "within 5 ms");
  await assertRejects(
    () => client.talkTo<{ never(): void }>(100, { timeout: 6 }).never(),
    CallTimeoutError,
    "within 6 ms",
  );
  assertEquals(client.talkTo<{ x(): void }>(100, { timeout: Infinity }) !== undefined, true);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a timeout that is none is refused", async () => {
  await using peers = openPeers();
  for (const timeout of [0, -1, NaN, "5" as unknown as number]) {
    await assertRejects(() => peers.client.call(100, "x", [], { timeout }), RangeError, "timeout must be more than 0");
    await assertRejects(() => peers.client.notify(100, "x", [], { timeout }), RangeError);
    await assertRejects(() => peers.client.batch(100, [{ method: "x" }], { timeout }), RangeError);
    assertThrows(() => peers.client.talkTo(100, { timeout }), RangeError);
    assertThrows(() => new RPCPeer({ timeout, link: peers.network.open(7) }), RangeError);
  }
});

Deno.test("a signal rejects the call with its own reason", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => new Promise(() => {}), "never");
  server.runServerForever();
  const controller = new AbortController();
  const call = client.call(100, "never", [], { signal: controller.signal });
  await settle();
  controller.abort("I have changed my mind");
  assertEquals(await call.catch((reason) => reason), "I have changed my mind");
  // One that has aborted before sends nothing.
  const sent = peers.clientLink.sent.length;
  const { signal } = controller;
  assertEquals(await client.call(100, "never", [], { signal }).catch((reason) => reason), signal.reason);
  assertEquals(await client.batch(100, [{ method: "never" }], { signal }).catch((reason) => reason), signal.reason);
  assertEquals(await client.notify(100, "never", [], { signal }).catch((reason) => reason), signal.reason);
  assertEquals(peers.clientLink.sent.length, sent);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("targets, methods and params that are none are refused before anything is sent", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const call = client.call.bind(client) as (...args: unknown[]) => Promise<unknown>;
  await assertRejects(() => call("100", "x"), TypeError, "target must be a port, which is a number, not string");
  await assertRejects(() => call(0, "x"), RangeError, "an integer from 1 to 4294967295, not 0");
  for (const port of [-1, 1.5, 2 ** 32, NaN]) await assertRejects(() => call(port, "x"), RangeError);
  await assertRejects(() => call(100, 5), TypeError, "The name of a method must be a string, not number");
  await assertRejects(() => call(100, "x", null), TypeError, "params must be an array (by position) or an object");
  await assertRejects(() => call(100, "x", "y"), TypeError);
  await assertRejects(() => call(100, "x", [1n]), TypeError);
  const cycle: unknown[] = [];
  cycle.push(cycle);
  await assertRejects(() => call(100, "x", cycle), TypeError);
  await assertRejects(() => client.notify(100, "x", [1n]), TypeError);
  await assertRejects(() => client.batch(100, [{ method: "x" }, { method: "y", params: [1n] }]), TypeError);
  assertThrows(() => client.talkTo("100"), TypeError);
  assertThrows(() => client.talkTo(""), RangeError, "it is empty");
  assertEquals([clientLink.sent.length, clientLink.holds], [0, 0]);
});

Deno.test("a JSON-RPC error that a handler throws arrives as it is", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => {
    throw new JSONRPCError(7, "Out of milk", { litres: 0 });
  }, "tea");
  server.runServerForever();
  const error = await assertRejects(() => client.call(100, "tea"), JSONRPCError);
  assertEquals(error.toJSON(), { code: 7, message: "Out of milk", data: { litres: 0 } });
});

Deno.test("an error tells the line of the caller", async () => {
  await using peers = openPeers();
  peers.server.runServerForever();
  async function callerOfThisTest() {
    return await peers.client.talkTo<{ missing(): void }>(100).missing();
  }
  const error = await assertRejects(callerOfThisTest, MethodNotFoundError);
  assertMatch(error.stack!, /callerOfThisTest/);
  const reason = new Error("mine");
  const { stack } = reason;
  await assertRejects(() => peers.client.call(100, "x", [], { signal: AbortSignal.abort(reason) }));
  assertEquals(reason.stack, stack);
  const own = Object.freeze(new Error("of my own code"));
  const params = {
    toJSON() {
      throw own;
    },
  };
  assertStrictEquals(await peers.client.call(100, "x", [params]).catch((error) => error), own);
});

Deno.test("two peers of a process never share methods", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => 1, "one");
  server.runServerForever();
  client.runServerForever();
  await assertRejects(() => server.call(200, "one"), MethodNotFoundError);
});
