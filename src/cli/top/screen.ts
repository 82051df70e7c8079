/**
 * The screen of the verb `top`.
 *
 * @module
 */
import type { Output } from "../output.ts";

const ALTERNATE = { on: "\u001b[?1049h\u001b[?25l\u001b[?7l", off: "\u001b[?7h\u001b[?25h\u001b[?1049l" } as const;
const HOME = "\u001b[H";
const CLEAR_LINE = "\u001b[K";
const CLEAR_BELOW = "\u001b[J";
/** Lines of a terminal that does not know how many it has. */
const DEFAULT_ROWS = 24;

/** Takes the whole terminal, and gives it back as it was. */
export class Screen implements Disposable {
  readonly #out: Output;
  readonly #restore = (): void => this[Symbol.dispose]();
  #isOpen = true;
  #hasKeys = false;

  /**
   * @param out The terminal.
   * @param quit Called when the user presses q.
   */
  constructor(out: Output, quit: () => void) {
    this.#out = out;
    // A second Ctrl-C ends the process where it stands.
    globalThis.addEventListener("unload", this.#restore);
    out.raw(ALTERNATE.on);
    this.#hasKeys = Deno.stdin.isTerminal();
    if (this.#hasKeys) {
      // Ctrl-C stays a signal.
      Deno.stdin.setRaw(true, { cbreak: true });
      this.#read(quit);
    }
  }

  /** How many lines there are. */
  get rows(): number {
    try {
      return Deno.consoleSize().rows || DEFAULT_ROWS;
    } catch {
      return DEFAULT_ROWS;
    }
  }

  /**
   * Draws lines in place of those that were there.
   *
   * @param lines The lines. Those that do not fit are left out.
   */
  draw(lines: readonly string[]): void {
    const { rows } = this;
    const shown = lines.slice(0, rows).map((line) => line + CLEAR_LINE);
    this.#out.raw(HOME + shown.join("\r\n") + (shown.length < rows ? `\r\n${CLEAR_BELOW}` : ""));
  }

  /** Gives the terminal back. */
  [Symbol.dispose](): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    globalThis.removeEventListener("unload", this.#restore);
    if (this.#hasKeys) Deno.stdin.setRaw(false);
    this.#out.raw(ALTERNATE.off);
  }

  async #read(quit: () => void): Promise<void> {
    const keys = new Uint8Array(64);
    for (;;) {
      const length = await Deno.stdin.read(keys).catch(() => null);
      if (length === null || !this.#isOpen) return;
      if (/[qQ]/.test(new TextDecoder().decode(keys.subarray(0, length)))) return quit();
    }
  }
}
