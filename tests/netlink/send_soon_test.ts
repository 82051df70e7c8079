// Datagrams for which there may be room very soon: the thread of the program itself waits for it, for a moment.
import { assertEquals, assertThrows } from "@std/assert";
import { PeerGoneError } from "../../src/errors.ts";
import { SOON_MILLISECONDS } from "../../src/netlink/send_threads.ts";
import { fakeTime } from "../fakes/time.ts";
import { Sends } from "./sends.ts";

const BYTES = new Uint8Array([1, 0]);

/** Sends where each turn of the core that is given away takes so many milliseconds. */
function openSends(time: { busy(milliseconds: number): void }, milliseconds: number): Sends & { yields: number } {
  const sends = Object.assign(new Sends(), { yields: 0 });
  sends.kernel.schedYield = () => {
    sends.yields++;
    time.busy(milliseconds);
  };
  return sends;
}

Deno.test("a datagram is sent as soon as its receiver has read, and no thread of the pool has it", async () => {
  using time = fakeTime();
  const sends = openSends(time, 0.02);
  sends.stop(1);
  const { schedYield } = sends.kernel;
  sends.kernel.schedYield = () => {
    schedYield();
    if (sends.yields === 3) sends.kernel.readAt(1);
  };
  assertEquals(sends.threads.sendSoon(sends.socket, 1, BYTES, 1), "sent");
  assertEquals([sends.yields, sends.kernel.readAt(1), sends.memory], [3, new Uint8Array([1]), []]);
  await sends.finish(time);
});

Deno.test("a wait in vain is short, and it takes a while until there is another", async () => {
  using time = fakeTime();
  const sends = openSends(time, 0.02);
  sends.stop(1);
  const begun = performance.now();
  assertEquals(sends.threads.sendSoon(sends.socket, 1, BYTES, 1), "full");
  const took = performance.now() - begun;
  assertEquals([took >= SOON_MILLISECONDS, took < 2 * SOON_MILLISECONDS], [true, true]);
  const { yields } = sends;
  assertEquals([sends.threads.sendSoon(sends.socket, 1, BYTES, 1), sends.yields], ["full", yields]);
  time.busy(9 * took);
  assertEquals([sends.threads.sendSoon(sends.socket, 1, BYTES, 1), sends.yields], ["full", yields]);
  time.busy(2 * took);
  sends.kernel.readAt(1);
  assertEquals(sends.threads.sendSoon(sends.socket, 1, BYTES, 1), "sent");
  await sends.finish(time);
});

Deno.test("where the core comes back late there is one try, and no further wait", async () => {
  using time = fakeTime();
  const sends = openSends(time, 4);
  sends.stop(1);
  assertEquals(sends.threads.sendSoon(sends.socket, 1, BYTES, 1), "full");
  assertEquals([sends.yields, sends.tried], [1, [1]]);
  await sends.finish(time);
});

Deno.test("a clock that stands still keeps nobody waiting for ever", async () => {
  using time = fakeTime();
  const sends = openSends(time, 0);
  sends.stop(1);
  assertEquals(sends.threads.sendSoon(sends.socket, 1, BYTES, 1), "full");
  await sends.finish(time);
});

Deno.test("who has something to read itself does not wait, and may soon try again", async () => {
  using time = fakeTime();
  const sends = openSends(time, 0.02);
  sends.stop(1);
  sends.kernel.arrive(sends.socket.port);
  assertEquals([sends.threads.sendSoon(sends.socket, 1, BYTES, 1), sends.yields], ["unread", 0]);
  sends.kernel.readAt(sends.socket.port);
  sends.kernel.readAt(1);
  assertEquals(sends.threads.sendSoon(sends.socket, 1, BYTES, 1), "sent");
  await sends.finish(time);
});

Deno.test("a receiver that has gone is told at once", async () => {
  using time = fakeTime();
  const sends = openSends(time, 0.02);
  assertThrows(() => sends.threads.sendSoon(sends.socket, 1, BYTES, 1), PeerGoneError);
  await sends.finish(time);
});
