/**
 * Messages that go to several receivers: they are put together once, and leave at once.
 *
 * @module
 */
import { nlmsgAlign } from "../wire/align.ts";
import { epochMilliseconds } from "../wire/clock.ts";
import { FRAME_HEADERS_SIZE, writeFrameHeaders } from "../wire/frame.ts";
import { NLM_F_REQUEST, NLMSGHDR_SIZE } from "../wire/nlmsghdr.ts";
import { PAYLOAD_JSONRPC_REQUEST, PROCSLINKHDR } from "../wire/procslinkhdr.ts";
import type { Backlogs } from "./backlogs.ts";
import type { Delivery } from "./delivery.ts";
import type { Framer } from "./framer.ts";
import type { Link } from "./link.ts";
import type { Traffic } from "./traffic.ts";

/** A datagram that is complete but for what differs from one receiver to the next: `seq` of procslinkhdr. */
export interface SharedDatagram {
  /** The datagram. */
  readonly view: DataView<ArrayBuffer>;
  /** The same memory. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where its messages begin. */
  readonly starts: readonly number[];
}

/** What sending to many needs of its outbox. */
export interface FanOutParts {
  /** What carries datagrams. */
  readonly link: Link;
  /** Numbers messages. */
  readonly framer: Framer;
  /** What waits for room. */
  readonly backlogs: Backlogs;
  /** Counts what is sent. */
  readonly traffic: Traffic;
  /** Has backlogs begin to send that are new. */
  readonly flushLater: () => void;
}

/** The port that stands for all multicast groups where messages are numbered. */
const NOBODY = 0;

/** Has all but the last message of a datagram: what becomes of that tells of all. */
const ONE_OF_MANY: Delivery = { delivered() {}, undelivered() {} };

/** Sends datagrams to many. */
export class FanOut {
  readonly #parts: FanOutParts;
  #nlmsgSeq = 0;

  /**
   * @param parts What it needs of its outbox.
   */
  constructor(parts: FanOutParts) {
    this.#parts = parts;
  }

  /**
   * Puts requests together.
   *
   * @param bodies JSON texts in UTF-8, which together fit one datagram.
   * @returns The datagram.
   */
  prepare(bodies: readonly Uint8Array[]): SharedDatagram {
    let length = 0;
    const starts = bodies.map((body) => {
      const start = nlmsgAlign(length);
      length = start + FRAME_HEADERS_SIZE + body.length;
      return start;
    });
    const bytes = new Uint8Array(length);
    const view = new DataView(bytes.buffer);
    const own = { flags: NLM_F_REQUEST, port: this.#parts.link.port, payloadType: PAYLOAD_JSONRPC_REQUEST, seq: 0 };
    const time = epochMilliseconds();
    for (const [index, start] of starts.entries()) {
      this.#nlmsgSeq = (this.#nlmsgSeq + 1) >>> 0;
      writeFrameHeaders(view, start, bodies[index]!.length, { ...own, nlmsgSeq: this.#nlmsgSeq, time });
      bytes.set(bodies[index]!, start + FRAME_HEADERS_SIZE);
    }
    return { view, bytes, starts };
  }

  /**
   * Sends a datagram now; where there is no room for it, or others wait for some already, it goes behind them.
   *
   * @param to Port of the receiver.
   * @param datagram The datagram.
   * @param delivery Learns what became of all of it, perhaps before this returns.
   */
  send(to: number, { view, bytes, starts }: SharedDatagram, delivery: Delivery): void {
    const { link, backlogs } = this.#parts;
    const { length } = bytes;
    this.#number(to, { view, starts });
    try {
      if (backlogs.get(to) !== undefined || !link.send(to, bytes, length)) {
        backlogs.open(to).add(
          bytes.slice(),
          starts.map((_, index) => index < starts.length - 1 ? ONE_OF_MANY : delivery),
        );
        return this.#parts.flushLater();
      }
    } catch (error) {
      return delivery.undelivered(error as Error);
    }
    this.#count(length, starts.length);
    delivery.delivered();
  }

  /**
   * Sends a datagram now to all who hear a multicast group.
   *
   * @param group Number of the group.
   * @param datagram The datagram.
   * @throws {Error} If it could not be sent.
   */
  multicast(group: number, { view, bytes, starts }: SharedDatagram): void {
    this.#number(NOBODY, { view, starts });
    this.#parts.link.multicast!(group, bytes, bytes.length);
    this.#count(bytes.length, starts.length);
  }

  #number(to: number, { view, starts }: Pick<SharedDatagram, "view" | "starts">): void {
    const { framer } = this.#parts;
    for (const start of starts) view.setUint32(start + NLMSGHDR_SIZE + PROCSLINKHDR.seq, framer.nextSeq(to), true);
  }

  #count(bytes: number, messages: number): void {
    this.#parts.traffic.bytesOut += bytes;
    this.#parts.traffic.messagesOut += messages;
  }
}
