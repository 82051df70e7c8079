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
  /** The largest datagram that can be sent, in bytes. */
  readonly maxDatagram: number;
  /**
   * Names who is told of what arrives. Called once, before anything else.
   *
   * @param receiver Who is told.
   */
  start(receiver: LinkReceiver): void;
  /**
   * Sends a datagram, at once and without waiting. When it returns, the datagram is in the receiver's queue. It does not
   * call its own receiver before it returns, also where the datagram is for this side itself.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @throws {PeerGoneError} If nobody holds the port.
   * @throws {ReceiverFullError} If the receiver's queue is full.
   * @throws {Error} If it could not be sent for another reason. Whatever is thrown, the receiver has nothing of it.
   */
  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): void;
  /** Begins to read, and keeps the process running. Counts: each hold needs its release. */
  hold(): void;
  /** Takes one hold back. */
  release(): void;
  /** Lets holds keep the process running, as they do from the start. */
  ref(): void;
  /** Lets holds no longer keep the process running. */
  unref(): void;
  /** Frees the port. Twice is fine. */
  close(): void;
}
