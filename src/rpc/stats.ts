/**
 * What a peer has done, in figures.
 *
 * @module
 */
import type { TroubleKind } from "../link/trouble.ts";

/**
 * Figures of a peer. Those that count begin at 0 with the peer; the others are as of now.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * await using peer = new RPCPeer();
 * peer.registerFunction(() => "here", "find");
 * await peer.call(peer.nlPid, "find");
 * const { messagesIn, malformed, callsInFlight } = peer.stats();
 * assertEquals({ messagesIn, malformed, callsInFlight }, { messagesIn: 2, malformed: 0, callsInFlight: 0 });
 * ```
 */
export interface PeerStats {
  /** Messages that have arrived, fragments counted singly. */
  readonly messagesIn: number;
  /** Bytes that have arrived, headers included. */
  readonly bytesIn: number;
  /** Messages that others have in their queues. */
  readonly messagesOut: number;
  /** Bytes of these, headers included. */
  readonly bytesOut: number;
  /** How often a message found no room and was tried again. */
  readonly retries: number;
  /** Messages that were malformed. */
  readonly malformed: number;
  /** Messages of callers that may not call. */
  readonly denied: number;
  /** Messages beyond a quota or `maxMessageSize`. */
  readonly refused: number;
  /** How often the kernel has dropped messages. */
  readonly overruns: number;
  /** Trouble of every kind, whether somebody listened or not. */
  readonly trouble: Readonly<Record<TroubleKind, number>>;
  /** Calls of this peer that wait for their answers, as of now. */
  readonly callsInFlight: number;
  /** Requests of others that are not answered yet, as of now. */
  readonly requestsInFlight: number;
  /** Bytes that wait for room in their receivers' queues, as of now. */
  readonly queuedBytes: number;
  /** Bytes of messages that are being put together from fragments, as of now. */
  readonly reassemblyBytes: number;
}
