/**
 * What receivers make of the datagrams that a link has sent.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { DatagramReader } from "../../src/wire/datagram.ts";
import type { RecordingLink } from "../fakes/recording_link.ts";

const HEADERS = 40;
const DECODER = new TextDecoder("utf-8", { fatal: true });

/** What has arrived at a port. */
export interface Arrived {
  /** Bodies of messages, in the order in which they were whole. */
  readonly whole: readonly string[];
  /** Bodies of those that came in no fragments. */
  readonly small: readonly string[];
  /** Numbers of messages of which the last fragment has not come. */
  readonly incomplete: readonly number[];
  /** The most messages that were not whole at once. */
  readonly mostAtOnce: number;
}

interface Partial {
  readonly nlmsgSeq: number;
  readonly size: number;
  readonly parts: Uint8Array[];
}

/** Reads what a link has sent; fails where a fragment does not fit the others of its message. */
export class Receivers {
  readonly #link: RecordingLink;
  readonly #left: { to: number; at: number }[] = [];

  constructor(link: RecordingLink) {
    this.#link = link;
  }

  /** Whoever holds a port goes away, with all that is not whole yet. */
  leave(to: number): void {
    this.#left.push({ to, at: this.#link.sent.length });
  }

  /** What has arrived at a port so far. */
  at(port: number): Arrived {
    const whole: string[] = [];
    const small: string[] = [];
    const partials = new Map<number, Partial>();
    let mostAtOnce = 0;
    for (const [index, { to, bytes }] of this.#link.sent.entries()) {
      if (this.#left.some((left) => left.to === port && left.at === index)) partials.clear();
      if (to !== port) continue;
      const reader = new DatagramReader();
      reader.start(bytes, bytes.length);
      while (reader.next()) {
        if (reader.problem !== undefined) throw new AssertionError(reader.problem);
        const part = bytes.subarray(reader.bodyStart, reader.bodyEnd);
        const body = reader.fragment ? take(partials, reader, part) : DECODER.decode(part);
        if (body !== undefined) whole.push(body);
        if (body !== undefined && !reader.fragment) small.push(body);
      }
      mostAtOnce = Math.max(mostAtOnce, partials.size);
    }
    if (this.#left.some(({ to, at }) => to === port && at === this.#link.sent.length)) partials.clear();
    return { whole, small, incomplete: [...partials.values()].map(({ nlmsgSeq }) => nlmsgSeq), mostAtOnce };
  }
}

/** Takes a fragment; returns the body where it is whole. */
function take(partials: Map<number, Partial>, reader: DatagramReader, part: Uint8Array): string | undefined {
  const { seq, nlmsgSeq, size, last } = reader;
  const partial = partials.get(seq) ?? { nlmsgSeq, size, parts: [] };
  if (partial.nlmsgSeq !== nlmsgSeq || partial.size !== size) throw new AssertionError(`Message ${seq} changes`);
  if (part.length === 0 && last && partial.parts.length === 0) {
    throw new AssertionError(`A farewell of nothing: ${seq}`);
  }
  partials.set(seq, partial);
  partial.parts.push(part);
  if (!last) return undefined;
  partials.delete(seq);
  if (part.length === 0) return undefined;
  const length = partial.parts.reduce((sum, { length }) => sum + length, HEADERS);
  if (length !== size) throw new AssertionError(`${length} of ${size} bytes of message ${seq} have come`);
  return DECODER.decode(new Uint8Array(partial.parts.flatMap((bytes) => [...bytes])));
}
