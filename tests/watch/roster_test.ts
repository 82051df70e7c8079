// Who is there, and who comes and goes, as sockets and their answers tell.
import { assertEquals } from "@std/assert";
import { portOfName } from "../../src/naming/name.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { Reader, World } from "./world.ts";

const [A, B, C] = ["com.example.a", "com.example.b", "com.example.c"] as const;
const [PORT_A, PORT_B, PORT_C] = [A, B, C].map(portOfName) as [number, number, number];
/** Two names that stand for one port. */
const [TWIN, OTHER_TWIN, TWIN_PORT] = ["73629.example.com", "89067.example.com", 139_647_057] as const;

Deno.test("what is there comes first, peers before their names, then the mark, then changes within two looks", async () => {
  using time = fakeTime();
  const world = new World();
  world.name(7, B, 20);
  world.peer(5, [A]);
  world.peer(7, [B], 20);
  using watch = await world.watch();
  const reader = new Reader(watch);
  const first = await reader.read();
  assertEquals(first, [
    `peer-added ${A} 5 10`,
    `name-added ${A} ${PORT_A} 10`,
    `peer-added ${B} 7 20`,
    `name-added ${B} ${PORT_B} 20`,
    "ready",
  ]);
  world.close(5, PORT_A);
  world.peer(8);
  await time.pass(100);
  assertEquals(await reader.read(), [`name-removed ${A} ${PORT_A} 10`, `peer-removed ${A} 5 10`, "peer-added - 8 10"]);
  world.name(8, C);
  await time.pass(100);
  world.close(PORT_C);
  await time.pass(100);
  assertEquals(await reader.read(), [`name-added ${C} ${PORT_C} 10`, `name-removed ${C} ${PORT_C} 10`]);
  world.close(8);
  await time.pass(100);
  assertEquals(await reader.read(), ["peer-removed - 8 10"]);
});

Deno.test("sockets that are no peers are neither asked nor told of", async () => {
  const world = new World();
  world.open(5, undefined, false);
  using watch = await world.watch();
  assertEquals([await new Reader(watch).read(), world.asked], [["ready"], []]);
});

Deno.test("a peer that has its name later is known by it, until it is released", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5);
  using watch = await world.watch({}, true);
  const reader = new Reader(watch);
  await reader.read();
  world.name(5, A);
  await time.pass(100);
  world.feed.at(5).changed({ type: "group-added", group: "g" });
  assertEquals(await reader.read(), ["ready", `name-added ${A} ${PORT_A} 10`, `group-added g: ${A} 5 10`].slice(1));
  world.close(PORT_A);
  await time.pass(100);
  world.feed.at(5).changed({ type: "group-removed", group: "g" });
  assertEquals(await reader.read(), [`name-removed ${A} ${PORT_A} 10`, "group-removed g: - 5 10"]);
});

Deno.test("who is silent is told of after 100 ms by its user, and by its names once they answer", async () => {
  using time = fakeTime();
  const world = new World();
  world.open(5, undefined);
  world.open(PORT_A, undefined);
  world.users.set(5, 10);
  world.open(6, undefined);
  using watch = await world.watch();
  const reader = new Reader(watch);
  await time.pass(99);
  assertEquals(await reader.read(), []);
  await time.pass(1);
  assertEquals(await reader.read(), ["peer-added - 5 10", "peer-added - 6 -", "ready"]);
  world.peer(5, []);
  await time.pass(100);
  assertEquals(await reader.read(), ["peer-removed - 5 10", "peer-added - 5 10"]);
  const identity = { incarnation: "peer 6", port: 6, name: undefined, names: [A] };
  world.reply(6, { uid: 20, identity });
  assertEquals(await reader.read(), []);
  world.reply(PORT_A, { uid: 20, identity: { ...identity, name: A } });
  assertEquals(await reader.read(), [`name-added ${A} ${PORT_A} 20`]);
  world.close(6);
  await time.pass(100);
  assertEquals(await reader.read(), [`peer-removed ${A} 6 20`]);
});

Deno.test("who refuses is told of by its user; the port of a name is not", async () => {
  const world = new World();
  world.open(5, { uid: 20, identity: undefined });
  world.open(PORT_A, { uid: 20, identity: undefined });
  using watch = await world.watch();
  assertEquals(await new Reader(watch).read(), ["peer-added - 5 20", "ready"]);
});

Deno.test("who refuses because it has too much in hand is asked again", async () => {
  using time = fakeTime();
  const world = new World();
  world.open(PORT_A, { uid: 20, identity: undefined, isForNow: true });
  using watch = await world.watch();
  const reader = new Reader(watch);
  assertEquals(await reader.read(), ["ready"]);
  world.name(5, A, 20);
  const { length } = world.asked;
  await time.pass(20);
  assertEquals([world.asked.length - length, await reader.read()], [1, [`name-added ${A} ${PORT_A} 20`]]);
});

Deno.test("a name counts only at the port that it stands for", async () => {
  const world = new World();
  world.open(PORT_A, { uid: 20, identity: { incarnation: "x", port: 5, name: B, names: [B] } });
  world.open(6, { uid: 20, identity: { incarnation: "y", port: 6, name: B, names: [B] } });
  world.open(7, { uid: 20, identity: { incarnation: "z", port: 7, name: "", names: [] } });
  using watch = await world.watch();
  assertEquals(await new Reader(watch).read(), ["ready"]);
});

Deno.test("a peer may hold a port of those that stand for names", async () => {
  const world = new World();
  world.open(PORT_A, { uid: 20, identity: { incarnation: "x", port: PORT_A, name: undefined, names: [] } });
  using watch = await world.watch();
  assertEquals(await new Reader(watch).read(), [`peer-added - ${PORT_A} 20`, "ready"]);
});

Deno.test("who says to have a name that is another's is not known by it", async () => {
  const world = new World();
  world.peer(5, [A]);
  // Another incarnation, another user with the same one, and one who has a name of its own behind it.
  world.open(6, { uid: 10, identity: { incarnation: "liar", port: 6, name: undefined, names: [A] } });
  world.open(7, { uid: 20, identity: { incarnation: "peer 5", port: 7, name: undefined, names: [A] } });
  world.open(8, { uid: 20, identity: { incarnation: "peer 8", port: 8, name: undefined, names: [A, B] } });
  world.name(8, B, 20);
  using watch = await world.watch();
  const events = await new Reader(watch).read();
  assertEquals(events.filter((event) => event.startsWith("peer")), [
    `peer-added ${A} 5 10`,
    "peer-added - 6 10",
    "peer-added - 7 20",
    `peer-added ${B} 8 20`,
  ]);
});

Deno.test("a peer is not known by the name of another user's socket that says to be its", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5);
  world.name(5, A, 20);
  using watch = await world.watch();
  const reader = new Reader(watch);
  assertEquals(await reader.read(), ["peer-added - 5 10", `name-added ${A} ${PORT_A} 20`, "ready"]);
  world.close(5);
  await time.pass(100);
  assertEquals(await reader.read(), ["peer-removed - 5 10"]);
});

Deno.test("a peer waits for the names that it says it has, no longer than they may be silent", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5, [A]);
  world.open(PORT_A, undefined);
  using watch = await world.watch();
  const reader = new Reader(watch);
  await time.pass(99);
  assertEquals(await reader.read(), []);
  await time.pass(1);
  assertEquals(await reader.read(), ["peer-added - 5 10", "ready"]);
});

Deno.test("two that say to be each other's wait for neither", async () => {
  const world = new World();
  world.open(PORT_A, { uid: 20, identity: { incarnation: "x", port: PORT_B, name: A, names: [] } });
  world.open(PORT_B, { uid: 20, identity: { incarnation: "x", port: PORT_A, name: B, names: [] } });
  using watch = await world.watch();
  assertEquals(await new Reader(watch).read(), [
    `name-added ${A} ${PORT_A} 20`,
    `name-added ${B} ${PORT_B} 20`,
    "ready",
  ]);
});

Deno.test("a socket that a look passes over lives, and another one at its port is told of as another", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5);
  using watch = await world.watch();
  const reader = new Reader(watch);
  await reader.read();
  world.missed.add(5);
  await time.pass(300);
  assertEquals([await reader.read(), world.probed], [[], [5, 5, 5]]);
  world.missed.clear();
  world.peer(5, [], 20);
  await time.pass(100);
  assertEquals(await reader.read(), ["peer-removed - 5 10", "peer-added - 5 20"]);
  world.canLook = false;
  world.close(5);
  await time.pass(300);
  assertEquals([await reader.read(), world.blinded], [[], 1]);
  world.canLook = true;
  await time.pass(100);
  assertEquals(await reader.read(), ["peer-removed - 5 20"]);
});

Deno.test("whoever is gone before it has answered is asked no longer, and was never there", async () => {
  using time = fakeTime();
  const world = new World();
  world.open(5, undefined);
  world.open(6, undefined);
  using watch = await world.watch();
  const reader = new Reader(watch);
  world.close(5);
  await time.pass(100);
  assertEquals([await reader.read(), world.asked.map(({ signal }) => signal.aborted)], [["peer-added - 6 -", "ready"], [
    true,
    false,
  ]]);
});

Deno.test("with names, only their ports and the own ports of those who have them are asked, and told of", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5, [C, A]);
  world.peer(6, [B]);
  world.peer(7);
  using watch = await world.watch({ names: [A, "com.example.nobody"] });
  const reader = new Reader(watch);
  assertEquals(await reader.read(), [`peer-added ${A} 5 10`, `name-added ${A} ${PORT_A} 10`, "ready"]);
  assertEquals(world.asked.map(({ port }) => port), [PORT_A, 5]);
  // Released, and claimed again by the same peer.
  world.close(PORT_A);
  await time.pass(100);
  world.name(5, A);
  await time.pass(100);
  assertEquals(await reader.read(), [`name-removed ${A} ${PORT_A} 10`, `name-added ${A} ${PORT_A} 10`]);
  world.close(5, PORT_A, 6);
  await time.pass(100);
  world.peer(8, [A], 20);
  await time.pass(100);
  assertEquals(await reader.read(), [
    `name-removed ${A} ${PORT_A} 10`,
    `peer-removed ${A} 5 10`,
    `peer-added ${A} 8 20`,
    `name-added ${A} ${PORT_A} 20`,
  ]);
});

Deno.test("with names, the owner that a name says it has must say the same", async () => {
  const world = new World();
  world.peer(5);
  world.open(PORT_A, { uid: 20, identity: { incarnation: "liar", port: 5, name: A, names: [A] } });
  using watch = await world.watch({ names: [A] });
  assertEquals(await new Reader(watch).read(), [`name-added ${A} ${PORT_A} 20`, "ready"]);
});

Deno.test("with names, an owner that was asked in vain is told of with its next name", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5, [A]);
  world.reply(5, undefined);
  using watch = await world.watch({ names: [A] });
  const reader = new Reader(watch);
  await time.pass(50);
  world.close(PORT_A);
  await time.pass(50);
  world.reply(5, { uid: 10, identity: { incarnation: "peer 5", port: 5, name: undefined, names: [] } });
  assertEquals(await reader.read(), ["ready"]);
  world.name(5, A);
  await time.pass(100);
  assertEquals(await reader.read(), [`peer-added ${A} 5 10`, `name-added ${A} ${PORT_A} 10`]);
});

Deno.test("of two names that stand for the same port only the one that is watched is told of", async () => {
  const world = new World();
  world.peer(5, [OTHER_TWIN]);
  using watch = await world.watch({ names: [TWIN] });
  assertEquals([await new Reader(watch).read(), world.asked[0]!.port], [["ready"], TWIN_PORT]);
});

Deno.test("nobody watches: nobody looks, and no timer runs; several share one look", async () => {
  using time = fakeTime();
  const world = new World();
  world.peer(5);
  assertEquals(world.looks, 0);
  const watches = [await world.watch(), await world.watch()];
  assertEquals(world.looks, 2);
  await time.pass(1_000);
  assertEquals(world.looks, 12);
  for (const watch of watches) await watch.return();
  await time.pass(1_000);
  assertEquals([world.looks, world.ended.length, [...world.census.sockets]], [12, 2, []]);
  assertEquals(world.asked.every(({ signal }) => signal.aborted), true);
  // What it was told before is not known any more.
  using again = await world.watch();
  assertEquals(await new Reader(again).read(), ["peer-added - 5 10", "ready"]);
});

Deno.test("the mark does not wait for those who come later", async () => {
  using time = fakeTime();
  const world = new World();
  world.open(5, undefined);
  using watch = await world.watch();
  const reader = new Reader(watch);
  await time.pass(50);
  world.open(6, undefined);
  world.census.look();
  await time.pass(50);
  assertEquals(await reader.read(), ["peer-added - 5 -", "ready"]);
  await time.pass(50);
  assertEquals(await reader.read(), ["peer-added - 6 -"]);
  await settled();
});
