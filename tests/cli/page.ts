import type { OutputTarget } from "../../src/cli/output.ts";

/** Where the command prints in a test: nobody looks at it, unless it is told so. */
export class Page implements OutputTarget {
  /** What was printed. */
  text = "";
  /** How many bytes are taken at once. */
  most = Infinity;
  readonly isTerminal: boolean;
  readonly isColoured: boolean;
  readonly width: number;
  readonly #decoder = new TextDecoder();

  constructor({ isTerminal = false, isColoured = false, width = 80 }: Partial<OutputTarget> = {}) {
    this.isTerminal = isTerminal;
    this.isColoured = isColoured;
    this.width = width;
  }

  writeSync(bytes: Uint8Array): number {
    const taken = bytes.subarray(0, this.most);
    this.text += this.#decoder.decode(taken, { stream: true });
    return taken.length;
  }
}
