/**
 * Lists the peers of a network namespace.
 *
 * @module
 */
import { PeerClosedError, PeerGoneError } from "../errors.ts";
import type { ListedSocket } from "../link/link.ts";
import { type Answerer, isIdentity } from "./identity.ts";

/** How many ports are asked at once. */
const ASKED_AT_ONCE = 64;

/** A peer that was found. */
export interface PeerInfo {
  /** Its own port; where it does not answer from the one that it says is its own, one of those that it does answer from. */
  readonly port: number;
  /** Its user, in the words of the kernel; undefined where it did not answer. */
  readonly uid: number | undefined;
  /** Its process id, as its own pid namespace has it: a hint, never a proof; undefined where it did not answer. */
  readonly pidHint: number | undefined;
  /** Its names, as it says. */
  readonly names: readonly string[];
  /** Names of its methods, as it says; undefined where it did not answer, or lets this user call nothing. */
  readonly methods: readonly string[] | undefined;
  /** Memory that waits to be read at its port and those of its names, in bytes, as the kernel counts it; undefined where untold. */
  readonly queue: number | undefined;
  /** How many messages it had no room for, likewise: senders try again, but what is sent to many is lost. */
  readonly drops: number | undefined;
}

/** A port, and what waits there. */
export type ListedPort = Pick<ListedSocket, "port" | "queue" | "drops">;

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
 * @param sockets What holds them.
 * @param ask Asks one.
 * @returns The peers, by their ports. Several ports of one are one entry. Rejects where this peer is closed.
 */
export async function listPeers(
  sockets: readonly ListedPort[],
  ask: (port: number) => Promise<Answerer>,
): Promise<PeerInfo[]> {
  const peers = new Map<string, Found>();
  for (let start = 0; start < sockets.length; start += ASKED_AT_ONCE) {
    const found = await Promise.all(sockets.slice(start, start + ASKED_AT_ONCE).map((socket) => find(socket, ask)));
    for (const peer of found) {
      if (peer === undefined) continue;
      const known = peers.get(peer.key);
      const entry = known === undefined || peer.stated === peer.port ? peer : known;
      const queue = sum(peer.queue, known?.queue);
      peers.set(peer.key, { ...entry, queue, drops: sum(peer.drops, known?.drops) });
    }
  }
  return [...peers.values()].map(({ key: _key, stated: _stated, ...peer }) => peer).sort((a, b) => a.port - b.port);
}

/** Asks one port; undefined where nobody holds it any more. */
async function find(
  { port, queue, drops }: ListedPort,
  ask: (port: number) => Promise<Answerer>,
): Promise<Found | undefined> {
  const silent = {
    key: String(port),
    port,
    uid: undefined,
    pidHint: undefined,
    names: [],
    methods: undefined,
    queue,
    drops,
  };
  try {
    const { caller: { uid, pidHint }, identity } = await ask(port);
    if (!isIdentity(identity)) return { ...silent, uid, pidHint };
    const { incarnation, port: stated, names, methods } = identity;
    // What it says holds for its own user only: nobody hides another's peer.
    return { ...silent, key: `${uid} ${incarnation}`, stated, uid, pidHint, names, methods };
  } catch (error) {
    if (error instanceof PeerClosedError) throw error;
    if (error instanceof PeerGoneError) return undefined;
    return silent;
  }
}

function sum(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? one ?? other : one + other;
}
