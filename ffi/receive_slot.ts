/**
 * The memory that `recvmsg(2)` fills: data, source address and credentials of one datagram.
 *
 * @module
 */
import { findUcred } from "./structs/ucred.ts";
import {
  IOVEC_SIZE,
  MSGHDR_SIZE,
  readMsghdrControlLength,
  readMsghdrFlags,
  resetMsghdr,
  writeIovec,
  writeMsghdr,
} from "./structs/msghdr.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE } from "./structs/sockaddr_nl.ts";
import type { Overflow } from "./syscalls.ts";

/** Offset of the `struct sockaddr_nl` in {@linkcode ReceiveSlot.control}. */
export const SLOT_NAME = MSGHDR_SIZE + 2 * IOVEC_SIZE;
/** Offset of the control messages in {@linkcode ReceiveSlot.control}, at a multiple of 8 bytes. */
export const SLOT_CONTROL = (SLOT_NAME + SOCKADDR_NL_SIZE + 7) & ~7;
// Credentials take 32 bytes; an inherited socket may have further options on, whose messages come before them.
const CONTROL_SIZE = 128;

/**
 * Memory for one datagram, used again and again.
 *
 * The header points into this object's own memory, so that the kernel never writes to what V8 has collected as long as
 * the object itself is reachable. The buffers are `ArrayBuffer`s of their own, which V8 does not move.
 *
 * What does not fit goes on in the overflow, a second iovec: so a datagram of any size arrives whole with one system call, and
 * nobody has to peek at its size first, which would cost a quarter of reading a small one.
 */
export class ReceiveSlot {
  /** Where the datagram arrives. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** `struct msghdr`, what it points to, and room for control messages. */
  readonly control: DataView<ArrayBuffer>;
  /** The `struct msghdr` that `recvmsg(2)` takes. */
  readonly header: Uint8Array<ArrayBuffer>;

  readonly #createOverflow: () => Overflow | undefined;
  #overflow: Overflow | undefined;
  #credentials = -1;

  /**
   * Makes a slot.
   *
   * @param size Largest datagram that fits without the overflow, in bytes.
   * @param addressOf Tells where a buffer is in memory.
   * @param createOverflow Makes an overflow, where there is memory for one.
   */
  constructor(
    size: number,
    addressOf: (buffer: Uint8Array<ArrayBuffer>) => bigint,
    createOverflow: () => Overflow | undefined = () => undefined,
  ) {
    const memory = new Uint8Array(new ArrayBuffer(SLOT_CONTROL + CONTROL_SIZE));
    this.data = new Uint8Array(new ArrayBuffer(size));
    this.control = new DataView(memory.buffer);
    this.header = memory.subarray(0, MSGHDR_SIZE);
    this.#createOverflow = createOverflow;
    const base = addressOf(memory);
    writeIovec(this.control, MSGHDR_SIZE, addressOf(this.data), size);
    writeMsghdr(this.control, 0, {
      name: base + BigInt(SLOT_NAME),
      nameLength: SOCKADDR_NL_SIZE,
      iov: base + BigInt(MSGHDR_SIZE),
      iovLength: 2,
      control: base + BigInt(SLOT_CONTROL),
      controlLength: CONTROL_SIZE,
    });
    this.#renewOverflow();
  }

  /** The largest datagram that arrives whole, in bytes. */
  get capacity(): number {
    return this.data.length + (this.#overflow?.size ?? 0);
  }

  /**
   * The datagram in one piece. Where it went on in the overflow, that gives its memory back to the kernel.
   *
   * @param length Its length in bytes, up to {@linkcode ReceiveSlot.capacity}.
   * @returns Memory that begins with the datagram: that of the slot, or of this datagram alone.
   */
  whole(length: number): Uint8Array<ArrayBuffer> {
    const { data } = this;
    if (length <= data.length) return data;
    const whole = new Uint8Array(length);
    whole.set(data);
    this.#overflow?.copyTo(whole.subarray(data.length));
    this.#renewOverflow();
    return whole;
  }

  /** Forgets a datagram that did not fit, and gives the memory back that it has taken. */
  drop(): void {
    this.#renewOverflow();
  }

  /** Gives the overflow's memory back. The slot cannot be used any more. */
  free(): void {
    this.#overflow?.free();
    this.#overflow = undefined;
  }

  /** Makes the slot ready for the next datagram. */
  reset(): void {
    resetMsghdr(this.control, 0, SOCKADDR_NL_SIZE, CONTROL_SIZE);
  }

  /** Looks for the sender's credentials after a datagram has arrived; tells whether there are any. */
  findCredentials(): boolean {
    this.#credentials = findUcred(this.control, SLOT_CONTROL, readMsghdrControlLength(this.control, 0));
    return this.#credentials >= 0;
  }

  /** Flags of the datagram, such as `MSG_TRUNC`. */
  get flags(): number {
    return readMsghdrFlags(this.control, 0);
  }

  /** Port that sent the datagram. */
  get port(): number {
    return readSockaddrNlPort(this.control, SLOT_NAME);
  }

  /** Process id of the sender, as its pid namespace has it. After {@linkcode findCredentials} only, as the next two. */
  get pid(): number {
    return this.control.getUint32(this.#credentials, true);
  }

  /** Real user id of the sender, as this process's user namespace has it. */
  get uid(): number {
    return this.control.getUint32(this.#credentials + 4, true);
  }

  /** Real group id of the sender, likewise. */
  get gid(): number {
    return this.control.getUint32(this.#credentials + 8, true);
  }

  #renewOverflow(): void {
    this.#overflow?.free();
    this.#overflow = this.#createOverflow();
    const { address = 0n, size = 0 } = this.#overflow ?? {};
    writeIovec(this.control, MSGHDR_SIZE + IOVEC_SIZE, address, size);
  }
}
