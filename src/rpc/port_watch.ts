/**
 * Watches whether the same socket still holds a port, for as long as somebody wants to know.
 *
 * @module
 */
import { NATIVE } from "../wire/dialect.ts";
import type { Contact } from "./contact.ts";
import type { Member, Members } from "./members.ts";
import type { Parts } from "./parts.ts";

/**
 * For how long the holder of a port is not looked at again, in milliseconds. Each look may be a system call, and an owner that
 * publishes looks at every member.
 */
const LOOKED_MILLISECONDS = 1;

/** Watches one port. */
export class PortWatch implements Member {
  memberOf: Members | undefined;
  memberIndex = -1;
  memberNumber = 0;

  readonly #parts: Pick<Parts, "contacts" | "link">;
  readonly #port: number;
  readonly #gone: () => void;
  /** The socket that held the port at the beginning, where that can be told. */
  readonly #socket: bigint | null | undefined;
  #contact: Contact;
  #isClosed = false;
  #lookedAt = -Infinity;

  /**
   * @param parts Those of the peer.
   * @param port The port, from which something has come.
   * @param gone Told once when its holder is gone.
   */
  constructor(parts: Pick<Parts, "contacts" | "link">, port: number, gone: () => void) {
    this.#parts = parts;
    this.#port = port;
    this.#gone = gone;
    this.#socket = parts.link.socketAt?.(port);
    this.#contact = this.#join();
  }

  /** Whether the same socket holds the port, as of the last second or better. */
  get isCurrent(): boolean {
    if (this.#isClosed) return false;
    const now = performance.now();
    if (now - this.#lookedAt < LOOKED_MILLISECONDS) return true;
    if (!this.#contact.isCurrent && !this.#isSame()) return false;
    this.#lookedAt = now;
    return true;
  }

  reject(): void {
    // Of two that have held the port one after the other, the end of the first may be noticed after the second has come.
    if (this.#isClosed || this.#isSame()) return;
    this.#isClosed = true;
    this.#gone();
  }

  abort(): void {}

  /** Watches no longer. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#contact.leave(this);
  }

  #join(): Contact {
    const contact = this.#parts.contacts.at(this.#port, NATIVE);
    contact.join(this);
    return contact;
  }

  /** Goes on where the socket is the same as at the beginning; tells whether it is. */
  #isSame(): boolean {
    const { link } = this.#parts;
    if (typeof this.#socket !== "bigint" || link.socketAt?.(this.#port) !== this.#socket) return false;
    this.#contact.leave(this);
    this.#contact = this.#join();
    return true;
  }
}
