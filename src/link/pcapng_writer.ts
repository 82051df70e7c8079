/**
 * A capture as a pcapng file, for Wireshark.
 *
 * @module
 */
import { PACKET_TYPE, withCookedHeader } from "../wire/cooked_header.ts";
import {
  enhancedPacket,
  interfaceDescription,
  PACKET_DIRECTION,
  PACKET_RECEPTION,
  sectionHeader,
} from "../wire/pcapng.ts";
import type { CapturedDatagram, CaptureSink } from "./capture.ts";

/** The program that the file names. */
const APPLICATION = "ProcsLink for Deno";
/** The interface that the file names. */
const INTERFACE = "procslink";

/**
 * Makes a pcapng file of what a peer sends and receives: the option `capture` of a peer. It opens no file itself, so the peer needs no
 * permission for that. Several peers may share one.
 *
 * Each packet has the netlink link type, nanoseconds, its direction, and both ports in its cooked header. A comment tells who sent
 * what arrived, in the kernel's words.
 *
 * @example Into a file, which needs `--allow-write` as well.
 * ```ts ignore
 * import { PcapngWriter, RPCPeer } from "@procslink/procslink";
 *
 * using file = Deno.openSync("calls.pcapng", { write: true, create: true, truncate: true });
 * await using peer = new RPCPeer({ capture: new PcapngWriter((bytes) => file.writeSync(bytes)) });
 * await peer.call(Number(Deno.args[0]), "hello", ["Rayson Zhu"]);
 * ```
 * @example Into memory.
 * ```ts
 * import { PcapngWriter, RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const blocks: Uint8Array[] = [];
 * await using peer = new RPCPeer({ capture: new PcapngWriter((bytes) => void blocks.push(bytes)) });
 * assertEquals(blocks[0]?.subarray(0, 4).toHex(), "0a0d0d0a");
 * ```
 */
export class PcapngWriter implements CaptureSink {
  readonly #write: (bytes: Uint8Array<ArrayBuffer>) => number | void;

  /**
   * Begins a file.
   *
   * @param write Takes the next bytes of the file; it may keep them. Where it returns a number, it has taken only so many of them, and
   * gets the rest at once, as with `Deno.FsFile.writeSync()`.
   * @throws {unknown} What `write` throws: the beginning of the file is written here.
   */
  constructor(write: (bytes: Uint8Array<ArrayBuffer>) => number | void) {
    this.#write = write;
    this.#writeAll(sectionHeader(APPLICATION));
    this.#writeAll(interfaceDescription(INTERFACE));
  }

  /**
   * Writes a packet.
   *
   * @param datagram What was sent or received.
   * @throws {unknown} What `write` throws.
   */
  capture(datagram: CapturedDatagram): void {
    const { time, direction, group, from, to, bytes } = datagram;
    const type = direction === "out"
      ? PACKET_TYPE.sent
      : group === undefined
      ? PACKET_TYPE.received
      : PACKET_TYPE.heard;
    const packet = withCookedHeader({ type, from, to }, bytes);
    const reception = group === undefined ? PACKET_RECEPTION.unicast : PACKET_RECEPTION.multicast;
    const flags = PACKET_DIRECTION[direction] | reception;
    this.#writeAll(enhancedPacket({ time, packet, flags, comment: commentOn(datagram) }));
  }

  #writeAll(bytes: Uint8Array<ArrayBuffer>): void {
    let rest = bytes;
    while (rest.length > 0) {
      const written = this.#write(rest);
      if (written === undefined || written === rest.length) return;
      if (!Number.isInteger(written) || written <= 0 || written > rest.length) {
        throw new RangeError(`Of ${rest.length} bytes of a capture ${written} were written`);
      }
      rest = rest.subarray(written);
    }
  }
}

function commentOn({ group, sender }: CapturedDatagram): string | undefined {
  const parts = group === undefined ? [] : [`group ${group}`];
  if (sender !== undefined) parts.push(`uid ${sender.uid}`, `gid ${sender.gid}`, `pid ${sender.pidHint}`);
  return parts.length === 0 ? undefined : parts.join(", ");
}
