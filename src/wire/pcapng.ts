/**
 * Blocks of a pcapng file, which Wireshark reads: draft-ietf-opsawg-pcapng. Each is a type, its length, a body, its length again.
 *
 * ```text
 * section header                 interface description           enhanced packet
 *  0 u32 0x0a0d0d0a               0 u32 1                          0 u32 6
 *  4 u32 length of the block      4 u32 length of the block        4 u32 length of the block
 *  8 u32 0x1a2b3c4d               8 u16 link type                  8 u32 interface, 0 is the first
 * 12 u16 1, u16 0: version       10 u16 reserved                  12 u32 time stamp, upper half
 * 16 u64 -1: length unknown      12 u32 what is kept of a packet  16 u32 time stamp, lower half
 * 24 options                     16 options                       20 u32 bytes that are kept
 *                                                                 24 u32 bytes that there were
 *                                                                 28 packet, options
 * ```
 *
 * Packets and the values of options are padded to 4 bytes. Integers are little-endian, as the third field of the section says.
 *
 * @module
 */
import { viewOf } from "./view.ts";

/** `LINKTYPE_NETLINK`: a cooked header, and netlink messages behind it. */
export const LINKTYPE_NETLINK = 253;

/** What is kept of a packet at most, in bytes: Wireshark takes a file with a larger one for broken. */
export const LARGEST_PACKET = 262_144;

/** Which way a packet went: the lowest bits of `epb_flags`. */
export const PACKET_DIRECTION = { in: 1, out: 2 } as const;
/** To whom it went: the next bits of `epb_flags`. */
export const PACKET_RECEPTION = { unicast: 1 << 2, multicast: 2 << 2 } as const;

const BLOCK = { sectionHeader: 0x0a0d_0d0a, interfaceDescription: 1, enhancedPacket: 6 } as const;
const OPTION = { end: 0, comment: 1, userApplication: 4, interfaceName: 2, timeResolution: 9, packetFlags: 2 } as const;
/** Tells the byte order. */
const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;
/** Time stamps count 10^-9 seconds. */
const NANOSECONDS = 9;
const ALIGNMENT = 4;

const encoder = new TextEncoder();

/** What an enhanced packet block says. */
export interface PacketFields {
  /** When, in milliseconds since the Unix epoch, with a fraction. */
  readonly time: number;
  /** The packet; where it is larger than {@linkcode LARGEST_PACKET}, the rest is left out. */
  readonly packet: Uint8Array;
  /** One of {@linkcode PACKET_DIRECTION} and one of {@linkcode PACKET_RECEPTION}. */
  readonly flags: number;
  /** What else is to be said, for a person to read. */
  readonly comment: string | undefined;
}

/**
 * Makes the block that a file begins with.
 *
 * @param application Name of the program that writes it.
 * @returns The block.
 */
export function sectionHeader(application: string): Uint8Array<ArrayBuffer> {
  const fields = new Uint8Array(16);
  const view = viewOf(fields);
  view.setUint32(0, BYTE_ORDER_MAGIC, true);
  view.setUint16(4, 1, true);
  view.setBigInt64(8, -1n, true);
  return block(BLOCK.sectionHeader, [fields, ...options([[OPTION.userApplication, encoder.encode(application)]])]);
}

/**
 * Makes the block that tells what the packets behind it are: netlink, with time stamps in nanoseconds.
 *
 * @param name Name of the interface.
 * @returns The block.
 */
export function interfaceDescription(name: string): Uint8Array<ArrayBuffer> {
  const fields = new Uint8Array(8);
  const view = viewOf(fields);
  view.setUint16(0, LINKTYPE_NETLINK, true);
  view.setUint32(4, LARGEST_PACKET, true);
  const given = options([
    [OPTION.interfaceName, encoder.encode(name)],
    [OPTION.timeResolution, Uint8Array.of(NANOSECONDS)],
  ]);
  return block(BLOCK.interfaceDescription, [fields, ...given]);
}

/**
 * Makes the block of a packet on the first interface.
 *
 * @param packet The packet, and what is to be said of it.
 * @returns The block.
 */
export function enhancedPacket({ time, packet, flags, comment }: PacketFields): Uint8Array<ArrayBuffer> {
  const kept = packet.subarray(0, LARGEST_PACKET);
  const nanoseconds = nanosecondsOf(time);
  const fields = new Uint8Array(20);
  const view = viewOf(fields);
  view.setUint32(4, Number(nanoseconds >> 32n), true);
  view.setUint32(8, Number(nanoseconds & 0xffff_ffffn), true);
  view.setUint32(12, kept.length, true);
  view.setUint32(16, packet.length, true);
  const flagBytes = new Uint8Array(4);
  viewOf(flagBytes).setUint32(0, flags, true);
  const given: [code: number, value: Uint8Array][] = [[OPTION.packetFlags, flagBytes]];
  if (comment !== undefined) given.push([OPTION.comment, encoder.encode(comment)]);
  return block(BLOCK.enhancedPacket, [fields, kept, ...options(given)]);
}

/** A double holds today's nanoseconds only to 256: whole milliseconds and their fraction hold more apart. */
function nanosecondsOf(milliseconds: number): bigint {
  const whole = Math.floor(milliseconds);
  return BigInt(whole) * 1_000_000n + BigInt(Math.round((milliseconds - whole) * 1e6));
}

/** The parts of a list of options, with its end. */
function options(given: readonly (readonly [code: number, value: Uint8Array])[]): Uint8Array[] {
  return [...given, [OPTION.end, new Uint8Array()] as const].flatMap(([code, value]) => {
    const head = new Uint8Array(4);
    viewOf(head).setUint16(0, code, true);
    viewOf(head).setUint16(2, value.length, true);
    return [head, value];
  });
}

/** Puts a block together; each part is padded. */
function block(type: number, parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const length = parts.reduce((sum, part) => sum + padded(part.length), 12);
  const bytes = new Uint8Array(length);
  const view = viewOf(bytes);
  view.setUint32(0, type, true);
  view.setUint32(4, length, true);
  let offset = 8;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += padded(part.length);
  }
  view.setUint32(offset, length, true);
  return bytes;
}

function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}
