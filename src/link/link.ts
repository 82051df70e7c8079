/**
 * The seam between the conversation and whatever carries it. Netlink is one {@linkcode Link}; others can follow.
 *
 * @module
 */
import type { TroubleKind } from "./trouble.ts";

/** Who sent a message, in the words of the kernel and not of the message. */
export interface Caller {
  /** Port of its socket. Whoever holds the port can answer; a freed port may be somebody else's at once. */
  readonly port: number;
  /** Its real user id, as this process's user namespace has it; 65534 is anybody whom the namespace does not map. */
  readonly uid: number;
  /** Its real group id, likewise. */
  readonly gid: number;
  /** Its process id, as its own pid namespace has it: a hint, never a proof. */
  readonly pidHint: number;
}

/** Ids of a user namespace that stand for whoever it does not map; undefined where it maps everybody. */
export interface UnmappedIds {
  /** The user id. */
  readonly uid: number | undefined;
  /** The group id. */
  readonly gid: number | undefined;
}

/** A socket that holds a port, in the words of the kernel. */
export interface ListedSocket {
  /** The port. */
  readonly port: number;
  /** What no other socket has had. */
  readonly cookie: bigint;
  /** Whether it carries the mark of a peer. Legacy peers carry none, and anybody may. */
  readonly isPeer: boolean;
  /** Memory that waits there to be read, in bytes; left out where it was not asked for, or cannot be told. */
  readonly queue?: number | undefined;
  /** How many messages it had no room for; likewise. */
  readonly drops?: number | undefined;
}

/** Who holds a port, in the words of the kernel, and whether that is still so. */
export interface Lifeline {
  /** User id of the holder, as this process's user namespace has it. */
  readonly uid: number;
  /** Its group id, likewise. */
  readonly gid: number;
  /** Whether it is told by itself when the holder's process has ended. */
  readonly isWatched: boolean;
  /** Tells whether the same still holds the port, as of the last second or better; asks anew where it must. May be called often. */
  isHeld(): boolean;
  /** Asks now whether the same still holds the port. */
  ask(): boolean;
  /** Ends the lifeline: nobody is told any more. */
  close(): void;
}

/** What a link tells its owner. None of these may throw. */
export interface LinkReceiver {
  /**
   * A datagram arrived.
   *
   * @param bytes Memory that begins with the datagram. It is used again after this call: what is kept must be copied.
   * @param length Length of the datagram in bytes.
   * @param sender Who sent it.
   */
  receive(bytes: Uint8Array, length: number, sender: Caller): void;
  /**
   * Something arrived that cannot be handed on, or was lost on the way.
   *
   * @param kind What kind of trouble.
   * @param reason The same for a person to read.
   * @param port Port of the sender, where it is known.
   */
  trouble(kind: TroubleKind, reason: string, port?: number): void;
  /**
   * The link failed and has closed itself: nothing will arrive any more.
   *
   * @param error Why.
   */
  failed(error: Error): void;
}

/**
 * Carries datagrams between ports: in order for each destination, each whole or not at all, and never in silence.
 *
 * A link reads only while it is held: that is what keeps the process running. Until then datagrams wait in a queue.
 */
export interface Link {
  /** Port of this side. */
  readonly port: number;
  /** Real user id of this side, as others see it where they share its user namespace. */
  readonly uid: number;
  /** Ids that nobody may be known by; left out where each id is one user or group. */
  readonly unmapped?: UnmappedIds | undefined;
  /** The largest datagram that can be sent, in bytes. */
  readonly maxDatagram: number;
  /** What it can do without the event loop, where it can. */
  readonly blocking?: BlockingLink | undefined;
  /**
   * Names who is told of what arrives. Called once, before anything else.
   *
   * @param receiver Who is told.
   */
  start(receiver: LinkReceiver): void;
  /**
   * Sends a datagram, at once and without waiting. Where it returns true, the datagram is in the receiver's queue. It does not
   * call its own receiver before it returns, also where the datagram is for this side itself.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @returns Whether it was sent; false where the receiver's queue is full.
   * @throws {PeerGoneError} If nobody holds the port.
   * @throws {Error} If it could not be sent for another reason. Whatever is thrown, the receiver has nothing of it.
   */
  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): boolean;
  /**
   * Sends a datagram where the receiver's queue has room very soon: most receivers that have none are just reading. The thread
   * stands still meanwhile, for a fraction of a millisecond. Left out where a link cannot tell so soon.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @returns What became of it. Throws as {@linkcode Link.send}.
   */
  sendSoon?(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): SoonOutcome;
  /**
   * Sends a datagram as soon as the receiver's queue has room, but gives up after a while, so that what is sent can be
   * considered again. It holds up nothing else: not this program, and no other destination.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram, and is left alone until then.
   * @param length Length of the datagram in bytes.
   * @param stalled Whether the last such wait for this receiver was in vain: it then gives way to others.
   * @returns The send.
   */
  sendPatiently(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, stalled: boolean): PatientSend;
  /**
   * Finds out who holds a port, before anything is sent to it; left out where a link cannot.
   *
   * @param port The port.
   * @param broken Told once when the holder is gone, and all that it had sent was received. What {@linkcode Lifeline.isHeld} and
   * {@linkcode Lifeline.ask} find out they do not tell.
   * @returns The lifeline; undefined where nobody holds the port, or its holder has none; null where that cannot be told.
   */
  openLifeline?(port: number, broken: () => void): Lifeline | null | undefined;
  /**
   * Finds the socket that holds a port, without sending anything there. Left out where a link cannot tell.
   *
   * @param port The port.
   * @returns What no other socket has had; null where it is sure that nobody holds it; undefined where that cannot be told.
   */
  socketAt?(port: number): bigint | null | undefined;
  /**
   * Lists the sockets of the network that hold a port. Left out where a link cannot.
   *
   * @param withQueues Whether to tell what waits in their queues too.
   * @returns The sockets; undefined where they cannot be told. A port that is not among them may be held all the same.
   */
  sockets?(withQueues?: boolean): readonly ListedSocket[] | undefined;
  /**
   * Opens another link of the same kind, beside this one: in the same network, and with the same settings. Left out where there is
   * only one.
   *
   * @param port Its port.
   * @returns The link.
   * @throws {SyscallError} If it cannot be opened: with EADDRINUSE where somebody holds the port.
   */
  beside?(port: number): Link;
  /**
   * Sends a datagram to all links that hear a multicast group, at once and without waiting. Who has no room for it loses it. Left
   * out where a link has no such groups.
   *
   * @param group Number of the group, from 1 to 32.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @throws {Error} If it could not be sent.
   */
  multicast?(group: number, bytes: Uint8Array<ArrayBuffer>, length: number): void;
  /**
   * Hears a multicast group. Left out where a link has no such groups.
   *
   * @param group Number of the group, from 1 to 32.
   * @param from Port of the one who counts: anybody may send to a group.
   * @param receiver Told of what comes from there; and of an "overrun", where something of anybody's was lost.
   * @returns What has the group heard while it is held; undefined where this process may not.
   */
  hear?(group: number, from: number, receiver: LinkReceiver): GroupEar | undefined;
  /** Begins to read, and keeps the process running. Counts: each hold needs its release. */
  hold(): void;
  /** Takes one hold back. */
  release(): void;
  /** Lets holds keep the process running, as they do from the start. */
  ref(): void;
  /** Lets holds no longer keep the process running. */
  unref(): void;
  /**
   * Frees the port. Twice is fine.
   *
   * @returns Resolves when the port is free, where it is not at once.
   */
  close(): Promise<void> | undefined;
}

/** Hears a multicast group. It is held and closed as a {@linkcode Link} is. */
export interface GroupEar extends Pick<Link, "hold" | "release" | "ref" | "unref" | "close"> {
  /** How much waits to be handed on at most, in bytes; each datagram takes up to a kilobyte more than its length. */
  readonly capacity: number;
  /** Hands on all that has been sent so far, now. */
  drain(): void;
}

/**
 * What became of a datagram for which there may be room very soon: it was sent; the receiver does not read right now; or this side
 * has something to read itself, and is to do so before it tries again.
 */
export type SoonOutcome = "sent" | "full" | "unread";

/** A datagram that waits for room. */
export interface PatientSend {
  /** Whether it was sent: false where there was no room in time, or it was given up. Rejects as {@linkcode Link.send} throws. */
  readonly sent: Promise<boolean>;
  /** Gives it up, as far as that is still possible; tells whether it was. */
  cancel(): boolean;
}

/** What a link can do while the event loop stands still. */
export interface BlockingLink {
  /**
   * Tells whether a port is held by this very thread, which cannot answer while it stands still.
   *
   * @param port The port.
   * @returns Whether it is.
   */
  isOwn(port: number): boolean;
  /**
   * Sends a datagram, and waits for room in the receiver's queue.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @param milliseconds How long to wait at most.
   * @returns Whether it was sent. Throws as {@linkcode Link.send}.
   */
  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, milliseconds: number): boolean;
  /**
   * Reads one datagram, and waits for it.
   *
   * @param receiver Told of it, instead of the link's own receiver.
   * @param milliseconds How long to wait at most, 0 not to wait, Infinity without end.
   * @param lifeline Ends the wait when it breaks, as far as that can be.
   * @returns Whether there was one.
   * @throws {Error} If the link fails.
   */
  receive(receiver: Omit<LinkReceiver, "failed">, milliseconds: number, lifeline?: Lifeline): boolean;
}
