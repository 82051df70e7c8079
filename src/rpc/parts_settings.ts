/**
 * How a peer is set up.
 *
 * @module
 */
import type { CallerHooks } from "../watch/callers.ts";
import type { AccessRule } from "./access.ts";
import type { Quotas } from "./quotas.ts";
import type { Tap } from "./tap.ts";

/** How a peer is set up, with nothing left out. */
export interface PartsSettings {
  /** The largest message, in bytes, both headers included. */
  readonly maxMessageSize: number;
  /** Bytes that may wait for one destination. */
  readonly maxQueuedBytes: number;
  /** How long calls wait, where they do not say, in milliseconds; undefined where nobody has said. */
  readonly timeout: number | undefined;
  /** How much others may take up. */
  readonly quotas: Quotas;
  /** Who may call. */
  readonly access: AccessRule;
  /** Whom calls trust, where they do not say. */
  readonly trust: AccessRule;
  /** Whether somebody has said so. */
  readonly isTrustGiven: boolean;
  /** Whether the methods are described to those who may call them. */
  readonly discover: boolean;
  /** Who is told of callers. */
  readonly hooks: CallerHooks | undefined;
  /** Whether calls are told of to whoever traces the peer. */
  readonly trace: boolean;
  /** Tells of datagrams, where that is allowed. */
  readonly tap: Tap | undefined;
}
