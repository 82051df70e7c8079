// The groups of peers, as a feed tells of them.
import { assertEquals } from "@std/assert";
import { portOfName } from "../../src/naming/name.ts";
import { MOST_EVENTS } from "../../src/watch/event_queue.ts";
import { MOST_MEMBERS } from "../../src/watch/groups.ts";
import { fakeTime } from "../fakes/time.ts";
import { Reader, World } from "./world.ts";

const A = "com.example.a";
const PORT_A = portOfName(A);

/** A peer with a name, another one, and a watch that has told of them. */
async function openWatched(options = {}) {
  const world = new World();
  world.peer(5, [A]);
  world.peer(6, [], 20);
  const watch = await world.watch(options, true);
  const reader = new Reader(watch);
  const before = await reader.read();
  return { world, watch, reader, before };
}

Deno.test("groups that are there come before the mark, with their members and owners", async () => {
  using _time = fakeTime();
  const { world, watch, reader, before } = await openWatched();
  assertEquals(before.includes("ready"), false);
  world.feed.at(6).present([]);
  assertEquals(await reader.read(), []);
  world.feed.at(5).present([{ group: "news", members: [6, 5] }, { group: "idle", members: [] }]);
  assertEquals(await reader.read(), [
    `group-added news: ${A} 5 10`,
    `member-joined news: - 6 20 of ${A} 5 10`,
    `member-joined news: ${A} 5 10 of ${A} 5 10`,
    `group-added idle: ${A} 5 10`,
    "ready",
  ]);
  await watch.return();
  assertEquals(world.feed.closed.toSorted(), [5, 6]);
  world.feed.at(5).changed({ type: "group-added", group: "late" });
  world.feed.at(5).present([]);
  world.feed.at(5).ended();
});

Deno.test("the mark waits for the groups 250 ms at most; who does not tell is not waited for", async () => {
  using time = fakeTime();
  const { world, watch, reader } = await openWatched();
  world.feed.at(6).ended();
  await time.pass(249);
  assertEquals(await reader.read(), []);
  await time.pass(1);
  assertEquals(await reader.read(), ["ready"]);
  world.feed.at(5).present([{ group: "news", members: [] }]);
  assertEquals(await reader.read(), [`group-added news: ${A} 5 10`]);
  await watch.return();
});

Deno.test("changes are told once, whatever is told twice or in another order", async () => {
  using _time = fakeTime();
  const { world, watch, reader } = await openWatched();
  const sink = world.feed.at(5);
  for (let round = 0; round < 2; round++) {
    sink.changed({ type: "member-joined", group: "news", member: 6 });
    sink.changed({ type: "group-added", group: "news" });
    sink.changed({ type: "member-joined", group: "news" });
  }
  assertEquals(await reader.read(), [`group-added news: ${A} 5 10`, `member-joined news: - 6 20 of ${A} 5 10`]);
  for (let round = 0; round < 2; round++) {
    sink.changed({ type: "member-left", group: "news", member: 6 });
    sink.changed({ type: "member-left", group: "other", member: 6 });
  }
  sink.changed({ type: "member-joined", group: "news", member: 7 });
  assertEquals(await reader.read(), [`member-left news: - 6 20 of ${A} 5 10`]);
  // Who is not known yet, and has left, is told of all the same.
  sink.changed({ type: "group-removed", group: "news" });
  sink.changed({ type: "group-removed", group: "news" });
  assertEquals(await reader.read(), [
    `member-joined news: - 7 - of ${A} 5 10`,
    `member-left news: - 7 - of ${A} 5 10`,
    `group-removed news: ${A} 5 10`,
  ]);
  await watch.return();
});

Deno.test("what is told again after something was missed is compared with what was told", async () => {
  using _time = fakeTime();
  const { world, watch, reader } = await openWatched();
  world.open(7, undefined, false);
  world.census.look();
  const sink = world.feed.at(5);
  sink.present([{ group: "a", members: [5, 6] }, { group: "b", members: [5] }]);
  await reader.read();
  sink.present([{ group: "c", members: [6] }, { group: "a", members: [6, 7] }]);
  assertEquals((await reader.read()).map((event) => event.split(" of ")[0]), [
    `member-left a: ${A} 5 10`,
    `member-left b: ${A} 5 10`,
    `group-removed b: ${A} 5 10`,
    `group-added c: ${A} 5 10`,
    "member-joined c: - 6 20",
    "member-joined a: - 7 -",
  ]);
  sink.ended();
  assertEquals((await reader.read()).length, 5);
  await watch.return();
});

Deno.test("when a peer is gone, it leaves groups, its groups and names go, then it", async () => {
  using time = fakeTime();
  const { world, watch, reader } = await openWatched();
  world.feed.at(5).present([{ group: "news", members: [6, 5] }]);
  world.feed.at(6).present([{ group: "own", members: [5] }]);
  await reader.read();
  world.close(5, PORT_A);
  await time.pass(100);
  assertEquals(await reader.read(), [
    `member-left news: ${A} 5 10 of ${A} 5 10`,
    `member-left own: ${A} 5 10 of - 6 20`,
    `member-left news: - 6 20 of ${A} 5 10`,
    `group-removed news: ${A} 5 10`,
    `name-removed ${A} ${PORT_A} 10`,
    `peer-removed ${A} 5 10`,
  ]);
  assertEquals(world.feed.closed, [5]);
  // The owner learns it too.
  world.feed.at(6).changed({ type: "member-left", group: "own", member: 5 });
  assertEquals(await reader.read(), []);
  await watch.return();
});

Deno.test("a member is told of once it is known who it is, after it was told of itself", async () => {
  using time = fakeTime();
  const { world, watch, reader } = await openWatched();
  world.feed.at(6).present([]);
  world.feed.at(5).present([{ group: "g", members: [6] }]);
  assertEquals((await reader.read()).at(-1), "ready");
  world.peer(9, ["com.example.nine"], 30);
  world.feed.at(5).changed({ type: "member-joined", group: "g", member: 9 });
  assertEquals(await reader.read(), []);
  await time.pass(100);
  assertEquals(await reader.read(), [
    "peer-added com.example.nine 9 30",
    `name-added com.example.nine ${portOfName("com.example.nine")} 30`,
    `member-joined g: com.example.nine 9 30 of ${A} 5 10`,
  ]);
  await watch.return();
});

Deno.test("a member that is nobody's socket is told of after two looks, by the user of its port where there is one", async () => {
  using time = fakeTime();
  const { world, watch, reader } = await openWatched();
  world.users.set(9, 30);
  world.feed.at(6).present([]);
  world.feed.at(5).present([{ group: "g", members: [9, 8] }]);
  assertEquals(await reader.read(), [`group-added g: ${A} 5 10`]);
  await time.pass(199);
  assertEquals(await reader.read(), []);
  await time.pass(1);
  assertEquals(await reader.read(), [
    `member-joined g: - 9 30 of ${A} 5 10`,
    `member-joined g: - 8 - of ${A} 5 10`,
    "ready",
  ]);
  await watch.return();
});

Deno.test("members that are there already, and have not said yet who they are, are waited for before the mark", async () => {
  using _time = fakeTime();
  const world = new World();
  world.peer(5);
  world.open(6, undefined);
  using watch = await world.watch({}, true);
  const reader = new Reader(watch);
  world.feed.at(5).present([{ group: "g", members: [6] }]);
  assertEquals(await reader.read(), ["peer-added - 5 10", "group-added g: - 5 10"]);
  world.reply(6, { uid: 20, identity: undefined });
  assertEquals(await reader.read(), ["peer-added - 6 20", "member-joined g: - 6 20 of - 5 10", "ready"]);
});

Deno.test("what starts over has the groups, and the members that were told of", async () => {
  using _time = fakeTime();
  const { world, watch } = await openWatched();
  world.feed.at(5).present([{ group: "g", members: [6, 99] }]);
  world.feed.at(6).present([]);
  // Two events each time, which nobody takes.
  for (let count = 0; count < MOST_EVENTS; count++) {
    world.feed.at(6).changed({ type: count % 2 === 0 ? "group-added" : "group-removed", group: "h" });
  }
  assertEquals(await new Reader(watch).read(), [
    "restart",
    `peer-added ${A} 5 10`,
    "peer-added - 6 20",
    `name-added ${A} ${PORT_A} 10`,
    `group-added g: ${A} 5 10`,
    `member-joined g: - 6 20 of ${A} 5 10`,
  ]);
  await watch.return();
});

Deno.test("only groups that are watched are told of, and with none no peer is asked", async () => {
  using _time = fakeTime();
  const { world, watch, reader } = await openWatched({ groups: ["news"] });
  world.feed.at(5).present([{ group: "news", members: [6] }, { group: "other", members: [6] }]);
  world.feed.at(5).changed({ type: "group-added", group: "third" });
  assertEquals((await reader.read()).length, 2);
  await watch.return();
  const none = await openWatched({ groups: [] });
  assertEquals([none.before.at(-1), none.world.feed.sinks.size], ["ready", 0]);
  await none.watch.return();
});

Deno.test("with names, only the groups of those who have one are followed", async () => {
  using _time = fakeTime();
  const { world, watch } = await openWatched({ names: [A] });
  assertEquals([...world.feed.sinks.keys()], [5]);
  await watch.return();
});

Deno.test("who is silent or refuses is not asked for its groups until it answers", async () => {
  using time = fakeTime();
  const world = new World();
  world.open(5, undefined);
  world.open(6, { uid: 10, identity: undefined });
  using _watch = await world.watch({}, true);
  await time.pass(100);
  assertEquals(world.feed.sinks.size, 0);
  world.reply(5, { uid: 10, identity: { incarnation: "x", port: 5, name: undefined, names: [] } });
  await time.pass(1);
  assertEquals([...world.feed.sinks.keys()], [5]);
});

Deno.test("who has left takes up nothing", async () => {
  using _time = fakeTime();
  const { world, watch, reader } = await openWatched();
  for (let count = 0; count < MOST_MEMBERS; count++) {
    world.feed.at(5).changed({ type: "member-joined", group: "g", member: 6 });
    world.feed.at(5).changed({ type: "member-left", group: "g", member: 6 });
    world.feed.at(5).changed({ type: "group-removed", group: "g" });
  }
  await reader.read();
  assertEquals(world.tooMany, []);
  await watch.return();
});

Deno.test("a peer with more groups and members than are kept has none", async () => {
  using _time = fakeTime();
  const { world, watch, reader } = await openWatched({ names: [A] });
  const members = Array.from({ length: MOST_MEMBERS }, (_, index) => index + 10);
  world.feed.at(5).present([{ group: "crowd", members: members.slice(1) }]);
  assertEquals([(await reader.read()).length, world.tooMany], [MOST_MEMBERS + 1, []]);
  world.feed.at(5).changed({ type: "member-joined", group: "crowd", member: 9 });
  const events = await reader.read();
  assertEquals([events.length, events.at(-1)], [MOST_MEMBERS, `group-removed crowd: ${A} 5 10`]);
  assertEquals([world.tooMany, world.feed.closed], [[5], [5]]);
  await watch.return();
});
