/**
 * The command `procslink`, run as a user would run it.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { TextLineStream } from "@std/streams";
import { RPCPeer, type RPCPeerOptions } from "../../mod.ts";

const MAIN = new URL("../../src/cli/main.ts", import.meta.url).pathname;
/** The user of the tests. */
export const USER = Number(new TextDecoder().decode(new Deno.Command("id", { args: ["-u"] }).outputSync().stdout));
/** Whoever looks at the snapshots anew sets this. */
const UPDATE = "PROCSLINK_UPDATE_SNAPSHOTS";

/** How the command is run. */
export interface RunOptions {
  /** Flags of Deno besides `--allow-ffi`. */
  flags?: readonly string[];
  /** What standard input says. */
  input?: string;
  /** The working directory. */
  cwd?: string;
}

/** What became of a run. */
export interface Run {
  /** The exit code. */
  code: number;
  /** What was printed. */
  out: string;
  /** What went wrong. */
  err: string;
}

/** The command that runs the command. */
export function commandLine(flags: readonly string[] = []): string[] {
  return [Deno.execPath(), "run", "--allow-ffi", "--no-prompt", "--no-lock", "--quiet", ...flags, MAIN];
}

/** Runs the command until it ends. */
export async function run(args: readonly string[], { flags, input, cwd }: RunOptions = {}): Promise<Run> {
  await using running = start(args, { ...(flags && { flags }), ...(cwd && { cwd }) });
  await running.write(input ?? "");
  return await running.ended();
}

/** The command while it runs. Disposing ends it. */
export class Running implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #err: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;

  constructor([file, ...args]: readonly string[], cwd: string | undefined) {
    const command = new Deno.Command(file!, {
      args,
      ...(cwd && { cwd }),
      env: { NO_COLOR: "" },
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    });
    this.#child = command.spawn();
    const lines = this.#child.stdout.pipeThrough(new TextDecoderStream()).pipeThrough<string>(new TextLineStream());
    this.#lines = lines[Symbol.asyncIterator]();
    this.#err = new Response(this.#child.stderr).text();
    this.#input = this.#child.stdin.getWriter();
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Says something to its standard input, and closes that. */
  async write(text: string): Promise<void> {
    // It may have ended without having read it.
    await this.#input.write(new TextEncoder().encode(text)).catch(() => {});
    await this.#input.close().catch(() => {});
  }

  /** The next line that it prints. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`It has ended: ${await this.#err}`);
    return value;
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Nobody reads what it prints any longer. */
  async hangUp(): Promise<void> {
    await this.#lines.return?.();
  }

  /** Waits until it has ended. */
  async ended(): Promise<Run> {
    const lines: string[] = [];
    for (let next = await this.#lines.next(); !next.done; next = await this.#lines.next()) lines.push(next.value);
    const [{ code }, err] = await Promise.all([this.#child.status, this.#err]);
    return { code, out: lines.join("\n"), err: err.trimEnd() };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // It has ended.
    }
    await this.#input.close().catch(() => {});
    await this.#lines.return?.();
    await Promise.all([this.#child.status, this.#err]);
  }
}

/** Starts the command. */
export function start(args: readonly string[], { flags, cwd }: RunOptions = {}): Running {
  return new Running([...commandLine(flags), ...args], cwd);
}

/** A name that no other run of the tests has. */
export function freshName(): string {
  return `com.example.cli.${crypto.randomUUID()}`;
}

/** A peer with methods, in this process, that is called by a name of its own. */
export function serve(options: RPCPeerOptions = {}): RPCPeer & { readonly called: string } {
  const called = freshName();
  const peer = new RPCPeer({ name: called, ...options });
  peer.registerFunction((a: number, b = 1) => a + b, "add");
  peer.registerFunction((...values: unknown[]) => values, "echo");
  peer.registerFunction(() => {
    throw new Error("It is broken");
  }, "fail");
  peer.registerFunction(() => new Promise(() => {}), "never");
  peer.runServerForever();
  return Object.assign(peer, { called });
}

/** Puts words in the place of what is another in each run. */
export function normalised(text: string, words: Readonly<Record<string, string | number>>): string {
  return Object.entries(words).reduce((all, [word, value]) => all.replaceAll(String(value), word), text);
}

/** Compares a text with the file of it, or writes that where it is told to. */
export async function assertSnapshot(name: string, text: string): Promise<void> {
  const file = new URL(`./snapshots/${name}`, import.meta.url);
  if (Deno.env.get(UPDATE) === "1") await Deno.writeTextFile(file, text);
  assertEquals(text, await Deno.readTextFile(file), `${name} has changed: see it, and run with ${UPDATE}=1`);
}
