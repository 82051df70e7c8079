/**
 * Cases that are kept: `<target>-<what it is, or a hash>.bin`, or `.json` for scripts.
 *
 * @module
 */
import type { Failure, Target } from "./target.ts";

const FOLDER = new URL("./corpus/", import.meta.url);

/** A kept case. */
export interface KeptCase {
  readonly file: string;
  /** The target that its name begins with. */
  readonly target: Target;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/**
 * Reads all kept cases.
 *
 * @param targets All targets.
 * @param folder Where they are.
 * @returns The cases, by name.
 * @throws {Error} If one is of no target.
 */
export function readCorpus(targets: readonly Target[], folder: URL = FOLDER): KeptCase[] {
  return [...Deno.readDirSync(folder)].map(({ name }) => name).sort().map((file) => {
    const target = targets.find(({ name, extension }) => file.startsWith(`${name}-`) && file.endsWith(`.${extension}`));
    if (target === undefined) throw new Error(`${file} is a case of no target`);
    return { file, target, bytes: Deno.readFileSync(new URL(encodeURIComponent(file), folder)) };
  });
}

/**
 * Keeps the case of a failure.
 *
 * @param failure The failure.
 * @param folder Where it is kept.
 * @returns The path of its file.
 */
export async function keep({ target, bytes, extension }: Failure, folder: URL = FOLDER): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex().slice(0, 12);
  const file = new URL(`${target}-${hash}.${extension}`, folder);
  Deno.writeFileSync(file, bytes);
  return decodeURIComponent(file.pathname);
}
