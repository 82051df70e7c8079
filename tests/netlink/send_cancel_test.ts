// Datagrams that are given up while they wait.
import { assertEquals } from "@std/assert";
import { MAX_SEND_THREADS, RETRY_MILLISECONDS } from "../../src/netlink/send_threads.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { FRESH, Sends, STALLED, UNREF } from "./sends.ts";

for (const [kind, patience] of Object.entries({ fresh: FRESH, stalled: STALLED, "unref'd": UNREF })) {
  Deno.test(`a datagram that is ${kind} and is given up before it has a thread is not sent, and the next one has its place`, async () => {
    using time = fakeTime();
    const sends = new Sends();
    const { kernel } = sends;
    sends.sendToStopped(MAX_SEND_THREADS);
    sends.stop(2, 10);
    const cancel = sends.send(10, patience);
    sends.send(11, patience);
    cancel();
    await settled();
    assertEquals([sends.told, sends.tried], [["10 false"], []]);
    kernel.readAt(10);
    kernel.readAt(11);
    await time.pass(RETRY_MILLISECONDS);
    assertEquals([sends.told, sends.tried], [["10 false", "11 true"], [11]]);
    assertEquals(kernel.readAt(10), undefined);
    await sends.finish(time);
  });
}

Deno.test("a datagram that a thread has cannot be given up: what becomes of it is told as ever", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.stop(2);
  for (const cancel of [sends.send(1), sends.send(2)]) cancel();
  await settled();
  assertEquals([sends.told, sends.kernel.sendingTo], [[], [1, 2]]);
  sends.kernel.readAt(1);
  sends.kernel.endSends(2);
  await settled();
  assertEquals(sends.told, ["1 true", "2 false"]);
  await sends.finish(time);
});

Deno.test("a datagram is given up once, and after it was told not at all", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.stop(3);
  const cancels = [1, 2, 3].map((port) => sends.send(port, UNREF));
  sends.kernel.readAt(1);
  sends.end(2);
  await time.pass(RETRY_MILLISECONDS);
  for (let times = 0; times < 2; times++) for (const cancel of cancels) cancel();
  await settled();
  assertEquals(sends.told, ["1 true", "2 PeerGoneError: No peer holds port 2", "3 false"]);
  await sends.finish(time);
});

Deno.test("where the last one is given up, memory goes back at once, and no timer runs", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.stop(2);
  const cancel = sends.send(1, UNREF);
  sends.send(2);
  sends.kernel.readAt(2);
  await settled();
  assertEquals(sends.memory.length, 1, "something waits still, and may use it");
  cancel();
  assertEquals(sends.memory, []);
  await time.pass(100);
  assertEquals(sends.tried, []);
  await sends.finish(time);
});
