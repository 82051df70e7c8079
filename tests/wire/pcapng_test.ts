// The blocks of a capture, byte for byte, as the description of pcapng has them.
import { assertEquals } from "@std/assert";
import { COOKED_HEADER_SIZE, PACKET_TYPE, withCookedHeader } from "../../src/wire/cooked_header.ts";
import {
  enhancedPacket,
  interfaceDescription,
  LARGEST_PACKET,
  PACKET_DIRECTION,
  PACKET_RECEPTION,
  sectionHeader,
} from "../../src/wire/pcapng.ts";

/** Bytes of fields, one a line: the hexadecimal digits, and what they are. */
function annotated(lines: string): string {
  return lines.trim().split("\n").map((line) => line.trim().split("  ")[0]!.replaceAll(" ", "")).join("");
}

Deno.test("a section header tells the byte order, the version and the program", () => {
  assertEquals(
    sectionHeader("Deno!").toHex(),
    annotated(`
      0a 0d 0d 0a  type: section header
      2c 00 00 00  44 bytes
      4d 3c 2b 1a  little-endian
      01 00 00 00  version 1.0
      ff ff ff ff  section length: unknown
      ff ff ff ff
      04 00 05 00  shb_userappl, 5 bytes
      44 65 6e 6f  Deno
      21 00 00 00  !, padding
      00 00 00 00  opt_endofopt
      2c 00 00 00  44 bytes
    `),
  );
});

Deno.test("an interface description tells the link type of netlink, and that time stamps count nanoseconds", () => {
  assertEquals(
    interfaceDescription("net0").toHex(),
    annotated(`
      01 00 00 00  type: interface description
      28 00 00 00  40 bytes
      fd 00 00 00  LINKTYPE_NETLINK is 253, reserved
      00 00 04 00  262,144 bytes of a packet at most
      02 00 04 00  if_name, 4 bytes
      6e 65 74 30  net0
      09 00 01 00  if_tsresol, 1 byte
      09 00 00 00  10^-9, padding
      00 00 00 00  opt_endofopt
      28 00 00 00  40 bytes
    `),
  );
});

Deno.test("an enhanced packet tells when, which way, how much and what, and what else there is to say", () => {
  assertEquals(
    enhancedPacket({
      time: 1_700_000_000_123.5,
      packet: Uint8Array.of(1, 2, 3, 4, 5),
      flags: PACKET_DIRECTION.in | PACKET_RECEPTION.multicast,
      comment: "uid 7",
    }).toHex(),
    annotated(`
      06 00 00 00  type: enhanced packet
      40 00 00 00  64 bytes
      00 00 00 00  interface 0
      fe 9c 97 17  1,700,000,000,123,500,000 ns, upper half
      e0 75 86 3d  lower half
      05 00 00 00  5 bytes are kept
      05 00 00 00  of 5
      01 02 03 04  packet
      05 00 00 00  packet, padding
      02 00 04 00  epb_flags, 4 bytes
      09 00 00 00  inbound, multicast
      01 00 05 00  opt_comment, 5 bytes
      75 69 64 20  uid
      37 00 00 00  7, padding
      00 00 00 00  opt_endofopt
      40 00 00 00  64 bytes
    `),
  );
});

Deno.test("a packet without a comment has none, and one that left unicast says so", () => {
  const flags = PACKET_DIRECTION.out | PACKET_RECEPTION.unicast;
  assertEquals(
    enhancedPacket({ time: 0, packet: new Uint8Array(4), flags, comment: undefined }).subarray(28).toHex(),
    annotated(`
      00 00 00 00  packet
      02 00 04 00  epb_flags, 4 bytes
      06 00 00 00  outbound, unicast
      00 00 00 00  opt_endofopt
      30 00 00 00  48 bytes
    `),
  );
});

Deno.test("of a packet that Wireshark would not take, the beginning is kept, with its true length", () => {
  for (const [length, kept] of [[LARGEST_PACKET, LARGEST_PACKET], [LARGEST_PACKET + 1, LARGEST_PACKET]] as const) {
    const block = enhancedPacket({ time: 0, packet: new Uint8Array(length).fill(7), flags: 5, comment: undefined });
    const view = new DataView(block.buffer);
    assertEquals([view.getUint32(20, true), view.getUint32(24, true)], [kept, length]);
    assertEquals(block.length, 44 + kept);
    assertEquals(view.getUint32(block.length - 4, true), block.length);
  }
});

Deno.test("time stamps are true to less than a microsecond, and carry into the next millisecond", () => {
  const stampOf = (time: number) => {
    const view = new DataView(enhancedPacket({ time, packet: new Uint8Array(), flags: 0, comment: undefined }).buffer);
    return BigInt(view.getUint32(12, true)) << 32n | BigInt(view.getUint32(16, true));
  };
  assertEquals(stampOf(1_700_000_000_000.25), 1_700_000_000_000_250_000n);
  assertEquals(stampOf(1_795_319_460_246.75), 1_795_319_460_246_750_000n);
  assertEquals(stampOf(4.999_999_9), 5_000_000n);
});

Deno.test("a cooked header is big-endian, and names both ports where others have an address", () => {
  assertEquals(
    withCookedHeader({ type: PACKET_TYPE.sent, from: 0x01020304, to: 0xfffefdfc }, Uint8Array.of(0xaa, 0xbb)).toHex(),
    annotated(`
      00 04  PACKET_OUTGOING
      03 38  ARPHRD_NETLINK is 824
      00 08  8 bytes of address
      01 02 03 04  from
      ff fe fd fc  to
      00 02  NETLINK_USERSOCK
      aa bb  datagram
    `),
  );
  assertEquals(COOKED_HEADER_SIZE, 16);
  assertEquals(
    withCookedHeader({ type: PACKET_TYPE.received, from: 1, to: 2 }, new Uint8Array()).toHex().slice(0, 4),
    "0000",
  );
  assertEquals(
    withCookedHeader({ type: PACKET_TYPE.heard, from: 1, to: 0 }, new Uint8Array()).toHex().slice(0, 4),
    "0002",
  );
});
