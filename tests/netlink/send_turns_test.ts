// Many datagrams: who has a thread, and when the others are tried.
import { assert, assertEquals } from "@std/assert";
import { MAX_SEND_THREADS, RETRY_MILLISECONDS } from "../../src/netlink/send_threads.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { SEND_WAIT_MILLISECONDS } from "../../src/netlink/socket_opening.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { FRESH, Sends, STALLED, UNREF } from "./sends.ts";

/** Datagrams that one tick tries. */
const TRIES = 64;

Deno.test("a few threads wait at most, for stalled receivers one less, and the next ones in their order", async () => {
  for (
    const { patience, most } of [{ patience: FRESH, most: MAX_SEND_THREADS }, {
      patience: STALLED,
      most: MAX_SEND_THREADS - 1,
    }]
  ) {
    using time = fakeTime();
    const sends = new Sends();
    sends.sendToStopped(10, patience);
    const ports = Array.from({ length: 10 }, (_, index) => index + 1);
    for (let first = 0; first < 10; first += most) {
      assertEquals(sends.kernel.sendingTo, ports.slice(first, first + most));
      sends.kernel.endSends();
      await settled();
    }
    assertEquals([sends.kernel.mostSending, sends.told], [most, ports.map((port) => `${port} false`)]);
    await sends.finish(time);
  }
});

Deno.test("a fresh datagram has a thread although many stalled ones wait", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(20, STALLED);
  sends.sendToStopped(1, FRESH, 100);
  assertEquals(sends.kernel.sendingTo, [1, 2, 3, 100]);
  // A stalled one does not take the place that it leaves.
  sends.kernel.readAt(100);
  await settled();
  assertEquals([sends.told, sends.kernel.sendingTo], [["100 true"], [1, 2, 3]]);
  sends.kernel.endSends(2);
  await settled();
  assertEquals(sends.kernel.sendingTo, [1, 3, 4]);
  await sends.finish(time);
});

Deno.test("a thread that is free again is for fresh datagrams first", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(MAX_SEND_THREADS);
  sends.sendToStopped(2, STALLED, 10);
  sends.sendToStopped(2, FRESH, 20);
  sends.kernel.endSends(1);
  sends.kernel.endSends(2);
  await settled();
  assertEquals(sends.kernel.sendingTo, [3, 4, 20, 21]);
  sends.kernel.endSends();
  await settled();
  assertEquals(sends.kernel.sendingTo, [10, 11]);
  await sends.finish(time);
});

Deno.test("beside receivers that occupy all threads, one that reads has its datagram with the next tick", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(MAX_SEND_THREADS + 1);
  await time.pass(RETRY_MILLISECONDS - 1);
  sends.kernel.readAt(5);
  await settled();
  assertEquals([sends.told, sends.tried], [[], []], "nobody knows of it yet");
  await time.pass(1);
  assertEquals([sends.told, sends.kernel.readAt(5)], [["5 true"], new Uint8Array([5])]);
  assertEquals([sends.tried, sends.kernel.sendingTo], [[5], [1, 2, 3, 4]]);
  await sends.finish(time);
});

for (const [name, patience] of Object.entries({ fresh: FRESH, stalled: STALLED })) {
  Deno.test(`of a thousand ${name} ones a tick tries so many that the program has its turn, and each has its own`, async () => {
    using time = fakeTime();
    const sends = new Sends();
    sends.sendToStopped(1_000, patience);
    const inThreads = new Set(sends.kernel.sendingTo);
    const waiting = Array.from({ length: 1_000 }, (_, index) => index + 1).filter((port) => !inThreads.has(port));
    for (let round = 0; round < 2; round++) {
      sends.tried.length = 0;
      for (let tick = 1; tick <= waiting.length / TRIES; tick++) {
        await time.pass(RETRY_MILLISECONDS);
        assertEquals(sends.tried.length, tick * TRIES);
      }
      assertEquals(new Set(sends.tried).size, sends.tried.length, "nobody is tried twice before everybody was once");
    }
    assertEquals(sends.told, []);

    // All read at once: each tick sends as many.
    for (const port of waiting) sends.kernel.readAt(port);
    await time.pass(RETRY_MILLISECONDS);
    assertEquals(sends.told.length, TRIES);
    await time.pass(RETRY_MILLISECONDS * Math.ceil(waiting.length / TRIES - 1));
    assertEquals(sends.told.length, waiting.length);
    await sends.finish(time);
  });
}

Deno.test("the tries of a tick are shared: no kind waits until all of another have been sent", async (t) => {
  const kinds = { fresh: FRESH, stalled: STALLED, "unref'd": UNREF };
  for (const [many, manyPatience] of Object.entries(kinds)) {
    for (const [few, fewPatience] of Object.entries(kinds)) {
      if (many === few) continue;
      await t.step(`one that is ${few} beside many that are ${many}`, async () => {
        using time = fakeTime();
        const sends = new Sends();
        // Threads are taken, so that the few are tried by a tick.
        sends.sendToStopped(MAX_SEND_THREADS, FRESH, 5_000);
        sends.sendToStopped(3 * TRIES, manyPatience, 1_000);
        sends.sendToStopped(1, fewPatience, 1);
        sends.kernel.readAt(1);
        await time.pass(6 * RETRY_MILLISECONDS);
        assertEquals(sends.told.slice(0, 1), ["1 true"]);
        await sends.finish(time);
      });
    }
  }
});

Deno.test("a tick tries no more where all kinds wait", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(MAX_SEND_THREADS, FRESH, 5_000);
  for (const [index, patience] of [FRESH, STALLED, UNREF].entries()) {
    sends.sendToStopped(TRIES, patience, 1_000 * (index + 1));
  }
  await time.pass(RETRY_MILLISECONDS);
  // Each kind in its turn: the last round is not cut short.
  assert(sends.tried.length >= TRIES && sends.tried.length <= TRIES + 2, `${sends.tried.length} tries`);
  assertEquals(new Set(sends.tried).size, sends.tried.length);
  await sends.finish(time);
});

Deno.test("what must not keep the process running has no thread, and is given back after as long as a thread waits", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(3, UNREF);
  sends.send(2, { stalled: true, ref: false });
  await time.pass(SEND_WAIT_MILLISECONDS - 1);
  assertEquals([sends.told, sends.kernel.mostSending, sends.memory], [[], 0, []]);
  assert(sends.tried.length >= 4 * 9, `${sends.tried.length} tries`);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals(sends.told, ["1 false", "2 false", "3 false", "2 false"]);
  assertEquals(sends.kernel.mostSending, 0);
  // What was given back is its sender's again: it must not be sent after all.
  sends.tried.length = 0;
  sends.kernel.readAt(1);
  await time.pass(100);
  assertEquals([sends.tried, sends.kernel.readAt(1)], [[], undefined]);
  await sends.finish(time);
});

Deno.test("what must not keep the process running is sent by the tick after its receiver has read", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(2, UNREF);
  await time.pass(RETRY_MILLISECONDS);
  sends.kernel.readAt(2);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals([sends.told, sends.kernel.readAt(2)], [["2 true"], new Uint8Array([2])]);
  await time.pass(SEND_WAIT_MILLISECONDS);
  assertEquals(sends.told, ["2 true", "1 false"]);
  await sends.finish(time);
});

Deno.test("what must not keep the process running is given back in time, however many others wait", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(MAX_SEND_THREADS + TRIES);
  sends.sendToStopped(1, UNREF, 1_000);
  await time.pass(SEND_WAIT_MILLISECONDS + 4 * RETRY_MILLISECONDS);
  assertEquals(sends.told, ["1000 false"]);
  await sends.finish(time);
});

Deno.test("why a try by timer has failed is told, and the others go on", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(3, UNREF);
  sends.end(2);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals(sends.told, ["2 PeerGoneError: No peer holds port 2"]);
  sends.kernel.readAt(3);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals(sends.told.slice(1), ["3 true"]);
  await time.pass(SEND_WAIT_MILLISECONDS);
  await sends.finish(time);
});

Deno.test("the timer does not keep the process running, and runs only while something waits without a thread", async () => {
  using time = fakeTime();
  const { setTimeout: fake } = globalThis;
  let [set, ran] = [0, 0];
  globalThis.setTimeout = ((callback: () => void, milliseconds: number) => {
    set++;
    return fake(() => {
      ran++;
      callback();
    }, milliseconds);
  }) as typeof setTimeout;
  try {
    const sends = new Sends();
    sends.sendToStopped(MAX_SEND_THREADS);
    await time.pass(100);
    assertEquals([set, ran], [0, 0], "each has a thread");

    sends.sendToStopped(2, FRESH, 10);
    await time.pass(RETRY_MILLISECONDS);
    assertEquals([set, ran, time.unrefTimers.length], [2, 1, 2], "one timer for all");
    // A thread for each: the timer that is set does not run.
    sends.kernel.endSends(1);
    sends.kernel.endSends(2);
    await settled();
    await time.pass(100);
    assertEquals([set, ran], [2, 1]);

    sends.kernel.endSends();
    await settled();
    sends.sendToStopped(1, UNREF, 20);
    sends.kernel.readAt(20);
    await time.pass(100);
    assertEquals([set, ran, time.unrefTimers.length, sends.tried.at(-1)], [3, 2, 3, 20]);
    await sends.finish(time);
  } finally {
    globalThis.setTimeout = fake;
  }
});

Deno.test("two sockets share the threads, and each datagram comes from its own", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const second = new NetlinkSocket(sends.kernel);
  sends.stop(6);
  for (let port = 1; port <= 6; port++) sends.send(port, FRESH, port % 2 === 0 ? second : sends.socket);
  assertEquals(sends.kernel.sendingTo, [1, 2, 3, 4]);
  const from: number[] = [];
  const arrive = sends.kernel.arrive.bind(sends.kernel);
  sends.kernel.arrive = (to, bytes, sender, namespace) => {
    arrive(to, bytes, sender, namespace);
    from[to] = sender!;
  };
  for (let port = 6; port >= 1; port--) sends.kernel.readAt(port);
  await time.pass(RETRY_MILLISECONDS);
  assertEquals(sends.told.length, 6);
  const { port: odd } = sends.socket;
  assertEquals(from.slice(1), [odd, second.port, odd, second.port, odd, second.port]);
  second.close();
  await sends.finish(time);
});
