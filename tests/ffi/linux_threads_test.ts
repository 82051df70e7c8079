// Sending in a thread, which may wait.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { MSG_DONTWAIT, SO_RCVBUF, SO_SNDTIMEO, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { MallocSendSlot } from "../../ffi/malloc.ts";
import { bind, fillQueue, openSocket, portOf, syscalls, using } from "./sockets.ts";

interface Pair {
  readonly sender: number;
  readonly receiver: number;
  /** Address of the receiver. */
  readonly address: Uint8Array<ArrayBuffer>;
  readonly slot: MallocSendSlot;
}

/** Runs something with two sockets, of which the receiver's queue is small, and a slot for what a thread sends. */
async function withPair(run: (pair: Pair) => Promise<void>): Promise<void> {
  await using(openSocket(), async (sender) => {
    await using(openSocket(), async (receiver) => {
      const slot = syscalls.createSendSlot(100);
      try {
        bind(sender);
        assertEquals(syscalls.setsockopt(receiver, SOL_SOCKET, SO_RCVBUF, 1), 0);
        await run({ sender, receiver, address: bind(receiver), slot });
      } finally {
        slot.free();
      }
    });
  });
}

/** Reads until nothing is there; returns what was read. */
function drain(receiver: number): string[] {
  const slot = syscalls.createReceiveSlot(100, 0);
  const seen: string[] = [];
  for (;;) {
    const length = syscalls.recvmsg(receiver, slot, MSG_DONTWAIT);
    if (length < 0) {
      assertEquals(syscalls.errno(), ERRNO.EAGAIN);
      return seen;
    }
    seen.push(slot.data.subarray(0, length).toHex());
  }
}

Deno.test("A thread sends the bytes up to the slot's length to its port", async () => {
  await withPair(async ({ sender, receiver, address, slot }) => {
    slot.fill(portOf(address), new Uint8Array([1, 2, 3, 4]), 3);
    assertEquals(await syscalls.sendtoInThread(sender, slot), 3);
    assertEquals(drain(receiver), ["010203"]);
  });
});

Deno.test("A thread gives up when SO_SNDTIMEO has passed and the receiver's queue is still full", async () => {
  await withPair(async ({ sender, receiver, address, slot }) => {
    const count = fillQueue(sender, address);
    assert(count > 0);
    assertEquals(syscalls.setsockoptTime(sender, SOL_SOCKET, SO_SNDTIMEO, 100), 0);
    slot.fill(portOf(address), new Uint8Array([1, 2, 3, 4]), 4);
    const start = performance.now();
    assertEquals(await syscalls.sendtoInThread(sender, slot), -1);
    assert(performance.now() - start >= 90, `It took ${performance.now() - start} ms`);
    assertEquals(drain(receiver), Array(count).fill("00000000"), "nothing of it was sent");
  });
});

Deno.test("A thread that waits for room sends when the receiver has read, and others send meanwhile", async () => {
  await withPair(async (full) => {
    await withPair(async (free) => {
      const count = fillQueue(full.sender, full.address);
      // So long that the test would rather fail than wait for it.
      assertEquals(syscalls.setsockoptTime(full.sender, SOL_SOCKET, SO_SNDTIMEO, 600_000), 0);
      full.slot.fill(portOf(full.address), new Uint8Array([1, 2, 3, 4]), 4);
      let ended = false;
      const waiting = syscalls.sendtoInThread(full.sender, full.slot).finally(() => ended = true);
      // A thread that was started later is done: the first one waits by now, or is about to.
      free.slot.fill(portOf(free.address), new Uint8Array([5]), 1);
      assertEquals(await syscalls.sendtoInThread(free.sender, free.slot), 1);
      assertEquals(ended, false);
      // It may find room before all has been read.
      const before = drain(full.receiver);
      assertEquals(await waiting, 4);
      assertEquals([...before, ...drain(full.receiver)], [...Array(count).fill("00000000"), "01020304"]);
    });
  });
});

Deno.test("A thread that cannot send says so: a port that nobody holds, and a socket that is none", async () => {
  await withPair(async ({ sender, slot }) => {
    // The kernel gives out no port of this range, and no test binds it.
    slot.fill(0x7fff_fff1, new Uint8Array(1), 1);
    assertEquals(await syscalls.sendtoInThread(sender, slot), -1);
    assertEquals(await syscalls.sendtoInThread(-1, slot), -1);
  });
});

Deno.test("There is no send slot, and no event list, where memory is not to be had", () => {
  assertThrows(() => syscalls.createSendSlot(2 ** 52), RangeError, "Out of memory");
  assertThrows(() => syscalls.createEventList(2 ** 50), RangeError, "Out of memory");
});
