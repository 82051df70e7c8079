/**
 * Datagrams of other users, until those of our own user have had their turn.
 *
 * @module
 */
import type { Caller, LinkReceiver } from "./link.ts";

/** Bytes that wait here at most, but for one datagram. */
const MAXIMUM_BYTES = 524_288;

/** What a datagram costs at least, in bytes. */
const LEAST_COST = 832;

/** A datagram in memory of its own. */
interface ForeignDatagram {
  readonly bytes: Uint8Array;
  readonly sender: Caller;
}

/**
 * Keeps datagrams in order, outside of the kernel's queue: into that, nobody is let in who waits for room until it is empty. So
 * whoever floods a peer keeps its own user waiting for no longer than one of its datagrams takes.
 */
export class ForeignQueue {
  readonly #datagrams: ForeignDatagram[] = [];
  #next = 0;
  #bytes = 0;

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#next === this.#datagrams.length;
  }

  /** Whether nothing more should be added. */
  get isFull(): boolean {
    return this.#bytes >= MAXIMUM_BYTES;
  }

  /**
   * Adds a datagram.
   *
   * @param bytes Memory that begins with the datagram, which is copied.
   * @param length Length of the datagram in bytes.
   * @param sender Who sent it.
   */
  add(bytes: Uint8Array, length: number, sender: Caller): void {
    this.#datagrams.push({ bytes: bytes.slice(0, length), sender });
    this.#bytes += Math.max(length, LEAST_COST);
  }

  /**
   * Hands on the first datagram.
   *
   * @param receiver Who is told.
   * @returns Whether there was one.
   */
  deliver(receiver: Pick<LinkReceiver, "receive">): boolean {
    const datagram = this.#datagrams[this.#next];
    if (datagram === undefined) return false;
    const { bytes, sender } = datagram;
    this.#bytes -= Math.max(bytes.length, LEAST_COST);
    if (++this.#next === this.#datagrams.length || this.#next === 1_024) {
      this.#datagrams.splice(0, this.#next);
      this.#next = 0;
    }
    receiver.receive(bytes, bytes.length, sender);
    return true;
  }
}
