/**
 * Strangers who have no lifeline: the port itself must be asked who holds it.
 *
 * @module
 */
import type { Caller } from "../../src/link/link.ts";
import type { Peers } from "../fakes/peers.ts";
import { settle, type Stranger } from "../fakes/stranger.ts";
import { bodyOf } from "./wire.ts";

/** Opens a stranger without a lifeline, of the clients' own user where nothing else is said. */
export function openBlind({ stranger }: Pick<Peers, "stranger">, port = 500, who: Partial<Caller> = {}): Stranger {
  const blind = stranger(port, { uid: 10, ...who });
  blind.link.hasLifeline = false;
  return blind;
}

/** Answers the question who holds the port, which is what was asked next, and lets what follows from it happen. */
export async function identify(blind: Stranger, to = 200): Promise<void> {
  const question = await blind.next();
  const { method, params } = bodyOf(question);
  if (method !== "rpc.identity" || params !== undefined) throw new Error(`That is no question: ${method}`);
  blind.answer(to, question, {});
  await settle();
}

/** The methods and first parameters of what a stranger has received and not been asked for. */
export function heardBy({ unread }: Stranger): unknown[] {
  return unread.flatMap(({ body }) => body).map((body) => {
    const { method, params } = body as { method?: string; params?: unknown[] };
    return params === undefined || !Array.isArray(params) ? method : [method, ...params];
  });
}
