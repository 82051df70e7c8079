/**
 * How a watch learns of the message groups of peers.
 *
 * @module
 */

/** A group as it is now. */
export interface PresentGroup {
  /** Its name. */
  readonly group: string;
  /** Ports of its members. */
  readonly members: readonly number[];
}

/** A change in the groups of a peer. */
export interface GroupChange {
  /** What has changed. */
  readonly type: "group-added" | "group-removed" | "member-joined" | "member-left";
  /** The group. */
  readonly group: string;
  /** Port of the member that has joined or left. */
  readonly member?: number;
}

/** What peers tell of their groups. */
export interface GroupFeed {
  /**
   * Follows the groups of the peer that holds a port, until closed.
   *
   * @param port The port.
   * @param sink Told of them, later than this returns.
   * @returns Ends it.
   */
  follow(port: number, sink: GroupSink): { close(): void };
}

/** Is told of the groups of a peer. */
export interface GroupSink {
  /**
   * All that is there now: told first, and again after something was missed.
   *
   * @param groups The groups.
   */
  present(groups: readonly PresentGroup[]): void;
  /**
   * Something has changed.
   *
   * @param change What.
   */
  changed(change: GroupChange): void;
  /** The peer does not tell: it refuses, or is gone. It has no groups from then on, and is not followed again. */
  ended(): void;
}
