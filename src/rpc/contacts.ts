/**
 * The ports that a peer calls. Nothing is sent to one before it is known that whoever holds it is trusted.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import { AccessDeniedError } from "../jsonrpc/errors.ts";
import type { Caller, Link } from "../link/link.ts";
import { type Dialect, LEGACY, NATIVE } from "../wire/dialect.ts";
import type { Access } from "./access.ts";
import { Contact, type ContactHost } from "./contact.ts";
import type { Deadlines } from "./deadlines.ts";
import { type Answerer, LIFELINE_TELLS, notNamed } from "./identity.ts";
import { allows, allowsNow, type Sending } from "./sending.ts";

/** Contacts that are kept although nothing is awaited from them; each may take a file descriptor. */
const KEPT_CONTACTS = 256;

/** How long a port is asked that its lifeline says is in the wrong hands, in milliseconds: the lifeline may be in them alone. */
const DOUBT_MILLISECONDS = 1_000;

/** Asks a port itself who holds it. */
export type Identify = (contact: Contact, timeout: number) => Promise<Answerer>;

/** The same, without the event loop. */
export type AskNow = (timeout: number) => Answerer;

/** What contacts need of their peer. */
export interface ContactsParts {
  /** What carries messages. */
  readonly link: Link;
  /** When contacts are looked at. */
  readonly looks: Deadlines;
  /** Asks a port itself. */
  readonly identify: Identify;
  /** Tells whether nobody holds a port any more. */
  readonly isGone: (port: number) => boolean;
}

/** The contacts of a peer. */
export class Contacts implements ContactHost {
  readonly looks: Deadlines;
  readonly #parts: ContactsParts;
  /** By port, and dialect. */
  readonly #contacts = new Map<number, Contact>();
  /** Ports from which something is awaited, and by how many contacts: of a port that has changed hands, several. */
  readonly #awaited = new Map<number, number>();

  /**
   * @param parts What they need of their peer.
   */
  constructor(parts: ContactsParts) {
    this.#parts = parts;
    this.looks = parts.looks;
  }

  /**
   * Finds the contact of a port as it is now.
   *
   * @param port The port.
   * @param dialect How it is spoken to. What is asked in one dialect says nothing to who speaks the other.
   * @returns The contact.
   */
  at(port: number, dialect: Dialect = NATIVE): Contact {
    const key = keyOf(port, dialect);
    const known = this.#contacts.get(key);
    if (known !== undefined) {
      if (known.isCurrent) return known;
      this.#contacts.delete(key);
      known.replaced();
    }
    const contact = new Contact(this, port, dialect);
    this.#contacts.set(key, contact);
    if (this.#contacts.size > KEPT_CONTACTS) this.#forgetOldest(contact);
    return contact;
  }

  /**
   * Has a port asked something that nobody else asks: its contact is not kept for that.
   *
   * @param port The port.
   * @param ask Asks it.
   * @returns What it returns.
   */
  async once<Result>(port: number, ask: (contact: Contact) => Promise<Result>): Promise<Result> {
    const isKept = this.#has(port);
    const contact = this.at(port);
    try {
      return await ask(contact);
    } finally {
      if (!isKept && contact.isIdle && !contact.isOver) contact.replaced();
    }
  }

  /**
   * Tells whether a receiver is trusted, where that is known at once; a message may then leave without {@linkcode Contacts.reach}.
   *
   * @param contact The receiver.
   * @param trust Whom the message trusts.
   * @param method The method that it calls.
   * @param name The name that the receiver must have, where it is called by one.
   * @returns Whether that is sure.
   */
  isTrusted(contact: Contact, trust: Access, method: string, name?: string): boolean {
    if (contact.waiting.length > 0 || !trust.isFixed) return false;
    if (name !== undefined && contact.name !== name) return false;
    if (trust.isAnyone) return true;
    const { holder } = contact;
    return holder !== undefined && trust.allows(holder, method) === true;
  }

  /**
   * Has a message sent once its receiver is trusted: now, where that is known. What waits for it keeps its order.
   *
   * @param contact Its receiver.
   * @param sending The message.
   */
  reach(contact: Contact, sending: Sending): void {
    const { name } = sending;
    if (contact.waiting.length === 0 && (name === undefined || contact.name === name)) {
      if (sending.trust.isAnyone) return sending.send();
      const { holder } = contact;
      if (holder === undefined ? !sending.asks : allows(sending, holder) === true) return sending.send();
    }
    contact.waiting.push(() => this.#decide(contact, sending));
    if (contact.waiting.length === 1) this.#decideAll(contact);
  }

  /**
   * Makes sure that a receiver is trusted, without the event loop.
   *
   * @param contact The receiver.
   * @param trust Whom the call trusts.
   * @param method The method that it calls.
   * @param identify Asks the port itself: whoever answers, in the kernel's words.
   * @throws {AccessDeniedError} If it is not.
   * @throws {TypeError} If that takes a function that is async.
   */
  assertTrusted(contact: Contact, trust: Access, method: string, identify: AskNow): void {
    if (trust.isAnyone) return;
    const asked = { trust, methods: [method] };
    const { holder } = contact;
    if (holder !== undefined && allowsNow(asked, holder)) return;
    if (holder !== undefined && contact.isIdentified) throw AccessDeniedError.untrusted(contact.port, holder.uid);
    let answerer: Answerer;
    try {
      answerer = identify(holder === undefined ? Infinity : DOUBT_MILLISECONDS);
    } catch (error) {
      throw holder === undefined ? error : AccessDeniedError.untrusted(contact.port, holder.uid);
    }
    contact.identified(answerer);
    const { caller } = answerer;
    if (!allowsNow(asked, caller)) throw AccessDeniedError.untrusted(contact.port, caller.uid);
  }

  /**
   * Makes sure that a receiver has a name, likewise.
   *
   * @param contact The receiver.
   * @param name The name.
   * @param trust Whom the call trusts.
   * @param method The method that it calls.
   * @param identify Asks the port itself.
   * @throws {NameNotFoundError} If it does not have it.
   * @throws {AccessDeniedError} If whoever says so is not trusted.
   */
  assertNamed(contact: Contact, name: string, trust: Access, method: string, identify: AskNow): void {
    if (contact.name === name) return;
    const answerer = identify(Infinity);
    contact.identified(answerer);
    if (answerer.name !== name) throw notNamed(contact.port, name, answerer);
    const { caller } = answerer;
    // Whoever has answered may be another than the one who is trusted.
    if (!allowsNow({ trust, methods: [method] }, caller)) throw AccessDeniedError.untrusted(contact.port, caller.uid);
  }

  /**
   * Ends all contacts.
   *
   * @param reason Why.
   */
  close(reason: Error): void {
    for (const contact of [...this.#contacts.values()]) contact.end(reason);
  }

  openLifeline(...[port, broken]: Parameters<ContactHost["openLifeline"]>): ReturnType<ContactHost["openLifeline"]> {
    return this.#parts.link.openLifeline?.(port, broken);
  }

  socketAt(port: number): bigint | null | undefined {
    return this.#parts.link.socketAt?.(port);
  }

  isGone(port: number): boolean {
    return this.#parts.isGone(port);
  }

  /**
   * Tells whether something is awaited from a port: else an answer from there is not worth being read.
   *
   * @param port The port.
   * @returns Whether.
   */
  awaits(port: number): boolean {
    return (this.#awaited.get(port) ?? 0) > 0;
  }

  awaited(port: number, change: 1 | -1): void {
    const count = (this.#awaited.get(port) ?? 0) + change;
    // What comes and goes with every call stays: each time anew it would leave tables behind.
    if (count === 0 && !this.#has(port)) this.#awaited.delete(port);
    else this.#awaited.set(port, count);
  }

  ended(contact: Contact): void {
    const { port } = contact;
    const key = keyOf(port, contact.dialect);
    if (this.#contacts.get(key) === contact) this.#contacts.delete(key);
    if (this.#awaited.get(port) === 0 && !this.#has(port)) this.#awaited.delete(port);
  }

  #has(port: number): boolean {
    return this.#contacts.has(port) || this.#contacts.has(keyOf(port, LEGACY));
  }

  #forgetOldest(newest: Contact): void {
    for (const contact of this.#contacts.values()) {
      if (contact.isIdle && contact !== newest) return contact.replaced();
    }
  }

  async #decideAll({ waiting }: Contact): Promise<void> {
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      await next();
      waiting.shift();
    }
  }

  async #decide(contact: Contact, sending: Sending): Promise<void> {
    if (!sending.isWanted) return;
    let refusal: Error | undefined;
    let isDecided = false;
    const decision = this.#objection(contact, sending).catch((error: Error) => error).then((error) => {
      isDecided = true;
      refusal = error;
    });
    // A rule that does not answer keeps others waiting for no longer than whoever has it.
    while (!isDecided && sending.isWanted) await Promise.race([decision, contact.left()]);
    if (!sending.isWanted) return;
    if (refusal === undefined) sending.send();
    else sending.refuse(refusal);
  }

  /** Asks a port who holds it, once for all that wait for that. */
  #ask(contact: Contact, timeout: number): Promise<Answerer> {
    const asked = contact.asked ??= this.#parts.identify(contact, timeout).finally(() => {
      if (contact.asked === asked) contact.asked = undefined;
    });
    return asked;
  }

  /** A rule may take its time: by then somebody else may hold the port, of whom nothing was asked. */
  async #changed(contact: Contact, sending: Sending, { uid, gid }: Caller): Promise<Error | undefined> {
    if (!sending.isWanted) return undefined;
    const gone = new PeerGoneError(contact.port, "answering");
    if (!contact.isCurrent) return gone;
    if (contact.holder === undefined) contact.identified(await this.#ask(contact, Infinity));
    return contact.holder?.uid === uid && contact.holder.gid === gid ? undefined : gone;
  }

  /** Says why a message is not sent, after having asked its receiver where it must. */
  async #objection(contact: Contact, sending: Sending): Promise<Error | undefined> {
    const { name } = sending;
    const refusal = await this.#refusal(contact, sending);
    if (refusal !== undefined || name === undefined || contact.name === name || !sending.isWanted) return refusal;
    let answerer: Answerer;
    try {
      answerer = await this.#ask(contact, Infinity);
      // That tells nothing of the name.
      if (answerer.refusal === LIFELINE_TELLS) answerer = await this.#ask(contact, Infinity);
    } catch (error) {
      return error as Error;
    }
    contact.identified(answerer);
    if (answerer.name !== name) return notNamed(contact.port, name, answerer);
    if (sending.trust.isAnyone) return undefined;
    // Whoever has answered may be another than the one who is trusted.
    const { caller } = answerer;
    if (!await allows(sending, caller)) return AccessDeniedError.untrusted(contact.port, caller.uid);
    return await this.#changed(contact, sending, caller);
  }

  /** Says why a receiver is not trusted, after having asked it where it must. */
  async #refusal(contact: Contact, sending: Sending): Promise<Error | undefined> {
    if (sending.trust.isAnyone) return undefined;
    const { port, holder } = contact;
    if (holder !== undefined) {
      if (await allows(sending, holder)) return await this.#changed(contact, sending, holder);
      if (contact.isIdentified) return AccessDeniedError.untrusted(port, holder.uid);
    }
    if (!sending.isWanted || (holder === undefined && !sending.asks)) return undefined;
    let answerer: Answerer;
    try {
      answerer = await this.#ask(contact, holder === undefined ? Infinity : DOUBT_MILLISECONDS);
    } catch (error) {
      return holder === undefined ? error as Error : AccessDeniedError.untrusted(port, holder.uid);
    }
    contact.identified(answerer);
    const { caller } = answerer;
    if (!await allows(sending, caller)) return AccessDeniedError.untrusted(port, caller.uid);
    return await this.#changed(contact, sending, caller);
  }
}

/** Ports are above 0: the same in the legacy dialect is below. */
function keyOf(port: number, dialect: Dialect): number {
  return dialect === LEGACY ? -port : port;
}
