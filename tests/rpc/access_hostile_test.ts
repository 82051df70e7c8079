// Strangers who may not call: what they send takes up neither memory nor time, and what they do not read does not wait.
import { assert, assertEquals } from "@std/assert";
import { mock } from "node:test";
import type { AccessRule } from "../../mod.ts";
import { openPeers, openServing } from "../fakes/peers.ts";
import { fragments, frame, settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { bodyOf, notification, outcomeOf, request } from "./wire.ts";

const DENIED = -32001;
const NOTHING_HERE = "denied: User 1000 may not call anything here";
/** Where everybody's requests are read, in bytes, headers included. */
const SMALL_REQUEST = 4_096;
const HEADERS = 40;

/** A request whose message has so many bytes. */
function requestOf(size: number) {
  const { body } = request(7, "pair", [""]);
  const rest = size - HEADERS - JSON.stringify(body).length;
  return { ...request(7, "pair", ["x".repeat(rest)]), netlink: { nlmsgSeq: 3 } };
}

Deno.test("a large request of somebody who may not call is refused before it is read", async () => {
  await using peers = openServing({ access: "same-user" });
  const { server, mallory } = peers;
  for (const size of [SMALL_REQUEST, SMALL_REQUEST + 1]) {
    mallory.send(100, requestOf(size));
    const { nlmsgSeq, body } = await mallory.next();
    const { id, error } = bodyOf({ nlmsgSeq, payloadType: 2, body });
    // Of what was not read, its number alone is known.
    assertEquals([nlmsgSeq, id, error?.code], [3, size > SMALL_REQUEST ? null : 7, DENIED]);
  }
  mallory.send(100, { body: "{".repeat(5_000) });
  assertEquals(outcomeOf(await mallory.next()), DENIED);
  assertEquals(peers.serverTroubles, ['denied: User 1000 may not call "pair"', NOTHING_HERE, NOTHING_HERE]);
  assertEquals(server.stats().denied, 3);
});

Deno.test("of the fragments of somebody who may not call nothing is kept", async () => {
  await using peers = openServing({ access: "same-user" });
  const { server, mallory } = peers;
  const [first, ...rest] = fragments(666, { ...requestOf(50_000) }, 5_000);
  mallory.sendBytes(100, first!);
  assertEquals(outcomeOf(await mallory.next()), DENIED);
  // That there is a message whose rest is passed over is all that is noted.
  assert(server.stats().reassemblyBytes <= 512, `${server.stats().reassemblyBytes} bytes`);
  for (const fragment of rest) mallory.sendBytes(100, fragment);
  await settle();
  assertEquals([server.stats().reassemblyBytes, mallory.unread, peers.serverTroubles], [0, [], [NOTHING_HERE]]);
  // Who may call is read.
  const own = peers.stranger(667, { uid: 10 });
  own.sendFragments(100, requestOf(50_000), 5_000);
  assertEquals((outcomeOf(await own.next()) as string[])[0]!.length > 49_000, true);
});

const rules: Record<string, { peer: AccessRule; method: AccessRule | undefined }> = {
  "one method is for anyone": { peer: { uids: [1] }, method: "anyone" },
  "one method has a function": { peer: { uids: [1] }, method: () => true },
  "a function decides": { peer: (_caller, method) => method === "measure", method: undefined },
};

for (const [name, { peer, method }] of Object.entries(rules)) {
  Deno.test(`large requests of everybody are read where ${name}`, async () => {
    await using peers = openPeers({ access: peer });
    peers.server.registerFunction((text: string) => text.length, "measure", { access: method });
    peers.server.runServerForever();
    const mallory = peers.stranger();
    mallory.send(100, request(1, "measure", ["x".repeat(10_000)]));
    mallory.sendFragments(100, request(2, "measure", ["x".repeat(20_000)]), 5_000);
    assertEquals([outcomeOf(await mallory.next()), outcomeOf(await mallory.next())], [10_000, 20_000]);
    assertEquals(peers.serverTroubles, []);
  });
}

Deno.test("large answers are nobody's call: they are taken from whom may not call", async () => {
  await using peers = openPeers({ access: { uids: [1] } });
  const { client } = peers;
  const other = peers.stranger();
  const [small, large] = [client.call(666, "small"), client.call(666, "large")];
  const text = "x".repeat(10_000);
  other.answer(200, await other.next(), text);
  other.answer(200, await other.next(), text, 1_000);
  assertEquals([await small, await large, peers.clientTroubles], [text, text, []]);
});

Deno.test("refusals that another user does not read are dropped, and those of the own user wait", async () => {
  // While time stands still, whoever does not read is not heard either.
  const { mock: clock } = mock.method(performance, "now", () => 1_000);
  using _clock = { [Symbol.dispose]: () => clock.restore() };
  await using peers = openPeers({ access: { uids: [1] } });
  const { server, serverLink, serverTroubles } = peers;
  server.runServerForever();
  const [other, own] = [peers.stranger(666), peers.stranger(667, { uid: 10 })];
  for (const { link } of [other, own]) {
    link.release();
    link.queueLimit = 1;
  }
  for (const id of [1, 2, 3]) {
    for (const caller of [other, own]) {
      caller.send(100, request(id, "ping"));
      caller.sendFragments(100, requestOf(5_000), 3_000);
      caller.send(100, { body: "rubbish" });
      caller.send(100, { body: 5 });
    }
    await settled(2);
  }
  const { queuedBytes } = server.stats();
  assert(queuedBytes > 1_000 && queuedBytes < 5_000, `${queuedBytes} bytes`);
  assertEquals(serverTroubles.filter((trouble) => trouble.startsWith("undelivered")).length, 4);
  for (const { link } of [other, own]) link.hold();
  await settled(5);
  assertEquals([own.unread.length, server.stats().queuedBytes, serverLink.holds], [12, 0, 1]);
  assertEquals(other.unread.length, 4);
});

Deno.test("a batch of which something is answered waits, although another user is refused the rest of it", async () => {
  await using peers = openPeers({ access: { uids: [1] } });
  peers.server.registerFunction(() => "pong", "ping", { access: "anyone" });
  peers.server.runServerForever();
  const idle = peers.stranger();
  idle.link.release();
  idle.link.queueLimit = 0;
  for (const methods of [["ping", "denied"], ["denied", "ping"], ["denied", "denied"]]) {
    idle.send(100, { body: methods.map((method, id) => request(id, method).body) });
    await settled(2);
  }
  idle.link.queueLimit = Infinity;
  idle.link.giveUp();
  idle.link.hold();
  await settled(5);
  const outcomes = idle.unread.map(({ body }) => (body as { result?: string }[]).map(({ result }) => result ?? DENIED));
  assertEquals(outcomes, [["pong", DENIED], [DENIED, "pong"]]);
});

Deno.test("a caller that had no room for a refusal is heard again once something of it is allowed", async () => {
  let now = 1_000;
  const { mock: clock } = mock.method(performance, "now", () => now);
  using _clock = { [Symbol.dispose]: () => clock.restore() };
  await using peers = openServing({ access: (_caller, method) => method === "ping" });
  const { mallory } = peers;
  mallory.link.release();
  mallory.link.queueLimit = 0;
  mallory.send(100, request(0, "denied"));
  await settled();
  now += 10;
  for (const id of [1, 2, 3]) {
    mallory.send(100, request(id, "ping"));
    await settled();
  }
  mallory.link.queueLimit = Infinity;
  mallory.link.giveUp();
  mallory.link.hold();
  await settled(5);
  assertEquals(mallory.unread.map((received) => bodyOf(received).id), [1, 2, 3]);
});

Deno.test("an id of any length does not make a refusal long", async () => {
  await using peers = openServing({ access: { uids: [1] }, maxMessageSize: 1_048_576 });
  const { mallory } = peers;
  for (const length of [256, 257]) {
    const id = "i".repeat(length);
    mallory.send(100, { body: { id } });
    const { body } = await mallory.next();
    assertEquals((body as { id: unknown }).id, length > 256 ? null : id);
  }
  mallory.send(100, request(1, "m".repeat(3_000)));
  const { error } = bodyOf(await mallory.next());
  assert(JSON.stringify(error).length < 300);
});

Deno.test("large requests of strangers that come during a synchronous call are refused at once", async () => {
  await using peers = openPeers({ access: "same-user" });
  const { client, clientLink } = peers;
  client.registerFunction(() => "pong", "ping");
  const [mallory, other] = [peers.stranger(), peers.stranger(500)];
  clientLink.blocking!.whileReceiving = () => {
    const [call] = other.readNow();
    mallory.send(200, requestOf(5_000));
    other.answer(200, call!, "done");
  };
  assertEquals(client.callSync(500, "x"), "done");
  // The refusal leaves with the event loop; the request was not kept for it.
  await settled(2);
  assertEquals([mallory.unread.map(outcomeOf), peers.clientTroubles], [[DENIED], [NOTHING_HERE]]);
});

Deno.test("rubbish of a stranger costs one short answer, and no more", async () => {
  await using peers = openServing({ access: "same-user" });
  const { mallory, server } = peers;
  const bodies = ["{", "[]", "5", '{"id":1}', "[1,2,3]", "null", '"x"'];
  for (const body of bodies) mallory.send(100, { body });
  await settle();
  assertEquals(mallory.unread.length, bodies.length);
  assertEquals([server.stats().requestsInFlight, server.stats().queuedBytes], [0, 0]);
});

Deno.test("a stranger who is gone before it is refused is trouble, and nothing else", async () => {
  await using peers = openServing({ access: "same-user" });
  const { mallory } = peers;
  mallory.sendBytes(100, frame(666, request(1, "ping")));
  mallory.sendBytes(100, frame(666, notification("ping")));
  mallory.link.kill();
  await settle();
  assertEquals(peers.serverTroubles.map((trouble) => trouble.split(":")[0]), ["denied", "denied", "undelivered"]);
  assertEquals(peers.server.stats().queuedBytes, 0);
});
