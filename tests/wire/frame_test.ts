import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { FRAME_HEADERS_SIZE, type FrameFields, writeFragmentHeaders, writeFrameHeaders } from "../../src/wire/frame.ts";
import { NetlinkMessage } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import { check } from "../fakes/property.ts";
import { FRAGMENTS, messageVector, unhex } from "../vectors/native.ts";

const BLANK: FrameFields = { flags: 0, nlmsgSeq: 0, port: 0, payloadType: 1, seq: 0, time: 0 };

function frame(bodyLength: number, fields: FrameFields): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_HEADERS_SIZE + bodyLength);
  writeFrameHeaders(new DataView(bytes.buffer), 0, bodyLength, fields);
  return bytes;
}

function decode(bytes: Uint8Array): { netlink: NetlinkMessage; procslink: ProcslinkMessage } {
  const netlink = NetlinkMessage.fromBytes(bytes);
  return { netlink, procslink: ProcslinkMessage.fromBytes(netlink.payload) };
}

for (const name of ["request", "response"]) {
  Deno.test(`writeFrameHeaders writes the golden headers of a ${name}, and the time to half a microsecond`, () => {
    const vector = messageVector(name);
    const golden = unhex(vector.hex);
    const bytes = frame(golden.length - FRAME_HEADERS_SIZE, {
      flags: vector.nlmsg_flags,
      nlmsgSeq: vector.nlmsg_seq,
      port: vector.nlmsg_pid,
      payloadType: vector.payload_type,
      seq: vector.seq,
      time: Number(vector.timestamp) / 1e6,
    });
    const timestamp = FRAME_HEADERS_SIZE - 8;
    assertEquals(bytes.subarray(0, timestamp).toHex(), golden.subarray(0, timestamp).toHex());
    const difference = decode(bytes).procslink.header.timestamp - BigInt(vector.timestamp);
    assert(difference > -512n && difference < 512n, `The time is ${difference} ns off`);
  });
}

Deno.test("writeFrameHeaders splits the time into two halves without losing a bit", () => {
  // Times whose nanoseconds a double holds exactly, around the bound between the halves.
  for (const nanoseconds of [0, 1e6, 4_294_000_000, 4_295_000_000, 1_700_000_000_123e6]) {
    const { header } = decode(frame(0, { ...BLANK, time: nanoseconds / 1e6 })).procslink;
    assertEquals(header.timestamp, BigInt(nanoseconds));
  }
});

Deno.test("writeFrameHeaders overwrites what was there, and nothing beside it", () => {
  const bytes = new Uint8Array(FRAME_HEADERS_SIZE + 8).fill(0xaa);
  writeFrameHeaders(new DataView(bytes.buffer), 4, 0, BLANK);
  assertEquals(bytes.subarray(0, 4).toHex() + bytes.subarray(-4).toHex(), "aaaaaaaaaaaaaaaa");
  assertEquals(bytes.subarray(4, -4).toHex(), frame(0, BLANK).toHex());
});

Deno.test("Any frame is a netlink message with a ProcsLink message in it", () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({ flags: u16, nlmsgSeq: u32, port: u32, payloadType: u16, seq: u32, time: fc.nat(2 ** 42) });
  check(fc.property(fields, fc.nat(100), (fields, bodyLength) => {
    const { netlink, procslink } = decode(frame(bodyLength, fields));
    assertEquals({ ...netlink.header }, {
      nlmsgLen: 40 + bodyLength,
      nlmsgType: 0x10,
      nlmsgFlags: fields.flags,
      nlmsgSeq: fields.nlmsgSeq,
      nlmsgPid: fields.port,
    });
    assertEquals({ ...procslink.header }, {
      version: 1,
      flag: 0,
      length: 24 + bodyLength,
      payloadType: fields.payloadType,
      reserved: 0,
      seq: fields.seq,
      timestamp: BigInt(fields.time * 1e6),
    });
  }));
});

/** A fragment with room for its part. */
function fragment(part: number, body: number, last: boolean, fields: FrameFields): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(FRAME_HEADERS_SIZE + part);
  writeFragmentHeaders(new DataView(bytes.buffer), 0, part, body, last, fields);
  return bytes;
}

for (const [index, hex] of FRAGMENTS.datagrams.entries()) {
  Deno.test(`writeFragmentHeaders writes the golden headers: fragment ${index + 1}`, () => {
    const golden = unhex(hex);
    const time = 1_700_000_000_123.4568;
    const fields = { flags: 0, nlmsgSeq: 9, port: 4242, payloadType: 2, seq: 9, time };
    const part = golden.length - FRAME_HEADERS_SIZE;
    const bytes = fragment(part, FRAGMENTS.json.length, index === FRAGMENTS.datagrams.length - 1, fields);
    const timestamp = FRAME_HEADERS_SIZE - 8;
    assertEquals(bytes.subarray(0, timestamp).toHex(), golden.subarray(0, timestamp).toHex());
    const difference = new DataView(bytes.buffer).getBigUint64(timestamp, true) - 1700000000123456789n;
    assert(difference > -512n && difference < 512n, `The time is ${difference} ns off`);
  });
}

Deno.test("writeFragmentHeaders overwrites what was there, and nothing beside it", () => {
  const bytes = new Uint8Array(FRAME_HEADERS_SIZE + 8).fill(0xaa);
  writeFragmentHeaders(new DataView(bytes.buffer), 4, 0, 7, false, BLANK);
  assertEquals(bytes.subarray(0, 4).toHex() + bytes.subarray(-4).toHex(), "aaaaaaaaaaaaaaaa");
  assertEquals(bytes.subarray(4, -4).toHex(), fragment(0, 7, false, BLANK).toHex());
});

Deno.test("Any fragment is a netlink message with a part, and the header of the whole message in it", () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({ flags: u16, nlmsgSeq: u32, port: u32, payloadType: u16, seq: u32, time: fc.nat(2 ** 42) });
  check(fc.property(fields, fc.nat(100), fc.nat(2 ** 32 - 25), fc.boolean(), (fields, part, body, last) => {
    const { header, payload } = NetlinkMessage.fromBytes(fragment(part, body, last, fields));
    assertEquals({ ...header }, {
      nlmsgLen: 40 + part,
      nlmsgType: last ? 0x3 : 0x10,
      nlmsgFlags: fields.flags | 0x2,
      nlmsgSeq: fields.nlmsgSeq,
      nlmsgPid: fields.port,
    });
    assertEquals({ ...ProcslinkMessageHeader.fromBytes(payload) }, {
      version: 1,
      flag: 0,
      length: 24 + body,
      payloadType: fields.payloadType,
      reserved: 0,
      seq: fields.seq,
      timestamp: BigInt(fields.time * 1e6),
    });
  }));
});
