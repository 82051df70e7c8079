import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals } from "@std/assert";
import { CallTimeoutError, DecodeError, MethodNotFoundError, SyscallError } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";

Deno.test("a batch tells what became of each call, in order, whatever the order of the answers", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const heard: unknown[] = [];
  server.registerFunction((text: string) => heard.push(text), "log");
  server.registerFunction(async (a: number, b: number) => {
    await Promise.resolve();
    return a + b;
  }, "later");
  server.registerFunction((a: number, b: number) => a - b, "subtract");
  server.runServerForever();
  const outcomes = await client.batch(100, [
    { method: "later", params: [1, 2] },
    { method: "log", params: ["noted"], notify: true },
    { method: "missing" },
    { method: "subtract", params: { b: 1, a: 3 } },
  ]);
  assertEquals(outcomes.length, 4);
  assertEquals(outcomes[0], { status: "fulfilled", value: 3 });
  assertEquals(outcomes[1], { status: "fulfilled", value: undefined });
  assertInstanceOf((outcomes[2] as PromiseRejectedResult).reason, MethodNotFoundError);
  assertEquals(outcomes[3], { status: "fulfilled", value: 2 });
  assertEquals(heard, ["noted"]);
  assertEquals([peers.clientLink.sent.length, peers.serverLink.sent.length], [1, 1]);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a batch of notifications has no answer, and an empty one is not sent", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => 1, "log");
  server.runServerForever();
  assertEquals(await client.batch(100, []), []);
  assertEquals(peers.clientLink.sent.length, 0);
  assertEquals(await client.batch(100, [{ method: "log", notify: true }, { method: "log", notify: true }]), [
    { status: "fulfilled", value: undefined },
    { status: "fulfilled", value: undefined },
  ]);
  assertEquals(peers.serverLink.sent.length, 0);
});

Deno.test("a batch that cannot be sent rejects each of its calls", async () => {
  await using peers = openPeers();
  const failure = new SyscallError("sendto", 105);
  peers.clientLink.failures.push(failure);
  const outcomes = await peers.client.batch(100, [{ method: "a" }, { method: "b" }]);
  for (const outcome of outcomes) assertStrictEquals((outcome as PromiseRejectedResult).reason, failure);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("an answer that passes over a call rejects it, and leaves other messages alone", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const careless = peers.stranger(500);
  const batch = client.batch(500, [{ method: "a" }, { method: "b" }, { method: "c" }]);
  const other = client.call(500, "d", [], { timeout: 50 });
  const { nlmsgSeq, body } = await careless.next();
  const [, second] = body as { id: number }[];
  careless.send(200, {
    body: [{ jsonrpc: "2.0", id: second!.id, result: "b" }],
    netlink: { nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  const [a, b, c] = await batch;
  assertInstanceOf((a as PromiseRejectedResult).reason, DecodeError);
  assertEquals(b, { status: "fulfilled", value: "b" });
  assertInstanceOf((c as PromiseRejectedResult).reason, DecodeError);
  assertInstanceOf(await other.catch((error) => error), CallTimeoutError);
});

Deno.test("an error without an id ends the whole batch", async () => {
  await using peers = openPeers();
  const strict = peers.stranger(500);
  const batch = peers.client.batch(500, [{ method: "a" }, { method: "b" }]);
  const { nlmsgSeq } = await strict.next();
  strict.send(200, {
    body: { jsonrpc: "2.0", id: null, error: { code: -32000, message: "No batches" } },
    netlink: { nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  for (const outcome of await batch) assertEquals((outcome as PromiseRejectedResult).reason.message, "No batches");
});

Deno.test("each call of a batch has its timeout", async () => {
  await using peers = openPeers();
  peers.server.registerFunction(() => new Promise(() => {}), "never");
  peers.server.runServerForever();
  const [outcome] = await peers.client.batch(100, [{ method: "never" }], { timeout: 10 });
  assertInstanceOf((outcome as PromiseRejectedResult).reason, CallTimeoutError);
});

Deno.test("what is no array is no batch, and each of its members is checked before anything is sent", async () => {
  await using peers = openPeers();
  const { client, clientLink } = peers;
  const batch = client.batch.bind(client) as (...args: unknown[]) => Promise<unknown>;
  await assertRejects(() => batch(100, "ab"), TypeError, "A batch must be an array of calls, not string");
  await assertRejects(() => batch(100, { method: "a" }), TypeError, "not object");
  await assertRejects(() => batch(0, [{ method: "a" }]), RangeError, "target must be a port");
  await assertRejects(() => batch(100, [{ method: "a" }, { method: 1 }]), TypeError, "The name of a method");
  await assertRejects(() => batch(100, [{ method: "a" }, { method: "b", params: 1 }]), TypeError, "params must be");
  assertEquals([clientLink.sent.length, clientLink.holds], [0, 0]);
});
