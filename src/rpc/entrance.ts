/**
 * Where requests come in that call a peer by one of its names: a socket beside that of its own port.
 *
 * @module
 */
import type { Link } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import type { Receiving } from "./receiving.ts";

/** A link of a peer, with what has come and what is to leave on it. */
export interface Entrance {
  /** The name that it is for; undefined for the peer's own port. */
  readonly name?: string;
  /** What carries it. */
  readonly link: Link;
  /** Where answers leave. */
  readonly outbox: Outbox;
  /** Takes what arrives. */
  readonly receiving: Receiving;
}

/** What is read and refused before an entrance closes: datagrams at most, and for how long, in milliseconds. */
const LAST_READ = { datagrams: 8_192, milliseconds: 50 } as const;

/**
 * Reads what has arrived and was not read yet: who has called must not wait for what will not come.
 *
 * @param entrance The entrance, whose peer takes nothing any more.
 */
export function readLast({ link: { blocking }, receiving: { unpacker, trouble } }: Entrance): void {
  unpacker.finish();
  const receiver = {
    receive: (...datagram: Parameters<Receiving["unpacker"]["take"]>) => unpacker.take(...datagram),
    trouble,
  };
  const deadline = performance.now() + LAST_READ.milliseconds;
  try {
    for (let datagrams = 0; datagrams < LAST_READ.datagrams && blocking?.receive(receiver, 0); datagrams++) {
      if (performance.now() > deadline) return;
    }
  } catch {
    // The link has failed: there is nothing more to be read.
  }
}
