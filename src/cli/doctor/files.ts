/**
 * Files that tell what kind of place this is.
 *
 * @module
 */

/** What there was to be read: a text, or why there was none. */
export type Reading =
  | { readonly state: "read"; readonly text: string }
  | { readonly state: "absent" | "unreadable" | "forbidden" };

/** Reads files, and asks nobody for a permission. */
export interface Files {
  /**
   * Reads a file.
   *
   * @param path Its path.
   * @returns Its text.
   */
  read(path: string): Reading;
  /**
   * Reads where a link leads.
   *
   * @param path Its path.
   * @returns Where it leads.
   */
  link(path: string): Reading;
  /**
   * Reads a variable of the environment.
   *
   * @param name Its name.
   * @returns Its value.
   */
  variable(name: string): Reading;
}

/** The files of this computer. What Deno does not permit is `"forbidden"`: it wants `--allow-all` for most of /proc. */
export const systemFiles: Files = {
  read: (path) => reading({ name: "read", path }, () => Deno.readTextFileSync(path)),
  link: (path) => reading({ name: "read", path }, () => Deno.readLinkSync(path)),
  variable: (name) => reading({ name: "env", variable: name }, () => Deno.env.get(name)),
};

function reading(permission: Deno.PermissionDescriptor, read: () => string | undefined): Reading {
  // Not by trying: Deno would ask the terminal.
  if (Deno.permissions.querySync(permission).state !== "granted") return { state: "forbidden" };
  try {
    const text = read();
    return text === undefined ? { state: "absent" } : { state: "read", text };
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return { state: "forbidden" };
    return { state: error instanceof Deno.errors.NotFound ? "absent" : "unreadable" };
  }
}
