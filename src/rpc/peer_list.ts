/**
 * Lists the peers of a network namespace.
 *
 * @module
 */
import { PeerClosedError, PeerGoneError } from "../errors.ts";
import { type Answerer, isIdentity } from "./identity.ts";

/** How many ports are asked at once. */
const ASKED_AT_ONCE = 64;

/** A peer that was found. */
export interface PeerInfo {
  /** Its own port; where it does not answer from the one that it says is its own, one of those that it does answer from. */
  readonly port: number;
  /** Its user, in the words of the kernel; undefined where it did not answer. */
  readonly uid: number | undefined;
  /** Its names, as it says. */
  readonly names: readonly string[];
  /** Names of its methods, as it says; undefined where it did not answer, or lets this user call nothing. */
  readonly methods: readonly string[] | undefined;
}

/** What was found at a port, which the kernel attests. */
interface Found extends PeerInfo {
  /** What all ports of a peer have in common. */
  readonly key: string;
  /** The port that it says is its own: it may be anybody's. */
  readonly stated?: number;
}

/**
 * Asks ports who holds them.
 *
 * @param ports The ports.
 * @param ask Asks one.
 * @returns The peers, by their ports. Several ports of one are one entry. Rejects where this peer is closed.
 */
export async function listPeers(
  ports: readonly number[],
  ask: (port: number) => Promise<Answerer>,
): Promise<PeerInfo[]> {
  const peers = new Map<string, Found>();
  for (let start = 0; start < ports.length; start += ASKED_AT_ONCE) {
    const found = await Promise.all(ports.slice(start, start + ASKED_AT_ONCE).map((port) => find(port, ask)));
    for (const peer of found) {
      if (peer !== undefined && (peer.stated === peer.port || !peers.has(peer.key))) peers.set(peer.key, peer);
    }
  }
  return [...peers.values()].map(({ port, uid, names, methods }) => ({ port, uid, names, methods }))
    .sort((a, b) => a.port - b.port);
}

/** Asks one port; undefined where nobody holds it any more. */
async function find(port: number, ask: (port: number) => Promise<Answerer>): Promise<Found | undefined> {
  try {
    const { caller: { uid }, identity } = await ask(port);
    if (!isIdentity(identity)) return { key: String(port), port, uid, names: [], methods: undefined };
    const { incarnation, port: stated, names, methods } = identity;
    // What it says holds for its own user only: nobody hides another's peer.
    return { key: `${uid} ${incarnation}`, port, stated, uid, names, methods };
  } catch (error) {
    if (error instanceof PeerClosedError) throw error;
    if (error instanceof PeerGoneError) return undefined;
    return { key: String(port), port, uid: undefined, names: [], methods: undefined };
  }
}
