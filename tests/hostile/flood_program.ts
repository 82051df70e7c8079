// The flood program: compiled where it is needed, and started as another user.
import { Program, reasonAgainst } from "../integration/processes.ts";

/** A user who owns nothing here. */
const NOBODY = 65_534;
const AS_NOBODY: readonly [string, ...string[]] = [
  "setpriv",
  `--reuid=${NOBODY}`,
  `--regid=${NOBODY}`,
  "--clear-groups",
];
/** A flood ends by itself where nobody ends it. */
const MOST_SECONDS = 120;

/** What a flood did, in tries: sent, of a full receiver, of one that is not there, and what else failed. */
export interface FloodFigures {
  readonly sent: number;
  readonly full: number;
  readonly refused: number;
  readonly others: number;
  /** Of the last one that failed otherwise. */
  readonly errno: number;
}

/** Why there can be no floods here, or undefined. */
export async function reasonAgainstFloods(): Promise<string | undefined> {
  const [command, ...args] = AS_NOBODY;
  return await reasonAgainst("no C compiler", "cc", "--version") ??
    await reasonAgainst("no process of another user", command, ...args, "true");
}

/** A flood that is on. */
export class Flood implements AsyncDisposable {
  readonly #program: Program;

  constructor(path: string, port: number, mode: string, joined: number) {
    const [command, ...args] = AS_NOBODY;
    args.push(path, String(port), mode, String(MOST_SECONDS), String(joined));
    this.#program = new Program(command, args);
  }

  /** Waits until it is on. */
  async on(): Promise<void> {
    await this.#program.lineWith("on");
  }

  /** Ends it; returns what it did. */
  async end(): Promise<FloodFigures> {
    this.#program.signal("SIGTERM");
    const { lines, errors } = await this.#program.ended();
    if (lines.length === 0) throw new Error(`The flood ended: ${errors}`);
    return JSON.parse(lines.at(-1)!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}

/** The flood program. Disposing removes it. */
export class FloodProgram implements AsyncDisposable {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Compiles it. */
  static async compile(): Promise<FloodProgram> {
    const program = new FloodProgram(await Deno.makeTempDir());
    try {
      await Deno.chmod(program.#folder, 0o755); // Another user starts it.
      const source = decodeURIComponent(new URL("./flood.c", import.meta.url).pathname);
      const args = ["-O2", "-Wall", "-Wextra", "-Werror", "-o", program.#path, source];
      const { success, stderr } = await new Deno.Command("cc", { args, stderr: "piped" }).output();
      if (!success) throw new Error(new TextDecoder().decode(stderr));
      return program;
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts a flood of a port, in a mode of flood.c, with messages joined up to so many bytes. */
  start(port: number, mode: string, joined = 0): Flood {
    return new Flood(this.#path, port, mode, joined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#folder, { recursive: true });
  }

  get #path(): string {
    return `${this.#folder}/flood`;
  }
}
