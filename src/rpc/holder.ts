/**
 * Who holds a port that stands for a name.
 *
 * @module
 */
import type { Link } from "../link/link.ts";
import type { Client } from "./client.ts";
import { IDENTITY_METHOD, nameIn } from "./identity.ts";
import type { Holder } from "./names.ts";

/** How long an answer is waited for, in milliseconds: the thread stands still meanwhile. */
const ANSWER_MILLISECONDS = 250;

/**
 * Asks who holds a port, with the whole thread waiting. Nothing is trusted of what it says: it is for the message of an error.
 *
 * @param link What carries the question.
 * @param client Asks it.
 * @param port The port, which another thread holds.
 * @returns What could be found out.
 */
export function askHolder(link: Link, client: Client, port: number): Holder {
  const lifeline = link.openLifeline?.(port, () => {});
  lifeline?.close();
  let name: string | undefined;
  try {
    const options = { timeout: ANSWER_MILLISECONDS, trust: "anyone", dialect: "native" } as const;
    name = nameIn(client.callSync(port, IDENTITY_METHOD, undefined, options)) ?? undefined;
  } catch {
    // It does not answer, or not to this user.
  }
  return { uid: lifeline?.uid, name };
}
