/**
 * Names of groups.
 *
 * @module
 */
import { problemOfText } from "../naming/name.ts";

/** The group in which each peer tells of its groups. */
export const FEED_GROUP = "rpc.groups";

/** The group in which each peer tells of the calls that it is done with. */
export const CALLS_GROUP = "rpc.calls";

/** The group in which a peer tells of the datagrams that it sends and receives. */
export const DATAGRAMS_GROUP = "rpc.datagrams";

/** What the names of the peers' own groups begin with. */
const RESERVED = "rpc.";

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
  const problem = name.startsWith(RESERVED)
    ? `it begins with ${RESERVED}, which is kept for the peers' own`
    : problemOfText(name);
  if (problem === undefined) return name;
  throw new RangeError(`${JSON.stringify(name.slice(0, 64))} cannot be the name of a group: ${problem}`);
}
