// How much others may take up: the options, and what happens beyond them.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { DecodeError, type PeerQuotas, RPCPeer, TooManyRequestsError } from "../../mod.ts";
import { completeQuotas } from "../../src/rpc/quotas.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers, openServing } from "../fakes/peers.ts";
import { fragments, settle, type Stranger } from "../fakes/stranger.ts";
import { fakeTicks } from "./fake_ticks.ts";
import { bodyOf, notification, outcomeOf, request } from "./wire.ts";

const TOO_MANY = -32002;
const MEBIBYTE = 1_048_576;

/** JSON text that is so deep. */
function nested(depth: number): string {
  return "[".repeat(depth) + "]".repeat(depth);
}

Deno.test("quotas that are left out have their defaults, which grow with the largest message", () => {
  const defaults = {
    requests: 65_536,
    requestsPerUser: 1_024,
    answerBytesPerUser: 64 * MEBIBYTE,
    reassemblyBytes: 256 * MEBIBYTE,
    reassemblyBytesPerUser: 64 * MEBIBYTE,
    fragmentTimeout: 30_000,
    batchMembers: 4_096,
    depth: 1_000,
  };
  assertEquals(completeQuotas({}, 64 * MEBIBYTE), defaults);
  assertEquals(completeQuotas({}, 1_024), defaults);
  const large = { reassemblyBytes: 400 * MEBIBYTE, reassemblyBytesPerUser: 100 * MEBIBYTE };
  assertEquals(completeQuotas({}, 100 * MEBIBYTE), { ...defaults, ...large });
  assertEquals(completeQuotas({ depth: 7, requests: undefined }, 1_024), { ...defaults, depth: 7 });
  assertEquals(completeQuotas({ reassemblyBytes: 5 }, 100 * MEBIBYTE).reassemblyBytes, 5);
});

const refused: [quotas: unknown, error: typeof TypeError | typeof RangeError, message: string][] = [
  [null, TypeError, "quotas must be an object, not null"],
  [5, TypeError, "quotas must be an object, not 5"],
  [{ request: 1 }, TypeError, 'There is no quota "request": it is one of requests, requestsPerUser, '],
  [{ requests: -1 }, RangeError, "quotas.requests must be a quota, an integer from 0 to 9007199254740991, not -1"],
  [{ requestsPerUser: 1.5 }, RangeError, "quotas.requestsPerUser must be a quota"],
  [{ answerBytesPerUser: Infinity }, RangeError, "quotas.answerBytesPerUser must be a quota"],
  [{ fragmentTimeout: NaN }, RangeError, "quotas.fragmentTimeout must be a quota"],
  [{ batchMembers: "5" }, RangeError, "quotas.batchMembers must be a quota"],
  [{ reassemblyBytes: null }, RangeError, "quotas.reassemblyBytes must be a quota"],
  [{ depth: 0 }, RangeError, "quotas.depth must be a quota, an integer from 1 to 9007199254740991, not 0"],
];

for (const [quotas, error, message] of refused) {
  Deno.test(`a quota that is none is refused before anything is opened: ${JSON.stringify(quotas)}`, () => {
    const link = new MemoryNetwork().open(100);
    assertThrows(() => new RPCPeer({ link, quotas: quotas as PeerQuotas }), error, message);
    assertThrows(() => link.receiver, Error, "The link was not started");
  });
}

Deno.test("no quota may be the least", () => {
  const names = Object.keys(completeQuotas({}, 1)) as (keyof PeerQuotas)[];
  for (const name of names) completeQuotas({ [name]: name === "depth" ? 1 : 0 }, 1);
});

Deno.test("just so many requests of all callers are in hand, and the next is refused", async () => {
  await using peers = openPeers({ quotas: { requests: 2 } });
  const { server, client, serverTroubles } = peers;
  const gates: (() => void)[] = [];
  server.registerFunction(() => new Promise<void>((resolve) => gates.push(resolve)), "wait");
  server.runServerForever();
  const mallory = peers.stranger();
  mallory.send(100, request(1, "wait"));
  const call = client.call(100, "wait");
  await settle();
  const error = await assertRejects(() => client.call(100, "wait"), TooManyRequestsError);
  assertEquals([error.data, serverTroubles], ["At most 2 at once", ["refused: More than 2 requests at once"]]);
  await client.notify(100, "wait");
  await settle();
  assertEquals([gates.length, serverTroubles.length, server.stats().requestsInFlight], [2, 2, 2]);
  gates[0]!();
  await mallory.next();
  const next = client.call(100, "wait");
  await settle();
  for (const gate of gates) gate();
  assertEquals([await call, await next], [null, null]);
});

Deno.test("just so many members has a batch, on its way here and back", async () => {
  await using peers = openServing({ quotas: { batchMembers: 3 } });
  const { client, mallory, serverTroubles } = peers;
  const batch = (members: number) => Array.from({ length: members }, () => ({ method: "ping" }));
  assertEquals((await client.batch(100, batch(3))).map(({ status }) => status), Array(3).fill("fulfilled"));
  for (const { reason } of await client.batch(100, batch(4)) as PromiseRejectedResult[]) {
    assertInstanceOf(reason, TooManyRequestsError);
    assertEquals(reason.data, "A batch has at most 3 members");
  }
  assertEquals(serverTroubles, ["refused: A batch of 4 members"]);
  const call = client.call(666, "m");
  const { nlmsgSeq, body } = await mallory.next();
  const answer = { jsonrpc: "2.0", id: (body as { id: number }).id, result: 1 };
  mallory.send(200, { body: Array(4).fill(answer), netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
  await assertRejects(() => call, DecodeError, "The answer has 4 members, and at most 3 are read");
});

Deno.test("just so deep is JSON: a request beyond it is refused, and is no rubbish", async () => {
  await using peers = openPeers({ quotas: { depth: 5 } });
  const { server, serverTroubles } = peers;
  server.registerFunction((value: unknown) => value, "echo");
  server.runServerForever();
  const mallory = peers.stranger();
  // The request is an object, and its params are an array.
  for (const [depth, outcome] of [[3, [[[]]]], [4, TOO_MANY]] as const) {
    const body = `{"jsonrpc":"2.0","id":1,"method":"echo","params":[${nested(depth)}]}`;
    mallory.send(100, { body, netlink: { nlmsgSeq: 7 } });
    const received = await mallory.next();
    assertEquals([received.nlmsgSeq, outcomeOf(received)], [7, outcome]);
  }
  assertEquals(serverTroubles, ["refused: The body is nested deeper than 5"]);
  const stats = server.stats();
  assertEquals([stats.refused, stats.malformed], [1, 0]);
  // What is both too deep and no JSON is answered too.
  mallory.send(100, { body: "[".repeat(100) });
  assert([TOO_MANY, -32700].includes(outcomeOf(await mallory.next()) as number));
});

Deno.test("an answer that is too deep ends its call", async () => {
  await using peers = openPeers({ quotas: { depth: 5 } });
  const { client } = peers;
  const other = peers.stranger(500);
  for (const depth of [4, 5]) {
    const call = client.call(500, "m").catch((error) => error);
    const { nlmsgSeq, body } = await other.next();
    const text = `{"jsonrpc":"2.0","id":${(body as { id: number }).id},"result":${nested(depth)}}`;
    other.send(200, { body: text, netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
    const outcome = await call;
    if (depth === 4) assertEquals(outcome, [[[[]]]]);
    else {
      assertInstanceOf(outcome, DecodeError);
      assertEquals((outcome as DecodeError).message, "The body is nested deeper than 5");
    }
  }
});

/** Begins a message of so many bytes, and sends half of it. */
function begin(stranger: Stranger, bytes: number, seq: number): Uint8Array<ArrayBuffer> {
  const message = { ...request(seq, "pair", ["x".repeat(bytes)]), netlink: { nlmsgSeq: seq }, procslink: { seq } };
  const pieces = fragments(stranger.link.port, message, bytes / 2 + 100);
  stranger.sendBytes(100, pieces[0]!);
  return pieces[1]!;
}

Deno.test("just so many bytes of messages of one user are put together, and of all users", async () => {
  const quotas = { reassemblyBytesPerUser: 50_000, reassemblyBytes: 100_000 };
  await using peers = openServing({ quotas, access: "anyone" });
  const callers = [1_000, 1_001, 1_002].map((uid) => peers.stranger(uid, { uid }));
  const rests = callers.map((caller, index) => index < 2 ? begin(caller, 40_000, 1) : undefined);
  await settle();
  assertEquals(callers.map(({ unread }) => unread.length), [0, 0, 0]);
  // A second one of the first user, and one of a third.
  begin(callers[0]!, 40_000, 2);
  begin(callers[2]!, 40_000, 1);
  for (const index of [0, 2]) assertEquals(outcomeOf(await callers[index]!.next()), TOO_MANY);
  for (const index of [0, 1]) {
    callers[index]!.sendBytes(100, rests[index]!);
    assertEquals(bodyOf(await callers[index]!.next()).id, 1);
  }
  begin(callers[2]!, 40_000, 2);
  await settle();
  assertEquals(callers.map(({ unread }) => unread.length), [0, 0, 0]);
});

Deno.test("messages that stop are waited for in whole seconds", async () => {
  for (const [fragmentTimeout, seconds] of [[2_000, 2], [1_001, 2], [1, 1], [0, 0]] as const) {
    using ticks = fakeTicks();
    await using peers = openServing({ quotas: { fragmentTimeout } });
    const { mallory } = peers;
    begin(mallory, 10_000, 1);
    await settle();
    // A first tick may come at once.
    await ticks.tick(1 + Math.max(seconds - 1, 0));
    assertEquals(mallory.unread, []);
    await ticks.tick(1);
    const received = await mallory.next();
    assertEquals([received.nlmsgSeq, outcomeOf(received)], [1, -32600]);
  }
});

Deno.test("a quota is no concern of what is only told", async () => {
  await using peers = openServing({ quotas: { requests: 0, requestsPerUser: 0 } });
  const { mallory, server } = peers;
  mallory.send(100, notification("ping"));
  mallory.send(100, request(1, "ping"));
  assertEquals(outcomeOf(await mallory.next()), TOO_MANY);
  assertEquals([mallory.unread, server.stats().refused, server.stats().requestsInFlight], [[], 2, 0]);
});
