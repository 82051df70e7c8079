// Memory of the real libc. All of it is given back.
import { assert, assertEquals, assertStringIncludes, assertThrows } from "@std/assert";
import { libc, type LibcSymbols } from "../../ffi/libc.ts";
import { MallocEventList, MallocOverflow, MallocSendSlot } from "../../ffi/malloc.ts";
import { epollEventLayout, writeEpollEvent } from "../../ffi/structs/epoll_event.ts";
import { Ledger } from "../fakes/ledger.ts";

/** More than a process can address, on every processor: calloc(3) fails whatever the system grants. */
const TOO_MUCH = 2 ** 52;

/** Runs something with a libc that keeps account; in the end, all memory must have gone back, and none twice. */
function withLibc(run: (symbols: LibcSymbols, ledger: Ledger) => void): void {
  const real = libc();
  const ledger = new Ledger();
  const key = (pointer: Deno.PointerValue) => `memory at ${Deno.UnsafePointer.value(pointer)}`;
  const calloc = (count: bigint, size: bigint) => {
    const pointer = real.calloc(count, size);
    if (pointer !== null) ledger.opened(key(pointer), `${count * size} bytes`);
    return pointer;
  };
  const free = (pointer: Deno.PointerValue) => {
    ledger.closed(key(pointer));
    real.free(pointer);
  };
  run({ ...real, calloc, free }, ledger);
  ledger.assertAllClosed();
}

/** The memory itself, which others write to. */
function memoryAt(pointer: Deno.PointerObject, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Deno.UnsafePointerView.getArrayBuffer(pointer, size));
}

Deno.test("A send slot holds the address and the datagram as sendto takes them, and its length", () => {
  withLibc((symbols) => {
    const slot = new MallocSendSlot(symbols, 8);
    assertEquals(slot.length, 0);
    slot.fill(0x84838281, new Uint8Array([1, 2, 3, 4, 5]), 5);
    assertEquals(memoryAt(slot.address, 12).toHex(), "1000" + "0000" + "81828384" + "00000000");
    assertEquals([memoryAt(slot.data, 8).toHex(), slot.length], ["0102030405000000", 5]);
    slot.free();
  });
});

Deno.test("The datagram of a send slot lies behind the address, at a multiple of 16 bytes, with room for all of it", () => {
  withLibc((symbols, ledger) => {
    const slot = new MallocSendSlot(symbols, 100);
    const [address, data] = [slot.address, slot.data].map((pointer) => BigInt(Deno.UnsafePointer.value(pointer)));
    assert(data! >= address! + 12n, "They overlap");
    assertEquals(data! % 16n, 0n);
    assertStringIncludes(ledger.open[0]!, `(${Number(data! - address!) + 100} bytes)`);
    slot.free();
  });
});

Deno.test("A send slot is filled again: with fewer bytes, for another port, and with a part of what it is given", () => {
  withLibc((symbols) => {
    const slot = new MallocSendSlot(symbols, 8);
    slot.fill(1, new Uint8Array(8).fill(1), 8);
    slot.fill(2, new Uint8Array(8).fill(2), 3);
    assertEquals([memoryAt(slot.data, 8).toHex(), slot.length], ["0202020101010101", 3]);
    assertEquals(memoryAt(slot.address, 12).toHex(), "1000" + "0000" + "02000000" + "00000000");
    slot.free();
  });
});

Deno.test("A send slot copies: what becomes of the bytes afterwards does not matter", () => {
  withLibc((symbols) => {
    const slot = new MallocSendSlot(symbols, 4);
    const bytes = new Uint8Array([1, 2, 3, 4]);
    slot.fill(1, bytes, 4);
    bytes.fill(9);
    assertEquals(memoryAt(slot.data, 4).toHex(), "01020304");
    slot.free();
  });
});

Deno.test("A send slot takes a datagram of just its size, and throws at one byte more", () => {
  withLibc((symbols) => {
    const slot = new MallocSendSlot(symbols, 4);
    slot.fill(1, new Uint8Array(4).fill(1), 4);
    assertThrows(() => slot.fill(2, new Uint8Array(5).fill(2), 5), RangeError);
    assertEquals([memoryAt(slot.data, 4).toHex(), slot.length], ["01010101", 4]);
    slot.free();
  });
});

Deno.test("An overflow is empty memory of the size and at the address that it tells", () => {
  withLibc((symbols, ledger) => {
    const overflow = new MallocOverflow(symbols, 6);
    assertEquals(overflow.size, 6);
    assertEquals(ledger.open, [`memory at ${overflow.address} (6 bytes)`]);
    assertEquals(memoryAt(Deno.UnsafePointer.create(overflow.address)!, 6).toHex(), "000000000000");
    overflow.free();
  });
});

Deno.test("An overflow copies as much from its start as the destination has", () => {
  withLibc((symbols) => {
    const overflow = new MallocOverflow(symbols, 6);
    const memory = memoryAt(Deno.UnsafePointer.create(overflow.address)!, 6);
    memory.set([1, 2, 3, 4, 5, 6]);
    const bytes = new Uint8Array(8).fill(0xaa);
    overflow.copyTo(bytes.subarray(1, 1));
    assertEquals(bytes.toHex(), "aaaaaaaaaaaaaaaa");
    overflow.copyTo(bytes.subarray(1, 4));
    assertEquals(bytes.toHex(), "aa010203aaaaaaaa");
    overflow.copyTo(bytes.subarray(1, 7));
    memory.fill(0xff);
    assertEquals(bytes.toHex(), "aa010203040506aa");
    overflow.free();
  });
});

Deno.test("An event list tells each event's file descriptor, and whether there is any", () => {
  withLibc((symbols, ledger) => {
    const layout = epollEventLayout(Deno.build.arch);
    const events = new MallocEventList(symbols, 3, layout);
    const size = 3 * layout.size;
    assertStringIncludes(ledger.open[0]!, `(${size} bytes)`);
    assertEquals(events.written(), false);
    const view = new DataView(memoryAt(events.pointer, size).buffer);
    const fds = [7, 0, 2 ** 31 - 1];
    for (const [index, fd] of fds.entries()) writeEpollEvent(view, index * layout.size, layout, 1, fd);
    assertEquals([events.written(), ...fds.map((_, index) => events.fd(index))], [true, ...fds]);
    events.clear();
    assertEquals(events.written(), false);
    events.free();
  });
});

const OUT_OF_MEMORY: [what: string, create: (symbols: LibcSymbols) => unknown][] = [
  ["a send slot", (symbols) => new MallocSendSlot(symbols, TOO_MUCH)],
  ["an overflow", (symbols) => new MallocOverflow(symbols, TOO_MUCH)],
  ["an event list", (symbols) => new MallocEventList(symbols, TOO_MUCH / 4, epollEventLayout(Deno.build.arch))],
];

for (const [what, create] of OUT_OF_MEMORY) {
  Deno.test(`Where there is no memory, a RangeError says how much was wanted: ${what}`, () => {
    withLibc((symbols) => {
      const error = assertThrows(() => create(symbols), RangeError, "Out of memory");
      const wanted = Number(/(\d+) bytes/.exec(error.message)?.[1]);
      assert(wanted >= TOO_MUCH, error.message);
    });
  });
}
