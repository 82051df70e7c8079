import { assertEquals } from "@std/assert";
import fc from "fast-check";
import {
  PROCSLINKHDR_SIZE,
  type ProcslinkhdrFields,
  readProcslinkhdr,
  writeProcslinkhdr,
} from "../../src/wire/procslinkhdr.ts";
import { check } from "../fakes/property.ts";

const FIELDS: ProcslinkhdrFields = {
  version: 0x0201,
  flag: 0x0403,
  length: 0x08070605,
  payloadType: 0x0a09,
  reserved: 0x0c0b,
  seq: 0xfffefdfc,
  timestamp: 0x8877665544332211n,
};

Deno.test("writeProcslinkhdr writes 24 bytes, little-endian, and leaves its neighbours alone", () => {
  const bytes = new Uint8Array(28).fill(0xaa);
  writeProcslinkhdr(new DataView(bytes.buffer), 3, FIELDS);
  assertEquals(
    bytes.toHex(),
    "aaaaaa" + "0102" + "0304" + "05060708" + "090a" + "0b0c" + "fcfdfeff" + "1122334455667788" + "aa",
  );
  assertEquals(readProcslinkhdr(new DataView(bytes.buffer), 3), FIELDS);
});

Deno.test("Any procslinkhdr comes back as it was written", () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({
    version: u16,
    flag: u16,
    length: u32,
    payloadType: u16,
    reserved: u16,
    seq: u32,
    timestamp: fc.bigInt(0n, 2n ** 64n - 1n),
  });
  check(fc.property(fields, fc.nat(9), (fields, offset) => {
    const view = new DataView(new ArrayBuffer(offset + PROCSLINKHDR_SIZE));
    writeProcslinkhdr(view, offset, fields);
    assertEquals(readProcslinkhdr(view, offset), fields);
  }));
});
