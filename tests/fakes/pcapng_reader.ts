/**
 * Reads a pcapng file. It is written here anew, from the description of the format: a mistake of the writer must not be made twice.
 *
 * @module
 */
import { AssertionError } from "@std/assert";

/** A packet of a capture. */
export interface ReadPacket {
  /** Nanoseconds since the Unix epoch. */
  readonly time: bigint;
  /** Packet type, ports and protocol of its cooked header. */
  readonly type: number;
  readonly from: number;
  readonly to: number;
  /** What follows the cooked header. */
  readonly datagram: Uint8Array;
  /** How long the packet was, its cooked header included. */
  readonly originalLength: number;
  readonly flags: number;
  readonly comment: string | undefined;
}

/** What a file says. */
export interface ReadCapture {
  readonly application: string | undefined;
  readonly interfaces: readonly { linkType: number; snapLength: number; name: string | undefined }[];
  readonly packets: readonly ReadPacket[];
}

/** Reads a whole file; throws where it is none. */
export function readPcapng(file: Uint8Array): ReadCapture {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const interfaces: { linkType: number; snapLength: number; name: string | undefined }[] = [];
  const packets: ReadPacket[] = [];
  let application: string | undefined;
  for (let offset = 0; offset < file.length;) {
    const [type, length] = [view.getUint32(offset, true), view.getUint32(offset + 4, true)];
    must(length % 4 === 0 && offset + length <= file.length, `a block of ${length} bytes at ${offset}`);
    must(view.getUint32(offset + length - 4, true) === length, `the lengths of the block at ${offset} differ`);
    must((offset === 0) === (type === 0x0a0d0d0a), `a block of the type ${type} at ${offset}`);
    const end = offset + length - 4;
    if (type === 0x0a0d0d0a) {
      must(view.getUint32(8, true) === 0x1a2b3c4d && view.getUint32(12, true) === 1, "another section");
      application = text(optionsOf(file.subarray(offset + 24, end)).get(4));
    } else if (type === 1) {
      const options = optionsOf(file.subarray(offset + 16, end));
      must(options.get(9)?.toHex() === "09", "other time stamps than nanoseconds");
      const linkType = view.getUint16(offset + 8, true);
      interfaces.push({ linkType, snapLength: view.getUint32(offset + 12, true), name: text(options.get(2)) });
    } else {
      must(type === 6 && interfaces[view.getUint32(offset + 8, true)] !== undefined, `a block of the type ${type}`);
      packets.push(readPacket(file.subarray(offset, end), view, offset));
    }
    offset += length;
  }
  return { application, interfaces, packets };
}

function readPacket(block: Uint8Array, view: DataView, offset: number): ReadPacket {
  const captured = view.getUint32(offset + 20, true);
  const packet = block.subarray(28, 28 + captured);
  const cooked = new DataView(packet.buffer, packet.byteOffset, 16);
  must(cooked.getUint16(2) === 824 && cooked.getUint16(4) === 8 && cooked.getUint16(14) === 2, "another cooked header");
  const options = optionsOf(block.subarray(28 + Math.ceil(captured / 4) * 4));
  const flags = options.get(2)!;
  return {
    time: BigInt(view.getUint32(offset + 12, true)) << 32n | BigInt(view.getUint32(offset + 16, true)),
    type: cooked.getUint16(0),
    from: cooked.getUint32(6),
    to: cooked.getUint32(10),
    datagram: packet.subarray(16),
    originalLength: view.getUint32(offset + 24, true),
    flags: new DataView(flags.buffer, flags.byteOffset).getUint32(0, true),
    comment: text(options.get(1)),
  };
}

function optionsOf(bytes: Uint8Array): Map<number, Uint8Array> {
  const options = new Map<number, Uint8Array>();
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0;;) {
    const [code, length] = [view.getUint16(offset, true), view.getUint16(offset + 2, true)];
    if (code === 0) {
      must(length === 0 && offset + 4 === bytes.length, "something behind the end of the options");
      return options;
    }
    options.set(code, bytes.subarray(offset + 4, offset + 4 + length));
    offset += 4 + Math.ceil(length / 4) * 4;
  }
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes && new TextDecoder("utf-8", { fatal: true }).decode(bytes);
}

function must(condition: boolean, problem: string): void {
  if (!condition) throw new AssertionError(`This is no capture: ${problem}`);
}
