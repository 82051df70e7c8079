/**
 * The last messages of a group, for members that are behind.
 *
 * @module
 */
import { MessageTooLargeError } from "../errors.ts";
import { encodeText } from "../jsonrpc/text.ts";
import { utf8Length } from "../link/pieces.ts";
import { FRAME_HEADERS_SIZE } from "../wire/frame.ts";
import { chargeOf } from "./charge.ts";
import { FIRST_NUMBER } from "./messages.ts";

/** A message that is encoded once, for all members. */
export interface Encoded {
  /** Its JSON text in UTF-8, where it fits one datagram. */
  readonly bytes?: Uint8Array;
  /** Its JSON text, where it does not. */
  readonly text?: string;
  /** What it takes up, in bytes. */
  readonly size: number;
}

/** What a message takes up beside its text, in bytes. */
const OVERHEAD = 128;
/** Messages that were dropped are cut off at times: shift() moves every element of a long array. */
const CUT = 1_024;

/** Stands where a message was: nothing of it is kept. */
const DROPPED: Encoded = { size: 0 };

/** How large a message may be, in bytes, both headers included. */
export interface MessageBounds {
  /** In one datagram. */
  readonly datagram: number;
  /** At all. */
  readonly message: number;
}

/**
 * Encodes a message.
 *
 * @param text Its JSON text.
 * @param bounds How large it may be.
 * @returns The message.
 * @throws {MessageTooLargeError} If it is larger than what is sent.
 */
export function encode(text: string, { datagram, message }: MessageBounds): Encoded {
  const bytes = text.length <= datagram ? encodeText(text) : undefined;
  const length = FRAME_HEADERS_SIZE + (bytes?.length ?? utf8Length([text]));
  if (length > message) throw new MessageTooLargeError(length, message);
  const size = length + OVERHEAD;
  return bytes !== undefined && length <= datagram ? { bytes, size } : { text, size };
}

/** Keeps messages by their numbers. Beyond a bound the oldest go; the newest stays in any case. */
export class GroupLog {
  readonly #maximum: number;
  #messages: Encoded[] = [];
  /** Index of the oldest one, and its number. */
  #start = 0;
  #first = FIRST_NUMBER;
  #bytes = 0;
  #charge = 0;
  /** What all before a message take up there. Any member may ask for that, and as often as it likes. */
  #charges: number[] = [];

  /**
   * @param maximum How many bytes they may take up.
   */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  /** Number of the oldest one that is kept; where none is, of the next one. */
  get first(): number {
    return this.#first;
  }

  /** Number of the next one. */
  get next(): number {
    return this.#first + this.#messages.length - this.#start;
  }

  /** What they take up, in bytes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What all that were ever added take up where they wait to be heard, in bytes. */
  get charge(): number {
    return this.#charge;
  }

  /**
   * Tells what all before one take up there; as far as that is still known.
   *
   * @param number Number of the one.
   * @returns How many bytes.
   */
  chargeBefore(number: number): number {
    const index = this.#start + Math.max(number - this.#first, 0);
    return this.#charges[index] ?? this.#charge;
  }

  /**
   * Adds a message.
   *
   * @param message The message.
   */
  append(message: Encoded): void {
    this.#messages.push(message);
    this.#charges.push(this.#charge);
    this.#bytes += message.size;
    this.#charge += chargeOf(message.size);
    while (this.#bytes > this.#maximum && this.#start < this.#messages.length - 1) {
      this.#bytes -= this.#messages[this.#start]!.size;
      this.#messages[this.#start++] = DROPPED;
      this.#first++;
    }
    if (this.#start < CUT) return;
    this.#messages = this.#messages.slice(this.#start);
    this.#charges = this.#charges.slice(this.#start);
    this.#start = 0;
  }

  /**
   * Finds messages that go together.
   *
   * @param from Number of the first one, which is kept.
   * @param bytes How many bytes they may have: a larger one goes alone.
   * @returns The messages.
   */
  batch(from: number, bytes: number): Encoded[] {
    let end = this.#start + from - this.#first;
    const begin = end;
    for (let size = 0; end < this.#messages.length; end++) {
      const message = this.#messages[end]!;
      size += message.size;
      // What does not fit one datagram takes another way, on which others would overtake it.
      if (end > begin && (size > bytes || message.bytes === undefined)) break;
      if (message.bytes === undefined) return [message];
    }
    return this.#messages.slice(begin, end);
  }
}
