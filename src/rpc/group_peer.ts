/**
 * What a peer can do with groups: its own, and those of others.
 *
 * @module
 */
import type { Group } from "../groups/group.ts";
import { checkGroupName } from "../groups/group_name.ts";
import { Membership } from "../groups/membership.ts";
import type { AccessRule } from "./access.ts";
import { conversationOf } from "./named_peer.ts";
import { type CallOptions, checkInteger, checkTimeout } from "./options.ts";
import { portOf, type Target } from "./target.ts";
import { WatchingPeer } from "./watching_peer.ts";

/** How many bytes may wait for the loop of a member where nothing is said. */
const DEFAULT_MAX_QUEUED_BYTES = 4_194_304;

/** Options of a group. */
export interface GroupOptions {
  /**
   * Who may join; in the same forms as the `access` of the peer. A function is asked about the method `"rpc.join"`.
   *
   * @default that of the peer
   */
  access?: AccessRule | undefined;
  /**
   * How many bytes of messages are kept for members that are behind. Beyond it such a member loses the oldest. The newest message is
   * kept in any case.
   *
   * @default 4,194,304
   */
  maxQueuedBytes?: number | undefined;
}

/** Options of a membership. */
export interface JoinOptions extends Pick<CallOptions, "timeout" | "signal" | "trust"> {
  /**
   * Whether to wait for the owner and its group where they are not there, and to join again when the owner is restarted, or opens the
   * group anew.
   *
   * @default false
   */
  wait?: boolean | undefined;
  /**
   * How many bytes of messages may wait for the loop. Beyond it the oldest are dropped, and a {@linkcode GroupGap} stands for them. A
   * message of any size may where nothing else waits.
   *
   * @default 4,194,304
   */
  maxQueuedBytes?: number | undefined;
}

/** What an {@linkcode RPCPeer} can do with groups. */
export class GroupPeer extends WatchingPeer {
  /**
   * Opens a group of this peer, or finds the one that is open. Others join it by the port or a name of this peer, and the group's name;
   * another peer may have one of the same name. While it is open, it keeps the process running, and what arrives is carried out.
   *
   * @param name The name of the group: up to 255 bytes, such as `"news"`.
   * @param options Who may join, and how much is kept for slow members. Only where the group is not open yet.
   * @returns The group.
   * @throws {PeerClosedError} If the peer is closed.
   * @throws {TypeError} If the name is not a string, the access is no rule, or the group is open and options are given.
   * @throws {RangeError} If the name is empty, too long, begins with `rpc.`, or has control characters; or a number is out of range.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   *
   * await using thermometer = new RPCPeer({ name: "com.example.thermometer" });
   * using degrees = thermometer.group("degrees", { access: "anyone" });
   * await degrees.publish(21.5);
   * ```
   */
  group(name: string, options?: GroupOptions): Group {
    const conversation = conversationOf(this);
    conversation.assertOpen();
    checkGroupName(name);
    if (options?.maxQueuedBytes !== undefined) checkQueuedBytes(options.maxQueuedBytes);
    return conversation.groups.open(name, options);
  }

  /**
   * Joins a group of another peer.
   *
   * @typeParam T What is published, after its way through JSON. Nothing checks it.
   * @param owner Port of the other peer, or its name.
   * @param group The name of the group.
   * @param options Whether to wait for both, whom to trust, and how much may wait.
   * @returns The messages, for a `for await` loop. What goes wrong later rejects there, and in `joined`.
   * @throws {PeerClosedError} If this peer is closed.
   * @throws {TypeError} If the owner is neither a port nor a name, the group's name is not a string, or the trust is no rule.
   * @throws {RangeError} If one of them cannot be, or a number is out of range.
   * @throws {unknown} The reason of the signal, if it has aborted before.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   *
   * await using reader = new RPCPeer();
   * // It may be started before the paper.
   * using messages = reader.join<string>("com.example.paper", "news", { wait: true });
   *
   * await using paper = new RPCPeer({ name: "com.example.paper" });
   * using news = paper.group("news");
   * await messages.joined;
   * await news.publish("It rains", { sync: false });
   * console.log((await messages.next()).value);
   * ```
   */
  join<T = unknown>(owner: Target, group: string, options: JoinOptions = {}): Membership<T> {
    conversationOf(this).assertOpen();
    portOf(owner);
    return joinGroup<T>(this, owner, checkGroupName(group), options, true);
  }
}

/**
 * Joins a group of another peer, or what that tells of itself in the same way.
 *
 * @typeParam T What is published.
 * @param peer The peer that joins.
 * @param owner Port of the other peer, or its name.
 * @param group The name of the group.
 * @param options Whether to wait for both, whom to trust, and how much may wait.
 * @param hears Whether to hear the multicast of the owner, where that can be heard: it takes a socket.
 * @returns The messages.
 * @throws {Error} As {@linkcode GroupPeer.join}.
 */
export function joinGroup<T>(
  peer: GroupPeer,
  owner: Target,
  group: string,
  options: JoinOptions,
  hears: boolean,
): Membership<T> {
  const conversation = conversationOf(peer);
  conversation.assertOpen();
  portOf(owner);
  const { wait = false, maxQueuedBytes = DEFAULT_MAX_QUEUED_BYTES, timeout, signal, trust } = options;
  checkQueuedBytes(maxQueuedBytes);
  if (timeout !== undefined) checkTimeout(timeout);
  if (trust !== undefined) conversation.checkTrust(trust);
  signal?.throwIfAborted();
  const parts = conversation.groups.join({ owner, group, wait, maxQueuedBytes, call: { timeout, trust }, hears });
  if (signal !== undefined) parts.attendance.endOn(signal);
  return new Membership<T>(parts);
}

function checkQueuedBytes(bytes: number): void {
  checkInteger("maxQueuedBytes", "a number of bytes", bytes, 0, Number.MAX_SAFE_INTEGER);
}
