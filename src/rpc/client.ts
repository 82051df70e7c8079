/**
 * The calling side of a peer.
 *
 * @module
 */
import { encodeBatch, encodeParams, encodeRequest } from "../jsonrpc/encode.ts";
import { HEAD, type Phrase, RequestPhrases } from "../jsonrpc/phrases.ts";
import { type Delivery, EXPENDABLE } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import { checkDialect, type Dialect, LEGACY, NATIVE } from "../wire/dialect.ts";
import { type Access, type AccessRule, ANYONE } from "./access.ts";
import { BatchDelivery } from "./batch_delivery.ts";
import type { Contact } from "./contact.ts";
import type { Contacts } from "./contacts.ts";
import { isolateDeadlines } from "./isolate.ts";
import { LegacyClient } from "./legacy_client.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import { type BatchCall, type CallOptions, checkCall, checkPort, checkTimeout, DEFAULT_TIMEOUT } from "./options.ts";
import type { CallTerms, PendingCall } from "./pending_call.ts";
import type { PendingCalls } from "./pending_calls.ts";
import { NOT_POSTED, PendingNotification } from "./pending_notification.ts";
import { CANCEL_METHOD, IDENTITY_METHOD } from "./reserved_methods.ts";
import type { SyncClient } from "./sync_client.ts";

/** What a client needs of its peer. */
export interface ClientParts {
  /** Where calls leave. */
  readonly outbox: Outbox;
  /** Where they wait. */
  readonly pending: PendingCalls;
  /** Finds who makes the calls that do not wait with the event loop: few peers have any. */
  readonly sync: () => SyncClient;
  /** Who holds the ports that are called. */
  readonly contacts: Contacts;
  /** Who speaks the legacy dialect. */
  readonly legacy: LegacyPorts;
  /** Whom calls trust, where they do not say. */
  readonly trust: Access;
  /** Whether somebody has said so. */
  readonly isTrustGiven: boolean;
  /** Checks a rule for whom a call trusts, and brings it into the form in which it is asked. */
  readonly compile: (rule: AccessRule) => Access;
  /** How long calls wait, where they do not say, in milliseconds; undefined where nobody has said. */
  readonly timeout: number | undefined;
}

/** Sends calls, and lets them wait for their answers. */
export class Client {
  readonly #outbox: Outbox;
  readonly #pending: PendingCalls;
  readonly #contacts: Contacts;
  readonly #parts: ClientParts;
  readonly #phrases = new RequestPhrases();
  #lastContact: Contact | undefined;
  #lastTurn = 0;
  #legacy: LegacyClient | undefined;
  /** Rules in the form in which they are asked: a remote object has one for all its calls. */
  readonly #rules = new WeakMap<object, Access>();

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: ClientParts) {
    this.#parts = parts;
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
  call(target: number, method: string, params: object | undefined, options: CallOptions): Promise<unknown> {
    const terms = this.#terms(target, method, params, options);
    if (terms.dialect === LEGACY) return this.#legacyClient.call(terms, params);
    const id = this.#pending.nextId();
    const value = params === undefined ? "" : encodeParams(params);
    const middle = this.#phrases.middle(method, params !== undefined);
    const end = this.#phrases.end(this.#deadline(options));
    return new Promise((resolve, reject) => {
      const call = this.#pending.add(id, terms, resolve, reject);
      if (this.#contacts.isTrusted(terms.contact, terms.trust, method)) {
        this.#postCall(target, id, middle, value, end, call);
      } else this.#send(terms, [method], call, id, HEAD.text + id + middle.text + value + end.text, call);
    });
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
  callSync(target: number, method: string, params: object | undefined, options: CallOptions): unknown {
    const terms = this.#terms(target, method, params, options);
    return this.#parts.sync().call(this.#pending.nextId(), terms, params, this.#deadline(options));
  }

  /**
   * Asks a port who holds it.
   *
   * @param contact The port.
   * @param timeout How long to wait, in milliseconds.
   * @returns Who has answered, whatever the answer is.
   */
  identify(contact: Contact, timeout: number): Promise<Caller> {
    const { port, dialect } = contact;
    const own = { trust: ANYONE, dialect, asks: false };
    const terms = { port, method: IDENTITY_METHOD, timeout, signal: undefined, contact, ...own };
    const id = this.#pending.nextId();
    return new Promise((resolve, reject) => {
      const call = this.#pending.add(
        id,
        terms,
        (_, sender) => resolve(sender!),
        (reason, sender) => sender === undefined ? reject(reason) : resolve(sender),
      );
      contact.join(call, true);
      const body = encodeRequest(id, IDENTITY_METHOD, undefined);
      if (dialect === NATIVE) return this.#post(port, id, body, call);
      this.#parts.legacy.lane(port).sent(id);
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
  notify(target: number, method: string, params: object | undefined, options: CallOptions): Promise<void> {
    const terms = this.#terms(target, method, params, options);
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
    target: number,
    calls: readonly BatchCall[],
    options: CallOptions,
  ): Promise<PromiseSettledResult<unknown>[]> {
    if (!Array.isArray(calls)) throw new TypeError(`A batch must be an array of calls, not ${typeof calls}`);
    const terms = calls.map(({ method, params }) => this.#terms(target, method, params, options));
    if (calls.length === 0) return [];
    if (terms[0]!.dialect === LEGACY) return await this.#legacyClient.batch(terms, calls);
    const ids = calls.map(({ notify }) => notify === true ? undefined : this.#pending.nextId());
    const nlmsgSeq = ids.find((id) => id !== undefined) ?? this.#pending.nextId();
    const deadline = this.#deadline(options);
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

  #terms(target: number, method: string, params: object | undefined, options: CallOptions): CallTerms {
    checkPort("target", target);
    checkCall(method, params);
    const { timeout = this.#parts.timeout ?? DEFAULT_TIMEOUT, signal, trust } = options;
    signal?.throwIfAborted();
    const { legacy } = this.#parts;
    const { dialect = legacy.dialectOf(target, this.#contacts) } = options;
    checkDialect(dialect);
    if (dialect === NATIVE) legacy.assertNotWaiting(target);
    const contact = this.#contactAt(target, dialect);
    return {
      port: target,
      method,
      timeout: checkTimeout(timeout),
      signal,
      contact,
      trust: trust === undefined ? this.#parts.trust : this.access(trust),
      dialect,
      // A legacy peer answers with an error: only who has said whom to trust is worth that.
      asks: dialect === NATIVE || trust !== undefined || this.#parts.isTrustGiven,
    };
  }

  /** Finds the contact of a port. What leaves at the end of one turn leaves together: its holder is looked at once. */
  #contactAt(port: number, dialect: Dialect): Contact {
    const { turn } = this.#outbox;
    const last = this.#lastContact;
    if (last?.port === port && last.dialect === dialect && turn === this.#lastTurn && turn > 0 && !last.isOver) {
      return last;
    }
    this.#lastTurn = turn;
    return this.#lastContact = this.#contacts.at(port, dialect);
  }

  /**
   * Checks a rule for whom calls trust. It is read once.
   *
   * @param trust The rule.
   * @returns The rule in the form in which it is asked.
   */
  access(trust: AccessRule): Access {
    if (typeof trust === "string" || trust === null) return this.#parts.compile(trust);
    let access = this.#rules.get(trust);
    if (access === undefined) this.#rules.set(trust, access = this.#parts.compile(trust));
    return access;
  }

  get #legacyClient(): LegacyClient {
    return this.#legacy ??= new LegacyClient(this.#parts);
  }

  /** When nobody waits for the answer any more, where somebody has said how long. */
  #deadline({ timeout = this.#parts.timeout }: CallOptions): number | undefined {
    return timeout === undefined || timeout === Infinity ? undefined : Math.ceil(Date.now() + timeout);
  }

  /** Sends a message once whoever holds its port is trusted; tells whether that was at once. */
  #send(
    { contact, trust }: CallTerms,
    methods: readonly string[],
    waiting: { readonly isPending: boolean; reject(reason: unknown): void },
    nlmsgSeq: number,
    body: string,
    delivery: Delivery,
  ): boolean {
    if (this.#contacts.isTrusted(contact, trust, methods[0]!)) {
      this.#post(contact.port, nlmsgSeq, body, delivery);
      return true;
    }
    let isPosted = false;
    this.#contacts.reach(contact, {
      trust,
      asks: true,
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
