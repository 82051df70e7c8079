/**
 * The verb `completions`: a script that completes the command line.
 *
 * @module
 */
import { SHELLS } from "../completions.ts";
import type { Session, Verb } from "../verb.ts";

/**
 * Makes the verb.
 *
 * @param verbs Tells all verbs, this one included.
 * @returns The verb.
 */
export function completions(verbs: () => readonly Verb[]): Verb {
  return {
    name: "completions",
    summary: "print a script that completes the command line",
    description: "The command must be installed by the name procslink.",
    parameters: [{ name: "SHELL", kind: "text", summary: "for which shell", choices: Object.keys(SHELLS) }],
    options: [],
    examples: ["completions bash > ~/.local/share/bash-completion/completions/procslink", "completions fish | source"],
    run: ({ given, out }: Session) => {
      const script = SHELLS[given.text("SHELL")]!(verbs());
      if (out.isJSON) out.json({ script });
      else out.raw(script);
      return Promise.resolve();
    },
  };
}
