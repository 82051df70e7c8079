import { ANYONE } from "../../src/rpc/access.ts";
import { Contact } from "../../src/rpc/contact.ts";
import { Deadlines } from "../../src/rpc/deadlines.ts";
import type { CallTerms } from "../../src/rpc/pending_call.ts";
import { NATIVE } from "../../src/wire/dialect.ts";

/** Whom a call goes to and whom it trusts, where a test does not care: anyone, of whom nothing is known. */
export function anyoneAt(port: number): Pick<CallTerms, "contact" | "trust" | "name" | "dialect" | "asks"> {
  const host = {
    openLifeline: () => undefined,
    isGone: () => false,
    socketAt: () => undefined,
    looks: new Deadlines(),
    ended() {},
    awaited() {},
  };
  const contact = new Contact(host, port);
  // It is looked at by nobody: a timer would only be in the way.
  contact.heapIndex = 0;
  return { contact, trust: ANYONE, name: undefined, dialect: NATIVE, asks: true };
}
