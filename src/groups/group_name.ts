/**
 * Names of groups.
 *
 * @module
 */

/** The group in which each peer tells of its groups. */
export const FEED_GROUP = "rpc.groups";

/** The longest name, in bytes of UTF-8. */
const LONGEST_NAME = 255;

/**
 * Checks the name of a group.
 *
 * @param name The name.
 * @returns The name.
 * @throws {TypeError} If it is not a string.
 * @throws {RangeError} If it is empty or too long, has control characters, or begins with `rpc.`.
 */
export function checkGroupName(name: unknown): string {
  if (typeof name !== "string") throw new TypeError(`The name of a group must be a string, not ${typeof name}`);
  const problem = problemOf(name);
  if (problem === undefined) return name;
  throw new RangeError(`${JSON.stringify(name.slice(0, 64))} cannot be the name of a group: ${problem}`);
}

function problemOf(name: string): string | undefined {
  if (name === "") return "it is empty";
  if (name.startsWith("rpc.")) return "it begins with rpc., which is kept for the peers' own";
  if (/\p{Cc}/u.test(name)) return "it has a control character";
  if (!name.isWellFormed()) return "it is not well-formed Unicode";
  const { length } = new TextEncoder().encode(name);
  return length > LONGEST_NAME ? `it has ${length} bytes, and at most ${LONGEST_NAME} may be` : undefined;
}
