/**
 * The command: reads its arguments, runs a verb, and says what went wrong.
 *
 * Arguments and help are commander's: it works with `--allow-ffi` alone, where yargs and meow ask for the environment.
 *
 * @module
 */
import { Argument, Command, CommanderError, Option } from "commander";
import manifest from "../../deno.json" with { type: "json" };
import { EXIT, type ExitCode, type Failure, failureOf, Interrupted, OutputClosed, usage } from "./failure.ts";
import { Given } from "./given.ts";
import { Interrupt } from "./interrupt.ts";
import { Output, type OutputTarget } from "./output.ts";
import { printable } from "./printable.ts";
import { COMMON_OPTIONS, type OptionDeclaration, type ParameterDeclaration, type Verb } from "./verb.ts";

/** What the command is called. */
export const PROGRAM = "procslink";

const ABOUT = `Calls between processes over netlink sockets: who is there, what they offer, and calls from a shell.

PEER is a port or a name. Without a terminal, or with NO_COLOR, there are no colours.`;

const CODES = `Exit codes:
  0 done                      5 it has taken too long
  1 answered with an error    6 the name is somebody's already
  2 wrong arguments           7 a permission is missing, or the kernel refuses
  3 nobody is there           8 anything else
  4 not allowed, or trusted   130 interrupted`;

/** Where the command prints. */
export interface Streams {
  /** What was asked for. */
  readonly out: OutputTarget;
  /** What went wrong. */
  readonly err: OutputTarget;
}

/** A verb that was asked for. */
interface Asked {
  /** The verb. */
  readonly verb: Verb;
  /** What was given to it. */
  readonly given: Given;
}

/**
 * Runs the command.
 *
 * @param args Its arguments.
 * @param verbs The verbs.
 * @param streams Where it prints.
 * @returns The exit code.
 */
export async function runProgram(args: readonly string[], verbs: readonly Verb[], streams: Streams): Promise<ExitCode> {
  const isJSON = args.includes("--json");
  try {
    const asked = await read(args, verbs, streams.out);
    if (asked === undefined) return EXIT.done;
    using interrupt = new Interrupt();
    await asked.verb.run({
      given: asked.given,
      out: new Output(streams.out, asked.given.has("json")),
      signal: interrupt.signal,
    });
    return EXIT.done;
  } catch (error) {
    const failure = failureOf(error);
    const isSilent = failure instanceof OutputClosed || failure instanceof Interrupted;
    if (!isSilent) report(failure, new Output(streams.err, isJSON), args.includes("--debug"));
    return failure.exit;
  }
}

/** Finds the verb that is asked for, and what is given to it; undefined where help was asked for, and printed. */
async function read(args: readonly string[], verbs: readonly Verb[], target: OutputTarget): Promise<Asked | undefined> {
  const asked: Asked[] = [];
  const program = new Command(PROGRAM);
  configure(program, new Output(target, false));
  program.description(ABOUT).version(manifest.version, "--version", "print the version").addHelpText(
    "after",
    `\n${CODES}`,
  );
  program.helpOption("-h, --help", "explain the command, or a verb").helpCommand("help [verb]", "explain a verb");
  program.helpCommand(true).usage("VERB ...");
  for (const verb of verbs) program.addCommand(commandOf(verb, program, (given) => asked.push({ verb, given })));
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return undefined;
    const verb = verbs.find(({ name }) => name === args[0]);
    throw wrongArguments(error, verb, args);
  }
  return asked[0];
}

function configure(program: Command, out: Output): void {
  program.exitOverride().configureOutput({
    writeOut: (text) => out.raw(text),
    // Of no verb at all, help is the answer; any other error is reported in the words of this command.
    writeErr: () => {},
    getOutHelpWidth: () => out.width,
    getErrHelpWidth: () => out.width,
    // Whether there are colours is decided by the output: commander would ask for the environment.
    getOutHasColors: () => true,
    getErrHasColors: () => true,
  }).configureHelp({
    styleTitle: (title) => out.style("bold", title),
    showGlobalOptions: false,
    subcommandTerm: (verb) => verb.name(),
  });
}

function commandOf(verb: Verb, program: Command, asked: (given: Given) => void): Command {
  const command = new Command(verb.name).copyInheritedSettings(program);
  command.summary(verb.summary).description([`${sentence(verb.summary)}`, verb.description ?? ""].join("\n\n").trim());
  command.helpOption("-h, --help", "explain this");
  const options = [...verb.options, ...COMMON_OPTIONS].map((option) => [option.name, optionOf(option)] as const);
  for (const parameter of verb.parameters) command.addArgument(argumentOf(parameter));
  for (const [, option] of options) command.addOption(option);
  const examples = verb.examples.map((example) => `  ${PROGRAM} ${example}`).join("\n");
  command.addHelpText("after", `\n${verb.examples.length > 1 ? "Examples" : "Example"}:\n${examples}`);
  return command.action(() => {
    const values = command.opts() as Record<string, unknown>;
    asked(
      new Given(
        new Map([
          ...verb.parameters.map(({ name }, index) => [name, command.processedArgs[index]] as const),
          ...options.map(([name, option]) => [name, values[option.attributeName()]] as const),
        ]),
      ),
    );
  });
}

function argumentOf({ name, summary, isOptional, isMany, choices }: ParameterDeclaration): Argument {
  const term = isMany ? `[${name}...]` : isOptional ? `[${name}]` : `<${name}>`;
  const argument = new Argument(term, summary);
  return choices === undefined ? argument : argument.choices(choices);
}

function optionOf({ name, value, summary, default: standard }: OptionDeclaration): Option {
  const flags = value === undefined ? `--${name}` : `--${name} <${value}>`;
  return new Option(flags, standard === undefined ? summary : `${summary} (default: ${standard})`);
}

/** Says in one sentence what commander says in two lines. */
function wrongArguments(error: CommanderError, verb: Verb | undefined, [, asked]: readonly string[]): Failure {
  const help = `see: ${PROGRAM} help${verb === undefined ? "" : ` ${verb.name}`}`;
  if (error.code === "commander.help") {
    return usage(asked === undefined ? "There is no verb" : `There is no verb '${asked}'`, help);
  }
  const [message, guess] = error.message.replace(/^error: /, "").split("\n");
  const hint = guess === undefined ? help : guess.slice(1, -1).replace("Did", "did");
  return usage(sentence(message!).replace(/\.$/, ""), hint);
}

function report(failure: Failure, err: Output, isDebugging: boolean): void {
  const { cause } = failure;
  try {
    if (err.isJSON) {
      const { code, data } = (cause ?? {}) as { code?: unknown; data?: unknown };
      err.json({ error: { message: failure.message, hint: failure.hint, code, data }, exit: failure.exit });
    } else {
      err.line(`${err.style("red", `${PROGRAM}:`)} ${printable(failure.message)}`);
      if (failure.hint !== undefined) err.line(`${err.style("cyan", "hint:")} ${printable(failure.hint)}`);
    }
    if (isDebugging) err.line(String((cause instanceof Error ? cause : failure).stack));
  } catch (error) {
    // There is nobody to say it to; the exit code says it.
    if (!(error instanceof OutputClosed)) throw error;
  }
}

function sentence(text: string): string {
  const capital = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.?!]$/.test(capital) ? capital : `${capital}.`;
}
