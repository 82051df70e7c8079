import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { JSONRPCError, type RPCRequest } from "../../mod.ts";
import { completeQuotas } from "../../src/rpc/quotas.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

const QUOTAS = completeQuotas({}, 67_108_864);

Deno.test("a loop takes requests and answers them by hand", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction((name: string) => `Hello, ${name}!`, "hello");
  const seen: unknown[] = [];
  const loop = (async () => {
    for await (const request of server) {
      const { method, params, id, caller, isNotification } = request;
      seen.push([method, params, typeof id, caller.uid, isNotification]);
      if (method === "stop") {
        request.respond();
        break;
      }
      if (method === "hello") await request.dispatch();
      else if (method === "respond") request.respond("by hand");
      else request.fail(new JSONRPCError(1, "Not today"));
    }
  })();
  assertEquals(await client.call(100, "respond", [1]), "by hand");
  assertEquals(await client.call(100, "hello", ["you"]), "Hello, you!");
  await client.notify(100, "respond", { a: 1 });
  const error = await assertRejects(() => client.call(100, "fail"), JSONRPCError);
  assertEquals([error.code, error.message], [1, "Not today"]);
  assertEquals(await client.call(100, "stop"), null);
  await loop;
  assertEquals(seen, [
    ["respond", [1], "number", 10, false],
    ["hello", ["you"], "number", 10, false],
    ["respond", { a: 1 }, "undefined", 10, true],
    ["fail", undefined, "number", 10, false],
    ["stop", undefined, "number", 10, false],
  ]);
  assertEquals(peers.serverLink.holds, 0);
});

Deno.test("requests wait for the loop, in order, and several loops share them", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const first = server[Symbol.asyncIterator]();
  const second = server[Symbol.asyncIterator]();
  const calls = Array.from({ length: 2_500 }, (_, index) => client.call(100, "x", [index]));
  await settle();
  for (let index = 0; index < 2_500; index++) {
    const { value } = await (index % 2 === 0 ? first : second).next();
    assertEquals(value!.params, [index]);
    value!.respond(index);
  }
  assertEquals(await Promise.all(calls), Array.from({ length: 2_500 }, (_, index) => index));
  const [a, b] = [first.next(), second.next()];
  const answers = [client.call(100, "x", ["a"]), client.call(100, "x", ["b"])];
  assertEquals((await a).value?.params, ["a"]);
  assertEquals((await b).value?.params, ["b"]);
  await first.return!();
  await second.return!();
  assertEquals(await first.next(), { done: true, value: undefined });
  (await a).value!.respond(1);
  (await b).value!.respond(2);
  assertEquals(await Promise.all(answers), [1, 2]);
});

Deno.test("what a loop leaves over, runServerForever carries out", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => "carried out", "x");
  const loop = server[Symbol.asyncIterator]();
  const call = client.call(100, "x");
  await settle();
  await loop.return!();
  server.runServerForever();
  assertEquals(await call, "carried out");
});

Deno.test("a request is answered once", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = server[Symbol.asyncIterator]();
  const next = async (): Promise<RPCRequest> => (await loop.next()).value!;

  const call = client.call(100, "x");
  const request = await next();
  assertEquals(request.isAnswered, false);
  request.respond(1);
  assertEquals(request.isAnswered, true);
  assertThrows(() => request.respond(2), TypeError, "The request was answered before");
  assertThrows(() => request.fail(new Error()), TypeError, "The request was answered before");
  assertThrows(() => request.dispatch(), TypeError, "The request was answered before");
  assertEquals(await call, 1);

  const lossy = client.call(100, "x");
  const other = await next();
  assertThrows(() => other.respond(1n), TypeError);
  await assertRejects(() => lossy, JSONRPCError, "Internal error");
  assertEquals(peers.clientTroubles, []);
});

Deno.test("beyond a bound requests are refused, and those before are served", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = server[Symbol.asyncIterator]();
  const batch = Array.from({ length: QUOTAS.requests / 64 }, () => ({ method: "x", notify: true }));
  for (let part = 0; part < 64; part++) await client.batch(100, batch);
  await settle();
  const error = await assertRejects(() => client.call(100, "x"), JSONRPCError, "Too many requests");
  assertEquals([error.code, error.data], [-32002, "At most 65536 at once"]);
  assertEquals(peers.serverTroubles, ["refused: More than 65536 requests at once"]);
  (await loop.next()).value!.respond();
  const call = client.call(100, "y");
  await settle();
  for (let left = QUOTAS.requests; left > 0; left--) (await loop.next()).value!.respond("served");
  assertEquals(await call, "served");
});

Deno.test("what a loop waited for when it ended goes to another loop", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const ended = server[Symbol.asyncIterator]();
  const other = server[Symbol.asyncIterator]();
  const [first, second] = [ended.next(), ended.next()];
  await ended.return!();
  assertEquals([await first, await second], Array(2).fill({ done: true, value: undefined }));
  const call = client.call(100, "x");
  (await other.next()).value!.respond("from the other");
  assertEquals(await call, "from the other");
});
