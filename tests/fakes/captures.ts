/**
 * Captures in memory.
 *
 * @module
 */
import type { CapturedDatagram, CaptureSink } from "../../mod.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { epochMilliseconds } from "../../src/wire/clock.ts";

/** Keeps what it is told. */
export class MemoryCapture implements CaptureSink {
  /** The datagrams, in the order in which they came. */
  readonly datagrams: CapturedDatagram[] = [];
  /** When it was made. */
  readonly begun: number = epochMilliseconds();

  capture(datagram: CapturedDatagram): void {
    this.datagrams.push(datagram);
  }

  /** Each datagram on a line: its way, and the bodies of its messages, such as `out 200>100 {…} {…}`. */
  get lines(): string[] {
    return this.datagrams.map(({ direction, from, to, group, bytes }) =>
      [direction, `${from}>${group === undefined ? to : `group ${group}`}`, ...bodiesOf(bytes)].join(" ")
    );
  }

  /** The datagrams of one direction, as hexadecimal texts with their ports. */
  hex(direction: CapturedDatagram["direction"]): string[] {
    return this.datagrams.filter((datagram) => datagram.direction === direction)
      .map(({ from, to, bytes }) => `${from}>${to} ${bytes.toHex()}`);
  }
}

/** The bodies of the messages of a datagram. */
export function bodiesOf(bytes: Uint8Array): string[] {
  const reader = new DatagramReader();
  reader.start(bytes, bytes.length);
  const bodies: string[] = [];
  while (reader.next()) {
    if (reader.problem === undefined) {
      bodies.push(new TextDecoder().decode(bytes.subarray(reader.bodyStart, reader.bodyEnd)));
    }
  }
  return bodies;
}
