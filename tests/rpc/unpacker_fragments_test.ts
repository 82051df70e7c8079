// Messages larger than a datagram, between two peers: they arrive as they were, and keep nobody waiting.
import { assert, assertEquals, assertStrictEquals } from "@std/assert";
import { InvalidParamsError } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settled } from "../fakes/time.ts";

/** A server that echoes, where datagrams have at most 200 bytes: 160 of a body. */
function openEchoing(): Peers {
  const peers = openPeers({}, { maxDatagram: 200 });
  peers.server.registerFunction((...values: unknown[]) => values, "echo");
  peers.server.registerFunction((length: number) => "x".repeat(length), "repeat");
  peers.server.registerFunction((text: string) => text.length, "measure");
  peers.server.runServerForever();
  return peers;
}

/** Datagrams of the client that are fragments. */
function fragmentsOf({ clientLink }: Peers): number {
  return clientLink.sent.filter(({ bytes }) => (new DataView(bytes.buffer).getUint16(6, true) & 2) !== 0).length;
}

Deno.test("params and results of any size arrive as they were, wherever they are cut", async () => {
  await using peers = openEchoing();
  // Characters of 1 to 4 bytes: many a cut is in the middle of one.
  const text = "aü世🦀".repeat(60);
  for (let length = 1; length < text.length; length += 7) {
    const value = text.slice(0, length).toWellFormed();
    assertEquals(await peers.client.call(100, "echo", [value, length]), [value, length]);
  }
  const large = { lines: Array.from({ length: 3_000 }, (_, index) => `line ${index} ✓`) };
  assertEquals(await peers.client.call(100, "echo", [large]), [large]);
  assert(fragmentsOf(peers) > 300);
  assertEquals([peers.serverTroubles, peers.clientTroubles], [[], []]);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a message that just fits a datagram goes in one, and one byte more makes fragments", async () => {
  await using peers = openEchoing();
  const lengthOf = (text: string) => 40 + text.length;
  const { client, clientLink } = peers;
  assertEquals(await client.call(100, "measure", ["x"]), 1);
  const room = 200 - (lengthOf(new TextDecoder().decode(clientLink.sent[0]!.bytes.subarray(40))) - 1);
  assertEquals(await client.call(100, "measure", ["x".repeat(room)]), room);
  assertEquals([clientLink.sent.length, fragmentsOf(peers)], [2, 0]);
  assertEquals(await client.call(100, "measure", ["x".repeat(room + 1)]), room + 1);
  assertEquals([clientLink.sent.length, fragmentsOf(peers)], [4, 2]);
});

Deno.test("a notification of any size arrives, and resolves when all of it has", async () => {
  await using peers = openEchoing();
  const { server, client, serverLink } = peers;
  const heard: string[] = [];
  server.registerFunction((text: string) => void heard.push(text), "log");
  serverLink.queueLimit = 1;
  await client.notify(100, "log", ["x".repeat(5_000)]);
  await settled(5);
  assertEquals(heard, ["x".repeat(5_000)]);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("a batch of any size has its answers", async () => {
  await using peers = openEchoing();
  const calls = Array.from({ length: 500 }, (_, index) => ({ method: "echo", params: [index, "x".repeat(index)] }));
  const outcomes = await peers.client.batch(100, [...calls, { method: "measure", params: [1, 2, 3] }]);
  for (const [index, { params }] of calls.entries()) {
    assertEquals(outcomes[index], { status: "fulfilled", value: params });
  }
  const last = outcomes[500] as PromiseRejectedResult;
  assert(last.reason instanceof InvalidParamsError);
  assertEquals(peers.clientLink.holds, 0);
});

Deno.test("several large calls at once, small ones between them: each has its answer, and the small ones theirs first", async () => {
  await using peers = openEchoing();
  const { client, serverLink, clientLink } = peers;
  // Nobody's queue holds much: so all of it takes turns.
  serverLink.queueLimit = clientLink.queueLimit = 3;
  const ended: string[] = [];
  const follow = (name: string, call: Promise<unknown>) => call.then((value) => (ended.push(name), value));
  const sizes = [30_000, 20_000, 25_000, 15_000, 40_000, 10_000];
  const large = sizes.map((size) => follow("large", client.call(100, "repeat", [size])));
  const uploads = sizes.map((size) => follow("large", client.call(100, "measure", ["x".repeat(size)])));
  const small = Array.from({ length: 20 }, (_, index) => follow("small", client.call(100, "echo", [index])));
  assertEquals(await Promise.all(small), Array.from({ length: 20 }, (_, index) => [index]));
  assertEquals((await Promise.all(large)).map((text) => (text as string).length), sizes);
  assertEquals(await Promise.all(uploads), sizes);
  // On a machine that is busy a turn may end early, and a large one slip in between.
  const early = ended.slice(0, 20).filter((name) => name === "small").length;
  assert(early >= 14, ended.join());
  assertEquals([peers.serverTroubles, peers.clientTroubles, clientLink.holds], [[], [], 0]);
});

Deno.test("two peers send large messages to each other, and to themselves", async () => {
  await using peers = openEchoing();
  const { server, client, serverLink, clientLink } = peers;
  serverLink.queueLimit = clientLink.queueLimit = 2;
  client.registerFunction((text: string) => text.length, "measure");
  client.runServerForever();
  const text = "x".repeat(10_000);
  const calls = [
    client.call(100, "measure", [text]),
    server.call(200, "measure", [text]),
    client.call(200, "measure", [text]),
    server.call(100, "measure", [text]),
  ];
  assertEquals(await Promise.all(calls), Array(4).fill(10_000));
});

Deno.test("a handler that calls back with a large message inside of a large call is answered", async () => {
  await using peers = openEchoing();
  const { server, client } = peers;
  client.registerFunction((text: string) => text.toUpperCase(), "shout");
  server.registerFunction(
    async (port: number, text: string) => [text, await server.call(port, "shout", [text])],
    "ask",
  );
  const text = "abc".repeat(1_000);
  assertEquals(await client.call(100, "ask", [200, text]), [text, text.toUpperCase()]);
});

Deno.test("a large call that is taken back on its way stops, and its handler never runs", async () => {
  await using peers = openEchoing();
  const { server, client, serverLink, clientLink } = peers;
  let ran = false;
  server.registerFunction(() => ran = true, "store");
  serverLink.queueLimit = 2;
  const controller = new AbortController();
  const reason = new Error("I have changed my mind");
  const call = client.call(100, "store", ["x".repeat(100_000)], { signal: controller.signal });
  await Promise.resolve();
  controller.abort(reason);
  assertStrictEquals(await call.catch((error) => error), reason);
  await settled(5);
  const fragments = fragmentsOf(peers);
  assert(fragments > 1 && fragments < 50, `${fragments} fragments`);
  // The last one says that the rest will not come, and has nothing in it.
  assertEquals(clientLink.sent.at(-1)!.bytes.length, 40);
  assertEquals([ran, peers.serverTroubles, clientLink.holds], [false, [], 0]);
  assertEquals(await client.call(100, "measure", ["x"]), 1);
});

Deno.test("a large answer to a call that was aborted is dropped, and no trouble", async () => {
  await using peers = openEchoing();
  const { client, clientLink } = peers;
  const gate = Promise.withResolvers<void>();
  peers.server.registerFunction(async () => (await gate.promise, "x".repeat(5_000)), "late");
  client.runServerForever();
  const controller = new AbortController();
  const call = client.call(100, "late", [], { signal: controller.signal });
  await settled(5);
  controller.abort("enough");
  assertEquals(await call.catch((reason) => reason), "enough");
  gate.resolve();
  await settled(5);
  assertEquals(peers.clientTroubles, []);
  assertEquals([await client.call(100, "echo", [1]), clientLink.holds], [[1], 1]);
});
