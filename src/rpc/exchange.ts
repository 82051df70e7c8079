/**
 * The message that requests came in: where their answers go.
 *
 * @module
 */
import { MessageTooLargeError, ReceiverFullError, SyscallError } from "../errors.ts";
import { encodeBatch, encodeError, encodeResultText } from "../jsonrpc/encode.ts";
import { InternalError } from "../jsonrpc/errors.ts";
import type { JSONRPCId } from "../jsonrpc/guards.ts";
import { END, RESULT } from "../jsonrpc/phrases.ts";
import { type Delivery, EXPENDABLE } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { type Dialect, LEGACY } from "../wire/dialect.ts";
import type { DeafCallers } from "./deaf_callers.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import type { UserQuota } from "./user_quota.ts";

/** The message that requests came in. */
export interface Exchange {
  /** Who sent it. */
  readonly caller: Caller;
  /** The name that it was sent to, where it was to one. */
  readonly name: string | undefined;
  /**
   * Takes the answer of one request.
   *
   * @param answer JSON text, or undefined where there is none.
   * @param expendable Whether it does not wait for room.
   */
  answer(answer: string | undefined, expendable?: boolean): void;
  /**
   * Takes the answer of one request, where that is a result.
   *
   * @param id The id of the request.
   * @param result JSON text.
   */
  result(id: JSONRPCId, result: string): void;
  /** Has what is counted of its caller counted on, also once it is answered: a handler goes on for nobody. */
  keep(): void;
  /** Takes that back. Counts. */
  letGo(): void;
}

/** What exchanges need of their peer. */
export interface ExchangeHost {
  /** Where answers leave. */
  readonly outbox: Outbox;
  /** Reports an answer that could not be sent. */
  readonly trouble: ReportTrouble;
  /** Requests of other users that are not answered yet, or whose answers have not left. */
  readonly requests: UserQuota;
  /** Bytes of answers to other users that have not left. */
  readonly answers: UserQuota;
  /** Callers of other users that do not read refusals. */
  readonly deaf: DeafCallers;
  /** Who waits for an answer, and takes anything for it. */
  readonly legacy: LegacyPorts;
  /** The name that the peer is called by here; left out at its own port. */
  readonly name?: string;
}

/** What others take up of a peer, by whichever of its names they call it. */
export type Shares = Pick<ExchangeHost, "requests" | "answers" | "deaf">;

/** Memory that an answer takes up beside its text while it waits, in bytes. */
const ANSWER_OVERHEAD = 512;

/** Has been told of already, whatever becomes of it. */
const RESERVED: Delivery = { reserved: true, delivered() {}, undelivered() {} };

/** Where the answer of a message with one request goes. */
export class SingleExchange implements Exchange, Delivery {
  readonly caller: Caller;
  expendable = false;
  readonly #host: ExchangeHost;
  readonly #dialect: Dialect;
  readonly #nlmsgSeq: number;
  readonly #id: JSONRPCId;
  /** Whether what its caller takes up here is counted. */
  readonly #isCounted: boolean;
  /** What is counted of its caller: requests, and bytes of the answer. */
  #requests = 0;
  #bytes = 0;
  /** How many handlers go on for nobody, and whether all else is over. */
  #kept = 0;
  #isOver = false;
  /** Whether its caller takes whatever arrives for the answer. */
  #isExclusive = false;

  /**
   * @param host The peer.
   * @param caller Who sent the message.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param dialect Dialect of the message; its answer has the same.
   * @param id Id of the one request, or null where there is not one.
   */
  constructor(host: ExchangeHost, caller: Caller, nlmsgSeq: number, dialect: Dialect, id: JSONRPCId = null) {
    this.caller = caller;
    this.#dialect = dialect;
    this.#host = host;
    this.#nlmsgSeq = nlmsgSeq;
    this.#id = id;
    this.#isCounted = host.requests.isForeign(caller.uid);
  }

  get name(): string | undefined {
    return this.#host.name;
  }

  /**
   * Counts its requests, until their answer has left.
   *
   * @param requests How many.
   * @param isAwaited Whether its caller waits for an answer: not where all of them are notifications.
   * @returns Whether its caller may have so many.
   */
  admit(requests: number, isAwaited: boolean): boolean {
    if (this.#isCounted) {
      if (!this.#host.requests.take(this.caller.uid, requests)) return false;
      this.#requests = requests;
    }
    if (isAwaited) this.#await();
    return true;
  }

  answer(answer: string | undefined, expendable = false): void {
    if (answer === undefined) this.#done();
    else this.send(answer, expendable);
  }

  result(id: JSONRPCId, result: string): void {
    // The way of most answers, and the same as that of all others: only the text is not put together.
    if (id !== this.#nlmsgSeq || this.#isCounted || this.#dialect === LEGACY) {
      return this.answer(encodeResultText(id, result));
    }
    try {
      this.#host.outbox.responseOf(this.caller.port, id, RESULT, result, END, this);
    } catch (error) {
      if (error instanceof MessageTooLargeError) this.answer(encodeResultText(id, result));
      else this.undelivered(error as Error);
    }
  }

  /**
   * Sends an answer. Where it is too large, an error that says so goes instead; never throws.
   *
   * @param answer JSON text.
   * @param expendable Whether it does not wait for room.
   */
  protected send(answer: string, expendable: boolean): void {
    this.expendable = expendable;
    this.#await();
    if (this.#isCounted && !expendable && !this.#count(answer.length + ANSWER_OVERHEAD)) return;
    const size = this.#post(answer, this);
    if (size === undefined) return;
    const reason = `The answer has ${size.size} bytes, and at most ${size.maximum} can be sent`;
    this.#sendError(new InternalError(reason), this);
  }

  keep(): void {
    this.#kept++;
  }

  letGo(): void {
    this.#kept--;
    if (this.#isOver) this.#done();
  }

  delivered(): void {
    this.#done();
    if (this.#isCounted) this.#host.deaf.delete(this.caller.port);
  }

  undelivered(error: Error): void {
    const isFull = error instanceof ReceiverFullError;
    // There is room for an error in its place: the caller must not wait for what will not come.
    const isReplaced = !this.expendable && (isFull || error instanceof SyscallError);
    this.#done(!isReplaced);
    const { port } = this.caller;
    const reason = `An answer could not be sent: ${error.message}`;
    this.#host.trouble("undelivered", reason, port);
    if (isReplaced) this.#sendError(new InternalError(reason), this.#isExclusive ? this.#last() : RESERVED);
    else if (isFull) this.#host.deaf.add(port);
  }

  /** Counts the bytes of its answer; where they are too many, an error goes instead, if there is room for one. */
  #count(bytes: number): boolean {
    if (this.#host.answers.take(this.caller.uid, bytes, true)) {
      this.#bytes = bytes;
      return true;
    }
    const reason = "More answers than may wait are not read";
    this.#host.trouble("undelivered", `An answer could not be sent: ${reason}`, this.caller.port);
    this.#sendError(new InternalError(reason), EXPENDABLE);
    this.#done();
    return false;
  }

  /** Nothing of it takes up anything any more. Where an error goes in place of the answer, its caller waits on. */
  #done(isAnswered = true): void {
    this.#isOver = true;
    if (isAnswered) this.#answered();
    if (!this.#isCounted || this.#kept > 0) return;
    const { uid } = this.caller;
    if (this.#requests > 0) this.#host.requests.give(uid, this.#requests);
    if (this.#bytes > 0) this.#host.answers.give(uid, this.#bytes);
    this.#requests = this.#bytes = 0;
  }

  /** Its caller may take whatever arrives for the answer from now on. */
  #await(): void {
    if (this.#dialect !== LEGACY || this.#isExclusive) return;
    this.#host.legacy.beginsToWait(this.caller.port);
    this.#isExclusive = true;
  }

  #answered(): void {
    if (!this.#isExclusive) return;
    this.#isExclusive = false;
    this.#host.legacy.waitsNoLonger(this.caller.port);
  }

  /** Stands for the error in place of an answer that its caller takes anything for. */
  #last(): Delivery {
    const answered = () => this.#answered();
    return { reserved: true, delivered: answered, undelivered: answered };
  }

  #sendError(error: InternalError, delivery: Delivery): void {
    // An id may be so long that nothing fits beside it: then the number of the message alone tells which call this is.
    if (this.#post(encodeError(this.#id, error), delivery) === undefined) return;
    this.#post(encodeError(null, error), delivery);
  }

  /** Sends a text, or tells that it is too large. */
  #post(text: string, delivery: Delivery): MessageTooLargeError | undefined {
    const { outbox } = this.#host;
    try {
      if (this.#dialect === LEGACY) outbox.legacyResponse(this.caller.port, text, delivery);
      else outbox.response(this.caller.port, this.#nlmsgSeq, text, delivery);
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
  #isExpendable = true;

  /**
   * @param host The peer.
   * @param caller Who sent the batch.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param dialect Dialect of the message; its answer has the same.
   * @param members How many members the batch has.
   */
  constructor(host: ExchangeHost, caller: Caller, nlmsgSeq: number, dialect: Dialect, members: number) {
    super(host, caller, nlmsgSeq, dialect);
    this.#missing = members;
  }

  override result(id: JSONRPCId, result: string): void {
    this.answer(encodeResultText(id, result));
  }

  override answer(answer: string | undefined, expendable = false): void {
    if (answer !== undefined) {
      this.#answers.push(answer);
      this.#isExpendable &&= expendable;
    }
    if (--this.#missing > 0) return;
    super.answer(this.#answers.length > 0 ? encodeBatch(this.#answers) : undefined, this.#isExpendable);
  }
}
