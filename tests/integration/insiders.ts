// Programs as other users, who may not be able to read the project, nor Deno: both are handed in as open descriptors.
import type { CallOptions, RPCPeer, RPCPeerOptions } from "../../mod.ts";
import { Program } from "./processes.ts";
import type { Attempt, Outcome } from "./programs/inside.ts";

const ROOT = decodeURIComponent(new URL("../../", import.meta.url).pathname);
const HAND_IN = 'exec 8<"$1" 9<"$2"; shift 2; exec "$@"';
const DENO = "/proc/self/fd/8";
const PROJECT = "file:///proc/self/fd/9";

/** Command that becomes another user. */
export function asUser(uid: number): readonly string[] {
  return ["setpriv", `--reuid=${uid}`, `--regid=${uid}`, "--clear-groups"];
}

/** Starts a program of the folder `programs` behind a command that goes where it is to run. */
export function startInside(before: readonly string[], program: string, args: readonly string[]): Program {
  // Nor may they write down what has been covered, or keep what was compiled.
  const environment = ["env", "-u", "DENO_COVERAGE_DIR", "DENO_DIR=/nonexistent"];
  const deno = [DENO, "run", "--no-lock", "--no-config", "--allow-ffi"];
  const url = `${PROJECT}/tests/integration/programs/${program}.ts`;
  return new Program("sh", [
    "-c",
    HAND_IN,
    "sh",
    Deno.execPath(),
    ROOT,
    ...before,
    ...environment,
    ...deno,
    url,
    ...args,
  ]);
}

/** Tells why no program runs there, or undefined where one does. */
export async function reasonAgainstInside(what: string, before: readonly string[]): Promise<string | undefined> {
  try {
    await using _insider = await Insider.start(before);
  } catch (error) {
    return `${what}: ${(error as Error).message.split("\n")[0]}`;
  }
}

/** A peer that runs as another user, or in other namespaces. */
export class Insider implements AsyncDisposable {
  readonly port: number;
  /** What came of the calls that it has made. */
  readonly outcomes: readonly Outcome[];
  readonly #program: Program;

  private constructor(program: Program, { port, outcomes }: { port: number; outcomes: Outcome[] }) {
    this.port = port;
    this.outcomes = outcomes;
    this.#program = program;
  }

  /**
   * Starts one.
   *
   * @param before The command that goes there.
   * @param attempts The calls that it makes.
   * @param options Options of its peer.
   * @returns The peer, once it has made its calls.
   */
  static async start(
    before: readonly string[],
    attempts: readonly Attempt[] = [],
    options: RPCPeerOptions = {},
  ): Promise<Insider> {
    const program = startInside(before, "inside", [JSON.stringify(options), JSON.stringify(attempts)]);
    try {
      return new Insider(program, JSON.parse(await program.line()));
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Its process id, where no command before it has started it as a child. */
  get pid(): number {
    return this.#program.pid;
  }

  /** Has it called; returns what came of that. */
  async calledBy(peer: RPCPeer, options: CallOptions = {}): Promise<Outcome> {
    try {
      return { seenAs: await peer.call<number>(this.port, "who", [], options) };
    } catch (error) {
      const { name, message, data, uid } = error as Error & { data?: string; uid?: number };
      return { error: name, message: data ?? message, ...uid === undefined ? {} : { uid } };
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
