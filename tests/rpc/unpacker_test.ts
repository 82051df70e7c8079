// Datagrams, whatever is in them: nothing throws into the read loop, and the message behind is served.
import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { DecodeError, MessageTooLargeError } from "../../mod.ts";
import { assertServing, openPeers, openServing, PING } from "../fakes/peers.ts";
import { type Frame, frame, joined, settle } from "../fakes/stranger.ts";

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
  "nlmsg_type DONE without NLM_F_MULTI": {
    frame: { body: PING, netlink: { nlmsgType: 3 } },
    trouble: "malformed: nlmsg_type DONE is of the last fragment",
  },
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

Deno.test("datagrams of 0 to 15 bytes: reported, dropped", async () => {
  await using peers = openServing();
  for (let length = 0; length < 16; length++) {
    peers.mallory.sendBytes(100, new Uint8Array(length).fill(255));
    await assertServing(peers);
    assertEquals(peers.serverTroubles.length, length + 1);
    assertStringIncludes(peers.serverTroubles[length]!, `${length} bytes cannot hold an nlmsghdr`);
  }
});

Deno.test("a NOOP and a message with padding are no trouble", async () => {
  await using peers = openServing();
  peers.mallory.send(100, { body: "", netlink: { nlmsgType: 1 } });
  const one = frame(666, { body: { ...PING, id: 1, method: "ping" } });
  const two = frame(666, { body: { ...PING, id: 12345 } });
  peers.mallory.sendBytes(100, joined(one, two));
  assertEquals((await peers.mallory.next()).body, { jsonrpc: "2.0", id: 1, result: "pong" });
  assertEquals((await peers.mallory.next()).body, { jsonrpc: "2.0", id: 12345, result: "pong" });
  await assertServing(peers);
  assertEquals(peers.serverTroubles, []);
});

Deno.test("a message behind one that lies about its type is served", async () => {
  await using peers = openServing();
  const bad = frame(666, { body: "xxxx", netlink: { nlmsgType: 0x55 } });
  const good = frame(666, { body: PING });
  peers.mallory.sendBytes(100, new Uint8Array([...bad, ...good]));
  assertEquals((await peers.mallory.next()).body, { jsonrpc: "2.0", id: "after", result: "pong" });
  assertEquals(peers.serverTroubles.length, 1);
});

Deno.test("a request of an unknown version is answered in version 1, whatever its length says", async () => {
  await using peers = openServing();
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

Deno.test("what is left of a datagram whose handler closes the peer is not carried out, and told so", async () => {
  await using peers = openServing();
  let ran = false;
  peers.server.registerFunction(() => peers.server.close(), "close");
  peers.server.registerFunction(() => ran = true, "run");
  const close = frame(666, { body: { jsonrpc: "2.0", id: 1, method: "close" } });
  const run = frame(666, { body: { jsonrpc: "2.0", id: 2, method: "run" } });
  peers.mallory.sendBytes(100, new Uint8Array([...joined(close, run), 1, 2, 3]));
  await settle();
  const told = peers.mallory.unread.map(({ body }) => body as { id: unknown; error: { code: number } });
  assertEquals(told.map(({ id, error: { code } }) => [id, code]), [[2, -32000], [1, -32000]]);
  assertEquals(ran, false);
  assertEquals(peers.serverTroubles.map((trouble) => trouble.split(":")[0]), ["malformed"]);
});

Deno.test("a listener that is not there costs nothing, and troubles carry the port", async () => {
  await using peers = openServing();
  const ports: (number | undefined)[] = [];
  peers.server.addEventListener("trouble", ({ port }) => ports.push(port));
  peers.mallory.sendBytes(100, new Uint8Array(3));
  await assertServing(peers);
  assertEquals(ports, [666]);
});

Deno.test("a message in one datagram that is larger than what is taken is refused, and the one behind it served", async () => {
  await using peers = openServing({ maxMessageSize: 1_024 });
  const { mallory } = peers;
  const text = (length: number) => ({ ...PING, method: "pair", params: ["x".repeat(length)] });
  const overhead = frame(666, { body: text(0) }).length;
  const fits = frame(666, { body: text(1_024 - overhead), netlink: { nlmsgSeq: 1 } });
  const tooLarge = frame(666, { body: text(1_025 - overhead), netlink: { nlmsgSeq: 2 } });
  const behind = frame(666, { body: PING, netlink: { nlmsgSeq: 3 } });
  mallory.sendBytes(100, joined(fits, tooLarge, behind));
  const answers = [await mallory.next(), await mallory.next(), await mallory.next()];
  assertEquals(answers.map(({ nlmsgSeq }) => nlmsgSeq).sort(), [1, 2, 3]);
  assertEquals(answers.find(({ nlmsgSeq }) => nlmsgSeq === 2)!.body, {
    jsonrpc: "2.0",
    id: null,
    error: {
      code: -32600,
      message: "Invalid Request",
      data: "The message has 1025 bytes, and at most 1024 are taken",
    },
  });
  assertEquals(peers.serverTroubles, ["refused: The message has 1025 bytes, and at most 1024 are taken"]);
});

Deno.test("a response that is not taken ends its call at once, and says why", async () => {
  await using peers = openPeers({ maxMessageSize: 1_024 });
  const other = peers.stranger(500);
  const answer = async (message: Partial<Frame>) => {
    const call = peers.client.call(500, "x", [], { timeout: Infinity });
    const { nlmsgSeq, body } = await other.next();
    const { id } = body as { id: number };
    other.send(200, {
      body: { jsonrpc: "2.0", id, result: 1 },
      netlink: { nlmsgSeq },
      ...message,
      procslink: { payloadType: 2, ...message.procslink },
    });
    return await call;
  };
  assertEquals(await answer({}), 1);
  const tooLarge = await assertRejects(() => answer({ body: "x".repeat(985) }), MessageTooLargeError);
  assertEquals([tooLarge.size, tooLarge.maximum], [1_025, 1_024]);
  const reason = "procslinkhdr.version is 2, and only 1 is known";
  await assertRejects(() => answer({ procslink: { version: 2 } }), DecodeError, reason);
  assertEquals(peers.clientTroubles, [
    "refused: The message has 1025 bytes, and at most 1024 are taken",
    `unsupported: ${reason}`,
  ]);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("what a handler was given stays as it was when the memory is used again", async () => {
  await using peers = openServing();
  const kept: unknown[] = [];
  peers.server.registerFunction((...values: unknown[]) => void kept.push(values), "keep");
  const bodies = ["one", "two", "three"].map((text) => ({ ...PING, method: "keep", params: [text, { text }] }));
  peers.mallory.sendBytes(100, joined(...bodies.map((body) => frame(666, { body }))));
  for (const body of bodies) peers.mallory.sendFragments(100, { body }, 10);
  await settle();
  const values = ["one", "two", "three"].map((text) => [text, { text }]);
  assertEquals(kept, [...values, ...values]);
});

for (
  const [name, message] of Object.entries<Frame>({
    "of an unknown version": { body: PING, procslink: { version: 2 } },
    "that is too large": { body: { ...PING, params: ["x".repeat(2_000)] } },
    "that is a lonely fragment": { body: PING, netlink: { nlmsgFlags: 2, nlmsgType: 3 }, procslink: { length: 500 } },
  })
) {
  Deno.test(`a listener that closes the peer at a request ${name} leaves what is behind it an error`, async () => {
    await using peers = openServing({ maxMessageSize: 1_024 });
    const { server, serverLink, mallory } = peers;
    server.addEventListener("trouble", () => server.close());
    mallory.sendBytes(100, joined(frame(666, message), frame(666, { body: "{" }), frame(666, { body: PING })));
    await settle();
    const told = mallory.unread.map(({ body }) => (body as { error: { code: number } }).error.code);
    assertEquals([peers.serverTroubles.length, told, serverLink.closed], [2, [-32700, -32000], true]);
  });
}
