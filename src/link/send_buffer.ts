/**
 * The one send buffer of the isolate: messages are encoded straight into it, and leave from it.
 *
 * @module
 */
import { HEAD, type Phrase } from "../jsonrpc/phrases.ts";
import type { Pieces } from "./pieces.ts";
import { epochMilliseconds } from "../wire/clock.ts";
import { Digits, MOST_DIGITS } from "./digits.ts";

/** Whoever has messages in the buffer that have not left. */
export interface SendBufferUser {
  /** Sends them, now. */
  flush(): void;
}

const ENCODER = new TextEncoder();

/** Up to so many characters a text is written by ourselves; beyond, the encoder is faster. */
const MOST_SHORT = 128;
/** What has no code beyond this one takes one byte of UTF-8. */
const LAST_ASCII = 0x7f;

/** Memory for the messages of one turn of the event loop, of all peers. */
export class SendBuffer {
  /** The memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The same memory. */
  readonly view: DataView<ArrayBuffer>;
  /** First byte that is free. */
  end = 0;
  /** When the first message of this turn was written, in milliseconds since the Unix epoch. */
  time = 0;

  readonly #ids = new Digits();
  // Few are here at once, and come and go with every turn: of a set that would leave a table behind each time.
  readonly #users: SendBufferUser[] = [];
  /** How often somebody has left. */
  #left = 0;

  /**
   * @param size Size in bytes: room for at least one message of the largest size.
   */
  constructor(size: number) {
    this.bytes = new Uint8Array(size);
    this.view = new DataView(this.bytes.buffer);
  }

  /**
   * Notes that somebody has messages here.
   *
   * @param user Who it is.
   */
  use(user: SendBufferUser): void {
    if (this.#users.length === 0) this.time = epochMilliseconds();
    if (!this.#users.includes(user)) this.#users.push(user);
  }

  /**
   * Notes that somebody's messages have left. When it was the last one, the buffer is empty again.
   *
   * @param user Who it is.
   */
  leave(user: SendBufferUser): void {
    const index = this.#users.indexOf(user);
    if (index >= 0) {
      this.#users.splice(index, 1);
      this.#left++;
    }
    if (this.#users.length === 0) this.end = 0;
  }

  /** Sends all that is here. */
  flush(): void {
    const users = this.#users;
    for (let index = 0; index < users.length;) {
      const left = this.#left;
      users[index]!.flush();
      // Whoever has left has made its place another's, or its own once more: that one is next.
      if (this.#left === left) index++;
    }
  }

  /**
   * Writes a short message at an offset. For so little the encoder takes twice as long, and joining the parts first as long again.
   *
   * @param offset Where it begins.
   * @param id Its id, a u32.
   * @param middle What stands behind the id.
   * @param value What stands behind that.
   * @param end What stands behind that.
   * @returns How many bytes it took, or -1 where it does not fit, or the value is long or not ASCII.
   */
  write(offset: number, id: number, middle: Phrase, value: string, end: Phrase): number {
    const { bytes } = this;
    if (value.length > MOST_SHORT) return -1;
    const most = HEAD.bytes.length + MOST_DIGITS + middle.bytes.length + value.length + end.bytes.length;
    if (offset + most > bytes.length) return -1;
    let next = writeBytes(bytes, offset, HEAD.bytes);
    next = this.#ids.write(bytes, next, id);
    next = writeBytes(bytes, next, middle.bytes);
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code > LAST_ASCII) return -1;
      bytes[next++] = code;
    }
    return writeBytes(bytes, next, end.bytes) - offset;
  }

  /**
   * Encodes a text behind all that is here, and room for headers. What does not fit behind it has that sent first.
   *
   * @param pieces The text.
   * @param room How many bytes the headers take.
   * @returns How many bytes the text took, or -1 where it does not fit at all.
   */
  encodeBehind(pieces: Pieces, room: number): number {
    const length = this.encode(pieces, this.end + room);
    if (length >= 0 || this.end === 0) return length;
    this.flush();
    return this.encode(pieces, this.end + room);
  }

  /**
   * Encodes a text at an offset.
   *
   * @param pieces The text.
   * @param offset Where it begins.
   * @returns How many bytes it took, or -1 where it does not fit.
   */
  encode(pieces: Pieces, offset: number): number {
    let end = offset;
    for (const piece of pieces) {
      // Every UTF-16 unit takes at least one byte: what cannot fit is not even tried.
      if (end + piece.length > this.bytes.length) return -1;
      const { read, written } = ENCODER.encodeInto(piece, this.bytes.subarray(end));
      if (read < piece.length) return -1;
      end += written;
    }
    return end - offset;
  }
}

/** Copies a few bytes, one by one: `set()` takes longer to begin. Returns where they end. */
function writeBytes(bytes: Uint8Array, offset: number, part: Uint8Array): number {
  const { length } = part;
  for (let index = 0; index < length; index++) bytes[offset + index] = part[index]!;
  return offset + length;
}
