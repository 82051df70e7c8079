/**
 * Messages from their fragments. Whatever the fragments are, taking them does not throw, and what is kept of them is bounded.
 *
 * A fragment says which message it belongs to and how large that is, but not which part of it this is: the kernel delivers
 * what one port sends in order, and once. So a part that is missing or comes twice shows in the sum, at the last one.
 *
 * @module
 */
import type { DatagramReader } from "./datagram.ts";
import {
  belongsTo,
  contradiction,
  type FragmentProblem,
  gapAtStart,
  gapInSum,
  type StatedMessage,
} from "./fragment_problem.ts";
import { FRAME_HEADERS_SIZE } from "./frame.ts";
import { spareBuffers } from "./spare_buffers.ts";

/** Messages of one port that arrive at once. The oldest is dropped beyond that; a peer sends four. */
export const MAX_PARTIAL_MESSAGES = 16;

/** Ticks without a fragment after which a message is dropped, where nothing else is said. */
export const MAX_IDLE_TICKS = 30;

/** Memory grows to this many times what has arrived: whoever announces much and sends little gets little. */
const GROWTH = 8;
/** What a message costs at least, in bytes: also one of which nothing is kept. */
const LEAST_COST = 512;

/** Who sends, in the words of the kernel. */
export interface FragmentSource {
  /** Port of its socket. */
  readonly port: number;
  /** Its user id. */
  readonly uid: number;
  /** Its process id, as far as that can be told. */
  readonly pidHint: number;
}

/** A message that will not become whole any more. */
export interface LostMessage {
  /** Who sent it. */
  readonly source: FragmentSource;
  /** Its `nlmsg_seq`. */
  readonly nlmsgSeq: number;
  /** Its `payload_type`. */
  readonly payloadType: number;
  /** Why, for a person to read. */
  readonly reason: string;
  /** Whether nobody holds its port any more. */
  readonly isGone: boolean;
}

/** How much is kept. */
export interface ReassemblyLimits {
  /** Bytes of all messages together. */
  readonly total: number;
  /** Bytes of the messages of one other user. */
  readonly perUser: number;
  /** Tells whether a user is another, to whom the second limit applies. */
  readonly isForeign: (uid: number) => boolean;
  /** Ticks without a fragment after which a message is dropped. */
  readonly idleTicks?: number;
}

/** A message of which fragments have arrived. */
interface PartialMessage extends StatedMessage {
  readonly source: FragmentSource;
  /** What has arrived; undefined where nothing of it is kept, and what follows is passed over. */
  bytes: Uint8Array<ArrayBuffer> | undefined;
  received: number;
  /** What it costs, in bytes. */
  cost: number;
  idleTicks: number;
}

const NOTHING = new Uint8Array(0);

/** Puts messages together. */
export class Reassembler {
  readonly #limits: ReassemblyLimits;
  readonly #lost: (message: LostMessage) => void;
  readonly #ports = new Map<number, Map<number, PartialMessage>>();
  readonly #costs = new Map<number, number>();
  readonly #losses: LostMessage[] = [];
  #cost = 0;

  /**
   * @param limits How much is kept.
   * @param lost Told of messages that are dropped although no fragment of theirs has just arrived.
   */
  constructor(limits: ReassemblyLimits, lost: (message: LostMessage) => void) {
    this.#limits = limits;
    this.#lost = lost;
  }

  /** What is kept, in bytes. */
  get bytes(): number {
    return this.#cost;
  }

  /** Whether nothing is kept. */
  get isEmpty(): boolean {
    return this.#ports.size === 0;
  }

  /**
   * Takes a fragment.
   *
   * @typeParam Problem What `admit` says.
   * @param fragment A reader that is at a fragment.
   * @param bytes The datagram that it reads.
   * @param source Who sent it.
   * @param admit Says, at the first fragment of a message, why it is not taken.
   * @returns The whole body with its last fragment; why the message is not taken, once for each message; or undefined.
   */
  take<Problem>(
    fragment: DatagramReader,
    bytes: Uint8Array,
    source: FragmentSource,
    admit: () => Problem | undefined,
  ): Uint8Array<ArrayBuffer> | FragmentProblem | Problem | undefined {
    const outcome = this.#take(fragment, bytes, source, admit);
    this.#tell();
    return outcome;
  }

  /**
   * Lets time pass. A program that stands still has no ticks: what has waited in the kernel's queue meanwhile is not late.
   *
   * @param isGone Tells whether nobody holds a port any more.
   */
  tick(isGone: (port: number) => boolean): void {
    for (const [port, messages] of [...this.#ports]) {
      let gone: boolean | undefined;
      for (const [seq, message] of [...messages]) {
        if (message.idleTicks++ === 0) continue;
        gone ??= isGone(port);
        if (gone) this.#lose(port, seq, message, "its sender is gone", true);
        else if (message.idleTicks > (this.#limits.idleTicks ?? MAX_IDLE_TICKS)) {
          this.#lose(port, seq, message, "no more has come for too long");
        }
      }
    }
    this.#tell();
  }

  /**
   * Gives the memory of a body back, for the next ones.
   *
   * @param body A whole body, which is not used any more.
   */
  release(body: Uint8Array<ArrayBuffer>): void {
    spareBuffers.give(body);
  }

  /** Drops everything. */
  clear(): void {
    this.#ports.clear();
    this.#costs.clear();
    this.#cost = 0;
    this.#losses.length = 0;
  }

  #take<Problem>(
    fragment: DatagramReader,
    bytes: Uint8Array,
    source: FragmentSource,
    admit: () => Problem | undefined,
  ): Uint8Array<ArrayBuffer> | FragmentProblem | Problem | undefined {
    let message = this.#ports.get(source.port)?.get(fragment.seq);
    if (message !== undefined && !isOf(message, fragment, source)) {
      this.#lose(source.port, fragment.seq, message, "its port has begun anew");
      message = undefined;
    }
    if (message === undefined) {
      const problem = admit() ?? gapAtStart(fragment) ?? this.#noRoom(source, LEAST_COST);
      // Of what ends here nothing is kept; what follows of another is passed over, as far as that can be noted.
      if (problem !== undefined) {
        if (!fragment.last && this.#noRoom(source, LEAST_COST) === undefined) {
          this.#add(fragment, source).bytes = undefined;
        }
        return problem;
      }
      message = this.#add(fragment, source);
    }
    const outcome = message.bytes === undefined ? undefined : this.#append(message, fragment, bytes);
    if (fragment.last) this.#drop(source.port, fragment.seq, message);
    else message.idleTicks = 0;
    return outcome;
  }

  #add(fragment: DatagramReader, source: FragmentSource): PartialMessage {
    const { nlmsgSeq, payloadType, version, size, timestamp, seq } = fragment;
    const message: PartialMessage = {
      source,
      nlmsgSeq,
      payloadType,
      version,
      size,
      timestamp,
      bytes: NOTHING,
      received: FRAME_HEADERS_SIZE,
      cost: 0,
      idleTicks: 0,
    };
    const messages = this.#ports.get(source.port) ?? new Map<number, PartialMessage>();
    if (messages.size >= MAX_PARTIAL_MESSAGES) {
      const [[oldest, dropped]] = messages as unknown as [[number, PartialMessage]];
      this.#lose(source.port, oldest, dropped, "its sender has begun too many others");
    }
    this.#ports.set(source.port, messages);
    messages.set(seq, message);
    this.#charge(message, LEAST_COST);
    return message;
  }

  /** Passes over what follows of a message. */
  #refuse(message: PartialMessage, problem: FragmentProblem): FragmentProblem {
    this.release(message.bytes!);
    message.bytes = undefined;
    this.#charge(message, LEAST_COST);
    return problem;
  }

  /** Adds a part; returns the whole body where it was the last one. */
  #append(
    message: PartialMessage,
    fragment: DatagramReader,
    bytes: Uint8Array,
  ): Uint8Array<ArrayBuffer> | FragmentProblem | undefined {
    const length = fragment.bodyEnd - fragment.bodyStart;
    const received = message.received + length;
    const problem = contradiction(message, fragment) ?? gapInSum(message, fragment, received) ??
      this.#grow(message, received);
    if (problem !== undefined) return this.#refuse(message, problem);
    const whole = message.bytes!;
    whole.set(bytes.subarray(fragment.bodyStart, fragment.bodyEnd), message.received - FRAME_HEADERS_SIZE);
    message.received = received;
    return fragment.last ? whole : undefined;
  }

  /** Makes room for what has arrived, and some of what will. */
  #grow(message: PartialMessage, received: number): FragmentProblem | undefined {
    const needed = received - FRAME_HEADERS_SIZE;
    if (needed <= message.bytes!.length) return undefined;
    const room = Math.min(message.size - FRAME_HEADERS_SIZE, GROWTH * needed);
    const problem = this.#noRoom(message.source, room + LEAST_COST - message.cost);
    if (problem !== undefined) return problem;
    let grown: Uint8Array<ArrayBuffer>;
    try {
      grown = spareBuffers.take(room);
    } catch {
      return { kind: "refused", reason: `There is no memory for a message of ${message.size} bytes` };
    }
    this.#charge(message, room + LEAST_COST);
    grown.set(message.bytes!);
    this.release(message.bytes!);
    message.bytes = grown;
    return undefined;
  }

  /** Says why so much more is not kept of what a user sends. */
  #noRoom({ uid }: FragmentSource, more: number): FragmentProblem | undefined {
    const { total, perUser, isForeign } = this.#limits;
    const isWithin = this.#cost + more <= total &&
      ((this.#costs.get(uid) ?? 0) + more <= perUser || !isForeign(uid));
    if (isWithin) return undefined;
    return { kind: "refused", reason: "Too many large messages arrive at once: there is no room for another" };
  }

  #charge(message: PartialMessage, cost: number): void {
    const { uid } = message.source;
    const change = cost - message.cost;
    message.cost = cost;
    this.#cost += change;
    const rest = (this.#costs.get(uid) ?? 0) + change;
    if (rest === 0) this.#costs.delete(uid);
    else this.#costs.set(uid, rest);
  }

  #lose(port: number, seq: number, message: PartialMessage, why: string, isGone = false): void {
    this.#drop(port, seq, message);
    const { bytes, received, size, source, nlmsgSeq, payloadType } = message;
    if (bytes === undefined) return;
    this.release(bytes);
    const reason = `${received} of ${size} bytes of a message have arrived, and ${why}`;
    this.#losses.push({ source, nlmsgSeq, payloadType, reason, isGone });
  }

  /** Tells of what was lost, once nothing is under way here: whoever is told may have others taken, or all dropped. */
  #tell(): void {
    for (let loss = this.#losses.shift(); loss !== undefined; loss = this.#losses.shift()) this.#lost(loss);
  }

  #drop(port: number, seq: number, message: PartialMessage): void {
    const messages = this.#ports.get(port);
    if (messages?.get(seq) !== message) return;
    this.#charge(message, 0);
    messages.delete(seq);
    if (messages.size === 0) this.#ports.delete(port);
  }
}

function isOf(message: PartialMessage, fragment: DatagramReader, { uid, pidHint }: FragmentSource): boolean {
  return message.source.uid === uid && message.source.pidHint === pidHint && belongsTo(message, fragment);
}
