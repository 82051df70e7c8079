/**
 * The terminal, or what is in its place. Nothing here needs a permission.
 *
 * @module
 */
import type { OutputTarget } from "./output.ts";

/** How many characters fit a line where nothing says so. */
const DEFAULT_WIDTH = 80;

/**
 * Finds out what the output goes to.
 *
 * @param stream Standard output, or standard error.
 * @returns The target.
 */
export function targetOf(stream: typeof Deno.stdout | typeof Deno.stderr): OutputTarget {
  const isTerminal = stream.isTerminal();
  return {
    isTerminal,
    // Deno has read NO_COLOR already, which a program may do only with --allow-env.
    isColoured: isTerminal && !Deno.noColor,
    get width() {
      return isTerminal ? columns() : DEFAULT_WIDTH;
    },
    writeSync: (bytes) => stream.writeSync(bytes),
  };
}

function columns(): number {
  try {
    // A terminal that does not know says 0.
    return Deno.consoleSize().columns || DEFAULT_WIDTH;
  } catch {
    return DEFAULT_WIDTH;
  }
}
