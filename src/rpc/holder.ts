/**
 * Who holds a port that stands for a name.
 *
 * @module
 */
import type { Link } from "../link/link.ts";
import type { Client } from "./client.ts";
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
  try {
    // Whoever has just taken the port may not listen beside it yet, and who listens there may be another.
    const { caller, name } = client.identifySync(port, ANSWER_MILLISECONDS);
    return { uid: caller.uid, name: name ?? undefined };
  } catch {
    // It does not answer.
    const lifeline = link.openLifeline?.(port, () => {});
    lifeline?.close();
    return { uid: lifeline?.uid, name: undefined };
  }
}
