/**
 * The way of a message into a peer. Whatever arrives is hostile until it has been checked, and nothing here throws.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import { type JSONRPCError, ParseError } from "../jsonrpc/errors.ts";
import { isResponse } from "../jsonrpc/guards.ts";
import { parseJSON } from "../jsonrpc/text.ts";
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { type Dispatcher, MAX_BATCH_MEMBERS } from "./dispatcher.ts";
import type { PendingCalls } from "./pending_calls.ts";
import type { MessageSink } from "./unpacker.ts";

const NO_RESPONSE = "The body is not a JSON-RPC 2.0 response";

/** Hands requests to the dispatcher and responses to the pending calls. */
export class Inbox implements MessageSink {
  readonly #dispatcher: Dispatcher;
  readonly #pending: PendingCalls;
  readonly #trouble: ReportTrouble;

  /**
   * @param dispatcher Takes requests.
   * @param pending Takes responses.
   * @param trouble Reports what is neither.
   */
  constructor(dispatcher: Dispatcher, pending: PendingCalls, trouble: ReportTrouble) {
    this.#dispatcher = dispatcher;
    this.#pending = pending;
    this.#trouble = trouble;
  }

  request(body: Uint8Array, nlmsgSeq: number, sender: Caller): void {
    let payload: unknown;
    try {
      payload = parseJSON(body);
    } catch (error) {
      const { message } = error as DecodeError;
      this.#trouble("malformed", message, sender.port);
      this.#dispatcher.refuse(new ParseError(message), nlmsgSeq, sender);
      return;
    }
    this.#dispatcher.take(payload, nlmsgSeq, sender);
  }

  response(body: Uint8Array, nlmsgSeq: number, { port }: Caller): void {
    let payload: unknown;
    try {
      payload = parseJSON(body);
    } catch (error) {
      return this.#unreadable(error as DecodeError, nlmsgSeq, port);
    }
    if (!Array.isArray(payload)) {
      if (!this.#settle(payload, nlmsgSeq, port)) this.#unreadable(new DecodeError(NO_RESPONSE), nlmsgSeq, port);
      return;
    }
    if (payload.length > MAX_BATCH_MEMBERS) {
      const error = new DecodeError(
        `The answer has ${payload.length} members, and at most ${MAX_BATCH_MEMBERS} are read`,
      );
      return this.#unreadable(error, nlmsgSeq, port);
    }
    for (const member of payload) {
      // One that is none does not spoil the others.
      if (!this.#settle(member, nlmsgSeq, port)) this.#trouble("malformed", NO_RESPONSE, port);
    }
    this.#pending.rejectMessage(nlmsgSeq, port, new DecodeError("The answer to the batch passes over this call"));
  }

  badRequest(error: JSONRPCError, nlmsgSeq: number, sender: Caller): void {
    this.#dispatcher.refuse(error, nlmsgSeq, sender);
  }

  badResponse(error: Error, nlmsgSeq: number, port: number): void {
    this.#pending.rejectMessage(nlmsgSeq, port, error);
  }

  expects(nlmsgSeq: number, port: number): boolean {
    return this.#pending.expects(nlmsgSeq, port);
  }

  /** Ends the call that a response answers; tells whether it is a response at all. */
  #settle(response: unknown, nlmsgSeq: number, port: number): boolean {
    if (!isResponse(response)) return false;
    if (!this.#pending.settle(response, nlmsgSeq, port)) {
      const id = JSON.stringify(response.id).slice(0, 100);
      this.#trouble("unexpected", `Nobody waits for a response with the id ${id} from port ${port}`, port);
    }
    return true;
  }

  /** A response that is none ends the calls that it was to answer: they need not wait for their timeouts. */
  #unreadable(error: DecodeError, nlmsgSeq: number, port: number): void {
    this.#trouble("malformed", error.message, port);
    this.#pending.rejectMessage(nlmsgSeq, port, error);
  }
}
