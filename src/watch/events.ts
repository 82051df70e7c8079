/**
 * What a watch tells.
 *
 * @module
 */

/** Somebody who holds a port, as far as is known. */
export interface Holding {
  /** The name: the first one of a peer, in its own words unless somebody else has it; of a name's socket that name. */
  readonly name: string | undefined;
  /** The port. */
  readonly port: number;
  /** The user, in the words of the kernel; undefined where nobody could be asked. */
  readonly uid: number | undefined;
}

/**
 * A peer has come, or is gone: its own port is held, or is free.
 *
 * @typeParam Type Which of the two.
 */
export interface PeerEvent<Type extends "peer-added" | "peer-removed" = "peer-added" | "peer-removed"> extends Holding {
  /** Which of the two. */
  readonly type: Type;
}

/**
 * A name was claimed, or nobody has it any more. The port is that of the name.
 *
 * @typeParam Type Which of the two.
 */
export interface NameEvent<Type extends "name-added" | "name-removed" = "name-added" | "name-removed"> extends Holding {
  /** Which of the two. */
  readonly type: Type;
  /** The name. */
  readonly name: string;
}

/**
 * A peer has opened a message group, or closed it. Name, port and user are those of the peer that owns it.
 *
 * @typeParam Type Which of the two.
 */
export interface GroupEvent<Type extends "group-added" | "group-removed" = "group-added" | "group-removed">
  extends Holding {
  /** Which of the two. */
  readonly type: Type;
  /** The group. */
  readonly group: string;
}

/**
 * Somebody has joined a message group, or is no member of it any more. Name, port and user are those of the member.
 *
 * @typeParam Type Which of the two.
 */
export interface MemberEvent<Type extends "member-joined" | "member-left" = "member-joined" | "member-left">
  extends Holding {
  /** Which of the two. */
  readonly type: Type;
  /** The group. */
  readonly group: string;
  /** The peer that owns it. */
  readonly owner: Holding;
}

/**
 * A mark between events.
 *
 * @typeParam Type Which of the two.
 */
export interface MarkEvent<Type extends "ready" | "restart" = "ready" | "restart"> {
  /**
   * `"ready"`: all that was there at the beginning has been told, and changes follow. `"restart"`: more has changed than was taken, so
   * what was told before counts no longer: what is there now follows, then `"ready"`.
   */
  readonly type: Type;
}

/**
 * An event of a watch.
 *
 * @example
 * ```ts
 * import type { LifecycleEvent } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * function describe(event: LifecycleEvent): string {
 *   if (event.type === "ready" || event.type === "restart") return event.type;
 *   const who = event.name ?? event.port;
 *   return "group" in event ? `${event.type}: ${event.group}, ${who}` : `${event.type}: ${who}`;
 * }
 *
 * assertEquals(describe({ type: "name-added", name: "com.example.clock", port: 5, uid: 0 }), "name-added: com.example.clock");
 * ```
 */
export type LifecycleEvent =
  | PeerEvent<"peer-added">
  | PeerEvent<"peer-removed">
  | NameEvent<"name-added">
  | NameEvent<"name-removed">
  | GroupEvent<"group-added">
  | GroupEvent<"group-removed">
  | MemberEvent<"member-joined">
  | MemberEvent<"member-left">
  | MarkEvent<"ready">
  | MarkEvent<"restart">;

/** What a watch is about. */
export interface WatchOptions {
  /**
   * Names: only these, the peers that have one of them, and their groups.
   *
   * @default all
   */
  names?: readonly string[] | undefined;
  /**
   * Message groups: only these. With none at all, no peer is asked for its groups.
   *
   * @default all
   */
  groups?: readonly string[] | undefined;
}
