/**
 * What goes wrong without a call that it belongs to.
 *
 * @module
 */

/**
 * Kinds of trouble.
 *
 * - `"malformed"`: bytes that are no message; dropped.
 * - `"truncated"`: a datagram larger than what is read; dropped.
 * - `"incomplete"`: a message of which some fragments did not come; dropped.
 * - `"spoofed"`: a message that claims to come from another port than it does, or whose sender the kernel does not name; dropped.
 * - `"unsupported"`: a message of a version or a payload type that is not known.
 * - `"unexpected"`: a response that nobody waits for, from where it came; dropped.
 * - `"handler"`: a handler that threw; its caller is told the message. Or a capture that threw.
 * - `"notification"`: a notification that could not be carried out; its sender is not told.
 * - `"undelivered"`: an answer that could not be sent, or a name that is lost since its socket has failed.
 * - `"denied"`: a request, or a notification, of somebody who may not; the sender of a request is told.
 * - `"refused"`: a message larger than `maxMessageSize`, or beyond what is taken at once; its sender is told. Or the kernel does not tell who is there, or
 *   there are more than are watched.
 * - `"overrun"`: the kernel dropped messages before they were read.
 */
export type TroubleKind =
  | "malformed"
  | "truncated"
  | "incomplete"
  | "spoofed"
  | "unsupported"
  | "unexpected"
  | "handler"
  | "notification"
  | "undelivered"
  | "denied"
  | "refused"
  | "overrun";

/** All kinds of trouble. */
export const TROUBLE_KINDS = [
  "malformed",
  "truncated",
  "incomplete",
  "spoofed",
  "unsupported",
  "unexpected",
  "handler",
  "notification",
  "undelivered",
  "denied",
  "refused",
  "overrun",
] as const satisfies readonly TroubleKind[];

/**
 * Reports trouble.
 *
 * @param kind What kind of trouble.
 * @param reason The same for a person to read.
 * @param port Port on the other side, where it is known.
 * @param error What was thrown, where something was.
 */
export type ReportTrouble = (kind: TroubleKind, reason: string, port?: number, error?: unknown) => void;

/**
 * An event that tells of trouble which belongs to no call.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 *
 * await using peer = new RPCPeer();
 * peer.addEventListener("trouble", (event) => {
 *   console.error(`${event.kind} from port ${event.port}: ${event.reason}`);
 * });
 * ```
 */
export class TroubleEvent extends Event {
  /** What kind of trouble. */
  readonly kind: TroubleKind;
  /** The same for a person to read. */
  readonly reason: string;
  /** Port on the other side, where it is known. */
  readonly port: number | undefined;
  /** What was thrown, where something was, with its stack: it stays in this process. */
  readonly error: unknown;

  /**
   * Makes the event.
   *
   * @param kind What kind of trouble.
   * @param reason The same for a person to read.
   * @param port Port on the other side, where it is known.
   * @param error What was thrown, where something was.
   */
  constructor(kind: TroubleKind, reason: string, port?: number, error?: unknown) {
    super("trouble");
    this.kind = kind;
    this.reason = reason;
    this.port = port;
    this.error = error;
  }
}
