/**
 * The way from datagrams to whole messages. Whatever arrives is hostile until it has been checked, and nothing here throws.
 *
 * @module
 */
import { aboutUser, DecodeError, MessageTooLargeError, PeerGoneError } from "../errors.ts";
import { AccessDeniedError, InvalidRequestError, type JSONRPCError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import type { Caller } from "../link/link.ts";
import { Traffic } from "../link/traffic.ts";
import type { ReportTrouble, TroubleKind } from "../link/trouble.ts";
import { DatagramReader } from "../wire/datagram.ts";
import { type Dialect, NATIVE } from "../wire/dialect.ts";
import type { FragmentProblem } from "../wire/fragment_problem.ts";
import { PAYLOAD_JSONRPC_REQUEST, PAYLOAD_JSONRPC_RESPONSE, PROCSLINK_VERSION } from "../wire/procslinkhdr.ts";
import { Reassembler, type ReassemblyLimits } from "../wire/reassembly.ts";

/**
 * Messages that are read of one datagram. A peer joins messages up to 64 KiB, which 1,500 of the smallest fill; more would only
 * keep others waiting.
 */
const MAX_MESSAGES = 4_096;

/** Time between looks at messages that are not whole yet, in milliseconds. */
const TICK_MILLISECONDS = 1_000;

/** Takes whole messages. None of these may throw. */
export interface MessageSink {
  /**
   * Takes a request.
   *
   * @param body Its bytes. They are used again after this call: what is kept must be copied.
   * @param nlmsgSeq Number of the message.
   * @param sender Who sent it, in the kernel's words.
   * @param dialect Its dialect. In the legacy one its number says nothing.
   */
  request(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void;
  /** Takes a response, likewise. */
  response(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void;
  /** Takes note of a request that cannot be read, and why. */
  badRequest(error: JSONRPCError, nlmsgSeq: number, sender: Caller, dialect: Dialect): void;
  /** Takes note of a response that cannot be read, and why. */
  badResponse(error: Error, nlmsgSeq: number, sender: Caller, dialect: Dialect): void;
  /** Tells whether a message with this number was sent there, and its response is still waited for. */
  expects(nlmsgSeq: number, sender: Caller): boolean;
  /** Tells whether a response is to a call that was cancelled: it is dropped, and no trouble. */
  isLate(nlmsgSeq: number, sender: Caller): boolean;
  /** Tells whether somebody may not call anything here: what is large is then not even read. */
  denies(sender: Caller): boolean;
  /** Tells whether somebody has not read refusals, a moment ago: its requests are dropped. */
  ignores(sender: Caller): boolean;
}

/** Requests in one datagram of somebody who may not call that are read so far that their refusals have their ids. */
const READ_OF_DENIED = 64;

/** Answers those beyond, which have only the number of their message. Made once: a flood costs no more than it must. */
const DENIED = new AccessDeniedError("This user may not call anything here");

/** What becomes of requests of somebody who does not read that they are refused. */
const IGNORED = "A request of a caller that has no room to be told that others were refused";

/** Where everybody's requests are taken apart before it is known whether they may call, in bytes: a refusal then has their id. */
const SMALL_REQUEST = 4_096;

/** How much is taken. */
export interface UnpackerLimits extends ReassemblyLimits {
  /** The largest message, in bytes, both headers included. */
  readonly maxMessageSize: number;
}

/** Why a message is not taken. */
interface Problem {
  readonly kind: TroubleKind | FragmentProblem["kind"];
  readonly reason: string;
  /** What a call whose answer this is learns, instead of a {@linkcode DecodeError}. */
  readonly error?: Error;
}

/** A datagram that is being read. */
interface Reading {
  readonly reader: DatagramReader;
  readonly bytes: Uint8Array;
  readonly sender: Caller;
  readonly sink: MessageSink;
  messages: number;
}

/** Takes datagrams apart, puts fragments together, and hands on what is whole. */
export class Unpacker {
  readonly #sink: MessageSink;
  /** Who takes what is being read. */
  #currentSink: MessageSink;
  readonly #trouble: ReportTrouble;
  readonly #isGone: (port: number) => boolean;
  readonly #maxMessageSize: number;
  readonly #reassembler: Reassembler;
  /** Readers that are not in use: a message that is being handed on may have others read meanwhile. */
  readonly #readers: DatagramReader[] = [];
  /** What is being read, the innermost last. */
  readonly #readings: Reading[] = [];
  readonly #traffic: Traffic;
  #ticker: ReturnType<typeof setInterval> | undefined;
  #closed = false;

  /**
   * @param sink Takes what is whole.
   * @param trouble Reports what is not.
   * @param isGone Tells whether nobody holds a port any more.
   * @param limits How much is taken.
   * @param traffic Counts what arrives.
   */
  constructor(
    sink: MessageSink,
    trouble: ReportTrouble,
    isGone: (port: number) => boolean,
    limits: UnpackerLimits,
    traffic: Traffic = new Traffic(),
  ) {
    this.#traffic = traffic;
    this.#sink = sink;
    this.#trouble = trouble;
    this.#isGone = isGone;
    this.#maxMessageSize = limits.maxMessageSize;
    this.#currentSink = sink;
    this.#reassembler = new Reassembler(limits, ({ source, nlmsgSeq, payloadType, reason, isGone }) => {
      const problem = { kind: "incomplete" as const, reason, ...(isGone && { error: new PeerGoneError(source.port) }) };
      this.#refuse(problem, { payloadType, nlmsgSeq, dialect: NATIVE }, source as Caller, this.#currentSink);
    });
  }

  /** What is kept of messages that are not whole yet, in bytes. */
  get bytes(): number {
    return this.#reassembler.bytes;
  }

  /**
   * Takes a datagram.
   *
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @param sender Who sent it, in the kernel's words.
   * @param sink Takes what is whole, where it is another than usual.
   */
  take(bytes: Uint8Array, length: number, sender: Caller, sink: MessageSink = this.#sink): void {
    const reader = this.#readers.pop() ?? new DatagramReader();
    const outerSink = this.#currentSink;
    this.#currentSink = sink;
    this.#traffic.bytesIn += length;
    reader.start(bytes, length);
    const reading = { reader, bytes, sender, sink, messages: 0 };
    this.#readings.push(reading);
    this.#read(reading);
    this.#readings.pop();
    this.#currentSink = outerSink;
    this.#readers.push(reader);
  }

  /** Reads what is left of the datagrams whose messages are being carried out, since the peer is about to close. */
  finish(): void {
    for (const reading of [...this.#readings]) this.#read(reading);
  }

  #read(reading: Reading): void {
    const { reader, bytes, sender, sink } = reading;
    while (!this.#closed && reader.next()) {
      if (++reading.messages > MAX_MESSAGES) {
        this.#trouble("refused", `More than ${MAX_MESSAGES} messages in one datagram`, sender.port);
        while (reader.next());
        return;
      }
      this.#traffic.messagesIn++;
      if (reader.problem !== undefined) {
        this.#trouble("malformed", reader.problem, sender.port);
      } else if (reader.nlmsgPid !== sender.port) {
        const reason = `The message says that it comes from port ${reader.nlmsgPid}, and it comes from ${sender.port}`;
        this.#trouble("spoofed", reason, sender.port);
      } else if (reader.payloadType === PAYLOAD_JSONRPC_REQUEST && sink.ignores(sender)) {
        this.#trouble("refused", IGNORED, sender.port);
      } else if (this.#isDeniedUnread(reading)) {
        this.#trouble(
          "denied",
          "A request, or a notification, of somebody who may not call anything here",
          sender.port,
        );
        sink.badRequest(DENIED, reader.nlmsgSeq, sender, reader.dialect);
      } else if (reader.fragment) {
        this.#fragment(reader, bytes, sender, sink);
      } else {
        const problem = this.#check(reader) ??
          (reader.size > SMALL_REQUEST ? this.#checkDenied(reader, sender, sink) : undefined);
        if (problem === undefined) this.#hand(bytes.subarray(reader.bodyStart, reader.bodyEnd), reader, sender, sink);
        else this.#refuse(problem, reader, sender, sink);
      }
    }
  }

  /** Takes nothing more: also not what is left of a datagram whose handler has closed the peer. */
  close(): void {
    this.#closed = true;
    this.#reassembler.clear();
    this.#rest();
  }

  #fragment(reader: DatagramReader, bytes: Uint8Array, sender: Caller, sink: MessageSink): void {
    const admit = () =>
      this.#check(reader) ?? this.#checkDenied(reader, sender, sink) ?? this.#checkExpected(reader, sender, sink);
    const { payloadType, nlmsgSeq, dialect } = reader;
    const outcome = this.#reassembler.take(reader, bytes, sender, admit);
    if (this.#reassembler.isEmpty) this.#rest();
    else this.#startTicker();
    // Whoever was told of a lost message may have closed the peer.
    if (this.#closed) return;
    if (outcome instanceof Uint8Array) {
      this.#hand(outcome, reader, sender, sink);
      this.#reassembler.release(outcome);
    } else if (outcome !== undefined) this.#refuse(outcome, { payloadType, nlmsgSeq, dialect }, sender, sink);
  }

  #hand(body: Uint8Array, { payloadType, nlmsgSeq, dialect }: DatagramReader, sender: Caller, sink: MessageSink): void {
    if (payloadType === PAYLOAD_JSONRPC_REQUEST) sink.request(body, nlmsgSeq, sender, dialect);
    else sink.response(body, nlmsgSeq, sender, dialect);
  }

  /** Says why a message is not taken, whatever its body is. */
  #check({ version, payloadType, size }: DatagramReader): Problem | undefined {
    if (version !== PROCSLINK_VERSION) {
      const reason = `procslinkhdr.version is ${version}, and only ${PROCSLINK_VERSION} is known`;
      return { kind: "unsupported", reason };
    }
    if (payloadType !== PAYLOAD_JSONRPC_REQUEST && payloadType !== PAYLOAD_JSONRPC_RESPONSE) {
      return { kind: "unsupported", reason: `payload_type ${payloadType} is unknown` };
    }
    const maximum = this.#maxMessageSize;
    if (size <= maximum) return undefined;
    const reason = `The message has ${size} bytes, and at most ${maximum} are taken`;
    return { kind: "refused", reason, error: new MessageTooLargeError(size, maximum) };
  }

  /** Tells whether a request is refused unread: its sender may not call, and has sent many at once. */
  #isDeniedUnread(reading: Reading): boolean {
    const { reader, sender, sink } = reading;
    if (reader.payloadType !== PAYLOAD_JSONRPC_REQUEST || reader.fragment) return false;
    // Most datagrams hold few messages: for these nothing has to be asked.
    return reading.messages > READ_OF_DENIED && sink.denies(sender);
  }

  /** What somebody may not ask for is not worth its memory, nor its parsing. */
  #checkDenied({ payloadType }: DatagramReader, sender: Caller, sink: MessageSink): Problem | undefined {
    if (payloadType !== PAYLOAD_JSONRPC_REQUEST || !sink.denies(sender)) return undefined;
    return { kind: "denied", reason: `User ${sender.uid} may not call anything here${aboutUser(sender.uid)}` };
  }

  /** A large response that nobody waits for would take up memory until it is whole. */
  #checkExpected({ payloadType, nlmsgSeq }: DatagramReader, sender: Caller, sink: MessageSink): Problem | undefined {
    if (payloadType !== PAYLOAD_JSONRPC_RESPONSE || sink.expects(nlmsgSeq, sender)) return undefined;
    const reason = `Nobody waits for a response to message ${nlmsgSeq} from port ${sender.port}`;
    return { kind: sink.isLate(nlmsgSeq, sender) ? "abandoned" : "unexpected", reason };
  }

  /** Lets the other side of a message know: a call need not wait for its timeout. */
  #refuse(
    problem: Problem,
    { payloadType, nlmsgSeq, dialect }: Pick<DatagramReader, "payloadType" | "nlmsgSeq" | "dialect">,
    sender: Caller,
    sink: MessageSink,
  ): void {
    const { kind, reason, error } = problem;
    if (kind !== "abandoned") this.#trouble(kind, reason, sender.port);
    if (this.#closed) return;
    if (payloadType === PAYLOAD_JSONRPC_RESPONSE) {
      sink.badResponse(error ?? new DecodeError(reason), nlmsgSeq, sender, dialect);
    } else if (payloadType === PAYLOAD_JSONRPC_REQUEST && kind !== "abandoned") {
      const tooMany = kind === "refused" && error === undefined;
      const Class = kind === "denied" ? AccessDeniedError : tooMany ? TooManyRequestsError : InvalidRequestError;
      sink.badRequest(new Class(reason), nlmsgSeq, sender, dialect);
    }
  }

  #startTicker(): void {
    if (this.#ticker !== undefined || this.#closed) return;
    // After a busy stretch the timer comes before what has arrived meanwhile: immediates let that be read first.
    this.#ticker = setInterval(() => setImmediate(() => setImmediate(this.#tick)), TICK_MILLISECONDS);
    Deno.unrefTimer(this.#ticker);
  }

  readonly #tick = (): void => {
    if (this.#closed) return;
    this.#reassembler.tick(this.#isGone);
    if (this.#reassembler.isEmpty) this.#rest();
  };

  #rest(): void {
    clearInterval(this.#ticker);
    this.#ticker = undefined;
  }
}
