// No bytes are a message in both dialects: not those that a writer of either makes, nor what becomes of them, nor any others.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { DecodeError } from "../../src/errors.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { type Dialect, LEGACY, NATIVE } from "../../src/wire/dialect.ts";
import { writeFragmentHeaders, writeFrameHeaders } from "../../src/wire/frame.ts";
import { isLegacyDatagram, writeLegacyHeaders } from "../../src/wire/legacy.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import type { NlmsghdrFields } from "../../src/wire/nlmsghdr.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import type { ProcslinkhdrFields } from "../../src/wire/procslinkhdr.ts";
import { viewOf } from "../../src/wire/view.ts";
import { check } from "../fakes/property.ts";
import { legacyMessage } from "./legacy_messages.ts";

const HEADERS = 40;
const DIALECTS: readonly Dialect[] = [NATIVE, LEGACY];

const u16 = fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x10, 0x100, 0x1000, 0xffff), fc.nat(0xffff));
const u32 = fc.oneof(fc.constantFrom(0, 1, 16, 40, 0x1000_0000, 0x2800_0000, 0xffff_ffff), fc.nat(0xffff_ffff));
// A body may be what the other dialect would make a header of.
const body = fc.oneof(
  fc.uint8Array({ maxLength: 100 }),
  fc.json().map((text) => new TextEncoder().encode(text)),
  fc.nat(80).map((length) => new Uint8Array(length)),
  // So long that an nlmsg_len with the highest byte first may be a true one with the lowest first, and the other way round.
  fc.record({
    length: fc.constantFrom(256 - HEADERS, 4_096 - HEADERS, 65_536 - 24, 65_536 - HEADERS, 65_792 - 24, 1_048_576 - 24),
    fill: fc.constantFrom(0, 1, 0x10, 0x20),
  }).map(({ length, fill }) => new Uint8Array(length).fill(fill)),
);

const fields = fc.record({ flags: u16, nlmsgSeq: u32, port: u32, payloadType: u16, seq: u32, time: fc.nat(2 ** 41) });

/** What peers make of a body in one go: whole messages. */
const framed = fc.record({ fields, body }).map(({ fields, body }) => {
  const bytes = new Uint8Array(HEADERS + body.length);
  // Of the bits of nlmsg_flags a peer sets that of a request, and that of a fragment where it is one.
  writeFrameHeaders(viewOf(bytes), 0, body.length, { ...fields, flags: fields.flags & ~2 });
  bytes.set(body, HEADERS);
  return bytes;
});

/** Fragments, the last ones too. */
const fragment = fc.record({ fields, body, more: fc.nat(2 ** 24), last: fc.boolean() }).map((made) => {
  const { fields, body, more, last } = made;
  const bytes = new Uint8Array(HEADERS + body.length);
  writeFragmentHeaders(viewOf(bytes), 0, body.length, body.length + more, last, fields);
  bytes.set(body, HEADERS);
  return bytes;
});

/** What is sent to learn whether somebody is there, and what the classes make. */
const noop = fc.record({ nlmsgFlags: u16, nlmsgSeq: u32, nlmsgPid: u32 }).map((fields) =>
  new NetlinkMessage(new NetlinkMessageHeader({ ...fields, nlmsgType: 1 }), new Uint8Array()).toBytes()
);

const ofClasses = fc.record({ flag: u16, payloadType: u16, reserved: u16, seq: u32, nlmsgPid: u32, body }).map(
  (made) => {
    const { body, nlmsgPid, ...fields } = made;
    const inner = new ProcslinkMessage(new ProcslinkMessageHeader(fields), body).toBytes();
    return new NetlinkMessage(new NetlinkMessageHeader({ nlmsgPid }), inner).toBytes();
  },
);

const nativeMessage = fc.oneof(framed, fragment, noop, ofClasses);

/** Messages that leave together, each at a multiple of 4 bytes, with or without padding behind the last one. */
const nativeDatagram = fc.record({
  messages: fc.array(nativeMessage, { minLength: 1, maxLength: 4 }),
  isPadded: fc.boolean(),
}).map(({ messages, isPadded }) =>
  concat(messages.flatMap((bytes, index) => {
    const padding = isPadded || index < messages.length - 1 ? (4 - bytes.length % 4) % 4 : 0;
    return [bytes, new Uint8Array(padding)];
  }))
);

const legacyDatagram = fc.oneof(
  fc.record({ port: u32, payloadType: u16, body }).map(({ port, payloadType, body }) => {
    const bytes = new Uint8Array(HEADERS + body.length);
    writeLegacyHeaders(viewOf(bytes), 0, body.length, port, payloadType);
    bytes.set(body, HEADERS);
    return bytes;
  }),
  fc.record({ nlmsgFlags: u16, nlmsgSeq: u32, nlmsgPid: u32, flag: u16, payloadType: u16, seq: u32, body }).map(
    ({ body, ...fields }) => legacyMessage(fields, body),
  ),
);

function concat(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}

/** Whether the message classes decode the bytes as the first message of a datagram in a dialect. */
function decodes(bytes: Uint8Array, dialect: Dialect): boolean {
  try {
    ProcslinkMessage.fromBytes(NetlinkMessage.fromBytes(bytes, dialect).payload, dialect);
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

/** The dialects in which a reader reads the messages of a datagram: none of what is no message. */
function dialectsRead(bytes: Uint8Array, reader = new DatagramReader()): Dialect[] {
  const dialects: Dialect[] = [];
  reader.start(bytes, bytes.length);
  while (reader.next()) if (reader.problem === undefined) dialects.push(reader.dialect);
  return dialects;
}

/** Fails where bytes are a message in both dialects, or one thing to the reader and another to the classes. */
function assertNotBoth(bytes: Uint8Array): void {
  const [native, legacy] = DIALECTS.map((dialect) => decodes(bytes, dialect));
  assert(!(native && legacy), "The classes decode both");
  const read = dialectsRead(bytes);
  const isOne = read.every((dialect) => dialect === NATIVE) || (read.length === 1 && read[0] === LEGACY);
  assert(isOne, `Read as ${read.join(" and ")}`);
  const isReadAsLegacy = read[0] === LEGACY;
  assertEquals(isLegacyDatagram(viewOf(bytes), bytes.length), isReadAsLegacy);
  assert(!(native && isReadAsLegacy), "The classes decode a native message, and the reader a legacy one");
  // A reader hands out other versions, which the classes refuse.
  const isKnown = isReadAsLegacy && viewOf(bytes).getUint16(16, false) === 1;
  assertEquals(legacy, isKnown, "The classes and the reader differ about a legacy message");
}

Deno.test("What a native writer makes is read as native only", () => {
  check(
    fc.property(nativeDatagram, (bytes) => {
      assertEquals(decodes(bytes, LEGACY), false);
      assertEquals(isLegacyDatagram(viewOf(bytes), bytes.length), false);
      assertEquals(dialectsRead(bytes).filter((dialect) => dialect !== NATIVE), []);
      assertNotBoth(bytes);
    }),
    1_000,
  );
});

Deno.test("Every message that a native writer makes is read, NOOPs passed over", () => {
  check(fc.property(fc.oneof(framed, fragment, ofClasses), (bytes) => assertEquals(dialectsRead(bytes), [NATIVE])));
  check(fc.property(noop, (bytes) => assertEquals(dialectsRead(bytes), [])));
  check(fc.property(fc.oneof(framed, ofClasses), (bytes) => assertEquals(decodes(bytes, NATIVE), true)));
});

Deno.test("What a legacy writer makes is read as legacy only, as a whole", () => {
  check(
    fc.property(legacyDatagram, (bytes) => {
      assertEquals(DIALECTS.map((dialect) => decodes(bytes, dialect)), [false, true]);
      assertEquals(dialectsRead(bytes), [LEGACY]);
      const reader = new DatagramReader();
      reader.start(bytes, bytes.length);
      assert(reader.next());
      const { nlmsgPid } = NetlinkMessageHeader.fromBytes(bytes, LEGACY);
      assertEquals([reader.bodyStart, reader.bodyEnd, reader.nlmsgPid], [HEADERS, bytes.length, nlmsgPid]);
      assertNotBoth(bytes);
    }),
    1_000,
  );
});

Deno.test("A legacy message beside others in a datagram is never read", () => {
  check(fc.property(fc.array(fc.oneof(nativeMessage, legacyDatagram), { minLength: 2, maxLength: 4 }), (messages) => {
    const padded = messages.map((bytes) => concat([bytes, new Uint8Array((4 - bytes.length % 4) % 4)]));
    const bytes = concat(padded);
    assert(!dialectsRead(bytes).includes(LEGACY));
    assertNotBoth(bytes);
  }));
});

Deno.test("A reader that is used again reads each datagram in its own dialect", () => {
  const datagrams = fc.array(
    fc.oneof(
      fc.oneof(framed, ofClasses).map((bytes) => ({ bytes, dialect: NATIVE as Dialect })),
      legacyDatagram.map((bytes) => ({ bytes, dialect: LEGACY as Dialect })),
    ),
    { maxLength: 8 },
  );
  check(fc.property(datagrams, (datagrams) => {
    const reader = new DatagramReader();
    for (const { bytes, dialect } of datagrams) assertEquals(dialectsRead(bytes, reader), [dialect]);
  }));
});

Deno.test("Whatever becomes of a message on its way, it is not one in both dialects", () => {
  const change = fc.oneof(
    // Headers are where it matters.
    fc.record({ at: fc.nat(HEADERS - 1), to: fc.oneof(fc.constantFrom(0, 1, 2, 3, 0x10), fc.nat(255)) }),
    fc.record({ at: fc.nat(200), to: fc.nat(255) }),
  );
  const changed = fc.record({
    bytes: fc.oneof(nativeDatagram, legacyDatagram),
    changes: fc.array(change, { maxLength: 5 }),
    cut: fc.option(fc.nat(100)),
    behind: fc.uint8Array({ maxLength: 8 }),
    isSwapped: fc.boolean(),
  });
  check(
    fc.property(changed, ({ bytes, changes, cut, behind, isSwapped }) => {
      const mutant = concat([cut === null ? bytes : bytes.subarray(0, cut), behind]);
      for (const { at, to } of changes) if (at < mutant.length) mutant[at] = to;
      if (isSwapped) swapLengths(mutant);
      assertNotBoth(mutant);
    }),
    2_000,
  );
});

Deno.test("No bytes whatever are a message in both dialects", () => {
  check(fc.property(fc.uint8Array({ maxLength: 120 }), assertNotBoth), 1_000);
});

Deno.test("No bytes whose lengths are true in one dialect or the other are a message in both", () => {
  const type = fc.oneof(fc.constantFrom(0, 0x10), u16);
  const version = fc.oneof(fc.constant(1), fc.constantFrom(0, 1, 2, 256));
  const made = fc.record({
    netlink: fc.record({ nlmsgType: type, nlmsgFlags: u16, nlmsgSeq: u32, nlmsgPid: u32 }),
    procslink: fc.record({ version, flag: u16, payloadType: u16, reserved: u16, seq: u32 }),
    body,
    inner: fc.constantFrom(...DIALECTS),
    outer: fc.constantFrom(...DIALECTS),
    isLittleEndian: fc.boolean(),
  });
  let [natives, legacies] = [0, 0];
  check(
    fc.property(made, ({ netlink, procslink, body, inner, outer, isLittleEndian }) => {
      const bytes = writeHeaders(netlink, procslink, body, inner, outer, isLittleEndian);
      assertNotBoth(bytes);
      if (decodes(bytes, NATIVE)) natives++;
      if (decodes(bytes, LEGACY)) legacies++;
    }),
    2_000,
  );
  assert(natives > 0 && legacies > 0, `${natives} native and ${legacies} legacy messages were among them`);
});

/** Has each length say the truth as a dialect counts it, in either order of bytes. */
function writeHeaders(
  netlink: Omit<NlmsghdrFields, "nlmsgLen">,
  procslink: Omit<ProcslinkhdrFields, "length" | "timestamp">,
  body: Uint8Array,
  inner: Dialect,
  outer: Dialect,
  isLittleEndian: boolean,
): Uint8Array<ArrayBuffer> {
  const order = isLittleEndian ? NATIVE : LEGACY;
  const nlmsgLen = body.length + (outer === NATIVE ? HEADERS : HEADERS - 16);
  const length = body.length + (inner === NATIVE ? HEADERS - 16 : 0);
  return concat([
    new NetlinkMessageHeader({ ...netlink, nlmsgLen }).toBytes(order),
    new ProcslinkMessageHeader({ ...procslink, length }).toBytes(order),
    body,
  ]);
}

/** Turns the bytes of both lengths round. */
function swapLengths(bytes: Uint8Array): void {
  for (const offset of [0, 20]) bytes.subarray(offset, offset + 4).reverse();
}
