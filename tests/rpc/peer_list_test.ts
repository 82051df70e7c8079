// Which peers there are, as they say themselves when they are asked.
import { assertEquals, assertRejects } from "@std/assert";
import { AccessDeniedError, CallTimeoutError, PeerClosedError, PeerGoneError, RPCPeer } from "../../mod.ts";
import type { Answerer } from "../../src/rpc/identity.ts";
import { listPeers } from "../../src/rpc/peer_list.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { openBlind } from "./blind.ts";

/** Ports, of which nothing else is known. */
function at(...ports: number[]): { port: number }[] {
  return ports.map((port) => ({ port }));
}

/** What is not known of a peer that says nothing of itself. */
const UNKNOWN = { names: [], methods: undefined, queue: undefined, drops: undefined };

/** An answer of a port, by a user. */
function answer(identity: unknown, uid = 10): Answerer {
  return { caller: { port: 1, uid, gid: 0, pidHint: 0 }, name: null, identity };
}

const IDENTITY = { incarnation: "a", port: 3, names: ["one", "two"], methods: ["m"] };

Deno.test("ports of one peer are one entry, at its own port; entries are in the order of those", async () => {
  const answers = new Map([[9, IDENTITY], [3, IDENTITY], [5, { ...IDENTITY, incarnation: "b", port: 5, names: [] }]]);
  const peers = await listPeers(at(9, 5, 3), (port) => Promise.resolve(answer(answers.get(port))));
  assertEquals(peers, [
    { ...UNKNOWN, port: 3, uid: 10, pidHint: 0, names: ["one", "two"], methods: ["m"] },
    { ...UNKNOWN, port: 5, uid: 10, pidHint: 0, methods: ["m"] },
  ]);
});

Deno.test("what waits at the ports of one peer, and what they had no room for, is added up as far as it is told", async () => {
  const sockets = [
    { port: 9, queue: 1_000, drops: 2 },
    { port: 3, queue: 832, drops: 0 },
    { port: 4, queue: 5 },
    { port: 5, queue: 7, drops: 1 },
  ];
  const silent = { ...IDENTITY, incarnation: "b", port: 5 };
  const peers = await listPeers(sockets, (port) => Promise.resolve(answer(port === 5 ? silent : IDENTITY)));
  assertEquals(peers.map(({ port, queue, drops }) => [port, queue, drops]), [[3, 1_837, 2], [5, 7, 1]]);
});

Deno.test("a port that is said counts only where the same peer answers from it: it may be somebody else's", async () => {
  const identities = new Map([
    [3, { ...IDENTITY, incarnation: "victim", port: 3, names: ["bank"] }],
    [9, { ...IDENTITY, incarnation: "liar", port: 3, names: ["bank"] }],
  ]);
  const peers = await listPeers(at(9, 3), (port) => Promise.resolve(answer(identities.get(port), port)));
  assertEquals(peers.map(({ port, uid }) => [port, uid]), [[3, 3], [9, 9]]);
});

Deno.test("who says to be another user's peer is an entry of its own", async () => {
  const peers = await listPeers(at(3, 4), (port) => Promise.resolve(answer(IDENTITY, port)));
  assertEquals(peers.map(({ uid }) => uid), [3, 4]);
});

Deno.test("who is gone is left out; who is silent, refuses or talks rubbish is there without what it did not tell", async () => {
  const outcomes: Record<number, () => Promise<Answerer>> = {
    1: () => Promise.reject(new PeerGoneError(1)),
    2: () => Promise.reject(new CallTimeoutError(2, "rpc.identity", 5)),
    3: () => Promise.resolve({ ...answer(undefined), refusal: new AccessDeniedError("no") }),
  };
  const rubbish = [null, 5, "text", [], {}, { ...IDENTITY, names: "one" }, { ...IDENTITY, methods: [1] }, {
    ...IDENTITY,
    port: "3",
  }, { ...IDENTITY, incarnation: 1 }];
  for (const [index, identity] of rubbish.entries()) outcomes[4 + index] = () => Promise.resolve(answer(identity));
  const peers = await listPeers(at(...Object.keys(outcomes).map(Number)), (port) => outcomes[port]!());
  assertEquals(peers[0], { ...UNKNOWN, port: 2, uid: undefined, pidHint: undefined });
  assertEquals(
    peers.slice(1),
    [3, ...rubbish.keys().map((index) => 4 + index)].map((port) => ({ ...UNKNOWN, port, uid: 10, pidHint: 0 })),
  );
});

Deno.test("no more than 64 ports are asked at once", async () => {
  let asked = 0;
  let most = 0;
  const ports = Array.from({ length: 200 }, (_, index) => index + 1);
  const peers = await listPeers(at(...ports), async (port) => {
    most = Math.max(most, ++asked);
    await Promise.resolve();
    asked--;
    return answer({ ...IDENTITY, incarnation: String(port), port });
  });
  assertEquals([peers.length, most], [200, 64]);
});

Deno.test("a peer lists itself and others with their names, each once", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => 1, "one");
  server.claim("com.example.listed");
  server.runServerForever();
  const listed = await client.list({ timeout: 5_000 });
  assertEquals(listed.map(({ port, names, methods }) => [port, names, methods]), [
    [100, ["com.example.listed"], ["one"]],
    [200, [], []],
  ]);
});

Deno.test("a call that is answered while its peer is asked for the list takes nothing from that", async () => {
  await using peers = openPeers();
  const { client, server } = peers;
  server.registerFunction(() => 1, "one");
  void server.runServerForever();
  const call = client.call(100, "one");
  const listed = await client.list({ timeout: 5_000 });
  assertEquals([await call, listed.find(({ port }) => port === 100)?.methods], [1, ["one"]]);
});

Deno.test("a list lets the question go on that others wait for, and end with them", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client, clientLink } = peers;
  const blind = openBlind(peers);
  const controller = new AbortController();
  const call = assertRejects(() => client.call(500, "one", [], { signal: controller.signal }), DOMException);
  const listing = client.list({ timeout: 5_000 });
  await settle();
  controller.abort();
  await call;
  const questions = [await blind.next(), await blind.next()];
  // The first one was that of the call, and the second one is that of the list.
  blind.answer(200, questions[1]!, IDENTITY);
  assertEquals((await listing).find(({ port }) => port === 500)?.names, IDENTITY.names);
  assertEquals([client.stats().callsInFlight, clientLink.holds], [0, 0]);
});

Deno.test("a peer that is closed while it makes a list says so, and asks nobody any more", async () => {
  for (const answers of [0, 64]) {
    await using peers = openPeers();
    const { client, clientLink } = peers;
    const strangers = Array.from({ length: 100 }, (_, index) => peers.stranger(1_000 + index));
    // The peers themselves come first.
    void peers.server.runServerForever();
    const listing = assertRejects(() => client.list(), PeerClosedError);
    await settle();
    const asked = strangers.filter(({ unread }) => unread.length > 0);
    assertEquals(asked.length, 62);
    for (const stranger of asked.slice(0, answers)) stranger.answer(200, await stranger.next(), IDENTITY);
    if (answers > 0) {
      await Promise.resolve();
      clientLink.read();
    }
    await client.close();
    await listing;
    assertEquals(strangers.slice(62).flatMap(({ unread }) => unread), []);
  }
});

Deno.test("a link that cannot tell, a timeout that is none, and a peer that is closed are errors", async () => {
  const link = new MemoryNetwork().open(1);
  const peer = new RPCPeer({ link: Object.assign(link, { sockets: undefined }) });
  await assertRejects(() => peer.list(), TypeError, "This link cannot tell which peers there are");
  await assertRejects(() => peer.list({ timeout: 0 }), RangeError);
  await peer.close();
  await assertRejects(() => peer.list(), PeerClosedError);
});
