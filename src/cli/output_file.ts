/**
 * Files that the command writes.
 *
 * @module
 */
import { EXIT, Failure } from "./failure.ts";

/**
 * Opens a file to write to.
 *
 * @param path The file.
 * @param how Whether it is continued or written anew.
 * @returns The file.
 * @throws {Failure} If that may not be, or cannot.
 */
export function openOutput(path: string, how: "append" | "truncate"): Deno.FsFile {
  // Not by trying: Deno would ask the terminal.
  if (Deno.permissions.querySync({ name: "write", path }).state !== "granted") {
    throw new Failure(EXIT.cannot, "Writing to a file needs a permission", `Run it with: --allow-write=${path}`);
  }
  try {
    return Deno.openSync(path, { write: true, create: true, append: how === "append", truncate: how === "truncate" });
  } catch (error) {
    throw new Failure(EXIT.cannot, `${path} cannot be opened: ${(error as Error).message}`, undefined, {
      cause: error,
    });
  }
}
