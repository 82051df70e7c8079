// The message classes in the legacy dialect.
import { assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "../../src/errors.ts";
import { LEGACY } from "../../src/wire/dialect.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import { legacyMessage } from "./legacy_messages.ts";

Deno.test("The message classes say what is wrong with a legacy message", () => {
  const messageOf = (fields: Parameters<typeof legacyMessage>[0]) => {
    const { payload } = NetlinkMessage.fromBytes(legacyMessage(fields, "body"), LEGACY);
    return ProcslinkMessage.fromBytes(payload, LEGACY);
  };
  const wrong: [Parameters<typeof legacyMessage>[0], string][] = [
    [{ nlmsgLen: 27 }, "nlmsg_len is 27, and 28 bytes follow the header of this procslink-0.1 message"],
    [{ nlmsgLen: 44 }, "nlmsg_len is 44, and 28 bytes follow the header of this procslink-0.1 message"],
    [{ nlmsgType: 16 }, "nlmsg_type is 16, and that of a procslink-0.1 message is 0"],
    [{ length: 28 }, "procslinkhdr.length is 28, and the body has 4 bytes"],
    [{ length: 3 }, "procslinkhdr.length is 3, and the body has 4 bytes"],
    [{ version: 2 }, "procslinkhdr.version is 2, and only 1 is known"],
    [{ version: 256 }, "procslinkhdr.version is 256, and only 1 is known"],
    [{ version: 0, length: 3 }, "procslinkhdr.version is 0, and only 1 is known"],
  ];
  for (const [fields, text] of wrong) assertEquals(assertThrows(() => messageOf(fields), DecodeError).message, text);
  assertEquals(new TextDecoder().decode(messageOf({}).payload), "body");
});

Deno.test("A native message whose length is wrong is told of as before", () => {
  const header = new ProcslinkMessageHeader({ length: 4 }).toBytes();
  const { message } = assertThrows(() => ProcslinkMessage.fromBytes(header), DecodeError);
  assertEquals(message, "procslinkhdr.length is 4, and the message has 24 bytes");
});

Deno.test("Headers that are too short are told of in the legacy dialect too", () => {
  for (let length = 0; length < 24; length++) {
    const bytes = new Uint8Array(length);
    for (const decode of [ProcslinkMessageHeader.fromBytes, ProcslinkMessage.fromBytes]) {
      assertThrows(() => decode(bytes, LEGACY), DecodeError, `${length} bytes cannot hold a procslinkhdr`);
    }
    if (length >= 16) continue;
    for (const decode of [NetlinkMessageHeader.fromBytes, NetlinkMessage.fromBytes]) {
      assertThrows(() => decode(bytes, LEGACY), DecodeError, `${length} bytes cannot hold an nlmsghdr`);
    }
  }
});

Deno.test("Every field of both headers is written and read with the highest byte first", () => {
  const netlink = new NetlinkMessageHeader({
    nlmsgLen: 0x01020304,
    nlmsgType: 0x0506,
    nlmsgFlags: 0x0708,
    nlmsgSeq: 0x090a0b0c,
    nlmsgPid: 0x0d0e0f10,
  });
  assertEquals(netlink.toBytes(LEGACY).toHex(), "0102030405060708090a0b0c0d0e0f10");
  assertEquals({ ...NetlinkMessageHeader.fromBytes(netlink.toBytes(LEGACY), LEGACY) }, { ...netlink });
  const procslink = new ProcslinkMessageHeader({
    version: 0x0102,
    flag: 0x0304,
    length: 0x05060708,
    payloadType: 0x090a,
    reserved: 0x0b0c,
    seq: 0x0d0e0f10,
    timestamp: 0x1112131415161718n,
  });
  assertEquals(procslink.toBytes(LEGACY).toHex(), "0102030405060708090a0b0c0d0e0f101112131415161718");
  assertEquals({ ...ProcslinkMessageHeader.fromBytes(procslink.toBytes(LEGACY), LEGACY) }, { ...procslink });
});

Deno.test("toBytes writes a legacy message with its true lengths and type, and leaves the header as it is", () => {
  const header = new NetlinkMessageHeader({ nlmsgLen: 5, nlmsgType: 0x20, nlmsgFlags: 1, nlmsgSeq: 2, nlmsgPid: 3 });
  const payload = new ProcslinkMessage(new ProcslinkMessageHeader({ length: 9 }), new Uint8Array([7])).toBytes(LEGACY);
  const bytes = new NetlinkMessage(header, payload).toBytes(LEGACY);
  assertEquals(bytes.subarray(0, 16).toHex(), "00000019" + "0000" + "0001" + "00000002" + "00000003");
  assertEquals(bytes.subarray(16).toHex(), "0001" + "0000" + "00000001" + "0001" + "0000" + "00".repeat(12) + "07");
  assertEquals([header.nlmsgLen, header.nlmsgType], [5, 0x20]);
});

Deno.test("A payload of a legacy message is a view of the bytes that it came from", () => {
  const memory = new Uint8Array([...new Uint8Array(7), ...legacyMessage({}, "body")]);
  const { payload } = NetlinkMessage.fromBytes(memory.subarray(7), LEGACY);
  const body = ProcslinkMessage.fromBytes(payload, LEGACY).payload;
  assertEquals([payload.byteOffset, body.byteOffset, body.buffer === memory.buffer], [23, 47, true]);
});
