// Whatever arrives: nothing throws into the read loop, the message behind it is served, and no call hangs.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DecodeError, InvalidRequestError, type JSONRPCError } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { type Frame, frame, settle, type Stranger } from "../fakes/stranger.ts";

type Peers = ReturnType<typeof openPeers>;

const PING = { jsonrpc: "2.0", id: "after", method: "ping" };

/** A server that answers `ping`, and a stranger. */
function open(): Peers & { mallory: Stranger } {
  const peers = openPeers();
  peers.server.registerFunction(() => "pong", "ping");
  peers.server.registerFunction((a: number, b?: number) => [a, b], "pair");
  peers.server.runServerForever();
  return { ...peers, mallory: peers.stranger(), [Symbol.asyncDispose]: () => peers[Symbol.asyncDispose]() };
}

/** Asserts that the server still answers, and that the answer is the next message. */
async function assertServing({ mallory }: { mallory: Stranger }): Promise<void> {
  mallory.send(100, { body: PING, netlink: { nlmsgSeq: 99 } });
  assertEquals(await mallory.next(), {
    nlmsgSeq: 99,
    payloadType: 2,
    body: { jsonrpc: "2.0", id: "after", result: "pong" },
  });
  assertEquals(mallory.unread, []);
}

const dropped: Record<string, { frame: Frame; trouble: string }> = {
  "nlmsg_len below 16": { frame: { body: PING, netlink: { nlmsgLen: 15 } }, trouble: "malformed: nlmsg_len is 15" },
  "nlmsg_len of 0": { frame: { body: PING, netlink: { nlmsgLen: 0 } }, trouble: "malformed: nlmsg_len is 0" },
  "nlmsg_len beyond the datagram": {
    frame: { body: PING, netlink: { nlmsgLen: 5_000 } },
    trouble: "malformed: nlmsg_len is 5000",
  },
  "nlmsg_len of 4 GiB": {
    frame: { body: PING, netlink: { nlmsgLen: 0xffff_ffff } },
    trouble: "malformed: nlmsg_len is 4294967295",
  },
  "nlmsg_len that leaves no room for a procslinkhdr": {
    frame: { body: "", netlink: { nlmsgLen: 39 } },
    trouble: "malformed: 23 bytes cannot hold a procslinkhdr",
  },
  "procslinkhdr.length that is too small": {
    frame: { body: PING, procslink: { length: 24 } },
    trouble: "malformed: procslinkhdr.length is 24",
  },
  "procslinkhdr.length that is too large": {
    frame: { body: PING, procslink: { length: 1_000_000 } },
    trouble: "malformed: procslinkhdr.length is 1000000",
  },
  "an unknown nlmsg_type": {
    frame: { body: PING, netlink: { nlmsgType: 0x77 } },
    trouble: "malformed: nlmsg_type 119 is unknown",
  },
  "a fragment": { frame: { body: PING, netlink: { nlmsgFlags: 2 } }, trouble: "malformed: a fragment" },
  "an unknown payload_type": {
    frame: { body: PING, procslink: { payloadType: 3 } },
    trouble: "unsupported: payload_type 3 is unknown",
  },
  "nlmsg_pid of somebody else": {
    frame: { body: PING, netlink: { nlmsgPid: 200 } },
    trouble: "spoofed: The message says that it comes from port 200, and it comes from 666",
  },
  "nlmsg_pid of 0": { frame: { body: PING, netlink: { nlmsgPid: 0 } }, trouble: "spoofed:" },
  "an unknown version that is no request": {
    frame: { body: PING, procslink: { version: 2, payloadType: 2 } },
    trouble: "unsupported: procslinkhdr.version is 2",
  },
  "a response that nobody waits for": {
    frame: { body: { jsonrpc: "2.0", id: 1, result: 1 }, procslink: { payloadType: 2 } },
    trouble: "unexpected: Nobody waits for a response with the id 1",
  },
  "a response that is not JSON": { frame: { body: "{", procslink: { payloadType: 2 } }, trouble: "malformed:" },
  "a response that is none": {
    frame: { body: { jsonrpc: "2.0", id: 1 }, procslink: { payloadType: 2 } },
    trouble: "malformed: The body is not a JSON-RPC 2.0 response",
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
    await using peers = open();
    peers.mallory.send(100, frame);
    await assertServing(peers);
    assertEquals(peers.serverTroubles.length, 1, peers.serverTroubles.join("\n"));
    assertStringIncludes(peers.serverTroubles[0]!, trouble);
  });
}

Deno.test("datagrams of 0 to 15 bytes: reported, dropped", async () => {
  await using peers = open();
  for (let length = 0; length < 16; length++) {
    peers.mallory.sendBytes(100, new Uint8Array(length).fill(255));
    await assertServing(peers);
    assertEquals(peers.serverTroubles.length, length + 1);
    assertStringIncludes(peers.serverTroubles[length]!, `${length} bytes cannot hold an nlmsghdr`);
  }
});

Deno.test("a NOOP and a message with padding are no trouble", async () => {
  await using peers = open();
  peers.mallory.send(100, { body: "", netlink: { nlmsgType: 1 } });
  const one = frame(666, { body: { ...PING, id: 1, method: "ping" } });
  const two = frame(666, { body: { ...PING, id: 12345 } });
  const datagram = new Uint8Array((one.length + 3 & ~3) + two.length + 3 & ~3);
  datagram.set(one);
  datagram.set(two, one.length + 3 & ~3);
  peers.mallory.sendBytes(100, datagram);
  assertEquals((await peers.mallory.next()).body, { jsonrpc: "2.0", id: 1, result: "pong" });
  assertEquals((await peers.mallory.next()).body, { jsonrpc: "2.0", id: 12345, result: "pong" });
  await assertServing(peers);
  assertEquals(peers.serverTroubles, []);
});

Deno.test("a message behind one that lies about its type is served", async () => {
  await using peers = open();
  const bad = frame(666, { body: "xxxx", netlink: { nlmsgType: 0x55 } });
  const good = frame(666, { body: PING });
  peers.mallory.sendBytes(100, new Uint8Array([...bad, ...good]));
  assertEquals((await peers.mallory.next()).body, { jsonrpc: "2.0", id: "after", result: "pong" });
  assertEquals(peers.serverTroubles.length, 1);
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
    ["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf", "_private", "", "rpc.discover"].map((
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
    await using peers = open();
    peers.mallory.send(100, { body, netlink: { nlmsgSeq: 77 } });
    const { nlmsgSeq, payloadType, body: answer } = await peers.mallory.next();
    const { jsonrpc, id: answered, error } = answer as { jsonrpc: string; id: unknown; error: JSONRPCError };
    assertEquals([nlmsgSeq, payloadType, jsonrpc, answered, error.code], [77, 2, "2.0", id, code]);
    if (data !== undefined) assertEquals(error.data, data);
    await assertServing(peers);
  });
}

Deno.test("a request of an unknown version is answered in version 1, whatever its length says", async () => {
  await using peers = open();
  peers.mallory.send(100, { body: "who knows", procslink: { version: 2, length: 7 }, netlink: { nlmsgSeq: 5 } });
  const { nlmsgSeq, body } = await peers.mallory.next();
  assertEquals(nlmsgSeq, 5);
  assertEquals(body, {
    jsonrpc: "2.0",
    id: null,
    error: {
      code: -32600,
      message: "Invalid Request",
      data: "procslinkhdr.version is 2, and only 1 is known",
    },
  });
  await assertServing(peers);
});

Deno.test("a batch: each member on its own, answers together, notifications unanswered", async () => {
  await using peers = open();
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

Deno.test("what is left of a datagram whose handler closes the peer is left alone", async () => {
  await using peers = open();
  let ran = false;
  peers.server.registerFunction(() => peers.server.close(), "close");
  peers.server.registerFunction(() => ran = true, "run");
  const close = frame(666, { body: { jsonrpc: "2.0", id: 1, method: "close" } });
  const run = frame(666, { body: { jsonrpc: "2.0", id: 2, method: "run" } });
  const padding = new Uint8Array((4 - close.length % 4) % 4);
  peers.mallory.sendBytes(100, new Uint8Array([...close, ...padding, ...run, ...padding, 1, 2, 3]));
  await settle();
  assertEquals(peers.mallory.unread.map(({ body }) => (body as { id: unknown }).id), [1]);
  assertEquals([ran, peers.serverTroubles], [false, []]);
});

Deno.test("a listener that is not there costs nothing, and troubles carry the port", async () => {
  await using peers = open();
  const ports: (number | undefined)[] = [];
  peers.server.addEventListener("trouble", ({ port }) => ports.push(port));
  peers.mallory.sendBytes(100, new Uint8Array(3));
  await assertServing(peers);
  assertEquals(ports, [666]);
});
