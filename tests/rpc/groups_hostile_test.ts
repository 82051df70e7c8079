// Strangers who know more than they should: they can neither speak for an owner nor for a member.
import { assertEquals } from "@std/assert";
import type { RPCPeer } from "../../mod.ts";
import type { Stranger } from "../fakes/stranger.ts";
import { collect, groupTalk, Newspaper, OWNER, paramsOf, quiet, take, USER, welcomed } from "./groups.ts";
import { bodyOf, notification, outcomeOf, request } from "./wire.ts";

const INVALID_PARAMS = -32602;
const NOT_FOUND = -32003;
const TOO_MANY = -32002;

/** Strangers who are not the one who counts: at another port, or of another user at the same one. */
const OTHERS: Record<string, (paper: Newspaper, port: number) => Stranger> = {
  "from another port": (paper) => paper.stranger(),
  "from the same port with another user": (paper, port) => {
    const stranger = paper.stranger();
    // What the kernel says of it from now on.
    Object.assign(stranger.link, { self: { port, uid: 77, gid: 11, pidHint: 1 } });
    return stranger;
  },
};

/** Gets a stranger in, as the member with an id. */
async function enter(stranger: Stranger, id = 1, group = "news"): Promise<{ stream: string; next: number }> {
  const welcome = await welcomed(stranger, group);
  stranger.send(OWNER, request("in", "rpc.join", { group, ...welcome, id, hears: 0 }));
  await stranger.next();
  return welcome;
}

for (const [who, other] of Object.entries(OTHERS)) {
  Deno.test(`nobody publishes for an owner, ${who}`, async () => {
    await using paper = new Newspaper();
    const { messages, link } = await paper.joined();
    const got = collect(messages);
    const { stream } = await welcomed(paper.stranger(700));
    await paper.news.publish("true");
    const mallory = other(paper, OWNER);
    for (const params of [[stream, 2, "false"], [stream, 50], [stream, 1, "false"], [stream, 0]]) {
      mallory.send(link.port, notification("rpc.publish", params));
    }
    mallory.send(link.port, notification("rpc.leave", { stream, next: 2 }));
    mallory.send(link.port, request("ask", "rpc.publish", [stream, 1]));
    await quiet();
    await paper.news.publish("true too");
    await quiet();
    assertEquals(got, ["true", "true too"]);
    assertEquals(groupTalk(link, OWNER).map(({ method }) => method), ["rpc.join", "rpc.join"], "nothing seemed lost");
  });

  Deno.test(`nobody leaves for a member, ${who}`, async () => {
    await using paper = new Newspaper();
    const { messages, link } = await paper.joined();
    const { stream } = await welcomed(paper.stranger(700));
    const mallory = other(paper, link.port);
    for (let id = 0; id < 5; id++) mallory.send(OWNER, notification("rpc.leave", { stream, id }));
    await quiet();
    assertEquals(paper.news.members.map(({ port, uid }) => [port, uid]), [[200, USER]]);
    await paper.news.publish("still here");
    assertEquals(await take(messages, 1), ["still here"]);
  });

  Deno.test(`nobody acknowledges for a member, ${who}`, async () => {
    await using paper = new Newspaper();
    const [deaf] = await paper.readers(3, { hears: true });
    deaf!.ear.isSlow = true;
    const { stream } = await welcomed(paper.stranger(700));
    const mallory = other(paper, deaf!.link.port);
    let most = 0;
    for (let number = 1; number <= 8; number++) {
      await paper.news.publish("x".repeat(90_000));
      most = Math.max(most, deaf!.ear.queue.length);
      for (let id = 0; id < 5; id++) mallory.send(OWNER, notification("rpc.publish", [stream, number + 1, id]));
      await quiet();
    }
    assertEquals(most, 5, "more is not sent to who has not said that there is room");
  });
}

Deno.test("params of all three methods may be anything: that is an error, or nothing", async () => {
  await using paper = new Newspaper();
  const mallory = paper.stranger();
  const { stream } = await enter(mallory);
  const garbage: unknown[] = [
    undefined,
    [],
    {},
    [[]],
    [null],
    { group: 5 },
    { group: "news", stream: 5 },
    [stream, -1],
    [
      stream,
      1.5,
      1,
    ],
    { stream },
    { group: "news", stream, id: -1, next: 0, hears: 0 },
    { group: "news", stream, id: 1, next: 1e300 },
  ];
  for (const method of ["rpc.join", "rpc.leave", "rpc.publish"]) {
    for (const params of garbage) mallory.send(OWNER, notification(method, params));
    for (const params of garbage) {
      mallory.send(OWNER, request("garbage", method, params));
      const { error, result } = bodyOf(await mallory.next());
      if (method === "rpc.join") assertEquals(error?.code, INVALID_PARAMS, JSON.stringify(params));
      else if (method === "rpc.publish") assertEquals([INVALID_PARAMS, NOT_FOUND].includes(error?.code ?? 0), true);
      else assertEquals(error?.code ?? result, error === undefined ? null : INVALID_PARAMS);
    }
  }
  assertEquals(paper.news.members.length, 1);
  assertEquals(await paper.news.publish("fine"), 1);
});

Deno.test("a stream that does not exist is not found, and one of long ago neither", async () => {
  await using paper = new Newspaper();
  const mallory = paper.stranger();
  const { stream } = await welcomed(mallory);
  await paper.news.close();
  paper.owner.group("news");
  for (const name of ["", "x", stream]) {
    mallory.send(OWNER, request("in", "rpc.join", { group: "news", stream: name, id: 1, next: 1, hears: 0 }));
    assertEquals(outcomeOf(await mallory.next()), NOT_FOUND);
    mallory.send(OWNER, request("ask", "rpc.publish", [name, 1]));
    assertEquals(outcomeOf(await mallory.next()), NOT_FOUND);
  }
});

Deno.test("a member may want any number: it gets what there is, and what is missing is said", async () => {
  await using paper = new Newspaper({}, { maxQueuedBytes: 500 });
  for (let number = 1; number <= 10; number++) await paper.news.publish(number);
  const mallory = paper.stranger();
  const { stream } = await welcomed(mallory);
  const first: unknown[] = [];
  for (const next of [0, 9, Number.MAX_SAFE_INTEGER]) {
    mallory.send(OWNER, request("in", "rpc.join", { group: "news", stream, id: 1, next, hears: 0 }));
    await quiet();
    first.push(paramsOf(mallory, "rpc.publish")[0] ?? null);
    mallory.readNow();
  }
  const kept = (first[0] as [string, number])[1];
  assertEquals(kept > 7 && kept < 11, true);
  assertEquals(first, [[stream, kept], [stream, kept < 9 ? 9 : kept, ...(kept > 9 ? [] : [9])], null]);
  assertEquals(await paper.news.publish("next"), 1);
});

Deno.test("a peer has 64 memberships in a group at most; those that it has go on", async () => {
  await using paper = new Newspaper();
  const mallory = paper.stranger();
  const { stream, next } = await welcomed(mallory);
  const outcomes: unknown[] = [];
  for (const id of [...Array(66).keys(), 3]) {
    mallory.send(OWNER, request("in", "rpc.join", { group: "news", stream, next, id, hears: 0 }));
    outcomes.push(outcomeOf(await mallory.next()));
  }
  assertEquals(outcomes.slice(63), [{ next: 1 }, TOO_MANY, TOO_MANY, { next: 1 }]);
  assertEquals(paper.news.members.length, 64);
  const { messages } = await paper.joined();
  assertEquals(await paper.news.publish("all"), 65);
  assertEquals(await take(messages, 1), ["all"]);
});

Deno.test("who has the port of a member with another user is another member", async () => {
  await using paper = new Newspaper();
  const first = paper.stranger(666, 10);
  first.link.hasLifeline = false;
  const { stream } = await enter(first);
  first.link.close();
  const second = paper.stranger(666, 77);
  second.send(OWNER, request("in", "rpc.join", { group: "news", stream, next: 1, id: 1, hears: 0 }));
  await second.next();
  assertEquals(paper.news.members.map(({ uid }) => uid), [77]);
});

Deno.test("what an owner sends late, of a stream that was left, is no trouble", async () => {
  await using paper = new Newspaper();
  const owner = paper.stranger(500);
  const { peer, troubles, link } = await paper.joined();
  const messages = peer.join(500, "g");
  owner.answer(200, await owner.next(), { stream: "s", port: 500, next: 1, multicast: 1 });
  owner.answer(200, await owner.next(), {});
  await messages.joined;
  messages.leave();
  await quiet();
  const before = link.sent.length;
  owner.send(200, notification("rpc.publish", ["s", 1, "late"]));
  owner.send(200, notification("rpc.leave", { stream: "s", next: 1 }));
  await quiet();
  assertEquals([troubles, link.sent.length - before], [[], 0]);
});

Deno.test("an owner that numbers as it likes gets nothing twice, and nothing out of order", async () => {
  await using paper = new Newspaper();
  const owner = paper.stranger(500);
  const { peer } = await paper.joined();
  const messages = peer.join(500, "g");
  owner.answer(200, await owner.next(), { stream: "s", port: 500, next: 5, multicast: 1 });
  owner.answer(200, await owner.next(), null);
  const got = collect(messages);
  await messages.joined;
  const say = (...params: unknown[]) => owner.send(200, notification("rpc.publish", ["s", ...params]));
  for (const number of [5, 4, 5, 7, 6, 0]) say(number, number);
  say(6);
  say(9);
  say(8, 8);
  say(9, 9);
  say(Number.MAX_SAFE_INTEGER);
  await quiet();
  assertEquals(got, [5, 6, "[2]", 9, `[${Number.MAX_SAFE_INTEGER - 10}]`]);
});

Deno.test("a peer that is no owner and no member answers all three", async () => {
  await using paper = new Newspaper();
  const peer: RPCPeer = paper.open(300).peer;
  peer.runServerForever();
  const mallory = paper.stranger();
  mallory.send(300, notification("rpc.publish", ["s", 1, 1]));
  mallory.send(300, notification("rpc.leave", { stream: "s", next: 1 }));
  mallory.send(300, request("join", "rpc.join", { group: "news" }));
  assertEquals(outcomeOf(await mallory.next()), NOT_FOUND);
  mallory.send(300, request("ask", "rpc.publish", ["s", 1]));
  assertEquals(outcomeOf(await mallory.next()), NOT_FOUND);
});
