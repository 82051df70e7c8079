/**
 * The message that requests came in: where their answers go.
 *
 * @module
 */
import { MessageTooLargeError, ReceiverFullError } from "../errors.ts";
import { encodeBatch, encodeError } from "../jsonrpc/encode.ts";
import { InternalError } from "../jsonrpc/errors.ts";
import type { JSONRPCId } from "../jsonrpc/guards.ts";
import type { Delivery } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ReportTrouble } from "../link/trouble.ts";

/** The message that requests came in. */
export interface Exchange {
  /** Who sent it. */
  readonly caller: Caller;
  /**
   * Takes the answer of one request.
   *
   * @param answer JSON text, or undefined where there is none.
   */
  answer(answer: string | undefined): void;
}

/** Has been told of already, whatever becomes of it. */
const RESERVED: Delivery = { reserved: true, delivered() {}, undelivered() {} };

/** Where the answer of a message with one request goes. */
export class SingleExchange implements Exchange, Delivery {
  readonly caller: Caller;
  readonly #nlmsgSeq: number;
  readonly #outbox: Outbox;
  readonly #trouble: ReportTrouble;
  readonly #id: JSONRPCId;

  /**
   * @param caller Who sent the message.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param outbox Where the answer leaves.
   * @param trouble Reports an answer that could not be sent.
   * @param id Id of the one request, or null where there is not one.
   */
  constructor(caller: Caller, nlmsgSeq: number, outbox: Outbox, trouble: ReportTrouble, id: JSONRPCId = null) {
    this.caller = caller;
    this.#nlmsgSeq = nlmsgSeq;
    this.#outbox = outbox;
    this.#trouble = trouble;
    this.#id = id;
  }

  answer(answer: string | undefined): void {
    if (answer !== undefined) this.send(answer);
  }

  /**
   * Sends an answer. Where it is too large, an error that says so goes instead; never throws.
   *
   * @param answer JSON text.
   */
  send(answer: string): void {
    const size = this.#post(answer, this);
    if (size === undefined) return;
    const reason = `The answer has ${size.size} bytes, and at most ${size.maximum} can be sent`;
    this.#sendError(new InternalError(reason), this);
  }

  delivered(): void {}

  undelivered(error: Error): void {
    const { port } = this.caller;
    const reason = `An answer could not be sent: ${error.message}`;
    this.#trouble("undelivered", reason, port);
    // There is room for an error in its place: the caller must not wait for what will not come.
    if (error instanceof ReceiverFullError) this.#sendError(new InternalError(reason), RESERVED);
  }

  #sendError(error: InternalError, delivery: Delivery): void {
    // An id may be so long that nothing fits beside it: then the number of the message alone tells which call this is.
    if (this.#post(encodeError(this.#id, error), delivery) === undefined) return;
    this.#post(encodeError(null, error), delivery);
  }

  /** Sends a text, or tells that it is too large. */
  #post(text: string, delivery: Delivery): MessageTooLargeError | undefined {
    try {
      this.#outbox.response(this.caller.port, this.#nlmsgSeq, text, delivery);
    } catch (error) {
      if (error instanceof MessageTooLargeError) return error;
      delivery.undelivered(error as Error);
    }
  }
}

/** Where the answers of a batch go: together, once the last one is there. */
export class BatchExchange extends SingleExchange {
  readonly #answers: string[] = [];
  #missing: number;

  /**
   * @param caller Who sent the batch.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param outbox Where the answer leaves.
   * @param trouble Reports an answer that could not be sent.
   * @param members How many members the batch has.
   */
  constructor(caller: Caller, nlmsgSeq: number, outbox: Outbox, trouble: ReportTrouble, members: number) {
    super(caller, nlmsgSeq, outbox, trouble);
    this.#missing = members;
  }

  override answer(answer: string | undefined): void {
    if (answer !== undefined) this.#answers.push(answer);
    this.#missing--;
    if (this.#missing === 0 && this.#answers.length > 0) this.send(encodeBatch(this.#answers));
  }
}
