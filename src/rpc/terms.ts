/**
 * What calls are: whom they go to, whom they trust, how long they wait.
 *
 * @module
 */
import type { Outbox } from "../link/outbox.ts";
import { checkDialect, type Dialect, NATIVE } from "../wire/dialect.ts";
import type { Access, AccessRule } from "./access.ts";
import type { Contact } from "./contact.ts";
import type { Contacts } from "./contacts.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import { type CallOptions, checkCall, checkTimeout, DEFAULT_TIMEOUT } from "./options.ts";
import type { CallTerms } from "./pending_call.ts";
import { portOf, type Target } from "./target.ts";

/** What the terms of calls depend on. */
export interface TermsParts {
  /** Where calls leave. */
  readonly outbox: Outbox;
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

/** Finds out what calls are. */
export class Terms {
  readonly #parts: TermsParts;
  #lastContact: Contact | undefined;
  #lastTurn = 0;
  /** Rules in the form in which they are asked: a remote object has one for all its calls. */
  readonly #rules = new WeakMap<object, Access>();

  /**
   * @param parts What that depends on.
   */
  constructor(parts: TermsParts) {
    this.#parts = parts;
  }

  /**
   * Finds out when nobody waits for an answer any more, where somebody has said how long.
   *
   * @param options Options of the call.
   * @returns The time, in milliseconds since the epoch; undefined where nobody has.
   */
  deadline({ timeout = this.#parts.timeout }: CallOptions): number | undefined {
    return timeout === undefined || timeout === Infinity ? undefined : Math.ceil(Date.now() + timeout);
  }

  /**
   * Finds out what a call is.
   *
   * @param target Port of the other peer, or its name.
   * @param method Name of the method.
   * @param params Its arguments.
   * @param options Its options.
   * @returns The terms.
   * @throws {TypeError | RangeError} If one of them is not what it should be.
   */
  of(target: Target, method: string, params: object | undefined, options: CallOptions): CallTerms {
    const name = typeof target === "string" ? target : undefined;
    const port = portOf(target);
    checkCall(method, params);
    const { timeout = this.#parts.timeout ?? DEFAULT_TIMEOUT, signal, trust } = options;
    signal?.throwIfAborted();
    const { legacy, contacts } = this.#parts;
    const { dialect = legacy.dialectOf(port, contacts) } = options;
    checkDialect(dialect);
    if (dialect === NATIVE) legacy.assertNotWaiting(port);
    const contact = this.#contactAt(port, dialect);
    return {
      port,
      name,
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
    const { turn } = this.#parts.outbox;
    const last = this.#lastContact;
    if (last?.port === port && last.dialect === dialect && turn === this.#lastTurn && turn > 0 && !last.isOver) {
      return last;
    }
    this.#lastTurn = turn;
    return this.#lastContact = this.#parts.contacts.at(port, dialect);
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
}
