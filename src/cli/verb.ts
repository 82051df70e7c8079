/**
 * What a verb of the command is.
 *
 * A verb is one file in `verbs/` that exports one {@linkcode Verb}, and a line in `verbs.ts`. Its declaration is all that help, checks
 * of arguments and completions are made of. Its `run` reads what was given from `session.given`, prints by `session.out`, stops when
 * `session.signal` aborts, and throws whatever goes wrong: `failure.ts` makes a sentence, a hint and an exit code of it.
 *
 * @module
 */
import type { Given } from "./given.ts";
import type { Output } from "./output.ts";

/** What a value is: completions propose such ones. */
export type ValueKind = "peer" | "method" | "file" | "text";

/** A value that is given by its place. */
export interface ParameterDeclaration {
  /** What it is called, such as `PEER`. */
  readonly name: string;
  /** What it is, in a few words. */
  readonly summary: string;
  /** What kind of value it is. */
  readonly kind: ValueKind;
  /** Whether it may be left out. */
  readonly isOptional?: boolean;
  /** Whether there may be any number of them: only the last one, which then may be left out. */
  readonly isMany?: boolean;
  /** The only values that it may have. */
  readonly choices?: readonly string[];
}

/** A value that is given by its name, `--name VALUE`, or a switch, `--name`. */
export interface OptionDeclaration {
  /** Its name, without dashes. */
  readonly name: string;
  /** What it does, in a few words. */
  readonly summary: string;
  /** What its value is called; left out for a switch. */
  readonly value?: string;
  /** What kind of value it is. */
  readonly kind?: ValueKind;
  /** What holds where it is not given, for the help. */
  readonly default?: string;
}

/** What a verb has to work with. */
export interface Session {
  /** What was given. */
  readonly given: Given;
  /** Where to print. */
  readonly out: Output;
  /** Aborts when the user wants it to end, with {@linkcode Interrupted} as its reason. */
  readonly signal: AbortSignal;
}

/** A verb. */
export interface Verb {
  /** Its name. */
  readonly name: string;
  /** What it does, in one line. */
  readonly summary: string;
  /** What else there is to know, in whole sentences. */
  readonly description?: string;
  /** What is given by place. */
  readonly parameters: readonly ParameterDeclaration[];
  /** What is given by name; the options of all verbs are added. */
  readonly options: readonly OptionDeclaration[];
  /** Lines to try, without the name of the command. */
  readonly examples: readonly string[];
  /**
   * Does it.
   *
   * @param session What was given, and where to print.
   * @returns Resolves when it is done: the exit code is 0 then. Rejects with anything where it fails.
   */
  run(session: Session): Promise<void>;
}

/** Options that every verb has. */
export const COMMON_OPTIONS: readonly OptionDeclaration[] = [
  { name: "json", summary: "print one JSON object a line, also of an error" },
  { name: "debug", summary: "of an error, print where it comes from" },
];

/** Options that several verbs have. */
export const SHARED_OPTIONS = {
  trust: {
    name: "trust",
    value: "WHO",
    summary: "who may hold the port: same-user, anyone, or user ids such as 0,1000",
    default: "same-user",
  },
  access: {
    name: "access",
    value: "WHO",
    summary: "who may call: same-user, anyone, or user ids such as 0,1000",
    default: "same-user",
  },
} as const satisfies Record<string, OptionDeclaration>;
