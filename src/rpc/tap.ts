/**
 * Tells whoever traces a peer of the datagrams that it sends and receives.
 *
 * @module
 */
import { stringify } from "../jsonrpc/text.ts";
import type { CapturedDatagram, CaptureSink } from "../link/capture.ts";
import { fieldsOf, isCount } from "./fields.ts";

/** Who is told. */
export interface TapListeners {
  /** Publishes JSON text to them. */
  readonly publish: (text: string) => void;
  /** Their ports. */
  readonly ports: () => ReadonlySet<number>;
}

/** Tells of datagrams while somebody listens. */
export class Tap implements CaptureSink {
  /** Who listens. */
  listeners: TapListeners | undefined;

  /** Whether anybody does. */
  get isWanted(): boolean {
    return this.listeners !== undefined;
  }

  capture({ direction, time, bytes, from, to, group, sender }: CapturedDatagram): void {
    if (this.listeners === undefined) return;
    const { publish, ports } = this.listeners;
    // What goes to those who listen tells of others: told of as well, it would never end.
    const theirs = ports();
    if (theirs.has(from) || theirs.has(to)) return;
    publish(stringify({ direction, time, bytes: bytes.toBase64(), from, to, group, sender }));
  }
}

/**
 * Reads what a peer tells of a datagram.
 *
 * @param value What it tells, which may be anything.
 * @returns The datagram, or undefined where it is none. What it says may be a lie all the same.
 */
export function readCapturedDatagram(value: unknown): CapturedDatagram | undefined {
  const { direction, time, bytes, from, to, group, sender } = fieldsOf(value);
  if ((direction !== "in" && direction !== "out") || typeof time !== "number" || !(time >= 0)) return undefined;
  if (!isCount(from) || !isCount(to) || !isCountOrNone(group) || typeof bytes !== "string") return undefined;
  const { port, uid, gid, pidHint } = fieldsOf(sender);
  const isSender = isCount(port) && isCount(uid) && isCount(gid) && isCount(pidHint);
  if (sender !== undefined && !isSender) return undefined;
  try {
    return {
      ...{ direction, time, from, to, group, bytes: Uint8Array.fromBase64(bytes) },
      sender: isSender ? { port, uid, gid, pidHint } : undefined,
    };
  } catch {
    return undefined; // It is no Base64.
  }
}

function isCountOrNone(value: unknown): value is number | undefined {
  return value === undefined || isCount(value);
}
