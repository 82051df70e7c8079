/**
 * Fragments, and who puts them together.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { equals } from "@std/bytes";
import { nlmsgAlign } from "../../src/wire/align.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import type { FragmentProblem } from "../../src/wire/fragment_problem.ts";
import { FRAME_HEADERS_SIZE, type FrameFields, writeFragmentHeaders } from "../../src/wire/frame.ts";
import {
  type FragmentSource,
  type LostMessage,
  Reassembler,
  type ReassemblyLimits,
} from "../../src/wire/reassembly.ts";

/** What a message costs besides its body, in bytes. */
export const OVERHEAD = 512;

/** Who sends, where nothing else is said. */
export const SENDER: FragmentSource = { port: 4_242, uid: 1_000, pidHint: 77 };

/** What the headers carry, where nothing else is said. */
export const FIELDS: FrameFields = {
  flags: 1,
  nlmsgSeq: 5,
  port: SENDER.port,
  payloadType: 1,
  seq: 9,
  time: 1_700_000_000_000,
};

/** Bytes of which each differs from its neighbours, and from those of another seed. */
export function bytesOf(length: number, seed = 0): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  for (let index = 0; index < length; index++) bytes[index] = index * 7 + (index >> 8) + 31 * seed;
  return bytes;
}

/** A fragment; `total` is the length of the whole body that it states. */
export function fragment(
  part: Uint8Array,
  total: number,
  last: boolean,
  fields: Partial<FrameFields> = {},
): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_HEADERS_SIZE + part.length);
  writeFragmentHeaders(new DataView(bytes.buffer), 0, part.length, total, last, { ...FIELDS, ...fields });
  bytes.set(part, FRAME_HEADERS_SIZE);
  return bytes;
}

/** The fragments of a message: those with the lengths that are given, then the last one with the rest. */
export function cut(
  body: Uint8Array,
  lengths: readonly number[],
  fields: Partial<FrameFields> = {},
): Uint8Array<ArrayBuffer>[] {
  let start = 0;
  const fragments = lengths.map((length) =>
    fragment(body.subarray(start, start += length), body.length, false, fields)
  );
  return [...fragments, fragment(body.subarray(start), body.length, true, fields)];
}

/** Several fragments in one datagram. */
export function join(fragments: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(fragments.reduce((sum, { length }) => nlmsgAlign(sum) + length, 0));
  let offset = 0;
  for (const fragment of fragments) {
    bytes.set(fragment, offset);
    offset = nlmsgAlign(offset + fragment.length);
  }
  return bytes;
}

/** What becomes of a fragment. */
export type Outcome = Uint8Array<ArrayBuffer> | FragmentProblem | string | undefined;

/** Takes datagrams of fragments. */
export class Receiver {
  readonly reassembler: Reassembler;
  /** Messages that were lost. */
  readonly lost: LostMessage[] = [];
  /** What it says where it is asked whether a message is taken. */
  refusal: string | undefined;
  /** How often it was asked. */
  asked = 0;
  /** Called where a message was lost. */
  onLost: () => void = () => {};
  // As the memory of a slot, it is used again for every datagram. It begins within its buffer, where nobody may count on zero.
  #memory = new Uint8Array(1_000);

  constructor(limits: Partial<ReassemblyLimits> = {}) {
    this.reassembler = new Reassembler(
      { total: 2 ** 30, perUser: 2 ** 30, isForeign: (uid) => uid !== 0, ...limits },
      (message) => {
        this.lost.push(message);
        this.onLost();
      },
    );
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.reassembler.bytes;
  }

  /** Takes a datagram of one fragment. */
  take(datagram: Uint8Array, source: FragmentSource = SENDER): Outcome {
    const [outcome, ...more] = this.takeAll(datagram, source);
    assertEquals(more, []);
    return outcome;
  }

  /** Takes a datagram of fragments, of which none is for the reader to refuse. */
  takeAll(datagram: Uint8Array, source: FragmentSource = SENDER): Outcome[] {
    if (this.#memory.length < 8 + datagram.length) this.#memory = new Uint8Array(8 + 2 * datagram.length);
    const memory = this.#memory.subarray(8);
    memory.set(datagram);
    const reader = new DatagramReader();
    reader.start(memory, datagram.length);
    const outcomes: Outcome[] = [];
    while (reader.next()) {
      assertEquals([reader.problem, reader.fragment], [undefined, true]);
      outcomes.push(this.reassembler.take(reader, memory, source, () => {
        this.asked++;
        return this.refusal;
      }));
    }
    // Whatever is handed on is not this.
    memory.fill(0xee);
    return outcomes;
  }

  /** Takes the datagrams of one message; all of them but the last have no outcome, and that is returned. */
  takeMessage(fragments: readonly Uint8Array[], source: FragmentSource = SENDER): Outcome {
    const outcomes = fragments.map((fragment) => this.take(fragment, source));
    const outcome = outcomes.pop();
    assertEquals(outcomes, outcomes.map(() => undefined));
    return outcome;
  }

  /** Fails where something is kept. */
  assertEmpty(): void {
    assertEquals([this.bytes, this.reassembler.isEmpty], [0, true]);
  }
}

/** Fails where an outcome is not this body. */
export function assertWhole(outcome: Outcome, body: Uint8Array): void {
  assertInstanceOf(outcome, Uint8Array, `It is ${JSON.stringify(outcome)}`);
  if (!equals(outcome as Uint8Array, body)) assertEquals((outcome as Uint8Array).toHex(), body.toHex());
}

/** Fails where an outcome is not a problem of this kind, for this reason. */
export function assertProblem(outcome: Outcome, kind: FragmentProblem["kind"], reason: string): void {
  assert(typeof outcome === "object" && !(outcome instanceof Uint8Array), `It is ${outcome}`);
  const problem = outcome as FragmentProblem;
  assertEquals(problem.kind, kind);
  assert(problem.reason.includes(reason), problem.reason);
}
