import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import fc from "fast-check";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import type { NlmsghdrFields } from "../../src/wire/nlmsghdr.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import type { ProcslinkhdrFields } from "../../src/wire/procslinkhdr.ts";
import { check } from "../fakes/property.ts";

/** One message with a body, padded to 4 bytes. Lengths that are given stand, true or not. */
function message(fields: Partial<NlmsghdrFields & ProcslinkhdrFields>, body: string): number[] {
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader(fields), new TextEncoder().encode(body)).toBytes();
  const outer = new NetlinkMessage(new NetlinkMessageHeader(fields), inner).toBytes();
  const view = new DataView(outer.buffer);
  if (fields.nlmsgLen !== undefined) view.setUint32(0, fields.nlmsgLen, true);
  if (fields.length !== undefined) view.setUint32(16 + 4, fields.length, true);
  return [...outer, ...new Uint8Array((4 - outer.length % 4) % 4)];
}

/** What a reader says of a datagram: a text for each problem, and the sequence number and body of each message. */
function read(bytes: readonly number[], reader = new DatagramReader()): (string | [seq: number, body: string])[] {
  const datagram = new Uint8Array(bytes);
  reader.start(datagram, datagram.length);
  const seen: ReturnType<typeof read> = [];
  while (reader.next()) {
    const body = new TextDecoder().decode(datagram.subarray(reader.bodyStart, reader.bodyEnd));
    seen.push(reader.problem ?? [reader.nlmsgSeq, body]);
  }
  assertEquals(reader.next(), false);
  return seen;
}

const GOOD = message({ nlmsgSeq: 8 }, "good");

Deno.test("A datagram of 0 to 15 bytes is one problem", () => {
  for (let length = 0; length < 16; length++) {
    assertEquals(read(GOOD.slice(0, length)), [`${length} bytes cannot hold an nlmsghdr, which takes 16`]);
  }
});

Deno.test("An nlmsg_len that cannot be true is one problem, and the rest of the datagram goes with it", () => {
  for (const nlmsgLen of [0, 1, 15, 93, 94, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1]) {
    const datagram = [...message({ nlmsgLen }, "four"), ...GOOD, 0, 0, 0, 0];
    assertEquals(datagram.length, 92);
    assertEquals(read(datagram), [`nlmsg_len is ${nlmsgLen}, and it must be from 16 to the 92 bytes left`]);
  }
});

Deno.test("A datagram may end within the padding, and padding is no message", () => {
  for (const body of ["", "1", "12", "123", "1234", "12345"]) {
    const padded = message({ nlmsgSeq: 1 }, body);
    for (let length = 40 + body.length; length <= padded.length; length++) {
      assertEquals(read(padded.slice(0, length)), [[1, body]]);
    }
  }
});

Deno.test("Bytes behind the last padding that hold no header are a problem", () => {
  assertEquals(read([...GOOD, 0]), [[8, "good"], "1 bytes cannot hold an nlmsghdr, which takes 16"]);
});

Deno.test("Several messages of any length are read in order", () => {
  const bodies = ["", "1", "12", "123", "1234"];
  const datagram = bodies.flatMap((body, index) => message({ nlmsgSeq: index }, body));
  assertEquals(read(datagram), bodies.map((body, index) => [index, body]));
});

const SANE_BUT_BAD: [what: string, bytes: number[], problem: string][] = [
  ["a procslinkhdr.length that is too small", message({ length: 27 }, "four"), "procslinkhdr.length is 27"],
  ["a procslinkhdr.length that is too large", message({ length: 29 }, "four"), "procslinkhdr.length is 29"],
  ["the largest procslinkhdr.length", message({ length: 2 ** 32 - 1 }, "four"), "procslinkhdr.length is 4294967295"],
  ["nlmsg_type 0", message({ nlmsgType: 0 }, "four"), "nlmsg_type 0 is unknown"],
  ["NLMSG_ERROR", message({ nlmsgType: 2 }, "four"), "nlmsg_type 2 is unknown"],
  ["nlmsg_type 0x11", message({ nlmsgType: 0x11 }, "four"), "nlmsg_type 17 is unknown"],
  [
    "NLMSG_OVERRUN, which the kernel would call a fragment",
    message({ nlmsgType: 4, nlmsgFlags: 2 }, "four"),
    "unknown",
  ],
  ["NLMSG_DONE without the flag of a fragment", message({ nlmsgType: 3 }, "four"), "DONE is of the last fragment"],
  [
    "NLMSG_DONE with another flag",
    message({ nlmsgType: 3, nlmsgFlags: 0xfffd }, "four"),
    "DONE is of the last fragment",
  ],
  ["NLMSG_DONE of another version", message({ nlmsgType: 3, version: 2 }, "four"), "DONE is of the last fragment"],
  ["no procslinkhdr", [...new NetlinkMessageHeader({ nlmsgLen: 16 }).toBytes()], "0 bytes cannot hold a procslinkhdr"],
  [
    "a fragment with half a procslinkhdr",
    [...new NetlinkMessageHeader({ nlmsgType: 3, nlmsgFlags: 2, nlmsgLen: 39 }).toBytes(), ...new Uint8Array(24)],
    "23 bytes cannot hold a procslinkhdr",
  ],
  [
    "half a procslinkhdr",
    [...new NetlinkMessageHeader({ nlmsgLen: 39 }).toBytes(), ...new Uint8Array(24)],
    "23 bytes cannot hold a procslinkhdr",
  ],
];

for (const [what, bytes, problem] of SANE_BUT_BAD) {
  Deno.test(`A message is refused, and the good ones around it are not: ${what}`, () => {
    const [before, bad, after, ...rest] = read([...GOOD, ...bytes, ...GOOD]);
    assertStringIncludes(bad as string, problem);
    assertEquals([before, after, rest], [[8, "good"], [8, "good"], []]);
  });
}

Deno.test("A problem with a whole header tells its sequence number and port", () => {
  const reader = new DatagramReader();
  const bytes = new Uint8Array(message({ nlmsgSeq: 5, nlmsgPid: 6, length: 0 }, ""));
  reader.start(bytes, bytes.length);
  assert(reader.next() && reader.problem !== undefined);
  assertEquals([reader.nlmsgSeq, reader.nlmsgPid], [5, 6]);
});

Deno.test("NOOPs are passed over, wherever they are and whatever is in them", () => {
  const bare = [...new NetlinkMessageHeader({ nlmsgType: 1, nlmsgLen: 16 }).toBytes()];
  const filled = message({ nlmsgType: 1, length: 99, nlmsgFlags: 2 }, "what");
  assertEquals(read(bare), []);
  assertEquals(read([...bare, ...filled, ...GOOD, ...bare, ...GOOD, ...filled]), [[8, "good"], [8, "good"]]);
  assertEquals(read([...bare, 1]), ["1 bytes cannot hold an nlmsghdr, which takes 16"]);
});

Deno.test("A message of another version is handed out, also where its length field means something else", () => {
  for (const version of [0, 2, 65535]) {
    for (const fields of [{ version }, { version, length: 0 }, { version, length: 2 ** 32 - 1 }]) {
      const reader = new DatagramReader();
      assertEquals(read(message({ nlmsgSeq: 3, payloadType: 2, ...fields }, "new"), reader), [[3, "new"]]);
      assertEquals([reader.version, reader.payloadType], [version, 2]);
    }
  }
});

Deno.test("flag and reserved are ignored, and any payload_type is handed out", () => {
  const reader = new DatagramReader();
  assertEquals(read(message({ flag: 65535, reserved: 65535, payloadType: 65535 }, "body"), reader), [[0, "body"]]);
  assertEquals(reader.payloadType, 65535);
});

Deno.test("A reader looks at the datagram only, not at the memory behind it", () => {
  const memory = new Uint8Array([...GOOD, ...GOOD]);
  const reader = new DatagramReader();
  reader.start(memory, GOOD.length);
  assertEquals([reader.next(), reader.next()], [true, false]);
  reader.start(memory, GOOD.length - 1);
  assert(reader.next());
  assertStringIncludes(reader.problem!, "to the 43 bytes left");
});

Deno.test("A reader is used again: for the same memory, for other memory, and for a view into it", () => {
  const reader = new DatagramReader();
  const memory = new Uint8Array(200);
  for (const body of ["one", "another", "x"]) {
    const bytes = message({ nlmsgSeq: body.length }, body);
    memory.set(bytes);
    reader.start(memory, bytes.length);
    assert(reader.next());
    assertEquals([reader.problem, reader.nlmsgSeq, reader.bodyEnd], [undefined, body.length, 40 + body.length]);
    assertEquals(reader.next(), false);
    assertEquals(read(GOOD, reader), [[8, "good"]]);
  }
});

Deno.test("A reader follows its memory: another beginning, and more of it", () => {
  const reader = new DatagramReader();
  const memory = new Uint8Array([...GOOD, ...message({ nlmsgSeq: 9 }, "long".repeat(9))]);
  const parts: [start: number, end: number, seq: number][] = [[0, 44, 8], [44, 120, 9], [0, 44, 8], [0, 120, 8]];
  for (const [start, end, seq] of parts) {
    reader.start(memory.subarray(start, end), end - start);
    assert(reader.next());
    assertEquals([reader.problem, reader.nlmsgSeq, reader.bodyStart], [undefined, seq, 40]);
  }
  assert(reader.next());
  assertEquals([reader.problem, reader.nlmsgSeq, reader.bodyEnd], [undefined, 9, 120]);
});

Deno.test("A problem of one datagram is forgotten at the next", () => {
  const reader = new DatagramReader();
  assertEquals(read([1], reader).length, 1);
  assert(reader.problem !== undefined);
  assertEquals(read(GOOD, reader), [[8, "good"]]);
});

// Bytes that are sometimes almost messages: pure noise would hardly ever pass the first length check.
const NOISE = fc.array(
  fc.oneof(
    fc.array(fc.nat(255), { maxLength: 60 }),
    fc.record({
      nlmsgLen: fc.integer({ min: 12, max: 64 }),
      nlmsgType: fc.constantFrom(0, 1, 2, 3, 0x10),
      nlmsgFlags: fc.nat(3),
      version: fc.nat(2),
      length: fc.integer({ min: 20, max: 40 }),
    }).map((fields) => message(fields, "12345678")),
    fc.string({ maxLength: 9 }).map((body) => message({}, body)),
  ),
  { maxLength: 6 },
).map((parts) => parts.flat());

Deno.test("Whatever the bytes, reading them ends, throws nothing, and bodies lie within the datagram in order", () => {
  check(
    fc.property(NOISE, fc.nat(20), (bytes, behind) => {
      const memory = new Uint8Array([...bytes, ...new Uint8Array(behind).fill(16)]);
      const reader = new DatagramReader();
      reader.start(memory, bytes.length);
      let count = 0;
      let last = 0;
      while (reader.next()) {
        // No message takes fewer than 16 bytes, except for the end of a datagram that holds none.
        assert(++count <= 1 + bytes.length / 16, "There are more messages than fit");
        if (reader.problem !== undefined) continue;
        assert(reader.bodyStart >= last + 40, `The body at ${reader.bodyStart} begins too early`);
        assert(reader.bodyEnd >= reader.bodyStart && reader.bodyEnd <= bytes.length, "The body is not in the datagram");
        last = reader.bodyEnd;
      }
    }),
    1000,
  );
});

Deno.test("Any messages come back from a datagram as they went", () => {
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({ nlmsgSeq: u32, nlmsgPid: u32, payloadType: fc.nat(0xffff), seq: u32 });
  check(fc.property(fc.array(fc.tuple(fields, fc.string()), { minLength: 1, maxLength: 6 }), (messages) => {
    const bytes = new Uint8Array(messages.flatMap(([fields, body]) => message(fields, body)));
    const reader = new DatagramReader();
    reader.start(bytes, bytes.length);
    for (const [fields, body] of messages) {
      assert(reader.next());
      assertEquals(reader.problem, undefined);
      const { nlmsgSeq, nlmsgPid, payloadType, version } = reader;
      assertEquals({ nlmsgSeq, nlmsgPid, payloadType, seq: fields.seq, version }, { ...fields, version: 1 });
      assertEquals(
        new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes.subarray(reader.bodyStart, reader.bodyEnd)),
        body,
      );
    }
    assertEquals(reader.next(), false);
  }));
});
