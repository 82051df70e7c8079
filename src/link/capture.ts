/**
 * What is told of the datagrams that a peer sends and receives.
 *
 * @module
 */
import { epochMilliseconds } from "../wire/clock.ts";
import type { Caller } from "./link.ts";
import type { ReportTrouble } from "./trouble.ts";

/** A datagram that was sent or received. */
export interface CapturedDatagram {
  /** Whether it arrived or left. */
  readonly direction: "in" | "out";
  /** When it was handed on, or had left, in milliseconds since the Unix epoch, with a fraction. */
  readonly time: number;
  /** The datagram: a copy, which nobody else has. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Port of the sender: of one that arrived, in the kernel's words. */
  readonly from: number;
  /** Port of the receiver; 0 where it went to a multicast group of the kernel. */
  readonly to: number;
  /** Number of that group. */
  readonly group: number | undefined;
  /** Who sent it, in the kernel's words; undefined for one that left. */
  readonly sender: Caller | undefined;
}

/**
 * Told of each datagram that a peer sends and receives: the option `capture` of a peer. {@linkcode PcapngWriter} is one.
 *
 * @example
 * ```ts
 * import { type CaptureSink, RPCPeer } from "@procslink/procslink";
 *
 * const sink: CaptureSink = {
 *   capture: ({ direction, from, to, bytes }) => console.log(direction, `${from} -> ${to}: ${bytes.length} bytes`),
 * };
 * await using server = new RPCPeer({ capture: sink });
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * await client.call(server.nlPid, "rpc.ping");
 * ```
 */
export interface CaptureSink {
  /**
   * Takes a datagram. It is called while the peer sends and reads: it should be quick, and leave the peer alone. What the peer sends
   * or receives before it returns is not captured. Where it throws, that is trouble, and the capture is over; no call is lost.
   *
   * @param datagram The datagram.
   */
  capture(datagram: CapturedDatagram): void;
}

/** Where a datagram came from and went to. */
export type CapturedWay = Pick<CapturedDatagram, "direction" | "from" | "to"> & {
  /** Number of the multicast group that it went to. */
  readonly group?: number;
  /** Who sent it, in the kernel's words. */
  readonly sender?: Caller;
};

/** Hands datagrams to a sink, until it throws. */
export class Capture {
  readonly #trouble: ReportTrouble;
  readonly #isWanted: () => boolean;
  #sink: CaptureSink | undefined;
  #isBusy = false;

  /**
   * @param sink Told of the datagrams.
   * @param trouble Reports that it has thrown.
   * @param isWanted Tells whether it is to be told just now.
   */
  constructor(sink: CaptureSink, trouble: ReportTrouble, isWanted: () => boolean = () => true) {
    this.#sink = sink;
    this.#isWanted = isWanted;
    this.#trouble = trouble;
  }

  /**
   * Tells the sink of a datagram.
   *
   * @param bytes Memory that begins with it.
   * @param length Its length in bytes.
   * @param way Where it came from, and went to.
   */
  record(bytes: Uint8Array, length: number, { direction, from, to, group, sender }: CapturedWay): void {
    // A sink that calls somebody by this very peer would otherwise be told of that call, and call again.
    if (this.#sink === undefined || this.#isBusy || !this.#isWanted()) return;
    this.#isBusy = true;
    const copy = new Uint8Array(length);
    copy.set(bytes.subarray(0, length));
    try {
      this.#sink.capture({ direction, time: epochMilliseconds(), bytes: copy, from, to, group, sender });
    } catch (error) {
      this.#sink = undefined;
      // Later: a listener may do whatever it likes, and this may be in the midst of a send.
      queueMicrotask(() =>
        this.#trouble("handler", `The capture has thrown, and is over: ${textOf(error)}`, undefined, error)
      );
    } finally {
      this.#isBusy = false;
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : "not an Error";
}
