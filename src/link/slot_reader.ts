/**
 * The way of a datagram from the memory that the kernel filled to whoever is told of it.
 *
 * @module
 */
import { MSG_TRUNC } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { SyscallError } from "../errors.ts";
import type { Caller, LinkReceiver } from "./link.ts";

/** Who is told of datagrams: a {@linkcode LinkReceiver} without its end. */
export type DatagramReceiver = Omit<LinkReceiver, "failed">;

/** The sender before the first one. */
const KERNEL: Caller = Object.freeze({ port: 0, uid: 0, gid: 0, pidHint: 0 });

/** Hands datagrams on, with the sender in the words of the kernel. */
export class SlotReader {
  #sender = KERNEL;

  /**
   * Hands a datagram on, or says why not.
   *
   * @param slot Where it arrived.
   * @param length Its true length in bytes.
   * @param receiver Who is told.
   */
  deliver(slot: ReceiveSlot, length: number, receiver: DatagramReceiver): void {
    const sender = this.senderOf(slot, length, receiver);
    if (sender !== undefined) receiver.receive(slot.whole(length), length, sender);
  }

  /**
   * Tells who sent a datagram, or says why it is not handed on.
   *
   * @param slot Where it arrived.
   * @param length Its true length in bytes.
   * @param receiver Who is told why not.
   * @returns The sender, or undefined.
   */
  senderOf(slot: ReceiveSlot, length: number, receiver: Pick<DatagramReceiver, "trouble">): Caller | undefined {
    const { port } = slot;
    if (!slot.findCredentials()) {
      receiver.trouble("spoofed", "The kernel names no sender: the message has no credentials", port);
    } else if ((slot.flags & MSG_TRUNC) !== 0) {
      receiver.trouble("truncated", `A datagram of ${length} bytes: at most ${slot.capacity} are read`, port);
    } else {
      return this.#senderOf(slot, port);
    }
  }

  /**
   * Reports what the kernel has dropped.
   *
   * @param error Why a socket could not be read.
   * @param receiver Who is told.
   * @returns Whether that was all, and the socket can be read on.
   */
  overrun(error: SyscallError, receiver: DatagramReceiver): boolean {
    if (error.errno !== ERRNO.ENOBUFS) return false;
    receiver.trouble("overrun", "The kernel dropped messages that were not read in time");
    return true;
  }

  /** One object serves for all messages that come from one sender in a row. */
  #senderOf(slot: ReceiveSlot, port: number): Caller {
    const { uid, gid, pid } = slot;
    const last = this.#sender;
    if (last.port === port && last.uid === uid && last.gid === gid && last.pidHint === pid) return last;
    return this.#sender = Object.freeze({ port, uid, gid, pidHint: pid });
  }
}
