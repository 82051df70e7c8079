/**
 * Bytes for decoders: noise, valid datagrams, and valid ones that something has happened to.
 *
 * @module
 */
import fc from "fast-check";
import { NetlinkMessage, NetlinkMessageHeader, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import { fragments, frame, joined } from "../fakes/stranger.ts";
import { mutate, MUTATION, type Mutation } from "./mutations.ts";
import { batchesOf, ERROR, nestings, requestsFor, RESPONSE, VALUE } from "./texts.ts";

const noise = fc.uint8Array({ maxLength: 80 }).map((bytes) => new Uint8Array(bytes));
const encoder = new TextEncoder();

const body = fc.oneof(
  fc.string({ maxLength: 40 }),
  fc.constantFrom("", "{}", '{"jsonrpc":"2.0","id":1,"method":"echo"}', '{"jsonrpc":"2.0","id":1,"result":1}'),
);
const u32 = fc.oneof(fc.nat(9), fc.constantFrom(0x7fff_ffff, 0x8000_0000, 0xffff_ffff));

/** The frames of one message: whole, in fragments, a NOOP, or of a kind that is not known. */
const frames = fc.record({
  body,
  nlmsgType: fc.constantFrom(0x10, 0x10, 0x10, 0x10, 1, 3, 2, 0x11),
  nlmsgFlags: fc.constantFrom(0, 1, 2, 3),
  nlmsgSeq: u32,
  port: u32,
  version: fc.constantFrom(1, 1, 1, 1, 0, 2),
  payloadType: fc.constantFrom(1, 2, 3),
  seq: u32,
  part: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 30 })),
}).map(({ body, nlmsgType, nlmsgFlags, nlmsgSeq, port, version, payloadType, seq, part }) => {
  const procslink = { version, payloadType, seq, timestamp: BigInt(nlmsgSeq) << 20n };
  if (part > 0) return fragments(port, { body, netlink: { nlmsgSeq }, procslink }, part);
  return [frame(port, { body, netlink: { nlmsgType, nlmsgFlags, nlmsgSeq }, procslink })];
});

/** Messages in the legacy dialect; some are as large as one of ours could be whose length has its bytes in the other order. */
const legacy = fc.record({
  body: fc.oneof({ arbitrary: body, weight: 20 }, { arbitrary: fc.constant("x".repeat(0x1_0000)), weight: 1 }),
  nlmsgPid: u32,
  version: fc.constantFrom(1, 1, 1, 0, 256),
  payloadType: fc.constantFrom(1, 2, 3),
}).map(({ body, nlmsgPid, version, payloadType }) => {
  const header = new ProcslinkMessageHeader({ version, payloadType });
  const inner = new ProcslinkMessage(header, encoder.encode(body)).toBytes("procslink-0.1");
  return new NetlinkMessage(new NetlinkMessageHeader({ nlmsgPid }), inner).toBytes("procslink-0.1");
});

/** Datagrams as a sender makes them; the padding of the last message need not be there. */
const valid = fc.tuple(fc.array(frames, { minLength: 1, maxLength: 3 }), fc.nat(3)).map(([messages, cut]) => {
  const all = messages.flat();
  const datagram = joined(...all);
  const padding = (4 - all.at(-1)!.length % 4) % 4;
  return datagram.slice(0, datagram.length - Math.min(cut, padding));
});

function mutated(cases: fc.Arbitrary<Uint8Array<ArrayBuffer>>): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.tuple(cases, fc.array(MUTATION, { minLength: 1, maxLength: 3 })).map(([bytes, mutations]) =>
    mutations.reduce((bytes: Uint8Array<ArrayBuffer>, mutation: Mutation) => mutate(bytes, mutation), bytes)
  );
}

/** Datagrams of all kinds. */
export const DATAGRAMS: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  { arbitrary: noise, weight: 2 },
  { arbitrary: valid, weight: 1 },
  { arbitrary: mutated(valid), weight: 6 },
  { arbitrary: legacy, weight: 1 },
  { arbitrary: mutated(legacy), weight: 2 },
  {
    arbitrary: fc.tuple(valid, mutated(valid), fc.nat(80)).map(([one, other, cut]) =>
      new Uint8Array([...one.subarray(0, cut), ...other])
    ),
    weight: 1,
  },
);

/** What follows the header of a netlink message, or the like. */
export const PAYLOADS: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc.oneof(
  { arbitrary: DATAGRAMS.map((bytes) => bytes.slice(16)), weight: 1 },
  { arbitrary: mutated(frames.map(([first]) => first!)).map((bytes) => bytes.slice(16)), weight: 3 },
  { arbitrary: frames.map(([first]) => first!.slice(16)), weight: 1 },
);

/** Bodies of all kinds: JSON or not, UTF-8 or not. */
export const BODIES: fc.Arbitrary<Uint8Array<ArrayBuffer>> = bodiesOf(
  fc.oneof(VALUE, requestsFor(["echo"]), RESPONSE, ERROR),
);

/** Bodies that hold one of these texts, mostly. */
export function bodiesOf(text: fc.Arbitrary<string>): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  const bytes = text.map((text) => encoder.encode(text));
  return fc.oneof(
    { arbitrary: bytes, weight: 12 },
    { arbitrary: mutated(bytes), weight: 6 },
    { arbitrary: bytes.map((bytes) => new Uint8Array([0xef, 0xbb, 0xbf, ...bytes])), weight: 1 },
    { arbitrary: batchesOf(text).map((text) => encoder.encode(text)), weight: 2 },
    { arbitrary: nestings(60).map((text) => encoder.encode(text)), weight: 2 },
    { arbitrary: noise, weight: 1 },
  );
}
