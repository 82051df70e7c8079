import { assertEquals } from "@std/assert";
import { AF_NETLINK, NDIAG_SHOW_FLAGS, NETLINK_USERSOCK } from "../../../ffi/constants.ts";
import {
  findAttribute,
  NETLINK_DIAG_MSG_SIZE,
  NETLINK_DIAG_REQ_SIZE,
  readNetlinkDiagCookie,
  readNetlinkDiagPort,
  writeNetlinkDiagReq,
} from "../../../ffi/structs/netlink_diag.ts";

Deno.test("writeNetlinkDiagReq writes family and protocol into zeroes, and leaves their neighbours alone", () => {
  const bytes = new Uint8Array(2 + NETLINK_DIAG_REQ_SIZE + 2);
  bytes.fill(0xaa, 0, 2);
  bytes.fill(0xaa, 2 + NETLINK_DIAG_REQ_SIZE);
  writeNetlinkDiagReq(new DataView(bytes.buffer), 2, AF_NETLINK, NETLINK_USERSOCK, NDIAG_SHOW_FLAGS);
  assertEquals(
    bytes.toHex(),
    "aaaa" + "10" + "02" + "0000" + "00000000" + "08000000" + "0000000000000000" + "aaaa",
  );
});

Deno.test("readNetlinkDiagPort reads ndiag_portid, as a u32, and no other field", () => {
  const bytes = new Uint8Array(3 + NETLINK_DIAG_MSG_SIZE).fill(0xaa);
  const view = new DataView(bytes.buffer);
  for (const port of [0, 1, 4_242, 0x8403_0201, 0xffff_ffff]) {
    view.setUint32(3 + 4, port, true);
    assertEquals(readNetlinkDiagPort(view, 3), port);
  }
});

Deno.test("readNetlinkDiagCookie reads both halves of ndiag_cookie, the lower one first", () => {
  const bytes = new Uint8Array(3 + NETLINK_DIAG_MSG_SIZE).fill(0xaa);
  bytes.set([1, 2, 3, 4, 5, 6, 7, 8], 3 + 20);
  assertEquals(readNetlinkDiagCookie(new DataView(bytes.buffer), 3), 0x0807060504030201n);
});

Deno.test("both structs have the sizes of <linux/netlink_diag.h>", () => {
  assertEquals([NETLINK_DIAG_REQ_SIZE, NETLINK_DIAG_MSG_SIZE], [20, 28]);
});

Deno.test("findAttribute finds a u32 among others, each at a multiple of 4 bytes, and reads nothing beyond their end", () => {
  const bytes = Uint8Array.fromHex("05000100aa000000" + "0800040020000000" + "0800040099000000");
  const view = new DataView(bytes.buffer);
  assertEquals(findAttribute(view, 0, 24, 4), 0x20);
  assertEquals([findAttribute(view, 0, 24, 5), findAttribute(view, 0, 8, 4), findAttribute(view, 0, 0, 4)], [
    undefined,
    undefined,
    undefined,
  ]);
  // Too short for a u32, cut off, and with a length that leads nowhere.
  assertEquals(findAttribute(view, 0, 24, 1), undefined);
  assertEquals(findAttribute(view, 8, 15, 4), undefined);
  assertEquals(findAttribute(new DataView(new ArrayBuffer(8)), 0, 8, 0), undefined);
});
