/**
 * What the verb `doctor` finds out.
 *
 * @module
 */

/** How good or bad it is: it works, it is worth knowing, something is worse than it could be, something does not work. */
export type Level = "ok" | "note" | "warning" | "problem";

/** Something that was found out. */
export interface Finding {
  /** What was looked at, in a word or two. */
  readonly check: string;
  /** How good or bad it is. */
  readonly level: Level;
  /** What was found out: one sentence, without a full stop. */
  readonly message: string;
  /** What can be done about it, likewise, where there is something to do. */
  readonly fix?: string;
}

/** Looks at one thing. It tells what it has found, and does not throw. */
export type Check = () => Finding | Finding[] | undefined | Promise<Finding | Finding[] | undefined>;
