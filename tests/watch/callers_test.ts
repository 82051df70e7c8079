// Who calls for the first time, and who of them is gone.
import { assertEquals } from "@std/assert";
import type { Caller } from "../../src/link/link.ts";
import { Callers, MOST_CALLERS } from "../../src/watch/callers.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { World } from "./world.ts";

function callerAt(port: number, credentials: Partial<Caller> = {}): Caller {
  return { port, uid: 10, gid: 10, pidHint: port, ...credentials };
}

/** Callers of a world, and what was told of them. */
function openCallers(hooks: { onConnect?: (caller: Caller) => void; onDisconnect?: (caller: Caller) => void } = {}) {
  const world = new World();
  const told: string[] = [];
  const troubles: string[] = [];
  let asked = 0;
  let canTell = true;
  const callers = new Callers({
    census: world.census,
    isGone: (port) => world.socketAt(port) === null,
    socketAt: (port) => {
      asked++;
      return canTell ? world.socketAt(port) : undefined;
    },
    trouble: (kind, reason, port) => void troubles.push(`${kind}: ${reason} (${port})`),
  }, {
    onConnect: hooks.onConnect ?? (({ port, uid }) => void told.push(`+${port} ${uid}`)),
    onDisconnect: hooks.onDisconnect ?? (({ port, uid }) => void told.push(`-${port} ${uid}`)),
  });
  return {
    world,
    callers,
    told,
    troubles,
    get asked() {
      return asked;
    },
    blind: () => void (canTell = false),
  };
}

Deno.test("a caller is told of once, and again when it is gone; nobody looks before and after", async () => {
  using time = fakeTime();
  const { world, callers, told } = openCallers();
  world.open(5, undefined, false);
  await time.pass(500);
  assertEquals(world.looks, 0);
  for (let call = 0; call < 3; call++) callers.called(callerAt(5));
  assertEquals(told, ["+5 10"]);
  await time.pass(500);
  assertEquals([told, world.looks], [["+5 10"], 5]);
  world.close(5);
  await time.pass(100);
  assertEquals([told, world.looks], [["+5 10", "-5 10"], 6]);
  await time.pass(500);
  assertEquals(world.looks, 6);
});

Deno.test("a second call costs no look at its port", () => {
  using _time = fakeTime();
  const setup = openCallers();
  setup.world.open(5, undefined);
  for (let call = 0; call < 100; call++) setup.callers.called(callerAt(5));
  assertEquals(setup.asked, 1);
  setup.callers.close();
});

Deno.test("a caller that a look passes over is still there", async () => {
  using time = fakeTime();
  const { world, callers, told } = openCallers();
  world.open(5, undefined);
  callers.called(callerAt(5));
  world.missed.add(5);
  await time.pass(300);
  assertEquals(told, ["+5 10"]);
  callers.close();
});

Deno.test("a port that changes hands: one is gone, and another calls for the first time", async () => {
  using time = fakeTime();
  const { world, callers, told } = openCallers();
  world.open(5, undefined);
  callers.called(callerAt(5));
  world.open(5, undefined);
  // Another user, which the kernel tells with its first request.
  callers.called(callerAt(5, { uid: 20 }));
  assertEquals(told.splice(0), ["+5 10", "-5 10", "+5 20"]);
  // The same user and process: only a look tells.
  world.open(5, undefined);
  callers.called(callerAt(5, { uid: 20 }));
  assertEquals(told.splice(0), []);
  await time.pass(100);
  assertEquals(told.splice(0), ["-5 20", "+5 20"]);
  // The next one has not called yet.
  callers.called(callerAt(5, { uid: 20 }));
  await time.pass(100);
  world.open(5, undefined);
  await time.pass(100);
  assertEquals(told.splice(0), ["-5 20"]);
  callers.called(callerAt(5, { uid: 20 }));
  assertEquals(told, ["+5 20"]);
  callers.close();
});

Deno.test("a socket that is handed to another process is the same caller", async () => {
  using time = fakeTime();
  const { world, callers, told } = openCallers();
  world.open(5, undefined);
  callers.called(callerAt(5));
  callers.called(callerAt(5, { pidHint: 99 }));
  callers.called(callerAt(5, { pidHint: 99, uid: 20 }));
  assertEquals(told, ["+5 10"]);
  world.close(5);
  await time.pass(100);
  assertEquals(told, ["+5 10", "-5 20"]);
});

Deno.test("a caller that is gone when its request is read is told of all the same, and then as gone", async () => {
  using time = fakeTime();
  const { world, callers, told } = openCallers();
  callers.called(callerAt(5));
  callers.called(callerAt(6));
  world.open(6, undefined);
  await time.pass(100);
  assertEquals(told, ["+5 10", "+6 10", "-5 10", "-6 10"]);
});

Deno.test("where it cannot be told at once which socket calls, the next look tells", async () => {
  using time = fakeTime();
  const { world, callers, told, blind } = openCallers();
  blind();
  world.open(5, undefined);
  callers.called(callerAt(5));
  await time.pass(100);
  world.open(5, undefined);
  await time.pass(100);
  assertEquals(told, ["+5 10", "-5 10"]);
});

Deno.test("what a hook throws is trouble, also later, and the other hook is told", async () => {
  using time = fakeTime();
  const { world, callers, troubles } = openCallers({
    onConnect: () => {
      throw new Error("no");
    },
    onDisconnect: () => Promise.reject("never"),
  });
  world.open(5, undefined);
  callers.called(callerAt(5));
  world.close(5);
  await time.pass(100);
  await settled();
  assertEquals(troubles, [
    "handler: The onConnect function has thrown: no (5)",
    "handler: The onDisconnect function has thrown: never (5)",
  ]);
});

Deno.test("a hook may be left out, and one that closes the peer is the last", async () => {
  using time = fakeTime();
  const world = new World();
  const told: string[] = [];
  const host = { census: world.census, isGone: () => true, socketAt: () => null, trouble: () => {} };
  const callers: Callers = new Callers(host, {
    onConnect: undefined,
    onDisconnect: ({ port }) => {
      told.push(`-${port}`);
      callers.close();
    },
  });
  for (const port of [5, 6, 7]) callers.called(callerAt(port));
  await time.pass(500);
  assertEquals(told, ["-5"]);
  callers.called(callerAt(8));
  await time.pass(500);
  assertEquals([told, world.looks], [["-5"], 1]);
});

Deno.test("a hook that ends a watch at the same look: that asks nobody any more", async () => {
  using time = fakeTime();
  const setup = openCallers({ onDisconnect: () => void watch.return() });
  const { world, callers } = setup;
  world.open(5, undefined, false);
  callers.called(callerAt(5));
  const watch = await world.watch();
  world.close(5);
  world.open(6, undefined);
  await time.pass(200);
  assertEquals([world.asked, [...world.census.sockets]], [[], []]);
});

Deno.test("no more callers are kept than there may be; others are trouble once", () => {
  using _time = fakeTime();
  const { callers, told, troubles } = openCallers();
  for (let port = 1; port <= MOST_CALLERS + 2; port++) callers.called(callerAt(port));
  assertEquals([told.length, troubles.length], [MOST_CALLERS, 1]);
  callers.close();
});
