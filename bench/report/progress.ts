/**
 * The progress of a run, on stderr.
 *
 * @module
 */

/** A line that is drawn again and again on a terminal; elsewhere each step has a line. */
export class Progress {
  readonly #terminal = Deno.stderr.isTerminal();

  /**
   * Tells what is being done.
   *
   * @param text What.
   */
  step(text: string): void {
    this.#write(this.#terminal ? `\r\x1b[K${text}` : `${text}\n`);
  }

  /** Takes the line away. */
  end(): void {
    if (this.#terminal) this.#write("\r\x1b[K");
  }

  #write(text: string): void {
    Deno.stderr.writeSync(new TextEncoder().encode(text));
  }
}
