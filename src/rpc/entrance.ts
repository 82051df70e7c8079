/**
 * Where requests come in that call a peer by one of its names: a socket beside that of its own port.
 *
 * @module
 */
import type { Link } from "../link/link.ts";
import { Outbox, type OutboxLimits } from "../link/outbox.ts";
import { isolateSendBuffer } from "./isolate.ts";
import type { Parts } from "./parts.ts";
import { Receiving, type ReceivingSettings } from "./receiving.ts";

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

/** What an entrance needs of its peer. */
export interface EntranceHost extends
  Pick<
    Parts,
    "callers" | "dispatcher" | "legacy" | "methods" | "pending" | "shares" | "traffic" | "links" | "isGone"
  > {
  /** How much is sent. */
  readonly limits: OutboxLimits;
  /** What is taken. */
  readonly settings: ReceivingSettings;
  /** The link has failed. */
  failed(): void;
}

/**
 * Has requests taken that call a peer by a name.
 *
 * @param name The name.
 * @param link The link of its port.
 * @param host The peer.
 * @returns The entrance.
 * @throws {Error} If the link cannot be read. Then it is closed.
 */
export function openEntrance(name: string, link: Link, host: EntranceHost): Entrance {
  const { callers, dispatcher, legacy, methods, pending, shares, traffic, limits, settings } = host;
  const outbox = new Outbox(link, isolateSendBuffer(), limits, traffic);
  const receiving = new Receiving({
    ...{ callers, dispatcher, legacy, methods, pending, shares, traffic, outbox, name },
    awaits: () => false,
    isGone: (port) => host.isGone(port),
    streams: undefined,
  }, settings);
  link.start({
    receive: (bytes, length, sender) => receiving.take(bytes, length, sender),
    trouble: settings.trouble,
    failed: (error) => {
      host.failed();
      settings.trouble(
        "undelivered",
        `Nobody can call ${JSON.stringify(name)} any more: ${error.message}`,
        link.port,
      );
    },
  });
  try {
    host.links.add(link);
  } catch (error) {
    link.close();
    throw error;
  }
  return { name, link, outbox, receiving };
}

/**
 * Ends that: who has called by the name is told so, and what has arrived is refused.
 *
 * @param entrance The entrance.
 * @param parts Those of its peer.
 * @returns Resolves when its port is free, where it is not at once.
 */
export function closeEntrance(
  entrance: Entrance,
  { dispatcher, links }: Pick<Parts, "dispatcher" | "links">,
): Promise<void> | undefined {
  const { name, link, outbox, receiving: { intake, postponed, unpacker } } = entrance;
  const released = new Error(`The name ${JSON.stringify(name)} was released`);
  intake.stop(released);
  dispatcher.closeThoseTo(name!, released);
  postponed.close();
  readLast(entrance);
  unpacker.close();
  dispatcher.closeThoseTo(name!, released);
  outbox.close(released);
  links.delete(link);
  return link.close();
}
