// The options of the longer programs among the tests: integers, each with a default.
import * as cli from "@std/cli";

/** The part of `@std/cli` that is used: the package has no types of its own. */
interface Arguments {
  parseArgs(args: readonly string[], options: {
    string: readonly string[];
    boolean: readonly string[];
    unknown: (arg: string) => void;
  }): Record<string, string | boolean | undefined>;
}

/** An option: what is taken where it is not given, and the least that it may be. */
export interface IntegerOption {
  readonly otherwise: number;
  readonly least?: number;
}

/**
 * Reads the options of the program; where one is wrong, the program ends with code 2, and with --help after it has told its usage.
 *
 * @param usage What --help prints.
 * @param options The options, by name.
 * @returns Their values.
 */
export function readIntegers<Name extends string>(
  usage: string,
  options: Readonly<Record<Name, IntegerOption>>,
): Record<Name, number> {
  const refuse = (problem: string): never => {
    console.error(`${problem}\n\n${usage}`);
    Deno.exit(2);
  };
  const given = (cli as unknown as Arguments).parseArgs(Deno.args, {
    string: Object.keys(options),
    boolean: ["help"],
    unknown: (argument) => refuse(`${argument} is no option`),
  });
  if (given.help === true) {
    console.log(usage);
    Deno.exit();
  }
  const values = {} as Record<Name, number>;
  for (const [name, { otherwise, least = 0 }] of Object.entries<IntegerOption>(options)) {
    const text = given[name];
    const value = text === undefined ? otherwise : Number(text);
    if (text === "" || !Number.isSafeInteger(value) || value < least) {
      refuse(`--${name} must be an integer from ${least} on`);
    }
    values[name as Name] = value;
  }
  return values;
}
