/**
 * Calls that wait for their answer, by port and id.
 *
 * @module
 */
import { CallTimeoutError } from "../errors.ts";
import { AccessDeniedError, JSONRPCError } from "../jsonrpc/errors.ts";
import type { JSONRPCId, JSONRPCResponseObject } from "../jsonrpc/guards.ts";
import type { Delivery, WaitingMessage } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import { type Abortable, endOnAbort, forget } from "./abort_groups.ts";
import type { Access } from "./access.ts";
import type { Contact, Member } from "./contact.ts";
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
  /** Who holds the port. */
  readonly contact: Contact;
  /** Whose answer counts. */
  readonly trust: Access;
}

/** Learns what became of a call, and who said so. */
export type Settle<Value> = (value: Value, sender?: Caller) => void;

/** Calls that have ended whose answers may still come, at most; of those before them an answer is reported. */
const REMEMBERED_CALLS = 4_096;

/** A call that waits for its answer. */
export class PendingCall implements Timed, Delivery, Abortable, Member {
  /** Its id. */
  readonly id: number;
  /** What it is. */
  readonly terms: CallTerms;
  readonly deadline: number;
  heapIndex = -1;

  readonly #owner: PendingCalls;
  readonly #resolve: Settle<unknown>;
  readonly #reject: Settle<unknown>;
  /** Its message, where that waits for room. */
  #message: WaitingMessage | undefined;
  #isDelivered = false;

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
    resolve: Settle<unknown>,
    reject: Settle<unknown>,
  ) {
    this.id = id;
    this.terms = terms;
    this.deadline = terms.timeout === Infinity ? Infinity : performance.now() + terms.timeout;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
    if (terms.signal !== undefined) endOnAbort(terms.signal, this);
  }

  /** Whether its answer is still waited for. */
  get isPending(): boolean {
    return this.#owner.has(this);
  }

  /** Ends the call with its result. */
  resolve(value: unknown, sender?: Caller): void {
    this.#end();
    this.#resolve(value, sender);
  }

  /** Ends the call with an error. */
  reject(reason: unknown, sender?: Caller): void {
    this.#end();
    this.#reject(reason, sender);
  }

  /** Ends the call, since its caller does not want the answer any more. */
  abort(reason: unknown): void {
    this.cancel();
    this.reject(reason);
  }

  expire(): void {
    const { port, method, timeout } = this.terms;
    this.abort(new CallTimeoutError(port, method, timeout));
  }

  /** Lets the other side know that the answer is not wanted any more, where it has the request. */
  cancel(): void {
    if (this.#isDelivered && this.isPending && !this.terms.method.startsWith("rpc.")) this.#owner.cancel(this);
  }

  /**
   * Tells whether an answer counts.
   *
   * @param sender Who sent it.
   * @returns Whether; a promise where that takes longer.
   */
  trusts(sender: Caller): boolean | Promise<boolean> {
    const { contact, trust, method } = this.terms;
    return contact.isHolder(sender) || trust.allows(sender, method);
  }

  delivered(): void {
    this.#message = undefined;
    this.#isDelivered = true;
  }

  waits(message: WaitingMessage): void {
    // It may have timed out, or its signal may have aborted, in this very turn.
    if (this.isPending) this.#message = message;
    else message.withdraw();
  }

  undelivered(error: Error): void {
    this.#message = undefined;
    if (this.isPending) this.reject(error);
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

/** Tells the other side of a call that its answer is not wanted any more. May not throw. */
export type CancelCall = (port: number, id: number) => void;

/** The calls of one peer. */
export class PendingCalls {
  /** Learns when something is awaited. */
  readonly host: PendingCallsHost;
  readonly #deadlines: Deadlines;
  readonly #calls = new Map<number, PendingCall>();
  readonly #batches = new Map<number, readonly PendingCall[]>();
  /** Ids of calls that were cancelled, with the ports whose answers may still come. */
  readonly #cancelled = new Map<JSONRPCId, number>();
  readonly #cancel: CancelCall;
  #lastId: number;

  /**
   * @param host Learns when something is awaited.
   * @param deadlines The deadlines of the isolate.
   * @param lastId The id before the first one that is given out. A port may have had another owner a moment ago: where ids begin
   * at random, an answer that was meant for that one finds no call here.
   * @param cancel Tells the other side of a call that its answer is not wanted any more.
   */
  constructor(host: PendingCallsHost, deadlines: Deadlines, lastId: number, cancel: CancelCall = () => {}) {
    this.#cancel = cancel;
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
    resolve: Settle<unknown>,
    reject: Settle<unknown>,
  ): PendingCall {
    this.host.hold();
    const call = new PendingCall(this, id, terms, resolve, reject);
    this.#calls.set(id, call);
    terms.contact.join(call);
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
    call.terms.contact.leave(call);
    this.host.release();
  }

  /**
   * Lets the other side know that the answer to a call is not wanted any more.
   *
   * @param call The call.
   */
  cancel({ id, terms: { port } }: PendingCall): void {
    this.#cancelled.delete(id);
    this.#cancelled.set(id, port);
    if (this.#cancelled.size > REMEMBERED_CALLS) {
      const [oldest] = this.#cancelled.keys();
      this.#cancelled.delete(oldest!);
    }
    this.#cancel(port, id);
  }

  /**
   * Tells whether an answer is to a call that was cancelled: it is dropped, and no trouble.
   *
   * @param id Its id.
   * @param port Port that it came from.
   * @returns Whether.
   */
  isLate(id: JSONRPCId, port: number): boolean {
    return this.#cancelled.get(id) === port && this.#cancelled.delete(id);
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
    const call = this.#calls.get(id as number);
    if (call === undefined || call.terms.port !== sender.port) return false;
    settleTrusted(call, sender, () => {
      if (error === undefined) call.resolve(response.result, sender);
      else call.reject(JSONRPCError.fromObject(error), sender);
    });
    return true;
  }

  /**
   * Tells whether a call that went in one message still waits.
   *
   * @param nlmsgSeq Number of the message.
   * @param port Port that it went to.
   * @returns Whether there is one.
   */
  holds(nlmsgSeq: number, port: number): boolean {
    return this.#callsOf(nlmsgSeq, port).length > 0;
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
    for (const call of waiting) settleTrusted(call, sender, () => call.reject(reason, sender));
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

/** Ends a call as its answer says; where whoever sent that is not trusted, with an error that says so. */
function settleTrusted(call: PendingCall, sender: Caller, settle: () => void): void {
  const { port, uid } = sender;
  call.terms.contact.heard(sender);
  const decide = (trusted: boolean) => {
    if (!call.isPending) return;
    if (trusted) settle();
    else call.reject(AccessDeniedError.untrusted(port, uid));
  };
  const trusted = call.trusts(sender);
  if (typeof trusted === "boolean") decide(trusted);
  else trusted.then(decide);
}
