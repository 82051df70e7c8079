/**
 * The calling side of a peer.
 *
 * @module
 */
import type { Answer } from "../groups/stay.ts";
import { encodeBatch, encodeParams, encodeRequest } from "../jsonrpc/encode.ts";
import { HEAD, type Phrase, RequestPhrases } from "../jsonrpc/phrases.ts";
import { type Delivery, EXPENDABLE } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import { LEGACY, NATIVE } from "../wire/dialect.ts";
import { ANYONE } from "./access.ts";
import { BatchDelivery } from "./batch_delivery.ts";
import type { Contact } from "./contact.ts";
import type { Contacts } from "./contacts.ts";
import { type Answerer, IDENTITY_METHOD, nameIn } from "./identity.ts";
import { isolateDeadlines } from "./isolate.ts";
import { LegacyClient } from "./legacy_client.ts";
import type { BatchCall, CallOptions } from "./options.ts";
import type { CallTerms, PendingCall, Settle } from "./pending_call.ts";
import type { PendingCalls } from "./pending_calls.ts";
import { NOT_POSTED, PendingNotification } from "./pending_notification.ts";
import { CANCEL_METHOD } from "./reserved_methods.ts";
import type { SyncClient } from "./sync_client.ts";
import type { Target } from "./target.ts";
import { Terms, type TermsParts } from "./terms.ts";

/** What a client needs of its peer. */
export interface ClientParts extends TermsParts {
  /** Where they wait. */
  readonly pending: PendingCalls;
  /** Finds who makes the calls that do not wait with the event loop: few peers have any. */
  readonly sync: () => SyncClient;
}

/** Sends calls, and lets them wait for their answers. */
export class Client {
  readonly #outbox: Outbox;
  readonly #pending: PendingCalls;
  readonly #contacts: Contacts;
  readonly #parts: ClientParts;
  readonly #phrases = new RequestPhrases();
  /** What calls are. */
  readonly terms: Terms;
  #legacy: LegacyClient | undefined;

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: ClientParts) {
    this.#parts = parts;
    this.terms = new Terms(parts);
    this.#outbox = parts.outbox;
    this.#pending = parts.pending;
    this.#contacts = parts.contacts;
  }

  /**
   * Calls a method.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns What the method returned.
   */
  call(target: Target, method: string, params: object | undefined, options: CallOptions): Promise<unknown> {
    const terms = this.terms.of(target, method, params, options);
    if (terms.dialect === LEGACY) return this.#legacyClient.call(terms, params);
    return new Promise((resolve, reject) => this.#call(terms, params, options, resolve, reject));
  }

  /**
   * Calls a method, and tells who has answered.
   *
   * @param target Port of the other peer, which is no legacy peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns What the method returned, and who says so in the kernel's words.
   */
  ask(target: Target, method: string, params: object, options: CallOptions): Promise<Answer> {
    const terms = this.terms.of(target, method, params, options);
    return new Promise((resolve, reject) => {
      this.#call(terms, params, options, (value, caller) => resolve({ value, caller: caller! }), reject);
    });
  }

  #call(
    terms: CallTerms,
    params: object | undefined,
    options: CallOptions,
    resolve: Settle<unknown>,
    reject: Settle<unknown>,
  ): void {
    const { method } = terms;
    const id = this.#pending.nextId();
    const value = params === undefined ? "" : encodeParams(params);
    const middle = this.#phrases.middle(method, params !== undefined);
    const end = this.#phrases.end(this.terms.deadline(options));
    const call = this.#pending.add(id, terms, resolve, reject);
    if (this.#contacts.isTrusted(terms.contact, terms.trust, method, terms.name)) {
      this.#postCall(terms.port, id, middle, value, end, call);
    } else this.#send(terms, [method], call, id, HEAD.text + id + middle.text + value + end.text, call);
  }

  /**
   * Calls a method, and has the thread wait for the answer.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns What the method returned.
   */
  callSync(target: Target, method: string, params: object | undefined, options: CallOptions): unknown {
    const terms = this.terms.of(target, method, params, options);
    return this.#parts.sync().call(this.#pending.nextId(), terms, params, this.terms.deadline(options));
  }

  /**
   * Asks a port who holds it, and has the thread wait for the answer.
   *
   * @param port The port.
   * @param timeout How long to wait, in milliseconds.
   * @returns Who has answered, whatever the answer is.
   */
  identifySync(port: number, timeout: number): Answerer {
    const terms = this.terms.of(port, IDENTITY_METHOD, undefined, { timeout, trust: "anyone", dialect: NATIVE });
    return this.#parts.sync().identify(this.#pending.nextId(), terms);
  }

  /**
   * Asks a port who holds it.
   *
   * @param contact The port.
   * @param timeout How long to wait, in milliseconds.
   * @param isForOthers Whether the answer is wanted no longer than something else is that waits for the port.
   * @param signal Ends the question.
   * @returns Who has answered, whatever the answer is.
   */
  identify(contact: Contact, timeout: number, isForOthers: boolean, signal?: AbortSignal): Promise<Answerer> {
    const { port, dialect } = contact;
    const own = { trust: ANYONE, dialect, asks: false, name: undefined, signal };
    const terms = { port, method: IDENTITY_METHOD, timeout, contact, ...own };
    const id = this.#pending.nextId();
    const lane = dialect === LEGACY ? this.#parts.legacy.lane(port) : undefined;
    return new Promise((resolve, reject) => {
      const failed = (reason: unknown, caller?: Caller) => {
        if (caller !== undefined) return resolve({ caller, name: null, refusal: reason });
        // It may be answered all the same.
        lane?.givenUp(id);
        reject(reason);
      };
      const call = this.#pending.add(
        id,
        terms,
        (identity, caller) => resolve({ caller: caller!, name: nameIn(identity, port), identity }),
        failed,
      );
      contact.join(call, isForOthers);
      const body = encodeRequest(id, IDENTITY_METHOD, undefined);
      if (lane === undefined) return this.#post(port, id, body, call);
      lane.sent(id);
      this.#outbox.legacyRequest(port, body, call);
    });
  }

  /**
   * Sends a notification.
   *
   * @param target Port of the other peer.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Timeout and signal.
   * @returns Resolves when it is in the other side's queue.
   */
  notify(target: Target, method: string, params: object | undefined, options: CallOptions): Promise<void> {
    const terms = this.terms.of(target, method, params, options);
    if (terms.dialect === LEGACY) return this.#legacyClient.notify(terms, params);
    return this.#notify(terms, [method], this.#pending.nextId(), encodeRequest(undefined, method, params));
  }

  /**
   * Tells the other side of a call that its answer is not wanted any more; not where it has no room for that.
   *
   * @param target Port of the other peer.
   * @param id Id of the call.
   */
  cancel(target: number, id: number): void {
    if (this.#parts.legacy.isWaiting(target)) return;
    this.#post(target, this.#pending.nextId(), encodeRequest(undefined, CANCEL_METHOD, { id }), EXPENDABLE);
  }

  /**
   * Sends several calls in one message.
   *
   * @param target Port of the other peer.
   * @param calls The calls, and notifications.
   * @param options Timeout and signal, for each of them.
   * @returns What became of each.
   */
  async batch(
    target: Target,
    calls: readonly BatchCall[],
    options: CallOptions,
  ): Promise<PromiseSettledResult<unknown>[]> {
    if (!Array.isArray(calls)) throw new TypeError(`A batch must be an array of calls, not ${typeof calls}`);
    const terms = calls.map(({ method, params }) => this.terms.of(target, method, params, options));
    if (calls.length === 0) return [];
    if (terms[0]!.dialect === LEGACY) return await this.#legacyClient.batch(terms, calls);
    const ids = calls.map(({ notify }) => notify === true ? undefined : this.#pending.nextId());
    const nlmsgSeq = ids.find((id) => id !== undefined) ?? this.#pending.nextId();
    const deadline = this.terms.deadline(options);
    const body = encodeBatch(calls.map(({ method, params }, index) => {
      return encodeRequest(ids[index], method, params, ids[index] === undefined ? undefined : deadline);
    }));
    const methods = calls.map(({ method }) => method);
    if (ids.every((id) => id === undefined)) {
      await this.#notify(terms[0]!, methods, nlmsgSeq, body);
      return calls.map(() => ({ status: "fulfilled", value: undefined }));
    }
    this.#pending.host.hold(); // Before all others: where it throws, nothing may be sent.
    const pending: PendingCall[] = [];
    const outcomes = ids.map((id, index) => {
      if (id === undefined) return undefined;
      return new Promise((resolve, reject) => pending.push(this.#pending.add(id, terms[index]!, resolve, reject)));
    });
    this.#pending.addBatch(nlmsgSeq, pending);
    const delivery = new BatchDelivery(pending);
    try {
      this.#send(terms[0]!, methods, delivery, nlmsgSeq, body, delivery);
      return await Promise.allSettled(outcomes);
    } finally {
      this.#pending.host.release();
      this.#pending.deleteBatch(nlmsgSeq);
      delivery.withdraw();
    }
  }

  get #legacyClient(): LegacyClient {
    return this.#legacy ??= new LegacyClient(this.#parts);
  }

  /** Sends a message once whoever holds its port is trusted; tells whether that was at once. */
  #send(
    { contact, trust, name }: CallTerms,
    methods: readonly string[],
    waiting: { readonly isPending: boolean; reject(reason: unknown): void },
    nlmsgSeq: number,
    body: string,
    delivery: Delivery,
  ): boolean {
    if (this.#contacts.isTrusted(contact, trust, methods[0]!, name)) {
      this.#post(contact.port, nlmsgSeq, body, delivery);
      return true;
    }
    let isPosted = false;
    this.#contacts.reach(contact, {
      trust,
      asks: true,
      name,
      methods,
      get isWanted() {
        return waiting.isPending;
      },
      send: () => {
        isPosted = true;
        this.#post(contact.port, nlmsgSeq, body, delivery);
      },
      refuse: (error) => waiting.reject(error),
    });
    return isPosted;
  }

  #post(target: number, nlmsgSeq: number, body: string, delivery: Delivery): void {
    try {
      this.#parts.legacy.assertNotWaiting(target); // It may wait by now, where this one has waited for what its trust says.
      this.#outbox.request(target, nlmsgSeq, body, delivery);
    } catch (error) {
      delivery.undelivered(error as Error);
    }
  }

  #postCall(target: number, id: number, middle: Phrase, value: string, end: Phrase, call: PendingCall): void {
    try {
      this.#outbox.requestOf(target, id, middle, value, end, call);
    } catch (error) {
      call.undelivered(error as Error);
    }
  }

  #notify(terms: CallTerms, methods: readonly string[], nlmsgSeq: number, body: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const delivery = new PendingNotification(this.#pending.host, isolateDeadlines, terms, resolve, reject);
      const isPosted = this.#send(terms, methods, delivery, nlmsgSeq, body, delivery);
      // Its timeout and its signal count from now on.
      if (!isPosted) delivery.waits(NOT_POSTED);
    });
  }
}
