/**
 * The messages of one datagram, one after the other, or the one of the legacy dialect. Whatever the bytes are, walking them does
 * not throw.
 *
 * @module
 */
import { nlmsgAlign } from "./align.ts";
import { type Dialect, LEGACY, NATIVE } from "./dialect.ts";
import { isLegacyDatagram } from "./legacy.ts";
import {
  NLM_F_MULTI,
  NLMSG_DONE,
  NLMSG_NOOP,
  NLMSG_PROCSLINK,
  NLMSGHDR,
  NLMSGHDR_SIZE,
  readNlmsghdr,
} from "./nlmsghdr.ts";
import { FRAME_HEADERS_SIZE } from "./frame.ts";
import { PROCSLINK_VERSION, PROCSLINKHDR, PROCSLINKHDR_SIZE, readProcslinkhdr } from "./procslinkhdr.ts";
import { viewOf } from "./view.ts";

/**
 * Walks the ProcsLink messages of a datagram in place.
 *
 * {@linkcode DatagramReader.next} goes to the next message; its fields are then those of this message. Where
 * {@linkcode DatagramReader.problem} is set, the message is not one, and its other fields say nothing. NOOPs are passed over.
 */
export class DatagramReader {
  /** What is wrong with the message, or undefined. */
  problem: string | undefined;
  /** The dialect of the message. A legacy one has no `nlmsg_seq` of its own, and is no fragment. */
  dialect: Dialect = NATIVE;
  /** `nlmsg_seq` of the message. */
  nlmsgSeq = 0;
  /** `nlmsg_pid` of the message: the port that the sender claims. */
  nlmsgPid = 0;
  /** `version` of its procslinkhdr. */
  version = 0;
  /** `payload_type` of its procslinkhdr. */
  payloadType = 0;
  /** First byte of the body in the datagram. */
  bodyStart = 0;
  /** First byte behind the body in the datagram. */
  bodyEnd = 0;
  /** Size of the whole message in bytes, both headers included: all fragments together, as this one states it. */
  size = 0;
  /** Whether it is a fragment of a message. The body is then a part of the whole one. */
  fragment = false;
  /** Whether it is the last fragment of its message. This and what follows is of fragments only. */
  last = false;
  /** `seq` of its procslinkhdr: the number that all fragments of the message share. */
  seq = 0;
  /** `timestamp` of its procslinkhdr, as two halves: a bigint would cost an allocation. */
  timestamp: readonly [low: number, high: number] = [0, 0];

  #view: DataView = new DataView(new ArrayBuffer(0));
  #offset = 0;
  #end = 0;

  /**
   * Begins a datagram.
   *
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   */
  start(bytes: Uint8Array, length: number): void {
    const view = this.#view;
    if (view.buffer !== bytes.buffer || view.byteOffset !== bytes.byteOffset || view.byteLength < length) {
      this.#view = viewOf(bytes);
    }
    this.#offset = 0;
    this.#end = length;
    this.problem = undefined;
    // An empty datagram holds no message, but nobody sends one for nothing: it is reported like one that is too short.
    if (length === 0) this.#offset = -1;
  }

  /**
   * Goes to the next message.
   *
   * @returns Whether there is one.
   */
  next(): boolean {
    const view = this.#view;
    for (;;) {
      const offset = this.#offset;
      const rest = this.#end - offset;
      if (rest <= 0) return false;
      if (offset < 0 || rest < NLMSGHDR_SIZE) {
        this.#offset = this.#end;
        return this.#reject(`${offset < 0 ? 0 : rest} bytes cannot hold an nlmsghdr, which takes ${NLMSGHDR_SIZE}`);
      }
      const length = view.getUint32(offset + NLMSGHDR.nlmsgLen, true);
      if (length < NLMSGHDR_SIZE || length > rest) {
        if (offset === 0 && isLegacyDatagram(view, rest)) return this.#readLegacy(view, rest);
        // Nobody can tell where the next message would begin: the rest of the datagram goes with this one.
        this.#offset = this.#end;
        return this.#reject(`nlmsg_len is ${length}, and it must be from ${NLMSGHDR_SIZE} to the ${rest} bytes left`);
      }
      this.#offset = offset + nlmsgAlign(length);
      const type = view.getUint16(offset + NLMSGHDR.nlmsgType, true);
      if (type !== NLMSG_NOOP) return this.#read(view, offset, length, type);
    }
  }

  #read(view: DataView, offset: number, length: number, type: number): boolean {
    this.nlmsgSeq = view.getUint32(offset + NLMSGHDR.nlmsgSeq, true);
    this.nlmsgPid = view.getUint32(offset + NLMSGHDR.nlmsgPid, true);
    if (type !== NLMSG_PROCSLINK && type !== NLMSG_DONE) {
      // A legacy message may be so large that its length could be one of ours.
      if (offset === 0 && isLegacyDatagram(view, this.#end)) return this.#readLegacy(view, this.#end);
      return this.#reject(`nlmsg_type ${type} is unknown`);
    }
    if (length < FRAME_HEADERS_SIZE) {
      return this.#reject(
        `${length - NLMSGHDR_SIZE} bytes cannot hold a procslinkhdr, which takes ${PROCSLINKHDR_SIZE}`,
      );
    }
    const header = offset + NLMSGHDR_SIZE;
    const stated = view.getUint32(header + PROCSLINKHDR.length, true);
    this.size = NLMSGHDR_SIZE + stated;
    this.version = view.getUint16(header + PROCSLINKHDR.version, true);
    this.payloadType = view.getUint16(header + PROCSLINKHDR.payloadType, true);
    this.fragment = (view.getUint16(offset + NLMSGHDR.nlmsgFlags, true) & NLM_F_MULTI) !== 0;
    if (this.fragment) {
      this.last = type === NLMSG_DONE;
      this.seq = view.getUint32(header + PROCSLINKHDR.seq, true);
      const timestamp = header + PROCSLINKHDR.timestamp;
      this.timestamp = [view.getUint32(timestamp, true), view.getUint32(timestamp + 4, true)];
    } else if (type === NLMSG_DONE) {
      return this.#reject("nlmsg_type DONE is of the last fragment, which has NLM_F_MULTI in its nlmsg_flags");
    } else if (this.version === PROCSLINK_VERSION && stated !== length - NLMSGHDR_SIZE) {
      // What another version means by its length is for it to say; its first field tells that it is one.
      return this.#reject(`procslinkhdr.length is ${stated}, and the message has ${length - NLMSGHDR_SIZE} bytes`);
    }
    this.problem = undefined;
    this.dialect = NATIVE;
    this.bodyStart = offset + FRAME_HEADERS_SIZE;
    this.bodyEnd = offset + length;
    return true;
  }

  /** Reads the one message of a datagram in the legacy dialect. */
  #readLegacy(view: DataView, length: number): true {
    const netlink = readNlmsghdr(view, 0, false);
    const procslink = readProcslinkhdr(view, NLMSGHDR_SIZE, false);
    this.#offset = length;
    this.problem = undefined;
    this.dialect = LEGACY;
    this.nlmsgSeq = netlink.nlmsgSeq;
    this.nlmsgPid = netlink.nlmsgPid;
    this.version = procslink.version;
    this.payloadType = procslink.payloadType;
    this.size = length;
    this.fragment = false;
    this.bodyStart = FRAME_HEADERS_SIZE;
    this.bodyEnd = length;
    return true;
  }

  #reject(problem: string): true {
    this.problem = problem;
    return true;
  }
}
