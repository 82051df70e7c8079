/**
 * Calls that wait for their answer, by port and id.
 *
 * @module
 */
import { JSONRPCError } from "../jsonrpc/errors.ts";
import type { JSONRPCId, JSONRPCResponseObject } from "../jsonrpc/guards.ts";
import type { Caller } from "../link/link.ts";
import { NATIVE } from "../wire/dialect.ts";
import { CallTable } from "./call_table.ts";
import { CancelledCalls } from "./cancelled_calls.ts";
import type { Deadlines } from "./deadlines.ts";
import { type CallTerms, PendingCall, type PendingCallOwner, type Settle } from "./pending_call.ts";

/** What a peer waits for. */
export interface PendingCallsHost {
  /** Something is awaited: the link must be read. May throw, and the call then fails. */
  hold(): void;
  /** One thing less is awaited. */
  release(): void;
}

/** The calls of one peer. */
export class PendingCalls implements PendingCallOwner {
  /** Learns when something is awaited. */
  readonly host: PendingCallsHost;
  readonly #deadlines: Deadlines;
  readonly #calls = new CallTable<PendingCall>();
  readonly #batches = new Map<number, readonly PendingCall[]>();
  readonly #cancelled: CancelledCalls;
  #lastId: number;

  /**
   * @param host Learns when something is awaited.
   * @param deadlines The deadlines of the isolate.
   * @param lastId The id before the first one that is given out. A port may have had another owner a moment ago: where ids begin
   * at random, an answer that was meant for that one finds no call here.
   * @param cancelled Those whose answers are not wanted any more.
   */
  constructor(host: PendingCallsHost, deadlines: Deadlines, lastId: number, cancelled = new CancelledCalls()) {
    this.#cancelled = cancelled;
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
    do this.#lastId = this.#lastId >= 0xffff_ffff ? 1 : this.#lastId + 1; while (
      this.#calls.get(this.#lastId) !== undefined
    );
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
    resolve: Settle<unknown>,
    reject: Settle<unknown>,
  ): PendingCall {
    // All calls together hold it once: most often others wait already.
    if (this.#calls.size === 0) this.host.hold();
    const call = new PendingCall(this, id, terms, resolve, reject);
    this.#calls.add(call);
    terms.contact.join(call);
    if (terms.timeout !== Infinity) this.#deadlines.wait(call, terms.timeout);
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
   * Forgets a call that has ended.
   *
   * @param call The call.
   */
  delete(call: PendingCall): void {
    if (!this.#calls.delete(call)) return;
    // Who leaves a contact as its last one ends the question who holds it, which is a call too.
    const isLast = this.#calls.size === 0;
    call.isPending = false;
    this.#deadlines.leave(call);
    call.terms.contact.leave(call);
    if (isLast) this.host.release();
  }

  /**
   * Lets the other side know that the answer to a call is not wanted any more.
   *
   * @param call The call.
   */
  cancel({ id, terms: { port, method, dialect } }: PendingCall): void {
    this.#cancelled.add(port, id, dialect === NATIVE && !method.startsWith("rpc."));
  }

  /**
   * Tells whether an answer is to a call that was cancelled: it is dropped, and no trouble.
   *
   * @param id Its id.
   * @param port Port that it came from.
   * @returns Whether.
   */
  isLate(id: JSONRPCId, port: number): boolean {
    return this.#cancelled.isLate(id, port);
  }

  /**
   * Ends the call that a response answers.
   *
   * @param response The response.
   * @param nlmsgSeq Number of the message that it came in.
   * @param sender Who sent it, in the kernel's words.
   * @returns Whether a call waited for it.
   */
  settle(response: JSONRPCResponseObject, nlmsgSeq: number, sender: Caller): boolean {
    const { id, error } = response;
    // An error without an id is about the message as a whole, which its number tells.
    if (id === null) {
      return error !== undefined && this.rejectMessage(nlmsgSeq, sender, JSONRPCError.fromObject(error));
    }
    if (error === undefined) return this.resolve(id, response.result, sender);
    const call = typeof id === "number" ? this.#calls.get(id) : undefined;
    if (call === undefined || call.terms.port !== sender.port) return false;
    call.answered(sender, undefined, () => JSONRPCError.fromObject(error));
    return true;
  }

  /**
   * Ends the call that a result is of.
   *
   * @param id Its id, as the response has it.
   * @param result The result.
   * @param sender Who sent it, in the kernel's words.
   * @returns Whether a call waited for it.
   */
  resolve(id: JSONRPCId, result: unknown, sender: Caller): boolean {
    const call = typeof id === "number" ? this.#calls.get(id) : undefined;
    if (call === undefined || call.terms.port !== sender.port) return false;
    call.answered(sender, result);
    return true;
  }

  /**
   * Tells whether a call that went in one message still waits, and its answer may come from there.
   *
   * @param nlmsgSeq Number of the message.
   * @param sender Who answers.
   * @returns Whether there is one.
   */
  expects(nlmsgSeq: number, sender: Caller): boolean {
    return this.#callsOf(nlmsgSeq, sender.port).some((call) => call.trusts(sender) !== false);
  }

  /**
   * Rejects every call that went in one message and still waits.
   *
   * @param nlmsgSeq Number of the message.
   * @param sender Who says so, from the port that it went to.
   * @param reason Why.
   * @returns Whether there was one.
   */
  rejectMessage(nlmsgSeq: number, sender: Caller, reason: Error): boolean {
    const waiting = this.#callsOf(nlmsgSeq, sender.port);
    for (const call of waiting) call.answered(sender, undefined, () => reason);
    return waiting.length > 0;
  }

  /**
   * Rejects all calls.
   *
   * @param reason Why.
   */
  rejectAll(reason: Error): void {
    for (const call of this.#calls.all()) call.reject(reason);
  }

  /** The calls that went in one message and still wait. */
  #callsOf(nlmsgSeq: number, port: number): PendingCall[] {
    const single = this.#calls.get(nlmsgSeq);
    const calls = this.#batches.get(nlmsgSeq) ?? (single === undefined ? [] : [single]);
    return calls.filter((call) => call.isPending && call.terms.port === port);
  }
}
