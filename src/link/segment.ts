/**
 * Messages for one destination that leave in one datagram.
 *
 * @module
 */
import { nlmsgAlign } from "../wire/align.ts";
import type { Delivery } from "./delivery.ts";

/** Where the messages of a datagram are in the send buffer, until the end of the turn. */
export class Segment {
  /** Port of the receiver. */
  readonly to: number;
  /** Learn what became of each message. */
  readonly deliveries: Delivery[] = [];
  /** Start and end of each part. A part ends where another destination's message came between. */
  readonly #parts: number[] = [];
  #size = 0;

  /**
   * @param to Port of the receiver.
   */
  constructor(to: number) {
    this.to = to;
  }

  /** Size of the datagram in bytes. */
  get size(): number {
    return this.#size;
  }

  /**
   * Tells how large the datagram would be with one message more.
   *
   * @param size Size of the message in bytes.
   * @returns The size in bytes.
   */
  sizeWith(size: number): number {
    return nlmsgAlign(this.#size) + size;
  }

  /**
   * Adds a message.
   *
   * @param start Where it begins in the buffer.
   * @param size Its size in bytes.
   * @param delivery Learns what became of it.
   */
  add(start: number, size: number, delivery: Delivery): void {
    const parts = this.#parts;
    if (parts.length > 0 && nlmsgAlign(parts.at(-1)!) === start) parts[parts.length - 1] = start + size;
    else parts.push(start, start + size);
    this.#size = this.sizeWith(size);
    this.deliveries.push(delivery);
  }

  /**
   * Finds the datagram.
   *
   * @param buffer The send buffer.
   * @returns Memory that begins with the datagram: part of the buffer where that is possible, else a copy.
   */
  datagram(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    if (this.#parts.length > 2) return this.copy(buffer);
    return this.#parts[0] === 0 ? buffer : buffer.subarray(this.#parts[0]);
  }

  /**
   * Copies the datagram.
   *
   * @param buffer The send buffer.
   * @returns The datagram in memory of its own.
   */
  copy(buffer: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
    const parts = this.#parts;
    const datagram = new Uint8Array(this.#size);
    for (let part = 0, offset = 0; part < parts.length; part += 2) {
      datagram.set(buffer.subarray(parts[part], parts[part + 1]), offset);
      offset = nlmsgAlign(offset + parts[part + 1]! - parts[part]!);
    }
    return datagram;
  }
}
