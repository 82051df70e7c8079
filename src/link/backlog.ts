/**
 * What waits to be sent to one destination.
 *
 * @module
 */
import { PeerGoneError, ReceiverFullError } from "../errors.ts";
import type { Delivery } from "./delivery.ts";
import type { Lane, NextDatagram, Tally } from "./lane.ts";
import { LargeLane } from "./large_lane.ts";
import type { LargeMessage } from "./large_message.ts";
import type { Link, PatientSend, SoonOutcome } from "./link.ts";
import type { Outcomes } from "./outcomes.ts";
import { SmallLane } from "./small_lane.ts";
import type { Traffic } from "./traffic.ts";

/** How long datagrams are sent before the rest of the program has its turn, in milliseconds. */
export const TURN_MILLISECONDS = 5;

/**
 * How long a backlog keeps the process running although its receiver takes nothing, in milliseconds. Who awaits something of it
 * does so longer; an answer to a caller that has stopped must not for ever.
 */
export const PATIENCE_MILLISECONDS = 10_000;

/**
 * How long a datagram is tried again and again where this side has something to read itself, in milliseconds, since one has left.
 * Two that send to each other find room that soon; whoever waits for others has its turn meanwhile.
 */
export const HASTE_MILLISECONDS = 1;

/** Kept in reserve for each destination, in bytes: for errors in place of answers for which there is no room. */
const RESERVED_BYTES = 1_048_576;

/** How much may wait, in bytes. */
export interface BacklogLimits {
  /** For one destination. Where nothing waits yet, one message of any size may. */
  readonly maxQueuedBytes: number;
  /** The largest message. */
  readonly maxMessageSize: number;
  /** Size up to which messages join a datagram. */
  readonly maxJoined: number;
}

/** All backlogs of a peer together. */
export interface BacklogOwner {
  /** What carries the datagrams. */
  readonly link: Link;
  /** How much may wait. */
  readonly limits: BacklogLimits;
  /** What became of messages, until it is told. */
  readonly outcomes: Outcomes;
  /** Counts what is sent. */
  readonly traffic: Traffic;
  /**
   * Tells whether so much more may wait, for all destinations together. An equal share of what may wait is for each in any case:
   * receivers that have stopped must not use up what is for one that is only slow.
   *
   * @param bytes How much more.
   * @param queued How much waits for this destination, in bytes.
   * @returns Why not, or undefined.
   */
  refuse(bytes: number, queued: number): { readonly queued: number; readonly maximum: number } | undefined;
  /**
   * Counts what waits.
   *
   * @param bytes Bytes that have come, or, below 0, gone.
   */
  count(bytes: number): void;
  /**
   * Has a backlog send as soon as it has its turn.
   *
   * @param backlog The backlog.
   */
  pumpLater(backlog: Backlog): void;
  /**
   * Notes that nothing waits for a destination any more.
   *
   * @param backlog Its backlog.
   */
  ended(backlog: Backlog): void;
}

/**
 * Messages for one destination, in two lanes that take turns: those that fit a datagram, and larger ones in fragments. So
 * neither keeps the other waiting.
 */
export class Backlog implements Tally {
  readonly outcomes: Outcomes;
  /** The destination. */
  readonly to: number;
  readonly #owner: BacklogOwner;
  readonly #small: SmallLane;
  readonly #large: LargeLane;
  #nextLane: Lane;
  #queued = 0;
  /** The datagram that waits for room. */
  #patient: PatientSend | undefined;
  #reconsidered = false;
  /** Whether the last wait was in vain. */
  #stalled = false;
  #lastProgress = performance.now();
  #holds = true;
  #closed = false;

  /**
   * @param owner All backlogs together.
   * @param to The destination.
   */
  constructor(owner: BacklogOwner, to: number) {
    const { link, limits, outcomes } = owner;
    // Two peers that send to each other must both read, or neither ever finds room.
    link.hold();
    this.outcomes = outcomes;
    this.to = to;
    this.#owner = owner;
    this.#small = new SmallLane(this, limits.maxJoined);
    this.#large = new LargeLane(this, limits.maxMessageSize);
    this.#nextLane = this.#small;
  }

  /**
   * Adds the messages of a datagram.
   *
   * @param datagram The datagram, which is kept.
   * @param deliveries Learn what became of each message.
   */
  add(datagram: Uint8Array<ArrayBuffer>, deliveries: readonly Delivery[]): void {
    this.#small.add(datagram, deliveries);
  }

  /**
   * Adds a message that leaves in a datagram of its own.
   *
   * @param bytes The message, which is kept.
   * @param delivery Learns what became of it.
   */
  addAlone(bytes: Uint8Array<ArrayBuffer>, delivery: Delivery): void {
    this.#small.addAlone(bytes, delivery);
  }

  /**
   * Adds a message that leaves in fragments.
   *
   * @param message The message.
   * @param delivery Learns what became of it.
   */
  addLarge(message: LargeMessage, delivery: Delivery): void {
    this.#large.add(message, delivery);
  }

  /**
   * Tells the receiver that the rest of a message will not come.
   *
   * @param message The message, of which some has left.
   */
  abandon(message: LargeMessage): void {
    this.#large.abandon(message);
  }

  /**
   * Sends what can be sent without waiting, and has the rest wait.
   *
   * @param deadline When others have their turn, as `performance.now()` counts.
   */
  pump(deadline: number): void {
    if (this.#patient !== undefined || this.#closed) return;
    for (let datagram = this.#next(); datagram !== undefined; datagram = this.#next()) {
      const outcome = this.#send(datagram);
      if (outcome === "unread") return this.#owner.pumpLater(this);
      if (outcome === "full") return this.#wait(datagram);
      this.outcomes.tell();
      if (performance.now() > deadline && !this.#closed) return this.#owner.pumpLater(this);
    }
    this.close();
  }

  /**
   * Ends the backlog.
   *
   * @param error Why what is left is not sent; nothing where nothing is left.
   */
  close(error?: Error): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#patient?.cancel();
    for (const delivery of [...this.#small.clear(), ...this.#large.clear()]) this.outcomes.add(delivery, error);
    this.#owner.ended(this);
    if (this.#holds) this.#owner.link.release();
  }

  refuse(size: number, reserved = false): Error | undefined {
    if (this.#queued === 0) return undefined;
    const reserve = reserved ? RESERVED_BYTES : 0;
    const maximum = this.#owner.limits.maxQueuedBytes + reserve;
    const refusal = this.#queued + size > maximum
      ? { queued: this.#queued, maximum }
      : this.#owner.refuse(size - reserve, this.#queued);
    return refusal && new ReceiverFullError(this.to, refusal.queued, refusal.maximum);
  }

  noRoom(): Error {
    return new ReceiverFullError(this.to, this.#queued, this.#owner.limits.maxQueuedBytes);
  }

  enter(size: number): void {
    this.#queued += size;
    this.#owner.count(size);
  }

  leave(size: number): void {
    this.#queued -= size;
    this.#owner.count(-size);
  }

  reconsider(): void {
    if (this.#patient?.cancel()) this.#reconsidered = true;
  }

  #next(): NextDatagram | undefined {
    const lane = this.#nextLane;
    const other = lane === this.#small ? this.#large : this.#small;
    const datagram = lane.next();
    if (datagram === undefined) return other.next();
    this.#nextLane = other;
    return datagram;
  }

  /** Sends where there is room, or will be at once. What fails is done with, too. */
  #send(datagram: NextDatagram): SoonOutcome {
    const { link } = this.#owner;
    const { bytes, length } = datagram;
    try {
      if (!link.send(this.to, bytes, length)) {
        const outcome = link.sendSoon?.(this.to, bytes, length) ?? "full";
        if (outcome === "unread" && performance.now() > this.#lastProgress + HASTE_MILLISECONDS) return "full";
        if (outcome !== "sent") return outcome;
      }
      this.#left(datagram);
    } catch (error) {
      this.#failed(datagram, error as Error);
    }
    return "sent";
  }

  #left(datagram: NextDatagram): void {
    datagram.left();
    this.#owner.traffic.bytesOut += datagram.length;
    this.#lastProgress = performance.now();
    if (this.#holds) return;
    try {
      this.#owner.link.hold();
      this.#holds = true;
    } catch {
      // It goes on as before: what awaits something has a hold of its own.
    }
  }

  #failed(datagram: NextDatagram, error: Error): void {
    if (error instanceof PeerGoneError) this.close(error);
    else datagram.failed(error);
  }

  #wait(datagram: NextDatagram | undefined): void {
    if (datagram === undefined) return this.close();
    this.#reconsidered = false;
    this.#owner.traffic.retries++;
    const { bytes, length } = datagram;
    const patient = this.#patient = this.#owner.link.sendPatiently(this.to, bytes, length, this.#stalled);
    patient.sent.then((sent) => this.#waited(datagram, sent), (error) => this.#waited(datagram, error));
  }

  /** Goes on after a wait. Where it was in vain, what is next may be another datagram by now. */
  #waited(datagram: NextDatagram, sent: boolean | Error): void {
    this.#patient = undefined;
    if (this.#closed) return;
    // A wait that was given up early says nothing.
    if (!this.#reconsidered || sent !== false) this.#stalled = sent === false;
    if (sent === false) {
      this.#loseHold();
      return this.#wait(this.#next());
    }
    if (sent === true) this.#left(datagram);
    else this.#failed(datagram, sent);
    this.outcomes.tell();
    this.pump(performance.now() + TURN_MILLISECONDS);
    this.outcomes.tell();
  }

  #loseHold(): void {
    if (!this.#holds || performance.now() < this.#lastProgress + PATIENCE_MILLISECONDS) return;
    this.#holds = false;
    this.#owner.link.release();
  }
}
