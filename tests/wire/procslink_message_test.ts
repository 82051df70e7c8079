import { assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DecodeError } from "../../src/errors.ts";
import { ProcslinkMessage, ProcslinkMessageHeader } from "../../src/wire/procslink_message.ts";
import { check } from "../fakes/property.ts";

Deno.test("A header without fields is a version 1 request, and 0 otherwise", () => {
  assertEquals({ ...new ProcslinkMessageHeader() }, {
    version: 1,
    flag: 0,
    length: 0,
    payloadType: 1,
    reserved: 0,
    seq: 0,
    timestamp: 0n,
  });
  assertEquals(ProcslinkMessageHeader.SIZE, 24);
  assertEquals(ProcslinkMessageHeader.PAYLOAD_TYPE_JSONRPC2_REQUEST, 1);
  assertEquals(ProcslinkMessageHeader.PAYLOAD_TYPE_JSONRPC2_RESPONSE, 2);
});

Deno.test("A header refuses a field that does not fit, and names it", () => {
  const tooLarge = { version: 16, flag: 16, length: 32, payloadType: 16, reserved: 16, seq: 32 };
  for (const [name, bits] of Object.entries(tooLarge)) {
    for (const value of [2 ** bits, -1, 0.5, NaN]) {
      assertThrows(() => new ProcslinkMessageHeader({ [name]: value }), RangeError, name);
    }
    assertEquals({ ...new ProcslinkMessageHeader({ [name]: 2 ** bits - 1 }) }[name], 2 ** bits - 1);
  }
  for (const timestamp of [2n ** 64n, -1n, 5 as unknown as bigint]) {
    assertThrows(() => new ProcslinkMessageHeader({ timestamp }), RangeError, "timestamp");
  }
});

Deno.test("A header of fewer than 24 bytes is a DecodeError", () => {
  for (let length = 0; length < 24; length++) {
    for (const decode of [ProcslinkMessageHeader.fromBytes, ProcslinkMessage.fromBytes]) {
      assertThrows(() => decode(new Uint8Array(length)), DecodeError, `${length} bytes cannot hold a procslinkhdr`);
    }
  }
});

Deno.test("A message whose length is not that of the bytes is a DecodeError", () => {
  for (const length of [0, 24, 25, 27, 2 ** 32 - 1]) {
    const bytes = new Uint8Array([...new ProcslinkMessageHeader({ length }).toBytes(), 1, 2]);
    assertThrows(() => ProcslinkMessage.fromBytes(bytes), DecodeError, `procslinkhdr.length is ${length}`);
  }
});

Deno.test("A message of another version is a DecodeError that says so, before its length is looked at", () => {
  for (const version of [0, 2, 256, 65535]) {
    const bytes = new ProcslinkMessageHeader({ version, length: 99 }).toBytes();
    assertThrows(() => ProcslinkMessage.fromBytes(bytes), DecodeError, `version is ${version}`);
    assertEquals(ProcslinkMessageHeader.fromBytes(bytes).version, version);
  }
});

Deno.test("flag and reserved are ignored on receipt", () => {
  const header = new ProcslinkMessageHeader({ flag: 65535, reserved: 65535 });
  const { header: seen, payload } = ProcslinkMessage.fromBytes(
    new ProcslinkMessage(header, new Uint8Array(2)).toBytes(),
  );
  assertEquals([seen.flag, seen.reserved, payload.length], [65535, 65535, 2]);
});

Deno.test("A payload is a view of the bytes that it came from, wherever they begin", () => {
  const memory = new Uint8Array(40);
  memory.set(new ProcslinkMessage(new ProcslinkMessageHeader(), new Uint8Array([1, 2, 3])).toBytes(), 5);
  const { payload } = ProcslinkMessage.fromBytes(memory.subarray(5, 32));
  assertEquals(payload.byteOffset, 29);
  memory[29] = 9;
  assertEquals(payload, new Uint8Array([9, 2, 3]));
});

Deno.test("Any message comes back as it went, with its true length", () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({
    flag: u16,
    length: u32,
    payloadType: u16,
    reserved: u16,
    seq: u32,
    timestamp: fc.bigInt(0n, 2n ** 64n - 1n),
  });
  check(fc.property(fields, fc.uint8Array({ maxLength: 50 }), (fields, payload) => {
    const bytes = new ProcslinkMessage(new ProcslinkMessageHeader(fields), payload).toBytes();
    const copy = ProcslinkMessage.fromBytes(bytes);
    assertEquals({ ...copy.header }, { ...fields, version: 1, length: 24 + payload.length });
    assertEquals([...copy.payload], [...payload]);
  }));
});
