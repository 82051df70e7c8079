// Who speaks the legacy dialect: who waits for an answer, and what goes there.
import { assertEquals, assertNotStrictEquals, assertStrictEquals, assertThrows } from "@std/assert";
import { LegacyPorts } from "../../src/rpc/legacy_ports.ts";

Deno.test("a port waits until each of its messages is answered", () => {
  const ports = new LegacyPorts();
  assertEquals([ports.isWaiting(1), ports.isWaiting(2)], [false, false]);
  for (let count = 0; count < 3; count++) ports.beginsToWait(1);
  for (let count = 0; count < 3; count++) {
    assertEquals([ports.isWaiting(1), ports.isWaiting(2)], [true, false]);
    ports.waitsNoLonger(1);
  }
  assertEquals(ports.isWaiting(1), false);
});

Deno.test("who waits must not be sent anything in another dialect, and the error says so", () => {
  const ports = new LegacyPorts();
  ports.assertNotWaiting(1);
  ports.beginsToWait(1);
  ports.assertNotWaiting(2);
  const message = "Port 1 speaks procslink-0.1, and waits for an answer: call it in that dialect";
  assertThrows(() => ports.assertNotWaiting(1), TypeError, message);
  ports.waitsNoLonger(1);
  ports.assertNotWaiting(1);
});

Deno.test("what goes to a port starts when it waits no longer, and not before its last answer", async () => {
  const ports = new LegacyPorts();
  const started: number[] = [];
  for (const port of [1, 2]) {
    ports.beginsToWait(port);
    ports.beginsToWait(port);
    ports.lane(port).enter({ deadline: Infinity, start: () => void started.push(port) });
  }
  ports.waitsNoLonger(1);
  await Promise.resolve();
  assertEquals(started, []);
  ports.waitsNoLonger(1);
  await Promise.resolve();
  assertEquals(started, [1]);
  for (let count = 0; count < 2; count++) ports.waitsNoLonger(2);
  await Promise.resolve();
  assertEquals(started, [1, 2]);
});

Deno.test("a port has one lane, and is known once something has gone there", () => {
  const ports = new LegacyPorts();
  assertEquals(ports.known(1), undefined);
  const lane = ports.lane(1);
  assertStrictEquals(ports.lane(1), lane);
  assertStrictEquals(ports.known(1), lane);
  assertNotStrictEquals(ports.lane(2), lane);
  // To wait for an answer is not to be called.
  ports.beginsToWait(3);
  assertEquals(ports.known(3), undefined);
});

Deno.test("lanes beyond some are forgotten, but none where something is on its way", () => {
  const ports = new LegacyPorts();
  const busy = ports.lane(1);
  busy.enter({ deadline: Infinity, start() {} });
  ports.beginsToWait(2);
  const waiting = ports.lane(2);
  waiting.enter({ deadline: Infinity, start() {} });
  for (let port = 3; port <= 1_000; port++) ports.lane(port);
  assertStrictEquals(ports.known(1), busy);
  assertStrictEquals(ports.known(2), waiting);
  const known = Array.from({ length: 1_000 }, (_, index) => index + 1).filter((port) =>
    ports.known(port) !== undefined
  );
  assertEquals([known.length <= 256, known.includes(1_000), known.includes(3)], [true, true, false]);
});
