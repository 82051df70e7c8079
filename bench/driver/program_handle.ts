/**
 * A program of the benchmark, in a process of its own, that answers a line with a line.
 *
 * @module
 */

/** How long a program may take to start, or to answer beyond what it was asked for, in milliseconds. */
const LONGEST_ANSWER = 5_000;

/** The programs that run, so that an interrupted benchmark can end them. */
const running = new Set<ProgramHandle>();

/** Ends all programs at once, without waiting for it. */
export function killAllPrograms(): void {
  for (const program of running) program.kill();
}

/** A program that runs. Disposing ends it, and waits until it has ended. */
export class ProgramHandle implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #errors: Promise<string>;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #command: string;

  /**
   * Starts a program.
   *
   * @param command The command.
   * @param args Its arguments.
   */
  constructor(command: string, args: readonly string[]) {
    this.#command = [command, ...args].join(" ");
    const streams = { stdin: "piped", stdout: "piped", stderr: "piped" } as const;
    this.#child = new Deno.Command(command, { args: [...args], ...streams }).spawn();
    running.add(this);
    this.#lines = readLines(this.#child.stdout);
    this.#errors = new Response(this.#child.stderr).text();
    this.#input = this.#child.stdin.getWriter();
    // A program that has ended takes no more commands; that is told where its answer is awaited.
    this.#input.closed.catch(() => {});
  }

  /** Its process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /**
   * Waits for its next line.
   *
   * @param longest How long it may take, in milliseconds.
   * @returns The line.
   * @throws {Error} If it has ended before, with what it wrote to stderr; or if it takes too long.
   */
  async line(longest: number = LONGEST_ANSWER): Promise<string> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${longest / 1_000} s: ${this.#command}`)), longest);
    });
    try {
      const { done, value } = await Promise.race([this.#lines.next(), late]);
      if (!done) return value;
      throw new Error(`it ended: ${this.#command}\n${await this.#errors}`);
    } finally {
      clearTimeout(timer);
    }
  }

  /**
   * Gives it a command.
   *
   * @typeParam Answer What it answers.
   * @param command The command and its arguments, as words.
   * @param milliseconds How long that takes, roughly.
   * @returns Its answer.
   * @throws {Error} As {@linkcode ProgramHandle.line}.
   */
  async ask<Answer>(command: string, milliseconds: number = 0): Promise<Answer> {
    this.#input.write(new TextEncoder().encode(`${command}\n`)).catch(() => {});
    return JSON.parse(await this.line(LONGEST_ANSWER + 3 * milliseconds)) as Answer;
  }

  /** Ends it at once, without waiting for it. */
  kill(): void {
    try {
      this.#child.kill("SIGKILL");
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      // It has ended.
    }
  }

  /** Ends it, and waits until it has ended. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill();
    await this.#child.status;
    running.delete(this);
    await this.#input.abort().catch(() => {});
    await this.#lines.return?.();
    await this.#errors;
  }
}

async function* readLines(stream: ReadableStream<Uint8Array<ArrayBuffer>>): AsyncGenerator<string, void, void> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    yield* lines;
  }
}
