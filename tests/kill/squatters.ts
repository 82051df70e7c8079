// Processes that take a port at once when its holder has ended: squatter.c where it can be compiled, and otherwise a program in Deno.
import { Program, reasonAgainst, start } from "../integration/processes.ts";

/** A user who owns nothing here. */
export const NOBODY = 65_534;
const AS_NOBODY = ["setpriv", `--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];
/** A squatter ends by itself where nobody ends it. */
const MOST_SECONDS = 60;

/** What a squatter does beside taking the port. */
export interface SquatterOptions {
  /** Whether it is another user. */
  readonly isStranger: boolean;
  /** Whether it listens beside the port too. */
  readonly listens: boolean;
  /** Whether it answers what it is asked. */
  readonly answers: boolean;
}

/** Why there can be no process of another user here, or undefined. */
export async function reasonAgainstStrangers(): Promise<string | undefined> {
  const [command, ...args] = AS_NOBODY;
  return await reasonAgainst("no process of another user", command!, ...args, "true");
}

/** A process that waits for a port to be free, or has it. */
export class Squatter implements AsyncDisposable {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  /** Waits until it tries. */
  async on(): Promise<void> {
    await this.#program.lineWith("on");
  }

  /** Waits until it has the port. */
  async bound(): Promise<void> {
    await this.#program.lineWith("bound");
  }

  /** Ends it; returns the messages that it was sent. */
  async end(): Promise<string[]> {
    this.#program.signal("SIGTERM");
    const { lines } = await this.#program.ended();
    return lines;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** Starts squatters. Disposing removes their program. */
export class Squatters implements AsyncDisposable {
  readonly #folder: string | undefined;

  private constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** Compiles their program, where that is possible. */
  static async prepare(): Promise<Squatters> {
    if (await reasonAgainst("no C compiler", "cc", "--version") !== undefined) return new Squatters(undefined);
    const squatters = new Squatters(await Deno.makeTempDir());
    try {
      await Deno.chmod(squatters.#folder!, 0o755); // Another user starts it.
      const source = decodeURIComponent(new URL("./squatter.c", import.meta.url).pathname);
      const args = ["-O2", "-Wall", "-Wextra", "-Werror", "-o", `${squatters.#folder}/squatter`, source];
      const { success, stderr } = await new Deno.Command("cc", { args, stderr: "piped" }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      return squatters;
    } catch (error) {
      await squatters[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts one. */
  start(port: number, { isStranger, listens, answers }: SquatterOptions): Squatter {
    const args = [String(port), String(MOST_SECONDS)];
    if (this.#folder === undefined) {
      const url = new URL("./programs/squatter.ts", import.meta.url).href;
      return new Squatter(start(url, [...args, isStranger ? NOBODY : -1]));
    }
    const [command, ...rest] = [...isStranger ? AS_NOBODY : [], `${this.#folder}/squatter`, ...args];
    return new Squatter(
      new Program(command!, [...rest, ...listens ? ["lifeline"] : [], ...answers ? ["answer"] : []]),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#folder !== undefined) await Deno.remove(this.#folder, { recursive: true });
  }
}
