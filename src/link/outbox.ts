/**
 * What a peer sends: everything for one destination in one turn of the event loop leaves in one datagram.
 *
 * @module
 */
import { MessageTooLargeError } from "../errors.ts";
import { nlmsgAlign } from "../wire/align.ts";
import { FRAME_HEADERS_SIZE, writeFrameHeaders } from "../wire/frame.ts";
import { NLM_F_REQUEST } from "../wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST, PAYLOAD_JSONRPC_RESPONSE } from "../wire/procslinkhdr.ts";
import type { Link } from "./link.ts";
import type { SendBuffer, SendBufferUser } from "./send_buffer.ts";

/**
 * Messages join a datagram up to this many bytes. A larger message goes in a datagram of its own.
 *
 * Within it a call costs a fraction of a system call; beyond it nothing is gained, and the receiver's queue fills in gulps.
 */
export const COALESCED_DATAGRAM_SIZE = 65_536;

/** Destinations whose message counter is kept; the one that was met first is forgotten beyond that, and counts from 1 again. */
const COUNTED_DESTINATIONS = 4_096;

/** Learns what became of a message. */
export interface Delivery {
  /** The message is in the receiver's queue. */
  delivered(): void;
  /**
   * The message could not be sent.
   *
   * @param error Why.
   */
  undelivered(error: Error): void;
}

/** Messages for one destination that leave in one datagram. */
interface Segment {
  readonly to: number;
  /** Where they are in the buffer: start and end of each part. A part ends where another destination's message came between. */
  readonly parts: number[];
  size: number;
  readonly deliveries: Delivery[];
}

/** Encodes the messages of one peer, and sends them at the end of the turn. */
export class Outbox implements SendBufferUser {
  readonly #link: Link;
  readonly #buffer: SendBuffer;
  /** Size up to which messages join a datagram. */
  readonly #maximum: number;
  readonly #counters = new Map<number, number>();

  #segments: Segment[] = [];
  #last: Segment | undefined;
  /** For each destination the segment that still takes messages. */
  readonly #open = new Map<number, Segment>();
  #flushing = false;
  readonly #flushLater = (): void => this.flush();

  /**
   * @param link Where messages leave.
   * @param buffer Where they are encoded.
   */
  constructor(link: Link, buffer: SendBuffer) {
    this.#link = link;
    this.#buffer = buffer;
    this.#maximum = Math.min(COALESCED_DATAGRAM_SIZE, link.maxDatagram);
  }

  /**
   * Sends a request, a notification, or a batch of them, at the end of this turn.
   *
   * @param to Port of the receiver.
   * @param nlmsgSeq Number that the response will carry.
   * @param body JSON text.
   * @param delivery Learns what became of it.
   * @throws {MessageTooLargeError} If it does not fit a datagram. Nothing of it is sent.
   */
  request(to: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    this.#post(to, NLM_F_REQUEST, PAYLOAD_JSONRPC_REQUEST, nlmsgSeq, body, delivery);
  }

  /**
   * Sends a response, or a batch of them, at the end of this turn.
   *
   * @param to Port of the receiver.
   * @param nlmsgSeq Number that the request carried.
   * @param body JSON text.
   * @param delivery Learns what became of it.
   * @throws {MessageTooLargeError} If it does not fit a datagram. Nothing of it is sent.
   */
  response(to: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    this.#post(to, 0, PAYLOAD_JSONRPC_RESPONSE, nlmsgSeq, body, delivery);
  }

  /** Sends all that waits, now. */
  flush(): void {
    if (this.#flushing || this.#segments.length === 0) return;
    const segments = this.#segments;
    this.#segments = [];
    this.#last = undefined;
    this.#open.clear();
    // Who learns of a delivery may post again, and only after the buffer is free: so outcomes wait until all has left.
    this.#flushing = true;
    const errors = segments.map((segment) => this.#send(segment));
    this.#flushing = false;
    this.#buffer.leave(this);
    segments.forEach(({ deliveries }, index) => {
      const error = errors[index];
      for (const delivery of deliveries) {
        if (error === undefined) delivery.delivered();
        else delivery.undelivered(error);
      }
    });
  }

  #post(to: number, flags: number, payloadType: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    const buffer = this.#buffer;
    let start = buffer.end;
    let bodyLength = buffer.encode(body, start + FRAME_HEADERS_SIZE);
    if (bodyLength < 0 && start > 0) {
      buffer.flush();
      start = buffer.end;
      bodyLength = buffer.encode(body, start + FRAME_HEADERS_SIZE);
    }
    const size = FRAME_HEADERS_SIZE + bodyLength;
    if (bodyLength < 0 || size > this.#link.maxDatagram) {
      const bodySize = bodyLength < 0 ? new TextEncoder().encode(body).length : bodyLength;
      throw new MessageTooLargeError(FRAME_HEADERS_SIZE + bodySize, this.#link.maxDatagram);
    }
    if (this.#segments.length === 0) {
      buffer.use(this);
      queueMicrotask(this.#flushLater);
    }
    writeFrameHeaders(buffer.view, start, bodyLength, {
      flags,
      nlmsgSeq,
      port: this.#link.port,
      payloadType,
      seq: this.#count(to),
      time: buffer.time,
    });
    // The padding is zeroed: what another destination was sent before must not leave with this message.
    buffer.end = nlmsgAlign(start + size);
    buffer.bytes.fill(0, start + size, buffer.end);
    this.#append(to, start, size, delivery);
  }

  /** Adds a message to the datagram of its destination, or begins one. */
  #append(to: number, start: number, size: number, delivery: Delivery): void {
    let segment = this.#last;
    if (segment?.to !== to) segment = this.#open.get(to);
    if (segment === undefined || nlmsgAlign(segment.size) + size > this.#maximum) {
      segment = { to, parts: [start, start + size], size, deliveries: [delivery] };
      this.#segments.push(segment);
      this.#open.set(to, segment);
    } else {
      const { parts } = segment;
      if (nlmsgAlign(parts.at(-1)!) === start) parts[parts.length - 1] = start + size;
      else parts.push(start, start + size);
      segment.size = nlmsgAlign(segment.size) + size;
      segment.deliveries.push(delivery);
    }
    this.#last = segment;
  }

  /** Sends one datagram; returns why it could not be sent. */
  #send({ to, parts, size }: Segment): Error | undefined {
    const { bytes } = this.#buffer;
    try {
      if (parts.length === 2) {
        const start = parts[0]!;
        this.#link.send(to, start === 0 ? bytes : bytes.subarray(start), size);
      } else {
        const datagram = new Uint8Array(size);
        for (let part = 0, offset = 0; part < parts.length; part += 2) {
          datagram.set(bytes.subarray(parts[part], parts[part + 1]), offset);
          offset = nlmsgAlign(offset + parts[part + 1]! - parts[part]!);
        }
        this.#link.send(to, datagram, size);
      }
    } catch (error) {
      return error as Error;
    }
  }

  #count(to: number): number {
    const counters = this.#counters;
    const previous = counters.get(to);
    if (previous === undefined && counters.size >= COUNTED_DESTINATIONS) {
      const [oldest] = counters.keys();
      counters.delete(oldest!);
    }
    const seq = ((previous ?? 0) + 1) >>> 0;
    counters.set(to, seq);
    return seq;
  }
}
