// The golden bytes, both ways, through all three layers of objects.
import { assertEquals, assertThrows } from "@std/assert";
import { DecodeError } from "../../src/errors.ts";
import { JSONRPCRequest, JSONRPCResponse } from "../../src/jsonrpc/messages.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { NetlinkMessage, NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import { FRAGMENTS, MESSAGES, TWO_MESSAGES, unhex } from "../vectors/native.ts";

const decoder = new TextDecoder();

function decodeBody(message: ProcslinkMessage): JSONRPCRequest | JSONRPCResponse {
  return message.header.payloadType === 1
    ? JSONRPCRequest.fromBytes(message.payload)
    : JSONRPCResponse.fromBytes(message.payload);
}

Deno.test("There are golden vectors of a request, a response and a notification", () => {
  assertEquals(MESSAGES.map(({ name }) => name.split(",")[0]), ["request", "response", "notification"]);
});

for (const vector of MESSAGES) {
  Deno.test(`Golden bytes are decoded field by field: ${vector.name}`, () => {
    const netlink = NetlinkMessage.fromBytes(unhex(vector.hex));
    assertEquals({ ...netlink.header }, {
      nlmsgLen: vector.nlmsg_len,
      nlmsgType: vector.nlmsg_type,
      nlmsgFlags: vector.nlmsg_flags,
      nlmsgSeq: vector.nlmsg_seq,
      nlmsgPid: vector.nlmsg_pid,
    });
    const message = ProcslinkMessage.fromBytes(netlink.payload);
    assertEquals({ ...message.header }, {
      version: vector.version,
      flag: 0,
      length: vector.length,
      payloadType: vector.payload_type,
      reserved: 0,
      seq: vector.seq,
      timestamp: BigInt(vector.timestamp),
    });
    assertEquals(decoder.decode(message.payload), vector.json);
    assertEquals(JSON.stringify(decodeBody(message)), vector.json);
  });

  Deno.test(`Objects are encoded to the golden bytes: ${vector.name}`, () => {
    const { id, method, params, result } = JSON.parse(vector.json);
    const body = vector.payload_type === 1
      ? new JSONRPCRequest({ ...(id === undefined ? {} : { id }), method, params })
      : new JSONRPCResponse({ id, result });
    // Without the lengths: toBytes fills them in.
    const message = new ProcslinkMessage(
      new ProcslinkMessageHeader({
        payloadType: vector.payload_type,
        seq: vector.seq,
        timestamp: BigInt(vector.timestamp),
      }),
      body.toBytes(),
    );
    const netlink = new NetlinkMessage(
      new NetlinkMessageHeader({
        nlmsgFlags: vector.nlmsg_flags,
        nlmsgSeq: vector.nlmsg_seq,
        nlmsgPid: vector.nlmsg_pid,
      }),
      message.toBytes(),
    );
    assertEquals(netlink.toBytes().toHex(), vector.hex);
  });
}

Deno.test("NetlinkMessage.iterate gives both messages of the golden datagram", () => {
  const messages = [...NetlinkMessage.iterate(unhex(TWO_MESSAGES.hex))];
  assertEquals(messages.length, TWO_MESSAGES.count);
  const bodies = messages.map((message) => decodeBody(ProcslinkMessage.fromBytes(message.payload)));
  assertEquals(bodies.map((body) => JSON.stringify(body)), TWO_MESSAGES.json);
});

Deno.test("The golden messages, padded, make the golden datagram", () => {
  const [first, second] = [...NetlinkMessage.iterate(unhex(TWO_MESSAGES.hex))].map((message) => message.toBytes());
  assertEquals(first!.length % 4, 1);
  assertEquals(`${first!.toHex()}000000${second!.toHex()}`, TWO_MESSAGES.hex);
});

Deno.test("DatagramReader gives both messages of the golden datagram", () => {
  const datagram = unhex(TWO_MESSAGES.hex);
  const reader = new DatagramReader();
  reader.start(datagram, datagram.length);
  const seen = [];
  while (reader.next()) {
    const { problem, nlmsgSeq, nlmsgPid, version, payloadType, bodyStart, bodyEnd } = reader;
    const json = decoder.decode(datagram.subarray(bodyStart, bodyEnd));
    seen.push({ problem, nlmsgSeq, nlmsgPid, version, payloadType, json });
  }
  assertEquals(seen, [
    { problem: undefined, nlmsgSeq: 7, nlmsgPid: 4242, version: 1, payloadType: 1, json: TWO_MESSAGES.json[0]! },
    { problem: undefined, nlmsgSeq: 7, nlmsgPid: 4343, version: 1, payloadType: 2, json: TWO_MESSAGES.json[1]! },
  ]);
});

Deno.test("Both headers of every golden fragment are decoded, and their payloads make the golden text", () => {
  let text = "";
  const types = FRAGMENTS.datagrams.map((hex) => {
    const { header, payload } = NetlinkMessage.fromBytes(unhex(hex));
    assertEquals([header.nlmsgLen, header.nlmsgFlags, header.nlmsgSeq, header.nlmsgPid], [hex.length / 2, 2, 9, 4242]);
    const { version, length, payloadType, seq, timestamp } = ProcslinkMessageHeader.fromBytes(payload);
    assertEquals(
      { version, length, payloadType, seq, timestamp },
      {
        version: 1,
        length: ProcslinkMessageHeader.SIZE + FRAGMENTS.json.length,
        payloadType: 2,
        seq: 9,
        timestamp: 1700000000123456789n,
      },
    );
    text += decoder.decode(payload.subarray(ProcslinkMessageHeader.SIZE));
    return header.nlmsgType;
  });
  assertEquals(types, [0x10, 0x10, 0x3]);
  assertEquals(text, FRAGMENTS.json);
});

for (const [index, hex] of FRAGMENTS.datagrams.entries()) {
  Deno.test(`A fragment is not taken for a whole message: golden fragment ${index + 1}`, () => {
    const { payload } = NetlinkMessage.fromBytes(unhex(hex));
    assertThrows(() => ProcslinkMessage.fromBytes(payload), DecodeError, "length");
  });

  Deno.test(`DatagramReader reads all that there is to a fragment: golden fragment ${index + 1}`, () => {
    const datagram = unhex(hex);
    const reader = new DatagramReader();
    reader.start(datagram, datagram.length);
    assertEquals(reader.next(), true);
    const { problem, fragment, last, nlmsgSeq, nlmsgPid, version, payloadType, seq, size, timestamp } = reader;
    assertEquals({ problem, fragment, last, nlmsgSeq, nlmsgPid, version, payloadType, seq, size }, {
      problem: undefined,
      fragment: true,
      last: index === 2,
      nlmsgSeq: 9,
      nlmsgPid: 4242,
      version: 1,
      payloadType: 2,
      seq: 9,
      size: 40 + FRAGMENTS.json.length,
    });
    assertEquals(BigInt(timestamp[0]) | BigInt(timestamp[1]) << 32n, 1700000000123456789n);
    assertEquals([reader.bodyStart, reader.bodyEnd], [40, datagram.length]);
    assertEquals(reader.next(), false);
  });
}
