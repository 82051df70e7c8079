/**
 * Calls that wait for their answer, by port and id.
 *
 * @module
 */
import { CallTimeoutError } from "../errors.ts";
import { JSONRPCError } from "../jsonrpc/errors.ts";
import type { JSONRPCResponseObject } from "../jsonrpc/guards.ts";
import type { Delivery, WaitingMessage } from "../link/delivery.ts";
import { forget, rejectOnAbort } from "./abort_groups.ts";
import type { Deadlines, Timed } from "./deadlines.ts";

/** What a call is, and how long it waits. */
export interface CallTerms {
  /** The port that is called, and the only one whose answer counts. */
  readonly port: number;
  /** Name of the method. */
  readonly method: string;
  /** How long to wait, in milliseconds; Infinity for ever. */
  readonly timeout: number;
  /** Rejects the call when it aborts. */
  readonly signal: AbortSignal | undefined;
}

/** A call that waits for its answer. */
export class PendingCall implements Timed, Delivery {
  /** Its id. */
  readonly id: number;
  /** What it is. */
  readonly terms: CallTerms;
  readonly deadline: number;
  heapIndex = -1;

  readonly #owner: PendingCalls;
  readonly #resolve: (value: unknown) => void;
  readonly #reject: (reason: unknown) => void;
  /** Its message, where that waits for room. */
  #message: WaitingMessage | undefined;

  /**
   * @param owner Where it waits.
   * @param id Its id.
   * @param terms What it is.
   * @param resolve Takes the result.
   * @param reject Takes the error.
   */
  constructor(
    owner: PendingCalls,
    id: number,
    terms: CallTerms,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ) {
    this.id = id;
    this.terms = terms;
    this.deadline = terms.timeout === Infinity ? Infinity : performance.now() + terms.timeout;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
    if (terms.signal !== undefined) rejectOnAbort(terms.signal, this);
  }

  /** Ends the call with its result. */
  resolve(value: unknown): void {
    this.#end();
    this.#resolve(value);
  }

  /** Ends the call with an error. */
  reject(reason: unknown): void {
    this.#end();
    this.#reject(reason);
  }

  expire(): void {
    const { port, method, timeout } = this.terms;
    this.reject(new CallTimeoutError(port, method, timeout));
  }

  delivered(): void {
    this.#message = undefined;
  }

  waits(message: WaitingMessage): void {
    // It may have timed out, or its signal may have aborted, in this very turn.
    if (this.#owner.has(this)) this.#message = message;
    else message.withdraw();
  }

  undelivered(error: Error): void {
    this.#message = undefined;
    if (this.#owner.has(this)) this.reject(error);
  }

  #end(): void {
    if (this.terms.signal !== undefined) forget(this.terms.signal, this);
    this.#owner.delete(this);
    this.#message?.withdraw();
    this.#message = undefined;
  }
}

/** What a peer waits for. */
export interface PendingCallsHost {
  /** Something is awaited: the link must be read. May throw, and the call then fails. */
  hold(): void;
  /** One thing less is awaited. */
  release(): void;
}

/** The calls of one peer. */
export class PendingCalls {
  /** Learns when something is awaited. */
  readonly host: PendingCallsHost;
  readonly #deadlines: Deadlines;
  readonly #calls = new Map<number, PendingCall>();
  readonly #batches = new Map<number, readonly PendingCall[]>();
  #lastId: number;

  /**
   * @param host Learns when something is awaited.
   * @param deadlines The deadlines of the isolate.
   * @param lastId The id before the first one that is given out. A port may have had another owner a moment ago: where ids begin
   * at random, an answer that was meant for that one finds no call here.
   */
  constructor(host: PendingCallsHost, deadlines: Deadlines, lastId: number) {
    this.host = host;
    this.#deadlines = deadlines;
    this.#lastId = lastId;
  }

  /** How many calls wait. */
  get size(): number {
    return this.#calls.size;
  }

  /**
   * Gives out an id, from 1 to 2^32 - 1 and then again from 1. The id of a call numbers its message too.
   *
   * @returns An id that no waiting call has.
   */
  nextId(): number {
    do this.#lastId = this.#lastId >= 0xffff_ffff ? 1 : this.#lastId + 1; while (this.#calls.has(this.#lastId));
    return this.#lastId;
  }

  /**
   * Lets a call wait.
   *
   * @param id Its id, from {@linkcode PendingCalls.nextId}.
   * @param terms What it is.
   * @param resolve Takes the result.
   * @param reject Takes the error.
   * @returns The call.
   */
  add(
    id: number,
    terms: CallTerms,
    resolve: (value: unknown) => void,
    reject: (reason: unknown) => void,
  ): PendingCall {
    this.host.hold();
    const call = new PendingCall(this, id, terms, resolve, reject);
    this.#calls.set(id, call);
    if (call.deadline !== Infinity) this.#deadlines.add(call);
    return call;
  }

  /**
   * Notes that calls go in one message, until it is taken back.
   *
   * @param nlmsgSeq Number of the message.
   * @param calls The calls.
   */
  addBatch(nlmsgSeq: number, calls: readonly PendingCall[]): void {
    this.#batches.set(nlmsgSeq, calls);
  }

  /**
   * Takes that back, since all of them have ended.
   *
   * @param nlmsgSeq Number of the message.
   */
  deleteBatch(nlmsgSeq: number): void {
    this.#batches.delete(nlmsgSeq);
  }

  /**
   * Tells whether a call still waits.
   *
   * @param call The call.
   * @returns Whether it does.
   */
  has(call: PendingCall): boolean {
    return this.#calls.get(call.id) === call;
  }

  /**
   * Forgets a call that has ended.
   *
   * @param call The call.
   */
  delete(call: PendingCall): void {
    if (!this.#calls.delete(call.id)) return;
    this.#deadlines.delete(call);
    this.host.release();
  }

  /**
   * Ends the call that a response answers.
   *
   * @param response The response.
   * @param nlmsgSeq Number of the message that it came in.
   * @param port Port that it came from, in the kernel's words.
   * @returns Whether a call waited for it.
   */
  settle(response: JSONRPCResponseObject, nlmsgSeq: number, port: number): boolean {
    const { id, error } = response;
    // An error without an id is about the message as a whole, which its number tells.
    if (id === null) {
      return error !== undefined && this.rejectMessage(nlmsgSeq, port, JSONRPCError.fromObject(error));
    }
    const call = this.#calls.get(id as number);
    if (call === undefined || call.terms.port !== port) return false;
    if (error === undefined) call.resolve(response.result);
    else call.reject(JSONRPCError.fromObject(error));
    return true;
  }

  /**
   * Tells whether a call that went in one message still waits.
   *
   * @param nlmsgSeq Number of the message.
   * @param port Port that it went to.
   * @returns Whether there is one.
   */
  expects(nlmsgSeq: number, port: number): boolean {
    return this.#callsOf(nlmsgSeq, port).length > 0;
  }

  /**
   * Rejects every call that went in one message and still waits.
   *
   * @param nlmsgSeq Number of the message.
   * @param port Port that it went to.
   * @param reason Why.
   * @returns Whether there was one.
   */
  rejectMessage(nlmsgSeq: number, port: number, reason: Error): boolean {
    const waiting = this.#callsOf(nlmsgSeq, port);
    for (const call of waiting) call.reject(reason);
    return waiting.length > 0;
  }

  /**
   * Rejects all calls.
   *
   * @param reason Why.
   */
  rejectAll(reason: Error): void {
    for (const call of [...this.#calls.values()]) call.reject(reason);
  }

  /** The calls that went in one message and still wait. */
  #callsOf(nlmsgSeq: number, port: number): PendingCall[] {
    const single = this.#calls.get(nlmsgSeq);
    const calls = this.#batches.get(nlmsgSeq) ?? (single === undefined ? [] : [single]);
    return calls.filter((call) => this.has(call) && call.terms.port === port);
  }
}
