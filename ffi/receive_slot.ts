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

/** Offset of the `struct sockaddr_nl` in {@linkcode ReceiveSlot.control}. */
export const SLOT_NAME = MSGHDR_SIZE + IOVEC_SIZE;
/** Offset of the control messages in {@linkcode ReceiveSlot.control}, at a multiple of 8 bytes. */
export const SLOT_CONTROL = (SLOT_NAME + SOCKADDR_NL_SIZE + 7) & ~7;
// Credentials take 32 bytes; an inherited socket may have further options on, whose messages come before them.
const CONTROL_SIZE = 128;

/**
 * Memory for one datagram, used again and again.
 *
 * The header points into this object's own memory, so that the kernel never writes to what V8 has collected as long as
 * the object itself is reachable. The buffers are `ArrayBuffer`s of their own, which V8 does not move.
 */
export class ReceiveSlot {
  /** Where the datagram arrives. */
  readonly data: Uint8Array<ArrayBuffer>;
  /** `struct msghdr`, what it points to, and room for control messages. */
  readonly control: DataView<ArrayBuffer>;
  /** The `struct msghdr` that `recvmsg(2)` takes. */
  readonly header: Uint8Array<ArrayBuffer>;

  #credentials = -1;

  /**
   * Makes a slot.
   *
   * @param size Largest datagram that fits, in bytes.
   * @param addressOf Tells where a buffer is in memory.
   */
  constructor(size: number, addressOf: (buffer: Uint8Array<ArrayBuffer>) => bigint) {
    const memory = new Uint8Array(new ArrayBuffer(SLOT_CONTROL + CONTROL_SIZE));
    this.data = new Uint8Array(new ArrayBuffer(size));
    this.control = new DataView(memory.buffer);
    this.header = memory.subarray(0, MSGHDR_SIZE);
    const base = addressOf(memory);
    writeIovec(this.control, MSGHDR_SIZE, addressOf(this.data), size);
    writeMsghdr(this.control, 0, {
      name: base + BigInt(SLOT_NAME),
      nameLength: SOCKADDR_NL_SIZE,
      iov: base + BigInt(MSGHDR_SIZE),
      control: base + BigInt(SLOT_CONTROL),
      controlLength: CONTROL_SIZE,
    });
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
}
