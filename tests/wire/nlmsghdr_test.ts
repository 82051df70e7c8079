import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { NLMSGHDR_SIZE, type NlmsghdrFields, readNlmsghdr, writeNlmsghdr } from "../../src/wire/nlmsghdr.ts";
import { check } from "../fakes/property.ts";

const FIELDS: NlmsghdrFields = {
  nlmsgLen: 0x04030201,
  nlmsgType: 0x0605,
  nlmsgFlags: 0x0807,
  nlmsgSeq: 0x0c0b0a09,
  nlmsgPid: 0xfffefdfc,
};

Deno.test("writeNlmsghdr writes 16 bytes, little-endian, and leaves its neighbours alone", () => {
  const bytes = new Uint8Array(20).fill(0xaa);
  writeNlmsghdr(new DataView(bytes.buffer), 3, FIELDS);
  assertEquals(bytes.toHex(), "aaaaaa" + "01020304" + "0506" + "0708" + "090a0b0c" + "fcfdfeff" + "aa");
  assertEquals(readNlmsghdr(new DataView(bytes.buffer), 3), FIELDS);
});

Deno.test("Any nlmsghdr comes back as it was written", () => {
  const u16 = fc.nat(0xffff);
  const u32 = fc.nat(0xffff_ffff);
  const fields = fc.record({ nlmsgLen: u32, nlmsgType: u16, nlmsgFlags: u16, nlmsgSeq: u32, nlmsgPid: u32 });
  check(fc.property(fields, fc.nat(9), (fields, offset) => {
    const view = new DataView(new ArrayBuffer(offset + NLMSGHDR_SIZE));
    writeNlmsghdr(view, offset, fields);
    assertEquals(readNlmsghdr(view, offset), fields);
  }));
});
