/**
 * The receiving side of a peer: the way of a datagram to the requests and responses in it.
 *
 * @module
 */
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import type { Access } from "./access.ts";
import { Inbox, type InboxLimits } from "./inbox.ts";
import { Intake } from "./intake.ts";
import type { Parts } from "./parts.ts";
import { PostponedRequests } from "./postponed_requests.ts";
import type { Quotas } from "./quotas.ts";
import { Unpacker } from "./unpacker.ts";

/** What is noted of messages that are put together, beside their bytes: 512 bytes of each of the 16 that a port may have. */
const REASSEMBLY_NOTES = 8_192;
/** Fragments are waited for in ticks of so many milliseconds. */
const TICK_MILLISECONDS = 1_000;

/** What it needs of its peer. */
export type ReceivingParts =
  & Pick<Parts, "callers" | "dispatcher" | "legacy" | "methods" | "outbox" | "pending" | "shares" | "traffic">
  & Pick<Parts, "awaits" | "isGone" | "streams">
  & {
    /** The name that requests call it by here. */
    readonly name?: string;
  };

/** What is taken, and of whom. */
export interface ReceivingSettings {
  /** The largest message, in bytes, both headers included. */
  readonly maxMessageSize: number;
  /** How much others may take up. */
  readonly quotas: Quotas;
  /** Who may call. */
  readonly access: Access;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;
}

/** Takes what arrives. */
export class Receiving {
  /** Takes requests. */
  readonly intake: Intake;
  /** Takes whole messages. */
  readonly inbox: Inbox;
  /** How large a payload may be, and of whom. */
  readonly limits: InboxLimits;
  /** Requests that have arrived during a synchronous call. */
  readonly postponed: PostponedRequests;
  /** Takes datagrams apart. */
  readonly unpacker: Unpacker;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;

  /**
   * @param parts The other parts of the peer.
   * @param settings What is taken.
   */
  constructor(parts: ReceivingParts, { maxMessageSize, quotas, access, trouble }: ReceivingSettings) {
    const { callers, methods, outbox, dispatcher, legacy, shares, name } = parts;
    const { requests } = shares;
    this.trouble = trouble;
    this.intake = new Intake({
      ...shares,
      callers,
      dispatcher,
      methods,
      access,
      outbox,
      trouble,
      legacy,
      ...(name !== undefined && { name }),
      maxRequests: quotas.requests,
      maxBatchMembers: quotas.batchMembers,
    });
    this.limits = {
      maxBatchMembers: quotas.batchMembers,
      maxDepth: quotas.depth,
      awaits: (port) => parts.awaits(port),
      streams: () => parts.streams,
      legacy,
    };
    this.inbox = new Inbox(this.intake, parts.pending, trouble, this.limits);
    this.postponed = new PostponedRequests(this.inbox, trouble, legacy);
    const limits = {
      maxMessageSize,
      perUser: quotas.reassemblyBytesPerUser + REASSEMBLY_NOTES,
      total: quotas.reassemblyBytes + REASSEMBLY_NOTES,
      isForeign: (uid: number) => requests.isForeign(uid),
      idleTicks: Math.ceil(quotas.fragmentTimeout / TICK_MILLISECONDS),
    };
    this.unpacker = new Unpacker(this.inbox, trouble, (port) => parts.isGone(port), limits, parts.traffic);
  }

  /**
   * Takes a datagram.
   *
   * @param bytes Memory that begins with it.
   * @param length Its length in bytes.
   * @param sender Who sent it.
   */
  take(bytes: Uint8Array, length: number, sender: Caller): void {
    const { postponed, unpacker } = this;
    const before = postponed.size;
    if (before === 0) return unpacker.take(bytes, length, sender);
    // Behind those that wait; and before one of them makes a synchronous call, which would read what has come later.
    unpacker.take(bytes, length, sender, postponed);
    postponed.flush(postponed.size - before);
  }
}
