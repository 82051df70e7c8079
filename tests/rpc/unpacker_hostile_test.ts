// Fragments, whatever they say: reported once, answered once where somebody may wait, and nobody else is disturbed.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { DecodeError, type JSONRPCError } from "../../mod.ts";
import { assertServing, openPeers, openServing, PING } from "../fakes/peers.ts";
import { farewell, fragments, type Frame, joined, settle, type Stranger } from "../fakes/stranger.ts";

const TEXT = "x".repeat(100);
const REQUEST: Frame = { body: { ...PING, id: 1, method: "pair", params: [TEXT] }, netlink: { nlmsgSeq: 7 } };

/** Fragments of a request, with lies where they are wanted. They have 50 bytes of its body each, and are four. */
function cut({ netlink, procslink }: Omit<Frame, "body"> = {}): Uint8Array<ArrayBuffer>[] {
  const pieces = fragments(666, {
    ...REQUEST,
    netlink: { ...REQUEST.netlink, ...netlink },
    procslink: { ...procslink },
  }, 50);
  assertEquals(pieces.length, 4);
  return pieces;
}

const [first, second, third, last] = cut() as [Uint8Array, Uint8Array, Uint8Array, Uint8Array];
const SIZE = 40 + JSON.stringify(REQUEST.body).length;
const EMPTY = farewell(666, { netlink: { nlmsgSeq: 7 }, procslink: { length: SIZE - 16 } });

/** What comes, the trouble that it is, and the code of the answer where there is one. */
const lies: Record<string, { datagrams: Uint8Array[]; trouble: string[]; code?: number }> = {
  "only the last fragment": {
    datagrams: [last],
    trouble: ["incomplete: The last fragment of a message whose others are not here"],
    code: -32600,
  },
  "no last but one": {
    datagrams: [first, second, last],
    trouble: [`incomplete: The last fragment has come, and 50 of ${SIZE} bytes are missing`],
    code: -32600,
  },
  "no first": {
    datagrams: [second, third, last],
    trouble: [`incomplete: The last fragment has come, and 50 of ${SIZE} bytes are missing`],
    code: -32600,
  },
  "one twice": {
    datagrams: [first, second, second, third, last],
    trouble: [`malformed: The fragments of a message have more than the ${SIZE} bytes that they state`],
    code: -32600,
  },
  "no end": {
    datagrams: [first, second, third, ...Array<Uint8Array>(1_000).fill(second), EMPTY],
    trouble: [`malformed: The fragments of a message have more than the ${SIZE} bytes that they state`],
    code: -32600,
  },
  "one with nothing in it": {
    datagrams: [first, cut({ netlink: { nlmsgLen: 40 } })[1]!.subarray(0, 40), second, third, last],
    trouble: ["malformed: A fragment without a part of the message"],
    code: -32600,
  },
  "a size below that of the headers": {
    datagrams: cut({ procslink: { length: 10 } }),
    trouble: ["malformed: procslinkhdr.length states a message of 26 bytes, and its headers alone are larger"],
    code: -32600,
  },
  "a size of 4 GiB": {
    datagrams: cut({ procslink: { length: 0xffff_ffff } }),
    trouble: ["refused: The message has 4294967311 bytes, and at most 67108864 are taken"],
    code: -32600,
  },
  "two sizes": {
    datagrams: [first, cut({ procslink: { length: 1_000 } })[1]!, third, last],
    trouble: ["malformed: Fragments of one message differ in their size"],
    code: -32600,
  },
  "two payload types": {
    datagrams: [first, cut({ procslink: { payloadType: 2 } })[1]!, third, last],
    trouble: ["malformed: Fragments of one message differ in their payload_type"],
  },
  "two versions": {
    datagrams: [first, cut({ procslink: { version: 2 } })[1]!, third, last],
    trouble: ["malformed: Fragments of one message differ in their version"],
    code: -32600,
  },
  "an unknown version": {
    datagrams: cut({ procslink: { version: 2 } }),
    trouble: ["unsupported: procslinkhdr.version is 2, and only 1 is known"],
    code: -32600,
  },
  "an unknown payload type": {
    datagrams: cut({ procslink: { payloadType: 3 } }),
    trouble: ["unsupported: payload_type 3 is unknown"],
  },
  "somebody else's port in one of them": {
    datagrams: [first, cut({ netlink: { nlmsgPid: 200 } })[1]!, third, last],
    trouble: [
      "spoofed: The message says that it comes from port 200, and it comes from 666",
      `incomplete: The last fragment has come, and 50 of ${SIZE} bytes are missing`,
    ],
    code: -32600,
  },
  "a farewell after the first": { datagrams: [first, EMPTY], trouble: [] },
  "a farewell before the last": { datagrams: [first, second, third, EMPTY], trouble: [] },
  "nothing but a farewell": { datagrams: [EMPTY], trouble: [] },
  "a body that is not JSON": {
    datagrams: fragments(666, { body: TEXT, netlink: { nlmsgSeq: 7 } }, 50),
    trouble: ["malformed: The body is not JSON"],
    code: -32700,
  },
  "a body that is not UTF-8": {
    datagrams: fragments(666, { body: new Uint8Array(100).fill(0xff), netlink: { nlmsgSeq: 7 } }, 50),
    trouble: ["malformed: The body is not valid UTF-8"],
    code: -32700,
  },
};

/** Sends datagrams as they are. */
function sendAll(stranger: Stranger, datagrams: Iterable<Uint8Array>): void {
  for (const datagram of datagrams) stranger.sendBytes(100, new Uint8Array(datagram));
}

for (const [name, { datagrams, trouble, code }] of Object.entries(lies)) {
  Deno.test(`fragments with ${name}: ${code === undefined ? "not answered" : `answered once, with ${code}`}`, async () => {
    await using peers = openServing();
    const { mallory } = peers;
    // Somebody else's message is on its way meanwhile, and one more of the same sender.
    const other = peers.stranger(667);
    const [begun, ...rest] = fragments(667, { body: PING, netlink: { nlmsgSeq: 7 } }, 30);
    const [own, ...ownRest] = cut({ procslink: { seq: 9 }, netlink: { nlmsgSeq: 9 } });
    sendAll(other, [begun!]);
    sendAll(mallory, [own!, ...datagrams]);
    sendAll(other, rest);
    sendAll(mallory, ownRest);
    const answers = [await mallory.next(), ...(code === undefined ? [] : [await mallory.next()])];
    const error = answers.find((answer) => answer.nlmsgSeq !== 9);
    const told = error?.body as { id: null; error: JSONRPCError } | undefined;
    assertEquals(
      [error?.nlmsgSeq, told?.id, told?.error.code],
      code === undefined ? [undefined, undefined, undefined] : [7, null, code],
    );
    const answer = answers.find((answer) => answer.nlmsgSeq === 9);
    assertEquals((answer?.body as { result: unknown }).result, [TEXT, null]);
    assertEquals((await other.next()).body, { jsonrpc: "2.0", id: "after", result: "pong" });
    await assertServing(peers);
    assertEquals(peers.serverTroubles, trouble);
    // The same number may be used again.
    sendAll(mallory, cut());
    assertEquals((await mallory.next()).nlmsgSeq, 7);
    assertEquals(peers.serverTroubles, trouble);
  });
}

Deno.test("fragments of many messages in one datagram are put together", async () => {
  await using peers = openServing();
  const messages = [1, 2, 3].map((seq) => cut({ procslink: { seq }, netlink: { nlmsgSeq: seq } }));
  const inTurns = [0, 1, 2, 3].flatMap((index) => messages.map((pieces) => pieces[index]!));
  peers.mallory.sendBytes(100, joined(...inTurns));
  for (const nlmsgSeq of [1, 2, 3]) assertEquals((await peers.mallory.next()).nlmsgSeq, nlmsgSeq);
  assertEquals(peers.serverTroubles, []);
});

Deno.test("who begins too many messages loses the oldest, and nobody else loses one", async () => {
  await using peers = openServing();
  const { mallory } = peers;
  const other = peers.stranger(667);
  const [begun, ...rest] = fragments(667, { body: PING }, 30);
  sendAll(other, [begun!]);
  const messages = Array.from(
    { length: 17 },
    (_, seq) => cut({ procslink: { seq }, netlink: { nlmsgSeq: 100 + seq } }),
  );
  sendAll(mallory, messages.map(([first]) => first!));
  const { nlmsgSeq, body } = await mallory.next();
  const reason = `90 of ${SIZE} bytes of a message have arrived, and its sender has begun too many others`;
  assertEquals([nlmsgSeq, (body as { error: JSONRPCError }).error.data], [100, reason]);
  assertEquals(peers.serverTroubles, [`incomplete: ${reason}`]);
  sendAll(mallory, messages.slice(1).flatMap(([, ...rest]) => rest));
  for (let seq = 101; seq < 117; seq++) assertEquals((await mallory.next()).nlmsgSeq, seq);
  sendAll(other, rest);
  assertEquals((await other.next()).body, { jsonrpc: "2.0", id: "after", result: "pong" });
});

const ANEW = `incomplete: 140 of ${SIZE} bytes of a message have arrived, and its port has begun anew`;

Deno.test("a port's next owner does not go on with what the last one has begun", async () => {
  await using peers = openServing();
  sendAll(peers.mallory, [first, second]);
  peers.mallory.link.close();
  for (const next of [{ pidHint: 5 }, { pidHint: 5, uid: 7 }]) {
    const heir = peers.stranger(666, next);
    sendAll(heir, [first, second, third, last]);
    // The heir gets the error too: it is the one who holds the port.
    const answers = [await heir.next(), await heir.next()];
    assertEquals(answers.map(({ body }) => "result" in (body as object)), [false, true]);
    assertEquals(peers.serverTroubles.splice(0), [ANEW]);
    sendAll(heir, [first, second]);
    heir.link.close();
  }
});

const others = {
  "another value of nlmsg_seq": cut({ netlink: { nlmsgSeq: 8 } }),
  "another time": cut({ procslink: { timestamp: 1n } }),
  "a time that differs in its other half": cut({ procslink: { timestamp: 1n << 40n } }),
};

for (const [name, other] of Object.entries(others)) {
  Deno.test(`what has the number of a message, and ${name}, is another one: its port was opened anew`, async () => {
    await using peers = openServing();
    sendAll(peers.mallory, [first, second, ...other]);
    const answers = [await peers.mallory.next(), await peers.mallory.next()];
    assertEquals(answers.map(({ body }) => "result" in (body as object)), [false, true]);
    assertEquals(peers.serverTroubles, [ANEW]);
    await assertServing(peers);
  });
}

Deno.test("a user who sends too much at once is refused, and others are not", async () => {
  await using peers = openServing({ maxMessageSize: 10_000, quotas: { reassemblyBytesPerUser: 10_000 } });
  const { mallory } = peers;
  const large = (port: number, seq: number) =>
    fragments(port, {
      body: { ...PING, method: "pair", params: ["x".repeat(9_000)] },
      netlink: { nlmsgSeq: seq },
      procslink: { seq },
    }, 3_000);
  const [one, two, three] = [1, 2, 3].map((seq) => large(666, seq));
  sendAll(mallory, [one![0]!, two![0]!]);
  const { nlmsgSeq, body } = await mallory.next();
  assertEquals([nlmsgSeq, (body as { error: JSONRPCError }).error.code], [2, -32002]);
  const reason = "Too many large messages arrive at once: there is no room for another";
  assertEquals(peers.serverTroubles, [`refused: ${reason}`]);
  // Another port of the same user changes nothing; another user is not concerned.
  const twin = peers.stranger(667);
  sendAll(twin, [large(667, 3)[0]!]);
  assertEquals(((await twin.next()).body as { error: JSONRPCError }).error.code, -32002);
  const other = peers.stranger(668, { uid: 7 });
  sendAll(other, large(668, 4));
  assertEquals((await other.next()).nlmsgSeq, 4);
  // The first message goes on as if nothing had been, and then there is room again.
  sendAll(mallory, [...one!.slice(1), ...two!.slice(1), ...three!]);
  assertEquals([(await mallory.next()).nlmsgSeq, (await mallory.next()).nlmsgSeq], [1, 3]);
  assertEquals(peers.serverTroubles.length, 2);
});

Deno.test("of the peer's own user as many large messages arrive at once as all together may", async () => {
  await using peers = openServing({ maxMessageSize: 10_000, quotas: { reassemblyBytes: 36_000 } });
  const own = [1, 2, 3, 4, 5].map((port) => peers.stranger(port, { uid: 10 }));
  const large = own.map(({ link }) =>
    fragments(link.port, { body: { ...PING, method: "pair", params: ["x".repeat(9_000)] } }, 5_000)
  );
  own.forEach((stranger, index) => sendAll(stranger, [large[index]![0]!]));
  assertEquals(((await own[4]!.next()).body as { error: JSONRPCError }).error.code, -32002);
  own.forEach((stranger, index) => sendAll(stranger, [large[index]![1]!]));
  for (const stranger of own.slice(0, 4)) assert("result" in ((await stranger.next()).body as object));
  await settle();
  assertEquals(own[4]!.unread, []);
});

Deno.test("fragments of a response that lie end its call at once", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const broken = peers.stranger(500);
  const cases: [string, (pieces: Uint8Array[], nlmsgSeq: number) => Uint8Array[]][] = [
    ["The last fragment has come, and", ([first, , ...rest]) => [first!, ...rest]],
    ["The fragments of a message have more than", (pieces) => [pieces[0]!, ...pieces]],
    ["The last fragment of a message whose others are not here", (pieces) => [pieces.at(-1)!]],
    [
      "The body is not a JSON-RPC 2.0 response",
      (_, nlmsgSeq) =>
        fragments(
          500,
          { body: { jsonrpc: "2.0", id: TEXT }, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } },
          50,
        ),
    ],
    ["The sender has taken a message back that was on its way", ([first], nlmsgSeq) => {
      const length = new DataView(first!.buffer).getUint32(20, true);
      return [first!, farewell(500, { netlink: { nlmsgSeq }, procslink: { payloadType: 2, length } })];
    }],
  ];
  for (const [message, lie] of cases) {
    const call = client.call(500, "x", [], { timeout: Infinity });
    const { nlmsgSeq, body } = await broken.next();
    const { id } = body as { id: number };
    const answer = { body: { jsonrpc: "2.0", id, result: TEXT }, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } };
    for (const piece of lie(fragments(500, answer, 50), nlmsgSeq)) broken.sendBytes(200, new Uint8Array(piece));
    await assertRejects(() => call, DecodeError, message);
  }
  await settle();
  // Taken back is no fault; every other lie is trouble once.
  assertEquals(clientTroubles.length, cases.length - 1, clientTroubles.join("\n"));
  assertEquals([broken.unread, peers.clientLink.holds], [[], 0]);
});

Deno.test("a large response counts only from the port that was asked", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const [asked, other] = [peers.stranger(500), peers.stranger(501)];
  const call = client.call(500, "colour", [], { timeout: Infinity });
  const { nlmsgSeq, body } = await asked.next();
  const { id } = body as { id: number };
  const answer = (result: string) => ({
    body: { jsonrpc: "2.0", id, result: result.repeat(50) },
    netlink: { nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  other.sendFragments(200, answer("red"), 50);
  await settle();
  assertEquals(clientTroubles, [`unexpected: Nobody waits for a response to message ${nlmsgSeq} from port 501`]);
  asked.sendFragments(200, answer("blue"), 50);
  assertEquals(await call, "blue".repeat(50));
});
