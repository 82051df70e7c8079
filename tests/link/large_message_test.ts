import { assertEquals, assertNotStrictEquals, assertStrictEquals } from "@std/assert";
import { LargeMessage } from "../../src/link/large_message.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import type { FrameFields } from "../../src/wire/frame.ts";
import { NLM_F_MULTI } from "../../src/wire/nlmsghdr.ts";
import { NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { HEADERS, PART, SMALL_DATAGRAM } from "./outbox_setup.ts";

const FIELDS: FrameFields = {
  flags: 0x0001,
  nlmsgSeq: 0xffff_fff0,
  port: 0x8000_0001,
  payloadType: 1,
  seq: 0xffff_fff1,
  time: 1_700_000_000_123.5,
};

/** A body in which every byte tells where it is, and its message. */
function createMessage(length: number, maxDatagram = SMALL_DATAGRAM, fields = FIELDS) {
  const body = Uint8Array.from({ length }, (_, index) => 0x20 + (index * 7) % 95);
  const bytes = new Uint8Array(HEADERS + length);
  bytes.set(body, HEADERS);
  return { body, bytes, message: new LargeMessage(bytes, fields, maxDatagram) };
}

/** Takes a fragment apart. */
function read({ bytes, length }: { bytes: Uint8Array; length: number }) {
  const reader = new DatagramReader();
  reader.start(bytes, length);
  assertEquals([reader.next(), reader.problem, reader.fragment], [true, undefined, true]);
  const { nlmsgSeq, nlmsgPid, version, payloadType, size, last, seq, timestamp } = reader;
  const part = bytes.slice(reader.bodyStart, reader.bodyEnd);
  assertEquals(reader.next(), false, "a fragment is alone in its datagram");
  return { part, last, fields: { nlmsgSeq, nlmsgPid, version, payloadType, size, seq, timestamp } };
}

/** Sends all of a message; returns its fragments. Each is read only when the next one is about to be written. */
function sendAll(message: LargeMessage) {
  const fragments: ReturnType<typeof read>[] = [];
  while (!message.isSent) {
    fragments.push(read(message.next()));
    message.advance();
  }
  return fragments;
}

Deno.test("the fragments of a message are its body, and all carry its fields", async (t) => {
  const cases = [
    { name: "one byte more than a datagram", length: PART + 1, parts: [PART, 1] },
    { name: "two full fragments", length: 2 * PART, parts: [PART, PART] },
    { name: "two full fragments and a byte", length: 2 * PART + 1, parts: [PART, PART, 1] },
    { name: "what fits a datagram", length: PART, parts: [PART] },
    { name: "one byte", length: 1, parts: [1] },
    { name: "nine fragments", length: 9 * PART - 1, parts: [...Array(8).fill(PART), PART - 1] },
  ];
  for (const { name, length, parts } of cases) {
    await t.step(name, () => {
      const { body, message } = createMessage(length);
      const ofText = new LargeMessage([new TextDecoder().decode(body)], FIELDS, SMALL_DATAGRAM);
      for (const { size, isUnderWay, isSent } of [message, ofText]) {
        assertEquals([size, isUnderWay, isSent], [HEADERS + length, false, false]);
      }
      const fragments = sendAll(message);
      assertEquals(sendAll(ofText), fragments, "the same of a text that is not encoded yet");
      assertEquals(fragments.map(({ part }) => part.length), parts);
      assertEquals(new Uint8Array(fragments.flatMap(({ part }) => [...part])), body);
      assertEquals(fragments.map(({ last }) => last), parts.map((_, index) => index === parts.length - 1));
      for (const { fields } of fragments) assertEquals(fields, fragments[0]!.fields);
      const { nlmsgSeq, nlmsgPid, version, payloadType, size, seq, timestamp: [low, high] } = fragments[0]!.fields;
      assertEquals([nlmsgSeq, nlmsgPid, version], [FIELDS.nlmsgSeq, FIELDS.port, 1]);
      assertEquals([payloadType, size, seq], [1, HEADERS + length, FIELDS.seq]);
      assertEquals((BigInt(high) << 32n) + BigInt(low), BigInt(FIELDS.time * 1e6));
      assertEquals([message.isUnderWay, message.isSent], [false, true]);
    });
  }
});

Deno.test("each fragment says so in its flags, beside those of the message", () => {
  for (const flags of [0, 1]) {
    const { message } = createMessage(2 * PART, SMALL_DATAGRAM, { ...FIELDS, flags });
    const seen: number[] = [];
    while (!message.isSent) {
      seen.push(NetlinkMessageHeader.fromBytes(message.next().bytes).nlmsgFlags);
      message.advance();
    }
    seen.push(NetlinkMessageHeader.fromBytes(message.abandon().bytes).nlmsgFlags);
    assertEquals(seen, Array(3).fill(flags | NLM_F_MULTI));
  }
});

Deno.test("headers go over what has left, and never over what has not", () => {
  // Of datagrams this small, headers are larger than a part, and cover parts that left long before.
  for (const maxDatagram of [HEADERS + 1, HEADERS + 7, HEADERS + 39, SMALL_DATAGRAM]) {
    const { body, bytes, message } = createMessage(200, maxDatagram);
    for (let left = 0; !message.isSent;) {
      const fragment = message.next();
      assertEquals(bytes.slice(HEADERS + left), body.slice(left), "all that has not left is there");
      const { part } = read(fragment);
      assertEquals(part, body.slice(left, left + part.length));
      message.advance();
      left += part.length;
      assertEquals(bytes.slice(HEADERS + left), body.slice(left), "also where it has just left");
    }
  }
});

Deno.test("fragments leave from the memory of the message: nothing is copied", () => {
  const { bytes, message } = createMessage(5 * PART);
  for (let count = 0; count < 5; count++) {
    const fragment = message.next();
    assertStrictEquals(fragment.bytes.buffer, bytes.buffer);
    assertEquals(fragment.bytes.byteOffset, count * PART);
    message.advance();
  }
});

Deno.test("a message in the midst of other memory leaves as it is, and touches nothing else", () => {
  const memory = new Uint8Array(1_000).fill(0xaa);
  const { body, bytes } = createMessage(3 * PART);
  memory.set(bytes, 100);
  const message = new LargeMessage(memory.subarray(100, 100 + bytes.length), FIELDS, SMALL_DATAGRAM);
  assertEquals(new Uint8Array(sendAll(message).flatMap(({ part }) => [...part])), body);
  assertEquals(
    [...memory.subarray(0, 100), ...memory.subarray(100 + bytes.length)].every((byte) => byte === 0xaa),
    true,
  );
});

Deno.test("until a fragment has left the next one is the same, and nothing counts as sent", () => {
  const { message } = createMessage(2 * PART);
  const first = read(message.next());
  for (let count = 0; count < 3; count++) assertEquals(read(message.next()), first);
  assertEquals([message.isUnderWay, message.isSent], [false, false]);
  message.advance();
  const second = read(message.next());
  assertEquals(read(message.next()), second);
  assertEquals([second.last, message.isUnderWay, message.isSent], [true, true, false]);
  message.advance();
  assertEquals([message.isUnderWay, message.isSent], [false, true]);
});

Deno.test("a message that is given up ends with a last fragment that has nothing in it", () => {
  const { body, bytes, message } = createMessage(3 * PART);
  const first = read(message.next());
  message.advance();
  const pending = message.next();
  const before = bytes.slice();
  const farewell = message.abandon();
  assertEquals([farewell.length, farewell.bytes.length], [HEADERS, HEADERS]);
  const { part, last, fields } = read(farewell);
  assertEquals([part.length, last, fields], [0, true, first.fields]);
  assertEquals(bytes, before, "the fragment that may be on its way is left alone");
  assertEquals(read(pending).part, body.slice(PART, 2 * PART));
  assertEquals(message.isUnderWay, true, "asking for it sends nothing");
});

Deno.test("a text whose characters take several bytes is whole in its fragments, also where they are cut in two", () => {
  const text = "aé€😀".repeat(50);
  const message = new LargeMessage([text], FIELDS, SMALL_DATAGRAM);
  assertEquals(message.size, HEADERS + text.length, "the least that it can be");
  const fragments = sendAll(message);
  const parts = fragments.map(({ part }) => part.length);
  assertEquals(parts, [...Array(8).fill(PART), 500 - 8 * PART]);
  assertEquals(new TextDecoder().decode(new Uint8Array(fragments.flatMap(({ part }) => [...part]))), text);
  for (const { fields } of fragments) assertEquals(fields.size, HEADERS + 500);
});

Deno.test("two messages never share memory before one of them has left", () => {
  // Smaller memory is not used again anyway.
  const part = 30_000;
  const create = (letter: string) => new LargeMessage([letter.repeat(3 * part)], FIELDS, HEADERS + part);
  const bufferOf = (message: LargeMessage) => message.next().bytes.buffer;
  const [first, second] = [create("a"), create("b")];
  bufferOf(first);
  first.advance();
  const memory = bufferOf(first);
  assertNotStrictEquals(bufferOf(second), memory);
  first.advance();
  assertStrictEquals(bufferOf(first), memory);
  assertNotStrictEquals(bufferOf(create("c")), memory, "its last fragment is yet to leave");
  first.advance();
  const others = [create("d"), create("e")];
  assertStrictEquals(bufferOf(others[0]!), memory, "it is used again");
  assertNotStrictEquals(bufferOf(others[1]!), memory);
  const texts = [second, ...others].map((message) => new TextDecoder().decode(sendAll(message)[0]!.part));
  assertEquals(texts, ["b", "d", "e"].map((letter) => letter.repeat(part)));
});

Deno.test("a message without a body is one empty last fragment", () => {
  const { message } = createMessage(0);
  const { part, last, fields } = read(message.next());
  assertEquals([part.length, last, fields.size], [0, true, HEADERS]);
});
