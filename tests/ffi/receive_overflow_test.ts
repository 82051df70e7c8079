// Datagrams that do not fit a slot, on real netlink sockets.
import { assert, assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { MSG_DONTWAIT, MSG_TRUNC, SO_PASSCRED, SOL_SOCKET } from "../../ffi/constants.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import { bind, openSocket, portOf, syscalls, using } from "./sockets.ts";

const SLOT = 1_000;
/** More than a page, so that the kernel writes to several. */
const OVERFLOW = 20_001;

/** Bytes of which each differs from its neighbours, and from those of another seed. */
function pattern(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length }, (_, index) => (index * 7 + (index >> 8) + 31 * seed) & 0xff);
}

/** A socket that sends to itself. */
interface Loop {
  readonly port: number;
  send(bytes: Uint8Array<ArrayBuffer>): void;
  /** Receives a datagram; returns its true length. */
  receive(slot: ReceiveSlot): number;
}

async function withLoop(run: (loop: Loop) => void): Promise<void> {
  await using(openSocket(), (fd) => {
    const address = bind(fd);
    assertEquals(syscalls.setsockopt(fd, SOL_SOCKET, SO_PASSCRED, 1), 0);
    run({
      port: portOf(address),
      send: (bytes) => assertEquals(syscalls.sendto(fd, bytes, bytes.length, MSG_DONTWAIT, address), bytes.length),
      receive: (slot) => syscalls.recvmsg(fd, slot, MSG_DONTWAIT | MSG_TRUNC),
    });
  });
}

/** Runs something with a slot, and frees it. */
function withSlot(size: number, overflow: number, run: (slot: ReceiveSlot) => void): void {
  const slot = syscalls.createReceiveSlot(size, overflow);
  try {
    run(slot);
  } finally {
    slot.free();
  }
}

/** Receives a datagram that fits, and checks that it is what was sent. */
function receiveWhole(loop: Loop, slot: ReceiveSlot, sent: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  assertEquals([loop.receive(slot), slot.flags], [sent.length, 0]);
  assert(slot.findCredentials());
  assertEquals([slot.port, slot.pid], [loop.port, Deno.pid]);
  const whole = slot.whole(sent.length);
  assertEquals(whole.subarray(0, sent.length).toHex(), sent.toHex());
  return whole;
}

for (const length of [1, SLOT - 1, SLOT]) {
  Deno.test(`A datagram of ${length} bytes fits a slot of ${SLOT}, and is read where it arrived`, async () => {
    await withLoop((loop) => {
      withSlot(SLOT, OVERFLOW, (slot) => {
        loop.send(pattern(length));
        assertStrictEquals(receiveWhole(loop, slot, pattern(length)), slot.data);
      });
    });
  });
}

for (const length of [SLOT + 1, SLOT + 4_096, SLOT + OVERFLOW - 1, SLOT + OVERFLOW]) {
  Deno.test(`A datagram of ${length} bytes goes on in the overflow, and is whole in memory of its own`, async () => {
    await withLoop((loop) => {
      withSlot(SLOT, OVERFLOW, (slot) => {
        assertEquals(slot.capacity, SLOT + OVERFLOW);
        loop.send(pattern(length));
        const whole = receiveWhole(loop, slot, pattern(length));
        assertEquals([whole.length, whole.buffer.byteLength], [length, length]);
        assertNotStrictEquals(whole.buffer, slot.data.buffer);
        slot.data.fill(0xee);
        assertEquals(whole.toHex(), pattern(length).toHex());
        assertEquals(slot.capacity, SLOT + OVERFLOW);
      });
    });
  });
}

Deno.test("A datagram that is larger than slot and overflow is cut, tells its true length, and does not spoil the next", async () => {
  await withLoop((loop) => {
    withSlot(SLOT, OVERFLOW, (slot) => {
      loop.send(pattern(SLOT + OVERFLOW + 1));
      loop.send(pattern(SLOT + OVERFLOW, 1));
      loop.send(pattern(5, 2));
      assertEquals([loop.receive(slot), slot.flags], [SLOT + OVERFLOW + 1, MSG_TRUNC]);
      assert(slot.findCredentials());
      receiveWhole(loop, slot, pattern(SLOT + OVERFLOW, 1));
      receiveWhole(loop, slot, pattern(5, 2));
    });
  });
});

Deno.test("Datagrams of all lengths come one after the other, and none has anything of another", async () => {
  await withLoop((loop) => {
    withSlot(SLOT, OVERFLOW, (slot) => {
      const lengths = [SLOT + OVERFLOW, SLOT + 1, SLOT, 3, SLOT + 9_000, SLOT + 9_000, SLOT + OVERFLOW, 1, SLOT + 2];
      const kept = lengths.map((length, seed) => {
        const sent = pattern(length, seed);
        loop.send(sent);
        const whole = receiveWhole(loop, slot, sent);
        return { sent, bytes: length > SLOT ? whole : whole.slice(0, length) };
      });
      // Also those that were handed out first are still as they were.
      for (const { sent, bytes } of kept) assertEquals(bytes.toHex(), sent.toHex());
    });
  });
});

Deno.test("The overflow of a datagram that nobody asked for whole serves the next one", async () => {
  await withLoop((loop) => {
    withSlot(SLOT, OVERFLOW, (slot) => {
      loop.send(pattern(SLOT + 500));
      assertEquals(loop.receive(slot), SLOT + 500);
      loop.send(pattern(SLOT + 20, 1));
      receiveWhole(loop, slot, pattern(SLOT + 20, 1));
    });
  });
});

for (const [what, overflow] of [["none is wanted", 0], ["there is no memory for one", 2 ** 52]] as const) {
  Deno.test(`A slot works without an overflow: ${what}`, async () => {
    await withLoop((loop) => {
      withSlot(SLOT, overflow, (slot) => {
        assertEquals(slot.capacity, SLOT);
        loop.send(pattern(SLOT));
        loop.send(pattern(SLOT + 1, 1));
        loop.send(pattern(SLOT - 1, 2));
        assertStrictEquals(receiveWhole(loop, slot, pattern(SLOT)), slot.data);
        assertEquals([loop.receive(slot), slot.flags], [SLOT + 1, MSG_TRUNC]);
        assertEquals(slot.data.toHex(), pattern(SLOT, 1).toHex());
        assertStrictEquals(receiveWhole(loop, slot, pattern(SLOT - 1, 2)), slot.data);
      });
    });
  });
}

Deno.test("Two slots have an overflow each", async () => {
  await withLoop((loop) => {
    withSlot(SLOT, OVERFLOW, (first) => {
      withSlot(SLOT, OVERFLOW, (second) => {
        for (const seed of [1, 2]) loop.send(pattern(SLOT + OVERFLOW, seed));
        assertEquals([loop.receive(first), loop.receive(second)], [SLOT + OVERFLOW, SLOT + OVERFLOW]);
        assertEquals(first.whole(SLOT + OVERFLOW).toHex(), pattern(SLOT + OVERFLOW, 1).toHex());
        assertEquals(second.whole(SLOT + OVERFLOW).toHex(), pattern(SLOT + OVERFLOW, 2).toHex());
      });
    });
  });
});
