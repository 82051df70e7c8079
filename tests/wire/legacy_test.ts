// Which datagrams are legacy messages, and how they are read in place.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "../../src/errors.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { checkDialect, LEGACY, NATIVE } from "../../src/wire/dialect.ts";
import { isLegacyDatagram } from "../../src/wire/legacy.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import { viewOf } from "../../src/wire/view.ts";
import { legacyMessage } from "./legacy_messages.ts";

const encoder = new TextEncoder();

/** A native message, padded to 4 bytes. */
function native(nlmsgSeq: number, body: string): Uint8Array<ArrayBuffer> {
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader(), encoder.encode(body)).toBytes();
  const bytes = new NetlinkMessage(new NetlinkMessageHeader({ nlmsgSeq }), inner).toBytes();
  return joined(bytes, new Uint8Array((4 - bytes.length % 4) % 4));
}

function joined(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  return new Uint8Array(parts.flatMap((part) => [...part]));
}

/** What a reader says of a datagram: a text for each problem, and the dialect and body of each message. */
function read(datagram: Uint8Array, reader = new DatagramReader(), length = datagram.length): string[] {
  reader.start(datagram, length);
  const seen: string[] = [];
  while (reader.next()) {
    const body = new TextDecoder().decode(datagram.subarray(reader.bodyStart, reader.bodyEnd));
    seen.push(reader.problem ?? `${reader.dialect} ${body}`);
  }
  return seen;
}

function isLegacy(bytes: Uint8Array): boolean {
  return isLegacyDatagram(viewOf(bytes), bytes.length);
}

Deno.test("checkDialect returns either dialect, and refuses whatever else by name", () => {
  assertEquals([checkDialect("native"), checkDialect("procslink-0.1")], [NATIVE, LEGACY]);
  const refused: [unknown, string][] = [
    ["procslink-0.2", '"procslink-0.2"'],
    ["Native", '"Native"'],
    ["", '""'],
    ['"\n', '"\\"\\n"'],
    [undefined, "undefined"],
    [null, "object"],
    [1, "number"],
    [["native"], "object"],
  ];
  for (const [value, given] of refused) {
    const { message } = assertThrows(() => checkDialect(value), TypeError);
    assertEquals(message, `dialect must be "native" or "procslink-0.1", not ${given}`);
  }
});

Deno.test("A legacy datagram has both headers at least: 40 bytes are one, and 0 to 39 are none", () => {
  const empty = legacyMessage({}, "");
  assertEquals([empty.length, isLegacy(empty)], [40, true]);
  for (let length = 0; length < 40; length++) {
    // Where it can, each length says the truth about the fewer bytes.
    const bytes = empty.slice(0, length);
    if (length >= 16) viewOf(bytes).setUint32(0, length - 16, false);
    if (length >= 24) viewOf(bytes).setUint32(20, Math.max(length - 40, 0), false);
    assertEquals(isLegacy(bytes), false);
    assertEquals(read(bytes).length, 1);
    assert(!read(bytes)[0]!.startsWith(LEGACY));
  }
});

Deno.test("A datagram is legacy by its own length, not by that of the memory behind it", () => {
  const memory = joined(legacyMessage({}, "body"), new Uint8Array(60));
  assertEquals([43, 44, 45, 104].map((length) => isLegacyDatagram(viewOf(memory), length)), [
    false,
    true,
    false,
    false,
  ]);
  assertEquals(read(memory, new DatagramReader(), 44), ["procslink-0.1 body"]);
  const short = new Uint8Array(memory.buffer, 0, 39);
  assertEquals(isLegacyDatagram(viewOf(short), 39), false);
});

Deno.test("A datagram in the midst of memory is legacy too", () => {
  const memory = joined(new Uint8Array(5).fill(0xff), legacyMessage({}, "body"));
  assertEquals(isLegacy(memory.subarray(5)), true);
  assertEquals(read(memory.subarray(5)), ["procslink-0.1 body"]);
});

const NEARLY_LEGACY: [what: string, fields: Parameters<typeof legacyMessage>[0]][] = [
  ["nlmsg_len is one too small", { nlmsgLen: 27 }],
  ["nlmsg_len is one too large", { nlmsgLen: 29 }],
  ["nlmsg_len counts its header", { nlmsgLen: 44 }],
  ["nlmsg_len is 0", { nlmsgLen: 0 }],
  ["procslinkhdr.length is one too small", { length: 3 }],
  ["procslinkhdr.length is one too large", { length: 5 }],
  ["procslinkhdr.length counts its header", { length: 28 }],
  ["procslinkhdr.length is 0", { length: 0 }],
  ["both lengths are wrong by as much", { nlmsgLen: 29, length: 5 }],
  ["nlmsg_type is 1", { nlmsgType: 1 }],
  ["nlmsg_type is that of a native message", { nlmsgType: 0x10 }],
  ["nlmsg_type is that of a native message, the other way round", { nlmsgType: 0x1000 }],
];

for (const [what, fields] of NEARLY_LEGACY) {
  Deno.test(`A message is not taken for a legacy one: ${what}`, () => {
    const bytes = legacyMessage(fields, "body");
    assertEquals(isLegacy(bytes), false);
    const [problem, ...more] = read(bytes);
    assertEquals(more, []);
    assert(problem!.startsWith("nlmsg_len is "), problem);
    assertThrows(() => {
      const { payload } = NetlinkMessage.fromBytes(bytes, LEGACY);
      return ProcslinkMessage.fromBytes(payload, LEGACY);
    }, DecodeError);
  });
}

Deno.test("Padding and whatever else follows a legacy message make it none", () => {
  const message = legacyMessage({}, "bodies!");
  for (const behind of [[0], [0, 0, 0], [1], [...message], [...native(1, "native")]]) {
    const bytes = joined(message, new Uint8Array(behind));
    assertEquals(isLegacy(bytes), false);
    const seen = read(bytes);
    assertEquals([seen.length, seen[0]!.startsWith("nlmsg_len is ")], [1, true]);
    const { message: text } = assertThrows(() => NetlinkMessage.fromBytes(bytes, LEGACY), DecodeError);
    const follow = 24 + 7 + behind.length;
    assertEquals(text, `nlmsg_len is 31, and ${follow} bytes follow the header of this procslink-0.1 message`);
  }
});

Deno.test("A legacy message behind a native one is none", () => {
  const [native1, noop] = [
    native(1, "one"),
    joined(new NetlinkMessageHeader({ nlmsgType: 1, nlmsgLen: 16 }).toBytes()),
  ];
  for (const [before, seen] of [[native1, ["native one"]], [noop, []]] as const) {
    const message = legacyMessage({}, "body");
    const [problem, ...rest] = read(joined(before, message)).slice(seen.length);
    assertEquals([problem, rest], ["nlmsg_len is 469762048, and it must be from 16 to the 44 bytes left", []]);
  }
});

Deno.test("A legacy message that is cut short is none", () => {
  const message = legacyMessage({}, "body");
  for (let length = 16; length < message.length; length++) {
    const cut = message.subarray(0, length);
    assertEquals([isLegacy(cut), read(cut).length], [false, 1]);
    const { message: text } = assertThrows(() => NetlinkMessage.fromBytes(cut, LEGACY), DecodeError);
    assertEquals(text, `nlmsg_len is 28, and ${length - 16} bytes follow the header of this procslink-0.1 message`);
  }
});

Deno.test("A reader is used again, for one dialect after the other", () => {
  const reader = new DatagramReader();
  const legacy = legacyMessage({ nlmsgPid: 7, nlmsgSeq: 70, payloadType: 2 }, "legacy");
  const two = joined(native(1, "one"), native(2, "two"));
  for (let round = 0; round < 3; round++) {
    assertEquals(read(legacy, reader), ["procslink-0.1 legacy"]);
    assertEquals([reader.nlmsgPid, reader.nlmsgSeq, reader.payloadType], [7, 70, 2]);
    assertEquals(read(two, reader), ["native one", "native two"]);
    assertEquals([reader.nlmsgPid, reader.nlmsgSeq, reader.payloadType, reader.size], [0, 2, 1, 43]);
  }
});

Deno.test("What a reader knows of a fragment is not said of the legacy message that follows", () => {
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader({ seq: 5 }), encoder.encode("part")).toBytes();
  const header = new NetlinkMessageHeader({ nlmsgType: 3, nlmsgFlags: 2 });
  const fragment = new NetlinkMessage(header, inner).toBytes();
  const reader = new DatagramReader();
  assertEquals(read(fragment, reader), ["native part"]);
  assertEquals([reader.fragment, reader.last], [true, true]);
  assertEquals(read(legacyMessage({}, "whole"), reader), ["procslink-0.1 whole"]);
  assertEquals([reader.fragment, reader.size], [false, 45]);
});

Deno.test("A problem is not left behind, neither by a legacy datagram nor for one", () => {
  const reader = new DatagramReader();
  const [good, bad] = [legacyMessage({}, "good"), legacyMessage({ length: 3 }, "bad.")];
  assertEquals(read(good, reader), ["procslink-0.1 good"]);
  assertEquals(read(bad, reader), ["nlmsg_len is 469762048, and it must be from 16 to the 44 bytes left"]);
  assertEquals(read(good, reader), ["procslink-0.1 good"]);
  assertEquals(read(native(1, "native"), reader), ["native native"]);
});

Deno.test("A reader hands out a legacy message of another version, of any type, and with any number", () => {
  const reader = new DatagramReader();
  for (const version of [0, 2, 256, 65_535]) {
    const fields = { version, payloadType: 0x0102, nlmsgSeq: 0x01020304, nlmsgPid: 0xfffefdfc, nlmsgFlags: 0xffff };
    assertEquals(read(legacyMessage({ ...fields, flag: 9, reserved: 9, seq: 9 }, "new"), reader), [
      "procslink-0.1 new",
    ]);
    assertEquals(
      [reader.version, reader.payloadType, reader.nlmsgSeq, reader.nlmsgPid, reader.fragment],
      [version, 0x0102, 0x01020304, 0xfffefdfc, false],
    );
  }
});

// From 65,536 bytes on, an nlmsg_len with the highest byte first may be a true one with the lowest first.
for (const nlmsgLen of [0x0001_0000, 0x0001_0100, 0x0010_0000, 0x0010_0100, 0x0100_0000]) {
  const swapped = nlmsgLen.toString(16).padStart(8, "0").match(/../g)!.toReversed().join("");
  Deno.test(`A legacy datagram is read as one where its nlmsg_len is ${nlmsgLen}, natively ${parseInt(swapped, 16)}`, () => {
    const body = new Uint8Array(nlmsgLen - 24).fill(0x20);
    const bytes = legacyMessage({ nlmsgPid: 5 }, body);
    const reader = new DatagramReader();
    reader.start(bytes, bytes.length);
    assert(reader.next());
    assertEquals([reader.problem, reader.dialect, reader.nlmsgPid], [undefined, LEGACY, 5]);
    assertEquals([reader.bodyStart, reader.bodyEnd, reader.size], [40, bytes.length, bytes.length]);
    assertEquals(reader.next(), false);
    const { payload } = NetlinkMessage.fromBytes(bytes, LEGACY);
    assertEquals(ProcslinkMessage.fromBytes(payload, LEGACY).payload.length, body.length);
  });
}

Deno.test("A native datagram of type 0 is unknown, also where what follows would be a legacy message", () => {
  const inner = new ProcslinkMessage(new ProcslinkMessageHeader(), encoder.encode("body")).toBytes();
  const bytes = new NetlinkMessage(new NetlinkMessageHeader({ nlmsgType: 0 }), inner).toBytes();
  assertEquals(read(joined(bytes, native(1, "next"))), ["nlmsg_type 0 is unknown", "native next"]);
  assertEquals(read(joined(native(1, "first"), bytes)), ["native first", "nlmsg_type 0 is unknown"]);
});

Deno.test("What is left of a datagram is not taken for a legacy message at its beginning", () => {
  // Natively 256 bytes of an unknown type, and whatever; as many bytes as follow those would be a legacy message.
  const legacy = legacyMessage({}, new Uint8Array(65_536 - 24));
  const seen = read(joined(legacy, new Uint8Array(256)));
  assertEquals(seen[0], "nlmsg_type 0 is unknown");
  assertEquals(seen.slice(1), ["nlmsg_len is 0, and it must be from 16 to the 65552 bytes left"]);
});
