/**
 * What goes wrong with groups.
 *
 * @module
 */

/**
 * A peer has no group of the name that was to be joined.
 *
 * @example
 * ```ts
 * import { GroupNotFoundError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * await using paper = new RPCPeer({ name: "com.example.paper" });
 * paper.runServerForever();
 *
 * await using reader = new RPCPeer();
 * using sports = reader.join("com.example.paper", "sports");
 * await assertRejects(() => sports.joined, GroupNotFoundError);
 * ```
 */
export class GroupNotFoundError extends Error {
  /** Port or name of the peer. */
  readonly owner: number | string;
  /** Name of the group. */
  readonly group: string;

  /**
   * Makes the error.
   *
   * @param owner Port or name of the peer.
   * @param group Name of the group.
   */
  constructor(owner: number | string, group: string) {
    const peer = typeof owner === "number" ? `port ${owner}` : JSON.stringify(owner);
    super(`The peer ${peer} has no group ${JSON.stringify(group)}: to wait for it, join with { wait: true }`);
    this.name = "GroupNotFoundError";
    this.owner = owner;
    this.group = group;
  }
}

/** A group was closed, and nothing can be published there any more. */
export class GroupClosedError extends Error {
  /** Name of the group. */
  readonly group: string;

  /**
   * Makes the error.
   *
   * @param group Name of the group.
   */
  constructor(group: string) {
    super(`The group ${JSON.stringify(group)} is closed`);
    this.name = "GroupClosedError";
    this.group = group;
  }
}
