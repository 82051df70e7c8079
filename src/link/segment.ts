/**
 * Messages for one destination that leave in one datagram, and all that leaves in one turn.
 *
 * @module
 */
import { nlmsgAlign } from "../wire/align.ts";
import type { Delivery } from "./delivery.ts";

/**
 * Messages join a datagram up to this many bytes. A larger message goes in a datagram of its own.
 *
 * Within it a call costs a fraction of a system call; beyond it nothing is gained, and the receiver's queue fills in gulps.
 */
export const COALESCED_DATAGRAM_SIZE = 65_536;

/** Where the messages of a datagram are in the send buffer, until the end of the turn. */
export class Segment {
  /** Port of the receiver. */
  readonly to: number;
  /** Whether its one message leaves alone, also where it has to wait. */
  readonly isAlone: boolean;
  /** Learn what became of each message. */
  readonly deliveries: Delivery[] = [];
  /** Start and end of each part. A part ends where another destination's message came between. */
  readonly #parts: number[] = [];
  #size = 0;

  /**
   * @param to Port of the receiver.
   * @param isAlone Whether it is for one message only.
   */
  constructor(to: number, isAlone = false) {
    this.to = to;
    this.isAlone = isAlone;
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

/** The datagrams of one turn of the event loop, in the order in which they were begun. */
export class Turn {
  readonly #maximum: number;
  #segments: Segment[] = [];
  #last: Segment | undefined;
  /** For other destinations the segment that still takes messages. Made anew each time: a map that is cleared leaves its contents behind. */
  #open: Map<number, Segment> | undefined;

  /**
   * @param maximum Size up to which messages join a datagram, in bytes.
   */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Whether there is none. */
  get isEmpty(): boolean {
    return this.#segments.length === 0;
  }

  /**
   * Adds a message to the datagram of its destination, or begins one.
   *
   * @param to Port of the receiver.
   * @param start Where the message begins in the buffer.
   * @param size Its size in bytes.
   * @param delivery Learns what became of it.
   */
  add(to: number, start: number, size: number, delivery: Delivery): void {
    let segment = this.#last;
    if (segment !== undefined && segment.to !== to) {
      segment = (this.#open ??= new Map<number, Segment>()).set(segment.to, segment).get(to);
    }
    if (segment === undefined || segment.sizeWith(size) > this.#maximum) {
      segment = new Segment(to);
      this.#segments.push(segment);
    }
    segment.add(start, size, delivery);
    this.#last = segment;
  }

  /** Adds a message that leaves in a datagram of its own, likewise. */
  addAlone(to: number, start: number, size: number, delivery: Delivery): void {
    const segment = new Segment(to, true);
    segment.add(start, size, delivery);
    this.#segments.push(segment);
    // What is added later must not join a datagram that leaves before this one.
    this.#open?.delete(to);
    if (this.#last?.to === to) this.#last = undefined;
  }

  /**
   * Ends the turn.
   *
   * @returns Its datagrams.
   */
  take(): Segment[] {
    const segments = this.#segments;
    this.#segments = [];
    this.#last = undefined;
    this.#open = undefined;
    return segments;
  }
}
