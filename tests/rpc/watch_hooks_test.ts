// Callers that a peer is told of, when they call for the first time and when they are gone.
import { assertEquals, assertThrows } from "@std/assert";
import { type Caller, RPCPeer } from "../../mod.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers, type OwnOptions } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { notification, request } from "./wire.ts";

/** A server that notes its callers, and the calls of its methods. */
function openHooked(options: OwnOptions["server"] = {}) {
  const told: string[] = [];
  const peers = openPeers({}, {
    server: {
      onConnect: ({ port, uid }: Caller) => void told.push(`+${port} ${uid}`),
      onDisconnect: ({ port, uid }: Caller) => void told.push(`-${port} ${uid}`),
      ...options,
    },
  });
  peers.server.registerFunction(() => void told.push("called"), "m");
  peers.server.runServerForever();
  return { ...peers, told, [Symbol.asyncDispose]: () => peers[Symbol.asyncDispose]() };
}

Deno.test("a caller is told of before its first request is carried out, and when it is gone", async () => {
  using time = fakeTime();
  await using peers = openHooked();
  const { client, clientLink, serverLink, told } = peers;
  await client.call(100, "m");
  await client.call(100, "m");
  assertEquals(told, ["+200 10", "called", "called"]);
  clientLink.kill();
  await time.pass(100);
  assertEquals(told.slice(3), ["-200 10"]);
  const { listings } = serverLink;
  await time.pass(1_000);
  assertEquals(serverLink.listings, listings);
});

Deno.test("a notification, and a batch, are calls; rubbish, and questions who is there, are not", async () => {
  using _time = fakeTime();
  await using peers = openHooked();
  const [first, second, third] = [peers.stranger(600), peers.stranger(601), peers.stranger(602)];
  first.send(100, notification("m"));
  await settle();
  second.send(100, { body: [request(1, "nothing").body, request(2, "m").body] });
  third.send(100, { body: "rubbish" });
  third.send(100, request(1, "rpc.identity"));
  third.send(100, request(2, "rpc.ping"));
  await settle();
  assertEquals(peers.told, ["+600 1000", "called", "+601 1000", "called"]);
});

Deno.test("who is not let in is not told of", async () => {
  using _time = fakeTime();
  await using peers = openHooked({ access: { uids: [10] } });
  peers.stranger(600, { uid: 20 }).send(100, request(1, "m"));
  peers.stranger(601, { uid: 10 }).send(100, request(1, "m"));
  await settle();
  assertEquals(peers.told, ["+601 10", "called"]);
});

Deno.test("callers of a name, and those whose requests go to a loop, are told of", async () => {
  using _time = fakeTime();
  await using peers = openHooked();
  peers.server.claim("com.example.hooked");
  await peers.client.call("com.example.hooked", "m");
  assertEquals(peers.told, ["+200 10", "called"]);
  const loop = peers.server[Symbol.asyncIterator]();
  peers.stranger(600).send(100, request(1, "m"));
  assertEquals([(await loop.next()).value!.caller.port, peers.told.at(-1)], [600, "+600 1000"]);
  await loop.return!();
});

Deno.test("a hook that closes the peer is the last that its caller meets, and no one is gone then", async () => {
  using time = fakeTime();
  const peers = openHooked({ onConnect: () => void peers.server.close() });
  await using _peers = peers;
  const caller = peers.stranger(600);
  caller.send(100, request(1, "m"));
  assertEquals((await caller.next() as { body: { error: { code: number } } }).body.error.code, -32000);
  caller.link.kill();
  await time.pass(500);
  assertEquals(peers.told, []);
});

Deno.test("when the peer is closed, nobody looks for its callers any more", async () => {
  using time = fakeTime();
  await using peers = openHooked();
  await peers.client.call(100, "m");
  await time.pass(100);
  await peers.server.close();
  const { listings } = peers.serverLink;
  await time.pass(1_000);
  assertEquals([listings, peers.serverLink.listings, peers.told], [1, 1, ["+200 10", "called"]]);
});

Deno.test("what a hook throws is trouble, and the request is carried out", async () => {
  using _time = fakeTime();
  await using peers = openHooked({
    onConnect: () => {
      throw new Error("no");
    },
  });
  await peers.client.call(100, "m");
  assertEquals([peers.told, peers.serverTroubles], [["called"], ["handler: The onConnect function has thrown: no"]]);
});

Deno.test("hooks that are none, or with a link that cannot tell who is there, are errors", () => {
  const link = new MemoryNetwork().open(1);
  for (const hook of ["onConnect", "onDisconnect"]) {
    assertThrows(() => new RPCPeer({ link, [hook]: 1 }), TypeError, `${hook} must be a function, not number`);
    const blind = Object.assign(new MemoryNetwork().open(1), { sockets: undefined });
    assertThrows(() => new RPCPeer({ link: blind, [hook]: () => {} }), TypeError, "who comes and goes");
  }
});
