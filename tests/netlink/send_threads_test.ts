// One datagram, and the thread and the memory that it takes.
import { assertEquals } from "@std/assert";
import { MAX_SEND_THREADS, RETRY_MILLISECONDS } from "../../src/netlink/send_threads.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { Sends } from "./sends.ts";

Deno.test("a datagram that finds room at once is sent by a thread, as it is, and nothing is left of it", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.stop(1);
  sends.kernel.readAt(1);
  sends.send(1);
  await settled();
  assertEquals([sends.told, sends.tried, sends.kernel.mostSending], [["1 true"], [], 1]);
  assertEquals(sends.kernel.readAt(1), new Uint8Array([1]));
  assertEquals(sends.memory, []);
  await sends.finish(time);
});

Deno.test("a datagram that finds no room waits in a thread, and goes out when its receiver has read", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(1);
  await time.pass(40);
  assertEquals([sends.told, sends.tried, sends.kernel.sendingTo], [[], [], [1]]);
  sends.kernel.readAt(1);
  await settled();
  assertEquals([sends.told, sends.kernel.readAt(1)], [["1 true"], new Uint8Array([1])]);
  await sends.finish(time);
});

Deno.test("a datagram that has found no room when the thread comes back is given back, and was not sent", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(1);
  sends.kernel.endSends();
  await settled();
  assertEquals([sends.told, sends.tried], [["1 false"], [1]]);
  sends.kernel.readAt(1);
  assertEquals(sends.kernel.readAt(1), undefined);
  await sends.finish(time);
});

Deno.test("a thread that was interrupted, with room by now, is no failure", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.stop(1);
  sends.kernel.readAt(1);
  sends.kernel.fail("sendto_in_thread", "EINTR");
  sends.send(1);
  await settled();
  assertEquals([sends.told, sends.kernel.readAt(1), sends.kernel.readAt(1)], [
    ["1 true"],
    new Uint8Array([1]),
    undefined,
  ]);
  await sends.finish(time);
});

Deno.test("why a thread has failed is told, in the words of the same call without a thread", async (t) => {
  await t.step("the receiver is gone", async () => {
    using time = fakeTime();
    const sends = new Sends();
    sends.sendToStopped(1);
    sends.end(1);
    await settled();
    assertEquals(sends.told, ["1 PeerGoneError: No peer holds port 1"]);
    await sends.finish(time);
  });
  await t.step("no memory", async () => {
    using time = fakeTime();
    const sends = new Sends();
    sends.stop(1);
    sends.kernel.fail("sendto_in_thread", "ENOMEM");
    sends.kernel.fail("sendto", "ENOMEM");
    sends.send(1);
    await settled();
    assertEquals(sends.told, ["1 SyscallError: sendto failed: out of memory (ENOMEM)"]);
    await sends.finish(time);
  });
  await t.step("too large", async () => {
    using time = fakeTime();
    const sends = new Sends();
    sends.kernel.bufferMaximum = 1_000;
    const small = new NetlinkSocket(sends.kernel);
    sends.stop(1);
    const size = small.maxDatagram + 1;
    const error = await sends.threads.send(small, 1, new Uint8Array(size), size, { stalled: false, ref: true }).sent
      .catch((error) => error);
    assertEquals([error.name, error.size, error.maximum], ["MessageTooLargeError", size, small.maxDatagram]);
    small.close();
    await sends.finish(time);
  });
});

Deno.test("after a failure of any kind the thread is free again", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const failures = 3 * MAX_SEND_THREADS;
  for (let port = 1; port <= failures; port++) sends.send(port);
  await settled();
  assertEquals(sends.told.length, failures);
  assertEquals(sends.memory, []);
  sends.sendToStopped(MAX_SEND_THREADS, undefined, 100);
  assertEquals(sends.kernel.sending, MAX_SEND_THREADS);
  await sends.finish(time);
});

Deno.test("the memory of a thread holds the largest datagram, serves the next one, and goes when nothing waits", async () => {
  using time = fakeTime();
  const sends = new Sends();
  assertEquals(sends.memory, []);
  sends.sendToStopped(MAX_SEND_THREADS + 2);
  const slots = [1, 2, 3, 4].map((number) => `send slot ${number} (${MAX_DATAGRAM} bytes)`);
  assertEquals(sends.memory, slots);
  // The fifth has the memory of the first, and the sixth that of the second.
  sends.kernel.endSends(1);
  sends.kernel.endSends(2);
  await settled();
  assertEquals([sends.memory, sends.kernel.sendingTo], [slots, [3, 4, 5, 6]]);
  for (const port of [3, 4, 5]) sends.kernel.endSends(port);
  await settled();
  assertEquals([sends.memory, sends.kernel.sendingTo], [slots, [6]], "all of it goes with the last one");
  sends.kernel.endSends(6);
  await settled();
  assertEquals(sends.memory, []);

  // What comes later has memory of its own.
  sends.send(1);
  assertEquals(sends.memory, [`send slot 5 (${MAX_DATAGRAM} bytes)`]);
  await time.pass(RETRY_MILLISECONDS);
  await sends.finish(time);
});

Deno.test("memory that is used again holds nothing of the datagram before", async () => {
  using time = fakeTime();
  const sends = new Sends();
  sends.sendToStopped(MAX_SEND_THREADS + 1);
  sends.kernel.endSends(1);
  await settled();
  sends.kernel.readAt(5);
  await settled();
  assertEquals([sends.told, sends.kernel.readAt(5)], [["1 false", "5 true"], new Uint8Array([5])]);
  await sends.finish(time);
});

Deno.test("where there is no memory for a thread, that datagram fails and the others do not", async () => {
  using time = fakeTime();
  const sends = new Sends();
  const { kernel } = sends;
  const createSendSlot = kernel.createSendSlot.bind(kernel);
  let calls = 0;
  kernel.createSendSlot = (size) => {
    if (++calls === 2) throw new RangeError("Out of memory");
    return createSendSlot(size);
  };
  sends.sendToStopped(3);
  await settled();
  assertEquals([sends.told, kernel.sendingTo], [["2 RangeError: Out of memory"], [1, 3]]);
  for (const port of [1, 3]) kernel.readAt(port);
  await settled();
  assertEquals(sends.told.slice(1), ["1 true", "3 true"]);
  sends.sendToStopped(MAX_SEND_THREADS, undefined, 10);
  assertEquals(kernel.sending, MAX_SEND_THREADS, "its thread is free");
  await sends.finish(time);
});
