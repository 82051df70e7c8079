/**
 * A call that waits for its answer.
 *
 * @module
 */
import { CallTimeoutError } from "../errors.ts";
import { AccessDeniedError } from "../jsonrpc/errors.ts";
import type { Delivery, WaitingMessage } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import { inWordsOf } from "../naming/errors.ts";
import { type Dialect, LEGACY, NATIVE } from "../wire/dialect.ts";
import { type Abortable, endOnAbort, forget } from "./abort_groups.ts";
import type { Access } from "./access.ts";
import type { Contact } from "./contact.ts";
import type { DeadlineQueue, Waiting } from "./deadline_queue.ts";
import type { Member, Members } from "./members.ts";

/** Such a peer does not answer what it does not understand. */
const ANOTHER_DIALECT = `If it is ProcsLink 0.1 for Python, call it with { dialect: "${LEGACY}" }`;

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
  /** The name that it goes to, where it is to one. */
  readonly name: string | undefined;
  /** How it is framed. */
  readonly dialect: Dialect;
  /** Whether the port is asked who holds it before anything else is sent there, where nothing tells. */
  readonly asks: boolean;
}

/**
 * Makes the error of a call that had no answer in time.
 *
 * @param terms What it was.
 * @returns The error.
 */
export function timeoutOf({ port, method, timeout, contact, dialect }: CallTerms): CallTimeoutError {
  const hint = dialect === NATIVE && contact.isUnknown ? ANOTHER_DIALECT : undefined;
  return new CallTimeoutError(port, method, timeout, "answer", hint);
}

/** Learns what became of a call, and who said so. */
export type Settle<Value> = (value: Value, sender?: Caller) => void;

/** Where calls wait. */
export interface PendingCallOwner {
  /** Forgets a call that has ended. */
  delete(call: PendingCall): void;
  /** Lets the other side know that the answer to a call is not wanted any more. */
  cancel(call: PendingCall): void;
}

/** A call that waits for its answer. */
export class PendingCall implements Waiting, Delivery, Abortable, Member {
  /** Its id. */
  readonly id: number;
  /** What it is. */
  readonly terms: CallTerms;
  /** Whether its answer is still waited for; kept by its owner. */
  isPending = true;
  deadline = Infinity;
  queue: DeadlineQueue | undefined;
  previous: Waiting | undefined;
  next: Waiting | undefined;
  memberOf: Members | undefined;
  memberIndex = -1;
  memberNumber = 0;

  readonly #owner: PendingCallOwner;
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
    owner: PendingCallOwner,
    id: number,
    terms: CallTerms,
    resolve: Settle<unknown>,
    reject: Settle<unknown>,
  ) {
    this.id = id;
    this.terms = terms;
    this.#owner = owner;
    this.#resolve = resolve;
    this.#reject = reject;
    if (terms.signal !== undefined) endOnAbort(terms.signal, this);
  }

  /** Ends the call with its result. */
  resolve(value: unknown, sender?: Caller): void {
    this.#end();
    this.#resolve(value, sender);
  }

  /** Ends the call with an error. */
  reject(reason: unknown, sender?: Caller): void {
    this.#end();
    this.#reject(inWordsOf(this.terms.name, reason), sender);
  }

  /** Ends the call, since its caller does not want the answer any more. */
  abort(reason: unknown): void {
    this.cancel();
    this.reject(reason);
  }

  expire(): void {
    this.abort(timeoutOf(this.terms));
  }

  /** Lets the other side know that the answer is not wanted any more, where it has the request. */
  cancel(): void {
    if (this.#isDelivered && this.isPending) this.#owner.cancel(this);
  }

  /**
   * Ends the call as its answer says; where whoever sent that is not trusted, with an error that says so.
   *
   * @param sender Who sent the answer.
   * @param result The result, where it is one.
   * @param error Makes the error, where it is one.
   */
  answered(sender: Caller, result: unknown, error?: () => Error): void {
    this.terms.contact.heard(sender);
    const trusted = this.trusts(sender);
    if (typeof trusted === "boolean") this.#decided(trusted, sender, result, error);
    else trusted.then((trusted) => this.#decided(trusted, sender, result, error));
  }

  /**
   * Tells whether an answer counts.
   *
   * @param sender Who sent it.
   * @returns Whether; a promise where that takes longer.
   */
  trusts(sender: Caller): boolean | Promise<boolean> {
    const { trust, method } = this.terms;
    // Who holds the port may be another than when the request was sent: whoever answers is looked at anew.
    return trust.allows(sender, method);
  }

  delivered(): void {
    this.#message = undefined;
    this.#isDelivered = true;
  }

  /** Whether it is in the other side's queue, or was. */
  get isDelivered(): boolean {
    return this.#isDelivered;
  }

  waits(message: WaitingMessage): void {
    // It may have timed out, or its signal may have aborted, in this very turn.
    if (this.isPending) this.#message = message;
    else message.withdraw();
  }

  undelivered(error: Error): void {
    this.#message = undefined;
    if (this.isPending) this.reject(error);
    this.terms.contact.unreached(error);
  }

  #decided(trusted: boolean, sender: Caller, result: unknown, error: (() => Error) | undefined): void {
    if (!this.isPending) return;
    if (!trusted) this.reject(AccessDeniedError.untrusted(sender.port, sender.uid));
    else if (error === undefined) this.resolve(result, sender);
    else this.reject(error(), sender);
  }

  #end(): void {
    if (this.terms.signal !== undefined) forget(this.terms.signal, this);
    this.#owner.delete(this);
    if (this.#message === undefined) return;
    this.#message.withdraw();
    this.#message = undefined;
  }
}
