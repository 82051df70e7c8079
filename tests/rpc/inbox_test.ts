// Messages, whatever their bodies are: nothing throws into the read loop, and no call hangs.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DecodeError, InvalidRequestError, type JSONRPCError } from "../../mod.ts";
import { assertServing, openPeers, openServing, PING } from "../fakes/peers.ts";
import { type Frame, settle } from "../fakes/stranger.ts";

const dropped: Record<string, { frame: Frame; trouble: string }> = {
  "a response that nobody waits for": {
    frame: { body: { jsonrpc: "2.0", id: 1, result: 1 }, procslink: { payloadType: 2 } },
    trouble: "unexpected: Nobody waits for a response to message 0 from port 666",
  },
  "a response that nobody waits for and that is not JSON": {
    frame: { body: "{", procslink: { payloadType: 2 } },
    trouble: "unexpected: Nobody waits",
  },
  "an error without an id that nobody waits for": {
    frame: {
      body: { jsonrpc: "2.0", id: null, error: { code: -32700, message: "Parse error" } },
      procslink: { payloadType: 2 },
    },
    trouble: "unexpected:",
  },
};

for (const [name, { frame, trouble }] of Object.entries(dropped)) {
  Deno.test(`${name}: reported, dropped, never answered`, async () => {
    await using peers = openServing();
    peers.mallory.send(100, frame);
    await assertServing(peers);
    assertEquals(peers.serverTroubles.length, 1, peers.serverTroubles.join("\n"));
    assertStringIncludes(peers.serverTroubles[0]!, trouble);
  });
}

Deno.test("while something is awaited from a port, what comes from there is read: what is no answer to it is trouble", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const mallory = peers.stranger();
  const call = client.call(666, "x");
  const request = await mallory.next();
  for (const body of ["{", { jsonrpc: "2.0", id: 1 }, { jsonrpc: "2.0", id: -1, result: 1 }]) {
    mallory.send(200, { body, procslink: { payloadType: 2 } });
  }
  mallory.answer(200, request, "right");
  assertEquals(await call, "right");
  assertEquals(clientTroubles, [
    "malformed: The body is not JSON",
    "malformed: The body is not a JSON-RPC 2.0 response",
    "unexpected: Nobody waits for a response with the id -1 from port 666",
  ]);
});

const invalidUTF8 = new Uint8Array([...new TextEncoder().encode('{"jsonrpc":"2.0","id":1,"method":"'), 0xc3, 0x28]);
const refused: Record<string, { body: unknown; code: number; id?: unknown; data?: string }> = {
  "JSON that does not parse": { body: '{"jsonrpc":', code: -32700, data: "The body is not JSON" },
  "an empty body": { body: "", code: -32700 },
  "invalid UTF-8": { body: invalidUTF8, code: -32700, data: "The body is not valid UTF-8" },
  "a number": { body: 1, code: -32600 },
  "null": { body: "null", code: -32600 },
  "a string": { body: '"ping"', code: -32600 },
  "no version of JSON-RPC": { body: { id: 5, method: "ping" }, code: -32600, id: 5 },
  "another version of JSON-RPC": { body: { jsonrpc: "1.0", id: "x", method: "ping" }, code: -32600, id: "x" },
  "no method": { body: { jsonrpc: "2.0", id: 5 }, code: -32600, id: 5 },
  "a method that is no string": { body: { jsonrpc: "2.0", id: 5, method: 1 }, code: -32600, id: 5 },
  "params that are a string": { body: { jsonrpc: "2.0", id: 5, method: "ping", params: "x" }, code: -32600, id: 5 },
  "params that are null": { body: { jsonrpc: "2.0", id: 5, method: "ping", params: null }, code: -32600, id: 5 },
  "an id that is an object": { body: { jsonrpc: "2.0", id: {}, method: "ping" }, code: -32600 },
  "an id that is true": { body: { jsonrpc: "2.0", id: true, method: "ping" }, code: -32600 },
  "an id whose digits a double loses": {
    body: '{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping"}',
    code: -32600,
  },
  "an id that is infinite": { body: '{"jsonrpc":"2.0","id":1e999,"method":"ping"}', code: -32600 },
  "an empty batch": { body: [], code: -32600, data: "A batch has at least one member" },
  "an unknown method": { body: { jsonrpc: "2.0", id: 5, method: "pong" }, code: -32601, id: 5 },
  ...Object.fromEntries(
    ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "_private", "", "rpc.unknown"].map((
      method,
    ) => [
      `the method ${JSON.stringify(method)}`,
      { body: { jsonrpc: "2.0", id: 5, method }, code: -32601, id: 5 },
    ]),
  ),
  "too many arguments": {
    body: { jsonrpc: "2.0", id: 5, method: "pair", params: [1, 2, 3] },
    code: -32602,
    id: 5,
    data: "pair(a, b) takes at most 2 arguments, not 3",
  },
  "an argument by a name that is none": {
    body: { jsonrpc: "2.0", id: 5, method: "pair", params: { a: 1, c: 2 } },
    code: -32602,
    id: 5,
    data: 'pair(a, b) has no parameter "c"',
  },
  "an argument named __proto__": {
    body: '{"jsonrpc":"2.0","id":5,"method":"pair","params":{"__proto__":{"a":1}}}',
    code: -32602,
    id: 5,
    data: 'pair(a, b) has no parameter "__proto__"',
  },
};

for (const [name, { body, code, id = null, data }] of Object.entries(refused)) {
  Deno.test(`${name}: answered with ${code} and the id ${JSON.stringify(id)}`, async () => {
    await using peers = openServing();
    peers.mallory.send(100, { body, netlink: { nlmsgSeq: 77 } });
    const { nlmsgSeq, payloadType, body: answer } = await peers.mallory.next();
    const { jsonrpc, id: answered, error } = answer as { jsonrpc: string; id: unknown; error: JSONRPCError };
    assertEquals([nlmsgSeq, payloadType, jsonrpc, answered, error.code], [77, 2, "2.0", id, code]);
    if (data !== undefined) assertEquals(error.data, data);
    await assertServing(peers);
  });
}

Deno.test("a batch: each member on its own, answers together, notifications unanswered", async () => {
  await using peers = openServing();
  const { mallory } = peers;
  mallory.send(100, {
    body: [
      PING,
      1,
      { jsonrpc: "2.0", method: "ping" },
      { jsonrpc: "2.0", id: 2, method: "missing" },
      { jsonrpc: "2.0", id: null, method: "ping" },
      [],
    ],
  });
  const { body } = await mallory.next();
  const answers = body as { id: unknown; result?: unknown; error?: { code: number } }[];
  assertEquals(answers.map(({ id, result, error }) => [id, result ?? error?.code]), [
    ["after", "pong"],
    [null, -32600],
    [2, -32601],
    [null, "pong"],
    [null, -32600],
  ]);
  mallory.send(100, { body: [{ jsonrpc: "2.0", method: "ping" }, { jsonrpc: "2.0", method: "missing" }] });
  mallory.send(100, { body: [1, 2] });
  assertEquals(
    (await mallory.next()).body,
    [1, 2].map(() => ({
      jsonrpc: "2.0",
      id: null,
      error: { code: -32600, message: "Invalid Request", data: "The body is not a JSON-RPC 2.0 request" },
    })),
  );
  await assertServing(peers);
});

Deno.test("an answer counts only once, and only from the port that was asked", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const asked = peers.stranger(500);
  const other = peers.stranger(501);
  const call = client.call(500, "colour", [], { timeout: Infinity });
  const { nlmsgSeq, body } = await asked.next();
  const { id } = body as { id: number };
  const answer = (result: string): Frame => ({
    body: { jsonrpc: "2.0", id, result },
    netlink: { nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  client.runServerForever();
  other.send(200, answer("red"));
  asked.send(200, { ...answer("green"), body: { jsonrpc: "2.0", id: id + 1, result: "green" } });
  asked.send(200, { ...answer("grey"), body: { jsonrpc: "2.0", id: String(id), result: "grey" } });
  await settle();
  assertEquals(clientTroubles.length, 3);
  asked.send(200, answer("blue"));
  asked.send(200, answer("black"));
  assertEquals(await call, "blue");
  await settle();
  assertEquals(clientTroubles.map((trouble) => trouble.split(":")[0]), Array(4).fill("unexpected"));
});

Deno.test("a broken peer's answer ends the call at once", async () => {
  await using peers = openPeers();
  const broken = peers.stranger(500);
  const cases: [body: unknown, check: (call: Promise<unknown>) => Promise<unknown>][] = [
    ["{", (call) => assertRejects(() => call, DecodeError, "The body is not JSON")],
    [new Uint8Array([0xff]), (call) => assertRejects(() => call, DecodeError, "not valid UTF-8")],
    [{ jsonrpc: "2.0", id: 1 }, (call) => assertRejects(() => call, DecodeError, "not a JSON-RPC 2.0 response")],
    [
      { jsonrpc: "2.0", id: null, error: { code: -32600, message: "Invalid Request" } },
      (call) => assertRejects(() => call, InvalidRequestError),
    ],
    [[], (call) => assertRejects(() => call, DecodeError, "passes over this call")],
  ];
  for (const [body, check] of cases) {
    const call = peers.client.call(500, "x", [], { timeout: Infinity });
    const { nlmsgSeq } = await broken.next();
    broken.send(200, { body, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
    await check(call);
  }
  assertEquals(peers.clientLink.holds, 0);
});
