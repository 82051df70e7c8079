// What a peer of ProcsLink 0.1 for Python is told that is not served: in its own dialect, once, and short enough to be read.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { JSONRPCError } from "../../mod.ts";
import { legacyFrame, openLegacy } from "../fakes/legacy_stranger.ts";
import { openServing } from "../fakes/peers.ts";
import { fragments, settle } from "../fakes/stranger.ts";
import { kindsOf } from "./legacy.ts";
import type { Body } from "./wire.ts";

const rubbish: [name: string, body: unknown, id: unknown, code: number][] = [
  ["text that is no JSON", "{", null, -32700],
  ["bytes that are no text", new Uint8Array([0xff, 0xfe]), null, -32700],
  ["nothing", "", null, -32700],
  ["JSON that is too deep", "[".repeat(2_000) + "]".repeat(2_000), null, -32002],
  ["JSON that is no request", { id: 5 }, 5, -32600],
  ["a request of another version", { jsonrpc: "1.0", id: 5, method: "ping" }, 5, -32600],
  ["an id that is none", { jsonrpc: "2.0", id: {}, method: "ping" }, null, -32600],
  ["a method that does not exist", { jsonrpc: "2.0", id: 5, method: "missing" }, 5, -32601],
  ["a method that is reserved", { jsonrpc: "2.0", id: 5, method: "rpc.missing" }, 5, -32601],
  ["params that fit no parameter", { jsonrpc: "2.0", id: 5, method: "pair", params: { z: 1 } }, 5, -32602],
  ["an empty batch", [], null, -32600],
];

for (const [name, body, id, code] of rubbish) {
  Deno.test(`${name} is answered with the code ${code}, and the id ${JSON.stringify(id)}`, async () => {
    await using peers = openServing();
    const python = openLegacy(peers);
    python.send(100, { body });
    const answer = await python.answer() as Body;
    assertEquals([answer.id, answer.error?.code], [id, code]);
    await settle();
    assertEquals(python.unread, []);
    // It is waited for no longer: something else may be sent there.
    await peers.server.notify(600, "log", [], { dialect: "procslink-0.1" });
    await settle();
    assertEquals(python.heard, [["log"]]);
  });
}

Deno.test("a batch is answered with one message, which is alone in its datagram", async () => {
  await using peers = openServing();
  const python = openLegacy(peers);
  const ping = (id?: number) => ({ jsonrpc: "2.0", id, method: "ping" });
  python.send(100, { body: [ping(1), ping(), 5, ping(2)] });
  const answers = await python.answer() as Body[];
  const outcomes = answers.map(({ id, result, error }) => [id, result ?? error?.code]);
  assertEquals(outcomes, [[1, "pong"], [null, -32600], [2, "pong"]]);
  python.send(100, { body: [ping(), ping()] });
  await settle();
  assertEquals(python.unread, []);
});

Deno.test("a batch that is too long, or whose answers are too large, is answered with one error", async () => {
  await using peers = openServing({ quotas: { batchMembers: 100 } });
  const python = openLegacy(peers);
  const batch = (members: number) =>
    Array.from({ length: members }, (_, id) => ({ jsonrpc: "2.0", id, method: "ping" }));
  python.send(100, { body: batch(101) });
  assertEquals((await python.answer() as Body).error?.code, -32002);
  python.send(100, { body: batch(100) });
  const { id, error } = await python.answer() as Body;
  assertEquals([id, error?.code], [null, -32603]);
  assertStringIncludes(String(error?.data), "and at most 4096 can be sent");
});

for (const [name, id] of [["short", 5], ["long", "x".repeat(3_000)], ["longer than all", "x".repeat(5_000)]] as const) {
  Deno.test(`an answer that is too large becomes an error that fits, also where the id is ${name}`, async () => {
    await using peers = openServing();
    const { server } = peers;
    const python = openLegacy(peers);
    server.registerFunction(() => "\u00e9".repeat(3_000), "large");
    server.registerFunction(() => {
      throw new JSONRPCError(1, "m", "x".repeat(10_000));
    }, "fail");
    server.registerFunction(() => {
      throw new JSONRPCError(1, "m".repeat(10_000));
    }, "talk");
    for (const method of ["large", "fail", "talk"]) {
      const answer = await python.call(100, method, [], id) as Body;
      assertEquals([answer.id, answer.error?.code], [id.toString().length > 4_000 ? null : id, -32603]);
      assertStringIncludes(String(answer.error?.data), "and at most 4096 can be sent");
    }
    const missing = await python.call(100, "n".repeat(5_000), [], id) as Body;
    assertEquals(missing.error?.code, id.toString().length > 4_000 ? -32603 : -32601);
  });
}

Deno.test("an id that is long comes back whole where the answer has room for it", async () => {
  await using peers = openServing();
  const id = "x".repeat(3_000);
  assertEquals(await openLegacy(peers).call(100, "ping", [], id), { jsonrpc: "2.0", id, result: "pong" });
});

Deno.test("a request that is larger than what is taken is refused", async () => {
  await using peers = openServing({ maxMessageSize: 1_024 });
  const python = openLegacy(peers);
  const { id, error } = await python.call(100, "pair", ["x".repeat(1_024)]) as Body;
  assertEquals([id, error?.code], [null, -32600]);
  assertStringIncludes(String(error?.data), "and at most 1024 are taken");
  const fits = legacyFrame(600, { body: { jsonrpc: "2.0", id: 1, method: "ping" } });
  python.sendBytes(100, fits);
  assertEquals((await python.answer() as Body).result, "pong");
});

Deno.test("a request of an unknown version is answered, one of an unknown kind is not", async () => {
  await using peers = openServing();
  const python = openLegacy(peers);
  const body = { jsonrpc: "2.0", id: 1, method: "ping" };
  python.send(100, { body, version: 2 });
  const { id, error } = await python.answer() as Body;
  assertEquals([id, error?.code], [null, -32600]);
  for (const payloadType of [0, 3, 0xff, 0xffff]) python.send(100, { body, payloadType });
  await settle();
  assertEquals([python.unread, kindsOf(peers.serverTroubles)], [[], Array(5).fill("unsupported")]);
});

Deno.test("a message that says that it comes from elsewhere is dropped", async () => {
  await using peers = openServing();
  const python = openLegacy(peers);
  for (const nlmsgPid of [0, 601, 100]) {
    python.send(100, { body: { jsonrpc: "2.0", id: 1, method: "ping" }, nlmsgPid });
  }
  await settle();
  assertEquals([python.unread, kindsOf(peers.serverTroubles)], [[], Array(3).fill("spoofed")]);
});

Deno.test("a response that nobody waits for is dropped, and trouble", async () => {
  await using peers = openServing();
  const python = openLegacy(peers);
  python.respond(100, { jsonrpc: "2.0", id: 1, result: "unasked" });
  python.failedNotification(100);
  python.respond(100, "{");
  await settle();
  assertEquals([python.unread, kindsOf(peers.serverTroubles)], [[], Array(3).fill("unexpected")]);
});

Deno.test("a fragment and a legacy message of one port do not get mixed up", async () => {
  await using peers = openServing();
  const python = openLegacy(peers);
  const body = { jsonrpc: "2.0", method: "pair", params: ["x".repeat(100)] };
  const [first, ...rest] = fragments(600, { body }, 50);
  python.sendBytes(100, first!);
  assertEquals((await python.call(100, "ping") as Body).result, "pong");
  for (const bytes of rest) python.sendBytes(100, bytes);
  await settle();
  assertEquals([python.unread, peers.serverTroubles, peers.server.stats().reassemblyBytes], [[], [], 0]);
});
