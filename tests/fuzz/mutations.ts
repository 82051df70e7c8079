/**
 * What can happen to the bytes of a valid message. Wherever an offset is beyond the end, it begins again at the start.
 *
 * @module
 */
import fc from "fast-check";
import { nlmsgAlign } from "../../src/wire/align.ts";

/** Fields of both headers: offset and size in bytes. Of `timestamp` it is one half. */
const FIELDS = {
  nlmsg_len: [0, 4],
  nlmsg_type: [4, 2],
  nlmsg_flags: [6, 2],
  nlmsg_seq: [8, 4],
  nlmsg_pid: [12, 4],
  version: [16, 2],
  flag: [18, 2],
  length: [20, 4],
  payload_type: [24, 2],
  reserved: [26, 2],
  seq: [28, 4],
  timestamp: [36, 4],
} as const;

/** One change. */
export type Mutation =
  | { readonly change: "flip"; readonly at: number; readonly bit: number }
  | { readonly change: "overwrite"; readonly at: number; readonly hex: string }
  | { readonly change: "insert"; readonly at: number; readonly hex: string }
  | { readonly change: "remove"; readonly at: number; readonly count: number }
  | { readonly change: "truncate"; readonly at: number }
  /** A part of the bytes comes once more, elsewhere. */
  | { readonly change: "splice"; readonly at: number; readonly count: number; readonly to: number }
  /** A field of the message with this index states something else. */
  | { readonly change: "state"; readonly message: number; readonly field: keyof typeof FIELDS; readonly value: number }
  /** A field states so much more, or less. */
  | { readonly change: "shift"; readonly message: number; readonly field: keyof typeof FIELDS; readonly by: number }
  /** Bytes follow that are no message, as padding does. */
  | { readonly change: "pad"; readonly count: number; readonly byte: number };

/** Values at the bounds of what headers hold. */
const VALUES = [0, 1, 2, 3, 4, 0x10, 15, 17, 23, 24, 25, 39, 40, 41, 64, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff];

const at = fc.oneof(fc.nat(63), fc.nat(2_000));
const field = fc.constantFrom(...Object.keys(FIELDS) as (keyof typeof FIELDS)[]);
const hex = fc.uint8Array({ minLength: 1, maxLength: 6 }).map((bytes) => bytes.toHex());
const message = fc.nat(3);

/** Any change. */
export const MUTATION: fc.Arbitrary<Mutation> = fc.oneof(
  fc.record({ change: fc.constant("flip" as const), at, bit: fc.nat(7) }),
  fc.record({ change: fc.constant("overwrite" as const), at, hex }),
  fc.record({ change: fc.constant("insert" as const), at, hex }),
  fc.record({ change: fc.constant("remove" as const), at, count: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ change: fc.constant("truncate" as const), at }),
  fc.record({ change: fc.constant("splice" as const), at, count: fc.integer({ min: 1, max: 60 }), to: at }),
  {
    arbitrary: fc.record({
      change: fc.constant("state" as const),
      message,
      field,
      value: fc.oneof(fc.constantFrom(...VALUES), fc.nat(200)),
    }),
    weight: 3,
  },
  {
    arbitrary: fc.record({
      change: fc.constant("shift" as const),
      message,
      field,
      by: fc.integer({ min: -9, max: 9 }),
    }),
    weight: 2,
  },
  fc.record({
    change: fc.constant("pad" as const),
    count: fc.integer({ min: 1, max: 20 }),
    byte: fc.constantFrom(0, 0xff),
  }),
);

/** Applies a change, to a copy. */
export function mutate(bytes: Uint8Array, mutation: Mutation): Uint8Array<ArrayBuffer> {
  const { length } = bytes;
  const within = (offset: number) => length === 0 ? 0 : offset % length;
  switch (mutation.change) {
    case "flip": {
      const copy = bytes.slice();
      if (length > 0) copy[within(mutation.at)]! ^= 1 << mutation.bit;
      return copy;
    }
    case "overwrite": {
      const start = within(mutation.at);
      const copy = bytes.slice();
      copy.set(Uint8Array.fromHex(mutation.hex).subarray(0, length - start), start);
      return copy;
    }
    case "insert":
      return replace(bytes, within(mutation.at), 0, Uint8Array.fromHex(mutation.hex));
    case "remove":
      return replace(bytes, within(mutation.at), mutation.count);
    case "truncate":
      return bytes.slice(0, within(mutation.at));
    case "splice": {
      const start = within(mutation.at);
      return replace(bytes, within(mutation.to), 0, bytes.slice(start, start + mutation.count));
    }
    case "state":
      return changeField(bytes, mutation.message, mutation.field, () => mutation.value);
    case "shift":
      return changeField(bytes, mutation.message, mutation.field, (value) => value + mutation.by);
    case "pad":
      return replace(bytes, length, 0, new Uint8Array(mutation.count).fill(mutation.byte));
  }
}

function replace(bytes: Uint8Array, start: number, count: number, by = new Uint8Array(0)): Uint8Array<ArrayBuffer> {
  const rest = bytes.subarray(start + count);
  const changed = new Uint8Array(start + by.length + rest.length);
  changed.set(bytes.subarray(0, start));
  changed.set(by, start);
  changed.set(rest, start + by.length);
  return changed;
}

function changeField(
  bytes: Uint8Array,
  message: number,
  field: keyof typeof FIELDS,
  change: (value: number) => number,
): Uint8Array<ArrayBuffer> {
  const copy = bytes.slice();
  const view = new DataView(copy.buffer);
  const starts = startsOf(view);
  const [offset, size] = FIELDS[field];
  const start = starts[message % starts.length]! + offset;
  if (start + size > copy.length) return copy;
  if (size === 2) view.setUint16(start, change(view.getUint16(start, true)), true);
  else view.setUint32(start, change(view.getUint32(start, true)), true);
  return copy;
}

/** Where messages begin, as far as they say so. */
function startsOf(view: DataView): number[] {
  const starts = [0];
  for (let start = 0; start + 4 <= view.byteLength;) {
    const length = view.getUint32(start, true);
    start += nlmsgAlign(length);
    if (length < 16 || length > view.byteLength || start >= view.byteLength) break;
    starts.push(start);
  }
  return starts;
}
