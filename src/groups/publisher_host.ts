/**
 * What the owner's side of a group needs: of its peer, and of whoever opens it.
 *
 * @module
 */
import type { Delivery } from "../link/delivery.ts";
import type { SharedDatagram } from "../link/fan_out.ts";
import type { Caller } from "../link/link.ts";
import type { Batch, Prepare } from "./batch.ts";
import type { WatchedPort } from "./group_member.ts";
import type { MessageBounds } from "./log.ts";

/** How long somebody waits for members, and whether still. */
export interface WaitOptions {
  /** How long to wait for each, in milliseconds. */
  readonly timeout?: number | undefined;
  /** Ends the wait when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** What a group needs of its peer. */
export interface PublisherHost {
  /** The port that messages come from. */
  readonly port: number;
  /** How large messages may be. */
  readonly bounds: MessageBounds;
  /** Makes a datagram of messages, for all members. */
  readonly prepare: Prepare;
  /** Sends messages, now where there is room. What became of them the delivery learns, perhaps before this returns. */
  send(to: number, batch: Batch, delivery: Delivery): void;
  /** Sends what was posted before, now. */
  flush(): void;
  /** Sends a datagram to all who hear a multicast group, now; left out where there are none. Throws where it could not be sent. */
  readonly multicast?: ((group: number, datagram: SharedDatagram) => void) | undefined;
  /** Watches whether the same peer still holds a port. */
  watch(caller: Caller, gone: () => void): WatchedPort;
  /** Asks a member whether it has taken a message. Resolves with true where it has, with false where it has missed it. */
  ask(port: number, stream: string, number: number, options: WaitOptions): Promise<unknown>;
}

/** How a group is opened. */
export interface PublisherSettings {
  /** Its name. */
  readonly name: string;
  /** How many bytes are kept for members that are behind. */
  readonly maxQueuedBytes: number;
  /** Told of who comes and goes. */
  readonly changed: (type: "member-joined" | "member-left", member: Caller) => void;
  /** Whether nobody is to hear it by multicast, where others might listen. */
  readonly isPrivate?: boolean;
  /** Finds what a member needs to know first. */
  readonly present?: (() => unknown) | undefined;
}
