import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AccessDeniedError, InvalidParamsError, JSONRPCError, TooManyRequestsError } from "../../src/jsonrpc/errors.ts";
import type { Welcome } from "../../src/groups/messages.ts";
import { settle } from "../fakes/stranger.ts";
import { callerAt, FakeOwner } from "./members.ts";

/** Gets somebody into a group. */
async function enter({ groups }: FakeOwner, port: number, { group = "news", id = 1, uid = 10, hears = 0 } = {}) {
  const caller = callerAt(port, uid);
  const { stream, next } = await groups.join(caller, { group }) as Welcome;
  await groups.join(caller, { group, stream, id, next, hears });
  return stream;
}

/** Ports of the members of a group. */
function portsIn(owner: FakeOwner, group = "news"): number[] {
  return owner.groups.open(group, undefined).members.map(({ port }) => port);
}

Deno.test("each open group holds its peer, and a closed one no more", () => {
  const owner = new FakeOwner();
  const news = owner.groups.open("news", undefined);
  owner.groups.open("sports", undefined);
  assertEquals(owner.groups.open("news", undefined), news);
  assertEquals(owner.holds, 2);
  news[Symbol.dispose]();
  news[Symbol.dispose]();
  assertEquals(owner.holds, 1);
  owner.groups.close();
  owner.groups.close();
  assertEquals(owner.holds, 0);
});

Deno.test("a group that was closed does not close the one that is opened anew", () => {
  const owner = new FakeOwner();
  const old = owner.groups.open("news", undefined);
  old[Symbol.dispose]();
  const anew = owner.groups.open("news", undefined);
  old[Symbol.dispose]();
  assertEquals([owner.groups.open("news", undefined) === anew, owner.holds], [true, 1]);
});

Deno.test("where the peer cannot be held no group is opened", () => {
  const owner = new FakeOwner();
  owner.hold = () => {
    throw new Error("broken");
  };
  assertThrows(() => owner.groups.open("news", undefined), Error, "broken");
  owner.hold = () => {};
  owner.groups.open("news", { maxQueuedBytes: 5 });
});

Deno.test("a member is told the end once, however often it is a member, behind the last message", async () => {
  const owner = new FakeOwner();
  for (const [port, id] of [[200, 1], [200, 2], [201, 1]]) {
    owner.groups.open("news", undefined);
    await enter(owner, port!, { id: id! });
  }
  const news = owner.groups.open("news", undefined);
  news.publish("last");
  news[Symbol.dispose]();
  assertEquals(owner.farewells, [[200, 2], [201, 2]]);
  assertEquals(owner.posted.length, 3, "what was published before has left");
  assertEquals(owner.watches.every(({ watched }) => watched.isClosed), true);
});

Deno.test("who leaves one group stays in others, and so do others", async () => {
  const owner = new FakeOwner();
  for (const group of ["news", "sports"]) {
    owner.groups.open(group, undefined);
    await enter(owner, 200, { group });
    await enter(owner, 201, { group });
  }
  const { stream } = await owner.groups.join(callerAt(200), { group: "news" }) as Welcome;
  for (const params of [{ stream }, { stream, id: 2 }, { stream, next: 1 }, { stream: "x", id: 1 }, null]) {
    owner.groups.leave(callerAt(200), params);
  }
  owner.groups.leave(callerAt(200, 77), { stream, id: 1 });
  assertEquals([portsIn(owner), portsIn(owner, "sports")], [[200, 201], [200, 201]]);
  owner.groups.leave(callerAt(200), { stream, id: 1 });
  assertEquals([portsIn(owner), portsIn(owner, "sports")], [[201], [200, 201]]);
});

Deno.test("an acknowledgement is for the group of its stream, and of its member", async () => {
  const owner = new FakeOwner();
  const streams: string[] = [];
  for (const group of ["sports", "news"]) {
    owner.groups.open(group, undefined);
    for (const port of [200, 201]) streams.push(await enter(owner, port, { group, hears: 5_000 }));
  }
  const news = streams.at(-1)!;
  /** Publishes, and tells whether that was heard. */
  const isHeard = async () => {
    const before = owner.multicasts.length;
    owner.groups.open("news", undefined).publish(1);
    await settle();
    for (const { delivery } of owner.posted.splice(0)) delivery.delivered();
    return owner.multicasts.length > before;
  };
  assertEquals([await isHeard(), await isHeard()], [true, false]);
  for (const port of [200, 201]) {
    assertEquals(owner.groups.acknowledge(callerAt(port), [streams[0], 3, 1]), true);
    assertEquals(owner.groups.acknowledge(callerAt(port, 77), [news, 3, 1]), true);
    assertEquals(owner.groups.acknowledge(callerAt(port), [news, 3, 2]), true);
    assertEquals(owner.groups.acknowledge(callerAt(port), ["other", 3, 1]), false);
    assertEquals(owner.groups.acknowledge(callerAt(port), [news, -3, 1]), false);
  }
  assertEquals(await isHeard(), false);
  for (const port of [200, 201]) owner.groups.acknowledge(callerAt(port), [news, 4, 1]);
  assertEquals(await isHeard(), true);
});

Deno.test("who may join is asked each time; whom it denies is reported, and is no member", async () => {
  const owner = new FakeOwner();
  const asked: string[] = [];
  owner.mayJoin = ({ port }) => asked.push(`peer ${port}`) > 0 && port !== 200;
  const mayJoin = ({ port }: { port: number }) => Promise.resolve(asked.push(`group ${port}`) > 0 && port === 200);
  owner.groups.open("news", undefined);
  owner.groups.open("closed", { mayJoin });
  await enter(owner, 201);
  await enter(owner, 200, { group: "closed" });
  assertEquals(asked, ["peer 201", "peer 201", "group 200", "group 200"]);
  await assertRejects(() => enter(owner, 200), AccessDeniedError);
  await assertRejects(() => enter(owner, 201, { group: "closed" }), AccessDeniedError);
  await assertRejects(() => owner.groups.join(callerAt(200), { group: "none" }), AccessDeniedError);
  await assertRejects(() => owner.groups.join(callerAt(200), { group: "rpc.groups" }), AccessDeniedError);
  assertEquals(owner.denials.length, 4);
  assertEquals(owner.denials[0], 'User 10 may not join "news"');
});

Deno.test("a name of any length is told in part", async () => {
  const owner = new FakeOwner();
  const long = "x".repeat(10_000);
  const error = await assertRejects(() => owner.groups.join(callerAt(1), { group: long }), JSONRPCError);
  assertEquals([error.code, String(error.data).length < 200], [-32003, true]);
  owner.mayJoin = () => false;
  await assertRejects(() => owner.groups.join(callerAt(1), { group: long }), AccessDeniedError);
  assertEquals(owner.denials[0]!.length < 200, true);
});

Deno.test("who leaves while it is asked whether it may join is no member; others are", async () => {
  const owner = new FakeOwner();
  owner.groups.open("news", undefined);
  const { stream, next } = await owner.groups.join(callerAt(200), { group: "news" }) as Welcome;
  const gate = Promise.withResolvers<boolean>();
  owner.mayJoin = () => gate.promise;
  const join = (port: number, id: number, uid?: number) =>
    owner.groups.join(callerAt(port, uid), { group: "news", stream, id, next, hears: 0 }).catch((error) => error.code);
  const outcomes = [join(200, 1), join(200, 2), join(201, 1)];
  owner.groups.leave(callerAt(200, 77), { stream, id: 2 });
  owner.groups.leave(callerAt(200), { stream: "x", id: 2 });
  owner.groups.leave(callerAt(200), { stream, id: 1 });
  gate.resolve(true);
  assertEquals(await Promise.all(outcomes), [-32003, { next: 1 }, { next: 1 }]);
  assertEquals(portsIn(owner), [200, 201]);
  assertEquals(await join(200, 1), { next: 1 }, "and may come again");
});

Deno.test("what is none of both questions says what was expected", async () => {
  const owner = new FakeOwner();
  const error = await assertRejects(() => owner.groups.join(callerAt(1), { group: 5 }), InvalidParamsError);
  assertEquals(String(error.data).includes("{ group, stream, id, next, hears }"), true);
});

Deno.test("a group has room for 16,384 members, the feed too", async () => {
  const owner = new FakeOwner();
  owner.groups.open("news", undefined);
  for (let port = 1; port <= 16_384; port += 64) {
    for (let id = 0; id < 64; id++) await enter(owner, port, { id });
  }
  await assertRejects(() => enter(owner, 5_000_000), TooManyRequestsError);
  await enter(owner, 1, { id: 0 });
  assertEquals(portsIn(owner).length, 16_384);
});

Deno.test("the feed ends with its peer", async () => {
  const owner = new FakeOwner();
  await enter(owner, 200, { group: "rpc.groups" });
  owner.groups.close();
  assertEquals(owner.farewells, [[200, 1]]);
});
