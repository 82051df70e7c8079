/**
 * The way of a message into a peer. Whatever arrives is hostile until it has been checked, and nothing here throws.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import type { JoinedStreams } from "../groups/joined_streams.ts";
import { type JSONRPCError, ParseError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import { readRequest, readResponse } from "../jsonrpc/canonical.ts";
import { isRequest, isResponse } from "../jsonrpc/guards.ts";
import { parseJSON, TooDeepError } from "../jsonrpc/text.ts";
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { type Dialect, LEGACY } from "../wire/dialect.ts";
import type { Intake } from "./intake.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import type { PendingCalls } from "./pending_calls.ts";
import type { MessageSink } from "./unpacker.ts";

const NO_RESPONSE = "The body is not a JSON-RPC 2.0 response";

/** The number of no message of ours. */
const NO_NUMBER = 0;

/** How large a payload may be, and of whom. */
export interface InboxLimits {
  /** Tells whether something is awaited from a port. */
  readonly awaits: (port: number) => boolean;
  /** Tells which request a legacy peer answers. */
  readonly legacy: LegacyPorts;
  /** Finds the streams that the peer is a member of, where there are any. */
  readonly streams: () => JoinedStreams | undefined;
  /** Members of a batch. */
  readonly maxBatchMembers: number;
  /** Depth of JSON. */
  readonly maxDepth: number;
}

/** Where answers are awaited. */
export type Awaited = Pick<PendingCalls, "settle" | "rejectMessage" | "expects" | "isLate">;

/** Hands requests to the intake and responses to the pending calls. */
export class Inbox implements MessageSink {
  readonly #intake: Intake;
  readonly #pending: Awaited;
  readonly #trouble: ReportTrouble;
  readonly #limits: InboxLimits;

  /**
   * @param intake Takes requests.
   * @param pending Takes responses.
   * @param trouble Reports what is neither.
   * @param limits How large a payload may be.
   */
  constructor(intake: Intake, pending: Awaited, trouble: ReportTrouble, limits: InboxLimits) {
    this.#limits = limits;
    this.#intake = intake;
    this.#pending = pending;
    this.#trouble = trouble;
  }

  request(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    let payload: unknown;
    try {
      const { maxDepth } = this.#limits;
      payload = readRequest(body, maxDepth) ?? parseJSON(body, maxDepth);
    } catch (error) {
      const { message } = error as DecodeError;
      const tooDeep = error instanceof TooDeepError;
      this.#trouble(tooDeep ? "refused" : "malformed", message, sender.port);
      this.#intake.refuse(new (tooDeep ? TooManyRequestsError : ParseError)(message), nlmsgSeq, sender, dialect);
      return;
    }
    const streams = this.#limits.streams();
    // What owners of groups send is none of the requests that access and quotas are for: this side has asked for it.
    if (streams?.isEmpty === false && isRequest(payload) && payload.id === undefined) {
      if (streams.take(payload.method, payload.params, body.length, sender)) return;
    }
    this.#intake.take(payload, nlmsgSeq, sender, dialect);
  }

  response(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    if (dialect === LEGACY) return this.#legacyResponse(body, sender);
    const { maxBatchMembers, maxDepth, awaits } = this.#limits;
    let payload: unknown;
    if (!awaits(sender.port)) return this.#unexpected(nlmsgSeq, sender);
    try {
      payload = readResponse(body, maxDepth) ?? parseJSON(body, maxDepth);
    } catch (error) {
      return this.#unreadable(error as DecodeError, nlmsgSeq, sender);
    }
    if (!Array.isArray(payload)) {
      if (!this.#settle(payload, nlmsgSeq, sender)) this.#unreadable(new DecodeError(NO_RESPONSE), nlmsgSeq, sender);
      return;
    }
    if (payload.length > maxBatchMembers) {
      const error = new DecodeError(
        `The answer has ${payload.length} members, and at most ${maxBatchMembers} are read`,
      );
      return this.#unreadable(error, nlmsgSeq, sender);
    }
    for (const member of payload) {
      // One that is none does not spoil the others.
      if (!this.#settle(member, nlmsgSeq, sender)) this.#trouble("malformed", NO_RESPONSE, sender.port);
    }
    this.#pending.rejectMessage(nlmsgSeq, sender, new DecodeError("The answer to the batch passes over this call"));
  }

  badRequest(error: JSONRPCError, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    this.#intake.refuse(error, nlmsgSeq, sender, dialect);
  }

  badResponse(error: Error, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    const number = dialect === LEGACY ? this.#numberOf(sender) : nlmsgSeq;
    this.#pending.rejectMessage(number, sender, error);
  }

  expects(nlmsgSeq: number, sender: Caller): boolean {
    return this.#pending.expects(nlmsgSeq, sender);
  }

  isLate(nlmsgSeq: number, { port }: Caller): boolean {
    return this.#pending.isLate(nlmsgSeq, port);
  }

  ignores(sender: Caller): boolean {
    return this.#intake.ignores(sender);
  }

  denies(sender: Caller): boolean {
    return this.#intake.denies(sender) && this.#limits.streams()?.knows(sender) !== true;
  }

  /** Takes an answer of a legacy peer. Only its id tells what it answers; where it has none, the order does. */
  #legacyResponse(body: Uint8Array, sender: Caller): void {
    const { awaits, legacy } = this.#limits;
    const lane = legacy.known(sender.port);
    // Where nothing is awaited, nor may come late, an answer is not even parsed.
    if (lane === undefined || !(awaits(sender.port) || lane.mayBeAnswered)) return this.#unexpected(NO_NUMBER, sender);
    let payload: unknown;
    try {
      payload = parseJSON(body, this.#limits.maxDepth);
    } catch (error) {
      return this.#unreadable(error as DecodeError, this.#numberOf(sender), sender);
    }
    if (!isResponse(payload)) return this.#unreadable(new DecodeError(NO_RESPONSE), this.#numberOf(sender), sender);
    if (payload.id !== null) {
      lane.answered(payload.id);
      this.#settle(payload, 0, sender);
    } else {
      this.#settle(payload, this.#numberOf(sender), sender);
    }
  }

  /** The number of the message that a legacy peer answers without an id; that of none where nobody waits for the answer. */
  #numberOf({ port }: Caller): number {
    return this.#limits.legacy.known(port)?.answeredWithoutId() ?? NO_NUMBER;
  }

  /** An answer from where nothing is awaited is not even parsed. The number of a message is the id of its call, most often. */
  #unexpected(nlmsgSeq: number, { port }: Caller): void {
    if (this.#pending.isLate(nlmsgSeq, port)) return;
    this.#trouble("unexpected", `Nobody waits for a response to message ${nlmsgSeq} from port ${port}`, port);
  }

  /** Ends the call that a response answers; tells whether it is a response at all. */
  #settle(response: unknown, nlmsgSeq: number, sender: Caller): boolean {
    if (!isResponse(response)) return false;
    const { port } = sender;
    if (!this.#pending.settle(response, nlmsgSeq, sender) && !this.#pending.isLate(response.id ?? nlmsgSeq, port)) {
      const id = JSON.stringify(response.id).slice(0, 100);
      this.#trouble("unexpected", `Nobody waits for a response with the id ${id} from port ${port}`, port);
    }
    return true;
  }

  /** A response that is none ends the calls that it was to answer: they need not wait for their timeouts. */
  #unreadable(error: DecodeError, nlmsgSeq: number, sender: Caller): void {
    this.#trouble("malformed", error.message, sender.port);
    this.#pending.rejectMessage(nlmsgSeq, sender, error);
  }
}
