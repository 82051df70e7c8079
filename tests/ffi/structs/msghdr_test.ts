import { assertEquals } from "@std/assert";
import {
  IOVEC_SIZE,
  MSGHDR_SIZE,
  readMsghdrControlLength,
  readMsghdrFlags,
  resetMsghdr,
  writeIovec,
  writeMsghdr,
} from "../../../ffi/structs/msghdr.ts";
import { writeMsghdrResult } from "../../fakes/received_message.ts";

const PARTS = {
  name: 0x1817161514131211n,
  nameLength: 12,
  iov: 0x2827262524232221n,
  iovLength: 2,
  control: 0x3837363534333231n,
  controlLength: 128,
};

/** The fields as they are in memory, and the padding between them as it was. */
function expected(nameLength: string, controlLength: string, flags: string): string {
  return "1112131415161718" + nameLength + "aaaaaaaa" + "2122232425262728" + "0200000000000000" +
    "3132333435363738" + controlLength + flags + "aaaaaaaa";
}

Deno.test("writeMsghdr writes 56 bytes with the number of iovecs, and leaves its neighbours alone", () => {
  const bytes = new Uint8Array(MSGHDR_SIZE + 16).fill(0xaa);
  writeMsghdr(new DataView(bytes.buffer), 8, PARTS);
  assertEquals(MSGHDR_SIZE, 56);
  assertEquals(
    bytes.toHex(),
    "aaaaaaaaaaaaaaaa" + expected("0c000000", "8000000000000000", "00000000") + "aaaaaaaaaaaaaaaa",
  );
});

Deno.test("resetMsghdr writes what the kernel overwrites, and nothing else", () => {
  const bytes = new Uint8Array(MSGHDR_SIZE).fill(0xaa);
  const view = new DataView(bytes.buffer);
  writeMsghdr(view, 0, PARTS);
  for (const [offset, size] of [[8, 4], [40, 8], [48, 4]] as const) bytes.fill(0xff, offset, offset + size);
  resetMsghdr(view, 0, 16, 64);
  assertEquals(bytes.toHex(), expected("10000000", "4000000000000000", "00000000"));
});

Deno.test("Flags and control length are read as the kernel wrote them", () => {
  const bytes = new Uint8Array(MSGHDR_SIZE).fill(0xaa);
  const view = new DataView(bytes.buffer);
  writeMsghdr(view, 0, PARTS);
  writeMsghdrResult(view, 0, 0x84838281, 32);
  assertEquals(bytes.toHex(), expected("0c000000", "2000000000000000", "81828384"));
  assertEquals([readMsghdrFlags(view, 0), readMsghdrControlLength(view, 0)], [0x84838281, 32]);
});

Deno.test("writeIovec writes an address and a size of 8 bytes each", () => {
  const bytes = new Uint8Array(IOVEC_SIZE + 8).fill(0xaa);
  writeIovec(new DataView(bytes.buffer), 4, 0x1817161514131211n, 2 ** 33 + 1);
  assertEquals(bytes.toHex(), "aaaaaaaa" + "1112131415161718" + "0100000002000000" + "aaaaaaaa");
});
