/**
 * Memory from calloc(3), outside of V8's heap: for what a thread still uses when the isolate is gone, and for what is seldom used.
 *
 * @module
 */
import type { LibcSymbols } from "./libc.ts";
import { type EpollEventLayout, readEpollEventFd } from "./structs/epoll_event.ts";
import { SOCKADDR_NL_SIZE, writeSockaddrNl } from "./structs/sockaddr_nl.ts";
import type { EventList, Overflow, SendSlot } from "./syscalls.ts";

/** Where the datagram begins in a send slot: behind the address, at a multiple of 16 bytes. */
const SEND_DATA = (SOCKADDR_NL_SIZE + 15) & ~15;

/** An {@linkcode EventList} in memory from calloc(3). */
export class MallocEventList implements EventList {
  /** Where `epoll_wait(2)` writes. */
  readonly pointer: Deno.PointerObject;
  readonly #symbols: LibcSymbols;
  readonly #layout: EpollEventLayout;
  readonly #view: DataView;

  /**
   * @param symbols The symbols of libc.
   * @param maximum How many events it holds.
   * @param layout How an event lies in memory.
   */
  constructor(symbols: LibcSymbols, maximum: number, layout: EpollEventLayout) {
    const size = maximum * layout.size;
    this.pointer = allocate(symbols, size);
    this.#symbols = symbols;
    this.#layout = layout;
    this.#view = new DataView(Deno.UnsafePointerView.getArrayBuffer(this.pointer, size));
  }

  fd(index: number): number {
    return readEpollEventFd(this.#view, index * this.#layout.size, this.#layout);
  }

  written(): boolean {
    return this.#view.getUint32(0, true) !== 0;
  }

  clear(): void {
    this.#view.setUint32(0, 0, true);
  }

  free(): void {
    this.#symbols.free(this.pointer);
  }
}

/** A {@linkcode SendSlot} in memory from calloc(3). */
export class MallocSendSlot implements SendSlot {
  /** The `struct sockaddr_nl` of the destination. */
  readonly address: Deno.PointerObject;
  /** The datagram. */
  readonly data: Deno.PointerObject;
  length = 0;
  readonly #symbols: LibcSymbols;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  /**
   * @param symbols The symbols of libc.
   * @param size The largest datagram that it holds, in bytes.
   */
  constructor(symbols: LibcSymbols, size: number) {
    this.address = allocate(symbols, SEND_DATA + size);
    this.data = Deno.UnsafePointer.offset(this.address, SEND_DATA)!;
    this.#symbols = symbols;
    const memory = Deno.UnsafePointerView.getArrayBuffer(this.address, SEND_DATA + size);
    this.#view = new DataView(memory);
    this.#bytes = new Uint8Array(memory, SEND_DATA);
  }

  fill(port: number, bytes: Uint8Array, length: number): void {
    writeSockaddrNl(this.#view, 0, port);
    this.#bytes.set(bytes.subarray(0, length));
    this.length = length;
  }

  free(): void {
    this.#symbols.free(this.address);
  }
}

/** An {@linkcode Overflow} in memory from calloc(3), which the kernel gives only where something is written to it. */
export class MallocOverflow implements Overflow {
  readonly address: bigint;
  readonly size: number;
  readonly #symbols: LibcSymbols;
  readonly #pointer: Deno.PointerObject;

  /**
   * @param symbols The symbols of libc.
   * @param size Its size in bytes.
   */
  constructor(symbols: LibcSymbols, size: number) {
    this.#symbols = symbols;
    this.size = size;
    this.#pointer = allocate(symbols, size);
    this.address = BigInt(Deno.UnsafePointer.value(this.#pointer));
  }

  copyTo(destination: Uint8Array<ArrayBuffer>): void {
    Deno.UnsafePointerView.copyInto(this.#pointer, destination);
  }

  free(): void {
    this.#symbols.free(this.#pointer);
  }
}

function allocate(symbols: LibcSymbols, size: number): Deno.PointerObject {
  const pointer = symbols.calloc(1n, BigInt(size));
  if (pointer === null) throw new RangeError(`Out of memory: ${size} bytes are not to be had`);
  return pointer;
}
