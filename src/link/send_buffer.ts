/**
 * The one send buffer of the isolate: messages are encoded straight into it, and leave from it.
 *
 * @module
 */
import { epochMilliseconds } from "../wire/clock.ts";

/** Whoever has messages in the buffer that have not left. */
export interface SendBufferUser {
  /** Sends them, now. */
  flush(): void;
}

const ENCODER = new TextEncoder();

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

  readonly #users = new Set<SendBufferUser>();

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
    if (this.#users.size === 0) this.time = epochMilliseconds();
    this.#users.add(user);
  }

  /**
   * Notes that somebody's messages have left. When it was the last one, the buffer is empty again.
   *
   * @param user Who it is.
   */
  leave(user: SendBufferUser): void {
    this.#users.delete(user);
    if (this.#users.size === 0) this.end = 0;
  }

  /** Sends all that is here. */
  flush(): void {
    for (const user of this.#users) user.flush();
  }

  /**
   * Encodes a text at an offset.
   *
   * @param text The text.
   * @param offset Where it begins.
   * @returns How many bytes it took, or -1 where it does not fit.
   */
  encode(text: string, offset: number): number {
    // Every UTF-16 unit takes at least one byte: what cannot fit is not even tried.
    if (offset + text.length > this.bytes.length) return -1;
    const { read, written } = ENCODER.encodeInto(text, this.bytes.subarray(offset));
    return read === text.length ? written : -1;
  }
}
