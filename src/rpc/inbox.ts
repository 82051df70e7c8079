/**
 * The way of a datagram into a peer. Whatever arrives is hostile until it has been checked, and nothing here throws.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import { InvalidRequestError, ParseError } from "../jsonrpc/errors.ts";
import { isResponse } from "../jsonrpc/guards.ts";
import { parseJSON } from "../jsonrpc/text.ts";
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { DatagramReader } from "../wire/datagram.ts";
import { PAYLOAD_JSONRPC_REQUEST, PAYLOAD_JSONRPC_RESPONSE, PROCSLINK_VERSION } from "../wire/procslinkhdr.ts";
import { type Dispatcher, MAX_BATCH_MEMBERS } from "./dispatcher.ts";
import type { PendingCalls } from "./pending_calls.ts";

/**
 * Messages that are read of one datagram. A peer joins messages up to 64 KiB, which 1,500 of the smallest fill; more would only
 * keep others waiting.
 */
const MAX_MESSAGES = 4_096;

const NO_RESPONSE = "The body is not a JSON-RPC 2.0 response";

/** Takes datagrams apart, and hands requests to the dispatcher and responses to the pending calls. */
export class Inbox {
  readonly #dispatcher: Dispatcher;
  readonly #pending: PendingCalls;
  readonly #trouble: ReportTrouble;
  readonly #reader = new DatagramReader();
  #closed = false;

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

  /**
   * Takes a datagram.
   *
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @param sender Who sent it, in the kernel's words.
   */
  receive(bytes: Uint8Array, length: number, sender: Caller): void {
    const reader = this.#reader;
    reader.start(bytes, length);
    for (let messages = 1; !this.#closed && reader.next(); messages++) {
      if (messages > MAX_MESSAGES) {
        return this.#trouble("refused", `More than ${MAX_MESSAGES} messages in one datagram`, sender.port);
      }
      if (reader.problem !== undefined) {
        this.#trouble("malformed", reader.problem, sender.port);
      } else if (reader.nlmsgPid !== sender.port) {
        const reason = `The message says that it comes from port ${reader.nlmsgPid}, and it comes from ${sender.port}`;
        this.#trouble("spoofed", reason, sender.port);
      } else if (reader.version !== PROCSLINK_VERSION) {
        this.#refuseVersion(reader, sender);
      } else if (reader.payloadType === PAYLOAD_JSONRPC_REQUEST) {
        this.#request(bytes.subarray(reader.bodyStart, reader.bodyEnd), reader.nlmsgSeq, sender);
      } else if (reader.payloadType === PAYLOAD_JSONRPC_RESPONSE) {
        this.#response(bytes.subarray(reader.bodyStart, reader.bodyEnd), reader.nlmsgSeq, sender);
      } else {
        this.#trouble("unsupported", `payload_type ${reader.payloadType} is unknown`, sender.port);
      }
    }
  }

  /** Takes nothing more: also not what is left of a datagram whose handler has closed the peer. */
  close(): void {
    this.#closed = true;
  }

  #request(body: Uint8Array, nlmsgSeq: number, sender: Caller): void {
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

  #response(body: Uint8Array, nlmsgSeq: number, { port }: Caller): void {
    let payload: unknown;
    try {
      payload = parseJSON(body);
    } catch (error) {
      return this.#badResponse(error as DecodeError, nlmsgSeq, port);
    }
    if (!Array.isArray(payload)) {
      if (!this.#settle(payload, nlmsgSeq, port)) this.#badResponse(new DecodeError(NO_RESPONSE), nlmsgSeq, port);
      return;
    }
    if (payload.length > MAX_BATCH_MEMBERS) {
      const error = new DecodeError(
        `The answer has ${payload.length} members, and at most ${MAX_BATCH_MEMBERS} are read`,
      );
      return this.#badResponse(error, nlmsgSeq, port);
    }
    for (const member of payload) {
      // One that is none does not spoil the others.
      if (!this.#settle(member, nlmsgSeq, port)) this.#trouble("malformed", NO_RESPONSE, port);
    }
    this.#pending.rejectMessage(nlmsgSeq, port, new DecodeError("The answer to the batch passes over this call"));
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
  #badResponse(error: DecodeError, nlmsgSeq: number, port: number): void {
    this.#trouble("malformed", error.message, port);
    this.#pending.rejectMessage(nlmsgSeq, port, error);
  }

  /** A newer peer's request is answered, so that it need not wait for its timeout. */
  #refuseVersion({ version, payloadType, nlmsgSeq }: DatagramReader, sender: Caller): void {
    const reason = `procslinkhdr.version is ${version}, and only ${PROCSLINK_VERSION} is known`;
    this.#trouble("unsupported", reason, sender.port);
    if (payloadType === PAYLOAD_JSONRPC_REQUEST) {
      this.#dispatcher.refuse(new InvalidRequestError(reason), nlmsgSeq, sender);
    }
  }
}
