// Peers that lie to those who watch, or answer with what is no answer.
import { assertEquals } from "@std/assert";
import { openPeers } from "../fakes/peers.ts";
import { settle, type Stranger } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { Reader } from "../watch/world.ts";
import { openBlind } from "./blind.ts";
import { CLOCK, CLOCK_PORT } from "./named.ts";
import { bodyOf } from "./wire.ts";

/** Answers the question that was asked, and lets what follows happen. */
async function reply(stranger: Stranger, identity: unknown): Promise<void> {
  stranger.answer(200, await stranger.next(), identity);
  await settle();
}

/** A client that watches, and has been told of those who serve. */
async function openWatched() {
  const peers = openPeers();
  await peers.server.close();
  return { ...peers, [Symbol.asyncDispose]: () => peers[Symbol.asyncDispose]() };
}

Deno.test("an identity that is none, or is too long to be one, tells the user only", async () => {
  using _time = fakeTime();
  const good = { incarnation: "a", port: 600, names: ["com.example.x"], methods: [] };
  for (const identity of [5, null, {}, { ...good, names: [1] }, { ...good, incarnation: "a".repeat(257) }]) {
    await using peers = await openWatched();
    const mallory = peers.stranger(600, { uid: 60 });
    using watch = peers.client.watch();
    await reply(mallory, identity);
    assertEquals((await new Reader(watch).read()).slice(1), ["peer-added - 600 60", "ready"]);
  }
});

Deno.test("of the names that a peer says it has, the first 16 are looked at, and only those that can be names", async () => {
  using _time = fakeTime();
  const rubbish = ["", "12", "\n", "x".repeat(256)];
  for (const [names, name] of [[[...rubbish, "ok"], "ok"], [[...Array(16).fill(""), "late"], "-"]] as const) {
    await using peers = await openWatched();
    const mallory = peers.stranger(600, { uid: 60 });
    using watch = peers.client.watch({ groups: [] });
    await reply(mallory, { incarnation: "a", port: 600, names, methods: [] });
    assertEquals((await new Reader(watch).read()).slice(1), [`peer-added ${name} 600 60`, "ready"]);
  }
});

Deno.test("a name that is none is nobody's, and does not make a peer of the port of a name", async () => {
  using _time = fakeTime();
  for (const name of [5, null, "", "x".repeat(300), "com.example.other"]) {
    await using peers = await openWatched();
    const mallory = peers.stranger(CLOCK_PORT, { uid: 60 });
    using watch = peers.client.watch();
    await reply(mallory, { incarnation: "a", port: CLOCK_PORT, names: [], methods: [], name });
    assertEquals((await new Reader(watch).read()).slice(1), ["ready"]);
  }
});

Deno.test("who has no time for the question is asked again, and its name is told of then", async () => {
  using time = fakeTime();
  await using peers = await openWatched();
  const busy = peers.stranger(CLOCK_PORT, { uid: 60 });
  using watch = peers.client.watch();
  const reader = new Reader(watch);
  const question = await busy.next();
  const error = { code: -32002, message: "Too many requests" };
  busy.send(200, {
    body: { jsonrpc: "2.0", id: bodyOf(question).id, error },
    netlink: { nlmsgSeq: question.nlmsgSeq },
    procslink: { payloadType: 2 },
  });
  await settle();
  assertEquals((await reader.read()).slice(1), ["ready"]);
  await time.pass(30);
  await reply(busy, { incarnation: "a", port: 5, names: [], methods: [], name: CLOCK });
  assertEquals(await reader.read(), [`name-added ${CLOCK} ${CLOCK_PORT} 60`]);
});

Deno.test("who is silent without a lifeline has no user; that of who has one is not kept when the watch ends", async () => {
  using time = fakeTime();
  await using peers = await openWatched();
  openBlind(peers, 600);
  const silent = peers.stranger(601, { uid: 60 });
  using watch = peers.client.watch({ groups: [] });
  await time.pass(100);
  assertEquals((await new Reader(watch).read()).slice(1), ["peer-added - 600 -", "peer-added - 601 60", "ready"]);
  watch[Symbol.dispose]();
  await settle();
  assertEquals(silent.link.lifelines.size, 0);
});

Deno.test("an answer that cannot be read tells the user only", async () => {
  using _time = fakeTime();
  await using peers = await openWatched();
  const mallory = peers.stranger(600, { uid: 60 });
  using watch = peers.client.watch();
  const { nlmsgSeq } = await mallory.next();
  mallory.send(200, { body: "rubbish", netlink: { nlmsgSeq }, procslink: { payloadType: 2 } });
  await settle();
  assertEquals((await new Reader(watch).read()).slice(1), ["peer-added - 600 60", "ready"]);
});

Deno.test("sockets that are no peers are not listed", async () => {
  await using peers = await openWatched();
  peers.stranger(600).link.isPeer = false;
  assertEquals((await peers.client.list({ timeout: 50 })).map(({ port }) => port), [200]);
});
