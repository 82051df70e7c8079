// Requests of peers of ProcsLink 0.1 for Python: each is answered in its own dialect, alone in a datagram.
import { assertEquals, assertStringIncludes } from "@std/assert";
import { currentCall, JSONRPCError, RPCPeer } from "../../mod.ts";
import { legacyFrame, openLegacy } from "../fakes/legacy_stranger.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { openSpeaking } from "./legacy.ts";
import type { Body } from "./wire.ts";

Deno.test("a result goes back in the dialect of its request, with no more in the bytes than Python has", async () => {
  await using peers = openSpeaking();
  const { python, serverLink } = peers;
  python.request(100, 7, "pair", ["a", "b"]);
  assertEquals(await python.next(), {
    nlmsgSeq: 0,
    payloadType: 2,
    body: { jsonrpc: "2.0", id: 7, result: ["a", "b"] },
  });
  const { bytes } = serverLink.sent[0]!;
  const text = '{"jsonrpc":"2.0","id":7,"result":["a","b"]}';
  assertEquals(bytes, legacyFrame(100, { body: text, payloadType: 2 }));
});

Deno.test("arguments by position, by keyword, and none reach the right parameters", async () => {
  await using peers = openSpeaking();
  const { python } = peers;
  const calls: [params: unknown, result: unknown][] = [
    [["x", "y"], ["x", "y"]],
    [{ b: "y", a: "x" }, ["x", "y"]],
    [{ a: "x" }, ["x", "default"]],
    [{ b: "y" }, [null, "y"]],
    [[], [null, "default"]],
    [undefined, [null, "default"]],
  ];
  for (const [params, result] of calls) {
    assertEquals(await python.call(100, "pair", params), { jsonrpc: "2.0", id: 1, result });
  }
  assertEquals([peers.serverTroubles, python.unread], [[], []]);
});

Deno.test("a keyword that no parameter has is an error that says so", async () => {
  await using peers = openSpeaking();
  const { error } = await peers.python.call(100, "pair", { a: 1, c: 2 }) as Body;
  assertEquals(error?.code, -32602);
});

Deno.test("a method that returns nothing has the result null", async () => {
  await using peers = openSpeaking();
  assertEquals(await peers.python.call(100, "nothing"), { jsonrpc: "2.0", id: 1, result: null });
});

Deno.test("an error has its code, its message and its data, and no data where it has none", async () => {
  await using peers = openSpeaking();
  const { python } = peers;
  const data = { litres: 0, of: ["milk", null] };
  const { error } = await python.call(100, "fail", [7, "Out of milk", data]) as Body;
  assertEquals(error, { code: 7, message: "Out of milk", data });
  const bare = await python.call(100, "fail", [8, "No"]) as Body;
  assertEquals(bare, { jsonrpc: "2.0", id: 1, error: { code: 8, message: "No" } } as Body);
});

const values: [name: string, value: unknown][] = [
  ["text of many scripts", "h\u00e9llo \u4e16\u754c \u{1f389}"],
  ["lone surrogates", "\ud800 and \udc00"],
  ["control characters", "\0\n\u2028\u007f"],
  ["nested values", { a: [1, { b: [[], {}, null, true, -0.5, 1e300] }] }],
  ["numbers", [0, -1, 2 ** 53 - 1, 1.5]],
  ["the empty string", ""],
];

for (const [name, value] of values) {
  Deno.test(`what Python sends comes back unchanged: ${name}`, async () => {
    await using peers = openSpeaking();
    assertEquals(await peers.python.call(100, "echo", [value]), { jsonrpc: "2.0", id: 1, result: [value] });
    const { error } = await peers.python.call(100, "fail", [1, "m", value]) as Body;
    assertEquals(error?.data, value);
  });
}

Deno.test("an id that is a string, or null, comes back as it was", async () => {
  await using peers = openSpeaking();
  for (const id of ["a", "\u00e9", "", 0, -1, 1.5, null]) {
    const answer = await peers.python.call(100, "nothing", [], id) as Body;
    assertEquals([answer.id, answer.result], [id, null]);
  }
});

Deno.test("a notification is not answered, also where it fails", async () => {
  await using peers = openSpeaking();
  const { python } = peers;
  python.request(100, undefined, "nothing");
  python.request(100, undefined, "fail", [1, "boom"]);
  python.request(100, undefined, "missing");
  await settle();
  assertEquals([python.unread, peers.serverLink.sent], [[], []]);
  assertEquals(peers.serverTroubles.map((trouble) => trouble.split(":")[0]), ["notification", "notification"]);
});

Deno.test("an async method is answered when it is done", async () => {
  await using peers = openSpeaking();
  const gate = Promise.withResolvers<string>();
  peers.server.registerFunction(() => gate.promise, "later");
  const answer = peers.python.call(100, "later");
  await settle();
  assertEquals(peers.serverLink.sent, []);
  gate.resolve("done");
  assertEquals(await answer, { jsonrpc: "2.0", id: 1, result: "done" });
});

Deno.test("a request that a loop answers, fails or dispatches is answered in its dialect", async () => {
  await using peers = openPeers();
  const { server } = peers;
  const python = openLegacy(peers);
  server.registerFunction(() => "pong", "ping");
  const loop = server[Symbol.asyncIterator]();
  for (const id of [1, 2, 3]) python.request(100, id, "ping");
  const [one, two, three] = [await loop.next(), await loop.next(), await loop.next()];
  one.value!.respond("own");
  two.value!.fail(new JSONRPCError(7, "no"));
  three.value!.dispatch();
  const answers = [await python.answer(), await python.answer(), await python.answer()] as Body[];
  assertEquals(answers.map(({ result, error }) => result ?? error?.code), ["own", 7, "pong"]);
  await loop.return!();
});

Deno.test("a handler knows its legacy caller as the kernel attests it", async () => {
  await using peers = openSpeaking();
  peers.server.registerFunction(() => currentCall()!.caller, "who");
  const { result } = await peers.python.call(100, "who") as Body;
  assertEquals(result, { port: 600, uid: 10, gid: 1000, pidHint: 600 });
});

Deno.test("a legacy peer may ask who holds the port", async () => {
  await using peers = openSpeaking();
  const { error } = await peers.python.call(100, "rpc.identity") as Body;
  assertEquals(error, undefined);
});

Deno.test("a request whose deadline has passed is not answered, and its caller is waited for no longer", async () => {
  await using peers = openSpeaking();
  const { python, server } = peers;
  python.send(100, { body: { jsonrpc: "2.0", id: 1, method: "nothing", deadline: 1 } });
  await settle();
  assertEquals(python.unread, []);
  await server.notify(600, "log", ["now"], { dialect: "procslink-0.1" });
  await settle();
  assertEquals(python.heard, [["log", "now"]]);
});

Deno.test("a large answer that fits is sent, to the last byte", async () => {
  await using peers = openSpeaking();
  const overhead = 40 + '{"jsonrpc":"2.0","id":1,"result":""}'.length;
  peers.server.registerFunction((length: number) => "x".repeat(length), "repeat");
  const { result } = await peers.python.call(100, "repeat", [4_096 - overhead]) as Body;
  assertEquals([(result as string).length, peers.serverLink.sent[0]!.bytes.length], [4_096 - overhead, 4_096]);
  const { error } = await peers.python.call(100, "repeat", [4_096 - overhead + 1]) as Body;
  assertEquals([error?.code, error?.data], [-32603, "The answer has 4097 bytes, and at most 4096 can be sent"]);
});

Deno.test("where this side sends less than Python reads, that is the limit", async () => {
  const network = new MemoryNetwork();
  await using server = new RPCPeer({ link: network.open(100), access: "anyone", maxMessageSize: 2_000 });
  server.registerFunction((length: number) => "x".repeat(length), "repeat");
  server.runServerForever();
  const { error } = await openLegacy({ network }).call(100, "repeat", [3_000]) as Body;
  assertStringIncludes(String(error?.data), "and at most 2000 can be sent");
});
