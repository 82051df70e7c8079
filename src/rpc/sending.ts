/**
 * What is sent once its receiver is trusted.
 *
 * @module
 */
import type { Caller } from "../link/link.ts";
import type { Access } from "./access.ts";

/** A message that is sent once its receiver is trusted. None of these may throw. */
export interface Sending {
  /** Whom it trusts. */
  readonly trust: Access;
  /** Whether a port is asked who holds it, where nothing tells. */
  readonly asks: boolean;
  /** The name that the receiver must have, where it is called by one. */
  readonly name: string | undefined;
  /** The methods that it calls. */
  readonly methods: readonly string[];
  /** Whether it is to be sent at all, still. */
  readonly isWanted: boolean;
  /** Sends it. */
  send(): void;
  /**
   * Does not.
   *
   * @param error Why.
   */
  refuse(error: Error): void;
}

/**
 * Tells whether all that a message calls is trusted to the holder of its port.
 *
 * @param sending The message.
 * @param holder The holder.
 * @returns Whether; a promise where that takes longer.
 */
export function allows(
  { trust, methods }: Pick<Sending, "trust" | "methods">,
  holder: Caller,
): boolean | Promise<boolean> {
  if (trust.isFixed) return trust.allows(holder, methods[0]!);
  const answers = methods.map((method) => trust.allows(holder, method));
  if (answers.every((answer) => typeof answer === "boolean")) return answers.every((answer) => answer);
  return Promise.all(answers).then((all) => all.every((answer) => answer));
}

/**
 * Tells the same at once.
 *
 * @throws {TypeError} If that takes longer.
 */
export function allowsNow(...asked: Parameters<typeof allows>): boolean {
  const answer = allows(...asked);
  if (typeof answer === "boolean") return answer;
  throw new TypeError("callSync cannot wait for an async trust function: use call()");
}
