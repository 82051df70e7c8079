/** A program of a test, in a process of its own. Disposing ends it, and waits until it has ended. */
export class Program implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Promise<string>;

  constructor(command: string, args: string[]) {
    this.#child = new Deno.Command(command, { args, stdout: "piped", stderr: "piped", stdin: "null" }).spawn();
    this.#lines = readLines(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Waits for its next line; fails with what it wrote to stderr where it has ended before. */
  async line(): Promise<string> {
    const { done, value } = await this.#lines.next();
    if (done) throw new Error(`The program ended: ${await this.#errors}`);
    return value;
  }

  /** Waits for a line of its stdout that holds a text. */
  async lineWith(text: string): Promise<string> {
    for (;;) {
      const line = await this.line();
      if (line.includes(text)) return line;
    }
  }

  /** Waits until it ends by itself. */
  async ended(): Promise<{ code: number; lines: string[]; errors: string }> {
    const lines: string[] = [];
    for (let next = await this.#lines.next(); !next.done; next = await this.#lines.next()) lines.push(next.value);
    const [{ code }, errors] = await Promise.all([this.#child.status, this.#errors]);
    return { code, lines, errors };
  }

  /** Sends it a signal. */
  signal(signal: Deno.Signal): void {
    this.#child.kill(signal);
  }

  /** Ends it at once, and waits until it has ended. */
  async kill(): Promise<void> {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // It has ended.
    }
    await this.#child.status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    await this.#lines.return?.();
    await this.#errors;
  }
}

/** Starts a program of the folder `programs`, or of a URL; `before` is a command that starts it, such as unshare. */
export function start(
  program: string,
  args: readonly (string | number)[] = [],
  { flags = ["--allow-ffi"], before = [] }: { flags?: string[]; before?: readonly string[] } = {},
): Program {
  const url = /^(file|data):/.test(program) ? program : new URL(`./programs/${program}.ts`, import.meta.url).href;
  const [command, ...rest] = [...before, Deno.execPath(), "run", "--no-lock", ...flags, url, ...args.map(String)];
  return new Program(command!, rest);
}

/** A port that is never given out by itself, and most likely not held by another run of the tests. */
export function randomPort(): number {
  return 0x0040_0001 + Math.floor(Math.random() * (0x7fff_ff00 - 0x0040_0001));
}

/** URL of the project's entry, for a program that lives elsewhere. */
export const MOD_URL: string = new URL("../../mod.ts", import.meta.url).href;

/** Tells why a command does not work here, or undefined where it does. */
export async function reasonAgainst(what: string, command: string, ...args: string[]): Promise<string | undefined> {
  try {
    const { success, stderr } = await new Deno.Command(command, { args, stdout: "null", stderr: "piped" }).output();
    return success ? undefined : `${what}: ${new TextDecoder().decode(stderr).trim()}`;
  } catch (error) {
    return `${what}: ${(error as Error).message}`;
  }
}

/** Registers a test that is left out, with the reason in its name, where the machine does not allow it. */
export function testUnless(reason: string | undefined, name: string, fn: () => Promise<void>): void {
  Deno.test({ name: reason === undefined ? name : `${name} [left out: ${reason}]`, ignore: reason !== undefined, fn });
}

/** The open file descriptors of this process, as what they are. */
export async function openFiles(): Promise<string[]> {
  const { stdout } = await new Deno.Command("ls", { args: ["-l", `/proc/${Deno.pid}/fd`] }).output();
  return new TextDecoder().decode(stdout).split("\n").flatMap((line) => line.split(" -> ")[1] ?? []);
}

async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
  if (rest !== "") yield rest;
}
