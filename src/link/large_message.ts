/**
 * A message that does not fit one datagram, and leaves in fragments.
 *
 * @module
 */
import { FRAME_HEADERS_SIZE, type FrameFields, writeFragmentHeaders } from "../wire/frame.ts";
import { encodeBehindHeaders, type Pieces, unitsOf } from "./pieces.ts";
import { spareBuffers } from "../wire/spare_buffers.ts";
import { viewOf } from "../wire/view.ts";

/** The next datagram of a message, in memory that it shares with the others. */
export interface Fragment {
  /** Memory that begins with the fragment. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length of the fragment in bytes. */
  readonly length: number;
}

/**
 * The body of a message, cut into fragments as it leaves.
 *
 * It is encoded only when its first fragment is about to leave: what waits is one text, and not two copies of it. Each
 * fragment's headers are written right before its part of the body, over the end of the part before: that has left. So the
 * encoded body is never copied.
 */
export class LargeMessage {
  /** Size of the whole message in bytes, both headers included; before it is encoded, the least that it can be. */
  readonly size: number;
  #body: Pieces | undefined;
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  readonly #fields: FrameFields;
  readonly #maxDatagram: number;
  /** How much of the body has left. */
  #left = 0;
  #next = 0;

  /**
   * @param body The text of the body, or both headers' room and the encoded body behind it.
   * @param fields What the headers carry.
   * @param maxDatagram The largest datagram, in bytes.
   */
  constructor(body: Pieces | Uint8Array<ArrayBuffer>, fields: FrameFields, maxDatagram: number) {
    this.#fields = fields;
    this.#maxDatagram = maxDatagram;
    if (body instanceof Uint8Array) {
      this.#bytes = body;
      this.size = body.length;
    } else {
      this.#body = body;
      this.#bytes = new Uint8Array(0);
      this.size = FRAME_HEADERS_SIZE + unitsOf(body);
    }
    this.#view = viewOf(this.#bytes);
  }

  /** Whether some of it has left, and not all. */
  get isUnderWay(): boolean {
    return this.#left > 0 && !this.isSent;
  }

  /** Whether all of it has left. */
  get isSent(): boolean {
    return this.#body === undefined && this.#left === this.#bodyLength;
  }

  /**
   * Writes the next fragment; the same one until it has left.
   *
   * @returns The fragment.
   */
  next(): Fragment {
    if (this.#body !== undefined) {
      this.#bytes = encodeBehindHeaders(this.#body);
      this.#view = viewOf(this.#bytes);
      this.#body = undefined;
    }
    const part = Math.min(this.#maxDatagram - FRAME_HEADERS_SIZE, this.#bodyLength - this.#left);
    const last = this.#left + part === this.#bodyLength;
    writeFragmentHeaders(this.#view, this.#left, part, this.#bodyLength, last, this.#fields);
    this.#next = part;
    return { bytes: this.#bytes.subarray(this.#left), length: FRAME_HEADERS_SIZE + part };
  }

  /** Notes that the fragment has left. With the last one the memory is given back. */
  advance(): void {
    this.#left += this.#next;
    if (this.isSent) spareBuffers.give(this.#bytes);
  }

  /**
   * Writes a last fragment with nothing in it, which tells the receiver that the rest will not come.
   *
   * @returns The fragment.
   */
  abandon(): Fragment {
    const bytes = new Uint8Array(FRAME_HEADERS_SIZE);
    writeFragmentHeaders(viewOf(bytes), 0, 0, this.#bodyLength, true, this.#fields);
    return { bytes, length: FRAME_HEADERS_SIZE };
  }

  get #bodyLength(): number {
    return this.#bytes.length - FRAME_HEADERS_SIZE;
  }
}
