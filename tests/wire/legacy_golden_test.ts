// The golden bytes of the Python package, both ways, through all three layers of objects.
import { assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "../../src/errors.ts";
import { JSONRPCRequest, JSONRPCResponse } from "../../src/jsonrpc/messages.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { isLegacyDatagram, LEGACY_DATAGRAM_SIZE, writeLegacyHeaders } from "../../src/wire/legacy.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import { viewOf } from "../../src/wire/view.ts";
import { LEGACY_MESSAGES } from "../vectors/legacy.ts";
import { MESSAGES, unhex } from "../vectors/native.ts";

const HEADERS = 40;

Deno.test("There are golden vectors of legacy requests, results and errors", () => {
  const kinds = LEGACY_MESSAGES.map(({ payload_type, json }) => payload_type === 1 ? "request" : Object.keys(json)[2]);
  assertEquals(new Set(kinds), new Set(["request", "result", "error"]));
});

for (const vector of LEGACY_MESSAGES) {
  const bytes = unhex(vector.hex);
  const body = bytes.subarray(HEADERS);

  Deno.test(`Golden legacy bytes are decoded field by field: ${vector.name}`, () => {
    const netlink = NetlinkMessage.fromBytes(bytes, "procslink-0.1");
    assertEquals({ ...netlink.header }, {
      nlmsgLen: vector.nlmsg_len,
      nlmsgType: 0,
      nlmsgFlags: 0,
      nlmsgSeq: 0,
      nlmsgPid: vector.nlmsg_pid,
    });
    assertEquals({ ...NetlinkMessageHeader.fromBytes(bytes, "procslink-0.1") }, { ...netlink.header });
    const message = ProcslinkMessage.fromBytes(netlink.payload, "procslink-0.1");
    assertEquals({ ...message.header }, {
      version: 1,
      flag: 0,
      length: vector.length,
      payloadType: vector.payload_type,
      reserved: 0,
      seq: 0,
      timestamp: 0n,
    });
    assertEquals({ ...ProcslinkMessageHeader.fromBytes(netlink.payload, "procslink-0.1") }, { ...message.header });
    assertEquals(message.payload.length, vector.length);
    const decoded = vector.payload_type === 1
      ? JSONRPCRequest.fromBytes(message.payload)
      : JSONRPCResponse.fromBytes(message.payload);
    assertEquals(JSON.parse(JSON.stringify(decoded)), vector.json);
  });

  Deno.test(`Objects are encoded to the golden legacy bytes: ${vector.name}`, () => {
    // Without the lengths and the type of the netlink message: toBytes fills them in.
    const procslink = new ProcslinkMessageHeader({ payloadType: vector.payload_type });
    const payload = new ProcslinkMessage(procslink, body).toBytes("procslink-0.1");
    const netlink = new NetlinkMessageHeader({ nlmsgPid: vector.nlmsg_pid });
    assertEquals(new NetlinkMessage(netlink, payload).toBytes("procslink-0.1").toHex(), vector.hex);
  });

  Deno.test(`Headers by themselves are encoded to the golden legacy bytes: ${vector.name}`, () => {
    const fields = { nlmsgLen: vector.nlmsg_len, nlmsgType: 0, nlmsgPid: vector.nlmsg_pid };
    const netlink = new NetlinkMessageHeader(fields).toBytes("procslink-0.1");
    const { length, payload_type: payloadType } = vector;
    const procslink = new ProcslinkMessageHeader({ length, payloadType }).toBytes("procslink-0.1");
    assertEquals(netlink.toHex() + procslink.toHex(), vector.hex.slice(0, 2 * HEADERS));
  });

  Deno.test(`writeLegacyHeaders writes the golden headers, and nothing around them: ${vector.name}`, () => {
    for (const offset of [0, 3]) {
      const memory = new Uint8Array(offset + HEADERS + 2).fill(0xaa);
      writeLegacyHeaders(viewOf(memory), offset, vector.length, vector.nlmsg_pid, vector.payload_type);
      assertEquals(memory.toHex(), "aa".repeat(offset) + vector.hex.slice(0, 2 * HEADERS) + "aaaa");
    }
  });

  Deno.test(`DatagramReader reads the golden legacy message, and nothing behind it: ${vector.name}`, () => {
    const reader = new DatagramReader();
    reader.start(bytes, bytes.length);
    assertEquals(reader.next(), true);
    const { problem, dialect, nlmsgSeq, nlmsgPid, version, payloadType, bodyStart, bodyEnd, size, fragment } = reader;
    assertEquals({ problem, dialect, nlmsgSeq, nlmsgPid, version, payloadType, bodyStart, bodyEnd, size, fragment }, {
      problem: undefined,
      dialect: "procslink-0.1",
      nlmsgSeq: 0,
      nlmsgPid: vector.nlmsg_pid,
      version: 1,
      payloadType: vector.payload_type,
      bodyStart: HEADERS,
      bodyEnd: bytes.length,
      size: bytes.length,
      fragment: false,
    });
    assertEquals(reader.next(), false);
  });

  Deno.test(`Golden legacy bytes are no native message: ${vector.name}`, () => {
    assertEquals(isLegacyDatagram(viewOf(bytes), bytes.length), true);
    assertThrows(() => NetlinkMessage.fromBytes(bytes), DecodeError, "nlmsg_len is");
    assertThrows(() => ProcslinkMessage.fromBytes(bytes.subarray(16)), DecodeError, "procslinkhdr.version is 256");
  });
}

for (const vector of MESSAGES) {
  Deno.test(`Golden native bytes are no legacy message: ${vector.name}`, () => {
    const bytes = unhex(vector.hex);
    assertEquals(isLegacyDatagram(viewOf(bytes), bytes.length), false);
    assertThrows(() => NetlinkMessage.fromBytes(bytes, "procslink-0.1"), DecodeError, "nlmsg_len is");
    assertThrows(
      () => ProcslinkMessage.fromBytes(bytes.subarray(16), "procslink-0.1"),
      DecodeError,
      "procslinkhdr.version is 256",
    );
  });
}

Deno.test("The Python package reads 4,096 bytes", () => {
  assertEquals(LEGACY_DATAGRAM_SIZE, 4_096);
});
