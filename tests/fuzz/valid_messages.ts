/**
 * Valid messages come back as they went: headers, whole messages, joined ones, fragments, and JSON-RPC.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  JSONRPCError,
  JSONRPCRequest,
  JSONRPCResponse,
  NetlinkMessage,
  NetlinkMessageHeader,
  ProcslinkMessage,
  ProcslinkMessageHeader,
} from "../../mod.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { FRAME_HEADERS_SIZE, writeFragmentHeaders, writeFrameHeaders } from "../../src/wire/frame.ts";
import { joined } from "../fakes/stranger.ts";
import { assertBytes, within } from "./outcome.ts";
import { defineTarget, scripts, type Target } from "./target.ts";

const u16 = fc.oneof(fc.nat(0xffff), fc.constantFrom(0, 1, 0x7fff, 0x8000, 0xffff));
const u32 = fc.oneof(fc.nat(0xffff_ffff), fc.constantFrom(0, 1, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff));

/** A message, its numbers as hexadecimal digits where JSON has none for them. */
const MESSAGE = fc.record({
  nlmsgType: u16,
  nlmsgFlags: u16,
  nlmsgSeq: u32,
  nlmsgPid: u32,
  flag: u16,
  payloadType: u16,
  reserved: u16,
  seq: u32,
  timestamp: fc.bigInt({ min: 0n, max: 0xffff_ffff_ffff_ffffn }).map((time) => `0x${time.toString(16)}`),
  hex: fc.uint8Array({ maxLength: 40 }).map((bytes) => bytes.toHex()),
});
type Message = typeof MESSAGE extends fc.Arbitrary<infer Value> ? Value : never;

function bytesOf({ hex, timestamp, nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid, ...fields }: Message): Uint8Array {
  const header = new ProcslinkMessageHeader({ ...fields, timestamp: BigInt(timestamp) });
  const inner = new ProcslinkMessage(header, Uint8Array.fromHex(hex)).toBytes();
  return new NetlinkMessage(new NetlinkMessageHeader({ nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid }), inner).toBytes();
}

const messages = defineTarget({
  name: "valid-messages",
  share: 40,
  format: scripts<Message[]>(),
  cases: fc.array(MESSAGE, { minLength: 1, maxLength: 4 }),
  attempt(messages) {
    const decoded = [...NetlinkMessage.iterate(within(joined(...messages.map(bytesOf))))].map(({ header, payload }) => {
      const inner = ProcslinkMessage.fromBytes(payload);
      const { nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid } = header;
      const { flag, payloadType, reserved, seq, timestamp } = inner.header;
      assertEquals([header.nlmsgLen, inner.header.length], [16 + payload.length, payload.length]);
      const hex = inner.payload.toHex();
      const time = `0x${timestamp.toString(16)}`;
      return { nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid, flag, payloadType, reserved, seq, timestamp: time, hex };
    });
    assertEquals(decoded, messages);
  },
});

const FRAME = fc.record({
  flags: fc.constantFrom(0, 1),
  nlmsgSeq: u32,
  port: u32,
  payloadType: u16,
  seq: u32,
  time: fc.integer({ min: 0, max: 2 ** 43 }),
  body: fc.uint8Array({ maxLength: 60 }).map((bytes) => bytes.toHex()),
  part: fc.nat(60),
});
type Frame = typeof FRAME extends fc.Arbitrary<infer Value> ? Value : never;

const frames = defineTarget({
  name: "valid-frames",
  share: 40,
  format: scripts<Frame>(),
  cases: FRAME,
  attempt({ body, part, ...fields }) {
    const bytes = Uint8Array.fromHex(body);
    const { length } = bytes;
    const isFragment = part > 0 && part < length;
    const parts = isFragment ? [bytes.subarray(0, part), bytes.subarray(part)] : [bytes];
    const datagram = within(joined(...parts.map((piece, index) => {
      const frame = new Uint8Array(FRAME_HEADERS_SIZE + piece.length);
      const view = new DataView(frame.buffer);
      if (isFragment) writeFragmentHeaders(view, 0, piece.length, length, index === 1, fields);
      else writeFrameHeaders(view, 0, length, fields);
      frame.set(piece, FRAME_HEADERS_SIZE);
      return frame;
    })));
    const reader = new DatagramReader();
    reader.start(datagram, datagram.length);
    for (const [index, piece] of parts.entries()) {
      assert(reader.next());
      assertEquals([reader.problem, reader.fragment, reader.version], [undefined, isFragment, 1]);
      const { nlmsgSeq, nlmsgPid, payloadType, size } = reader;
      const { nlmsgSeq: sent, port, payloadType: type } = fields;
      assertEquals([nlmsgSeq, nlmsgPid, payloadType, size], [sent, port, type, FRAME_HEADERS_SIZE + length]);
      assertBytes(datagram.subarray(reader.bodyStart, reader.bodyEnd), piece);
      if (!isFragment) continue;
      const [low, high] = reader.timestamp;
      assertEquals([reader.last, reader.seq], [index === 1, fields.seq]);
      // A double holds nanoseconds of our days to 256.
      assert(Math.abs(high * 2 ** 32 + low - fields.time * 1e6) <= 2_048, `${high} ${low}`);
    }
    assertEquals(reader.next(), false);
  },
});

const id = fc.oneof(fc.string(), fc.maxSafeInteger(), fc.constant(null), fc.constant(1.5));
const BODY = fc.record({
  id,
  method: fc.string({ unit: "binary" }),
  code: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -32_800, max: -32_000 })),
  message: fc.string(),
  // Out of JSON text and back: what is written cannot be told from what is read.
  value: fc.json({ maxDepth: 2 }),
});
type Body = typeof BODY extends fc.Arbitrary<infer Value> ? Value : never;

const bodies = defineTarget({
  name: "valid-bodies",
  share: 40,
  format: scripts<Body>(),
  cases: BODY,
  attempt({ id, method, code, message, value: text }) {
    const value = JSON.parse(text);
    for (const params of [[value], { value }, undefined]) {
      const request = new JSONRPCRequest({ id, method, ...(params !== undefined && { params }) });
      assertText(JSONRPCRequest.fromBytes(within(request.toBytes())), request);
    }
    const notification = JSONRPCRequest.fromBytes(new JSONRPCRequest({ method }).toBytes());
    assertEquals([notification.isNotification, notification.method], [true, method]);
    const result = new JSONRPCResponse({ id, result: value });
    assertText(JSONRPCResponse.fromBytes(within(result.toBytes())), result);
    const failure = new JSONRPCError(code, message, value);
    assertText(JSONRPCError.fromBytes(within(failure.toBytes())), failure);
    const response = new JSONRPCResponse({ id, error: failure });
    const decoded = JSONRPCResponse.fromBytes(within(response.toBytes()));
    assertText(decoded, response);
    assert(decoded.error instanceof JSONRPCError);
  },
});

function assertText(actual: unknown, expected: unknown): void {
  assertEquals(JSON.stringify(actual), JSON.stringify(expected));
}

/** The targets. */
export const VALID_MESSAGES: readonly Target[] = [messages, frames, bodies];
