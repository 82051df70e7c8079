/**
 * Tells of calls as they happen. There is one only while somebody traces the peer.
 *
 * @module
 */
import type { JSONRPCError } from "../jsonrpc/errors.ts";
import { stringify } from "../jsonrpc/text.ts";
import type { CallEvent, CallFailure } from "./call_event.ts";
import type { RPCRequest } from "./request.ts";

/** The methods that every peer has are not told of. */
const RESERVED = "rpc.";

/** Of longer texts only the beginning is told, in characters: they may be anything that a caller has sent. */
const LONGEST_TEXT = 200;
/** How many of the longest texts fit the largest message in any case, with all that is beside them. */
const TEXTS_IN_MESSAGE = 64;

/** What a tracer needs of its peer. */
export interface TracerHost {
  /** Publishes JSON text to those who trace. */
  readonly publish: (text: string) => void;
  /** The largest message, in bytes. */
  readonly maxMessageSize: number;
}

/** Tells of calls. */
export class Tracer {
  readonly #publish: (text: string) => void;
  readonly #longestText: number;
  /** When those in hand have arrived. Of earlier ones nothing is told. */
  readonly #begun = new Map<RPCRequest, number>();
  readonly #errors = new WeakMap<RPCRequest, CallFailure>();

  /**
   * @param host What it needs of its peer.
   */
  constructor({ publish, maxMessageSize }: TracerHost) {
    this.#publish = publish;
    this.#longestText = Math.min(LONGEST_TEXT, Math.floor(maxMessageSize / TEXTS_IN_MESSAGE));
  }

  /**
   * A request has arrived.
   *
   * @param request The request.
   */
  began(request: RPCRequest): void {
    if (!request.method.startsWith(RESERVED)) this.#begun.set(request, performance.now());
  }

  /**
   * A request could not be carried out.
   *
   * @param request The request, which is not done with yet.
   * @param error What its caller is told.
   */
  failed(request: RPCRequest, { code, message }: JSONRPCError): void {
    this.#errors.set(request, { code, message: this.#shown(message) });
  }

  /**
   * A request is done with.
   *
   * @param request The request.
   * @param isAnswered Whether there is an answer.
   * @param inHand How many are still in hand.
   */
  ended(request: RPCRequest, isAnswered: boolean, inHand: number): void {
    const begun = this.#begun.get(request);
    if (begun === undefined) return;
    this.#begun.delete(request);
    const duration = performance.now() - begun;
    const { id, calledName, caller: { port, uid } } = request;
    const error = this.#errors.get(request);
    const event: CallEvent = {
      method: this.#shown(request.method),
      caller: { port, uid },
      ...(id !== undefined && this.#isShort(id) && { id }),
      ...(calledName !== undefined && { calledName: this.#shown(calledName) }),
      startedAt: microseconds(Date.now() - duration),
      duration: microseconds(duration),
      outcome: id === undefined ? "notification" : !isAnswered ? "cancelled" : error === undefined ? "result" : "error",
      ...(error !== undefined && { error }),
      inHand,
    };
    this.#publish(stringify(event));
  }

  #isShort(id: unknown): boolean {
    return typeof id !== "string" || id.length <= this.#longestText;
  }

  #shown(text: string): string {
    return text.length <= this.#longestText ? text : text.slice(0, this.#longestText);
  }
}

/** Rounds milliseconds to those: what is beyond is noise, and text. */
function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1_000) / 1_000;
}
