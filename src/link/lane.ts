/**
 * The lanes of a backlog. Each says which datagram is its next one, and is told whether that has left.
 *
 * @module
 */
import type { Delivery, WaitingMessage } from "./delivery.ts";
import type { Outcomes } from "./outcomes.ts";

/** A datagram that is its lane's next. */
export interface NextDatagram {
  /** Memory that begins with the datagram. It is left alone until it is told what became of it. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Length of the datagram in bytes. */
  readonly length: number;
  /** It is in the receiver's queue. */
  left(): void;
  /**
   * It could not be sent, and is not tried again.
   *
   * @param error Why.
   */
  failed(error: Error): void;
}

/** Messages of one kind on their way to one destination. */
export interface Lane {
  /**
   * Chooses what is sent next; the same again until it has left, unless a message was taken back.
   *
   * @returns A datagram, or undefined where there is nothing to send.
   */
  next(): NextDatagram | undefined;
  /**
   * Empties the lane.
   *
   * @returns Who is still to learn what became of its message.
   */
  clear(): Delivery[];
}

/** A message in a lane. Once it was taken back, it passes on nothing. */
export class Entry<Content> implements WaitingMessage, Delivery {
  /** The message itself. */
  readonly content: Content;
  /** Its size in bytes. */
  readonly size: number;
  /** When it was taken back, as `performance.now()` counts; Infinity where it was not. */
  withdrawnAt = Infinity;
  readonly #delivery: Delivery;
  readonly #withdraw: (entry: this) => void;

  /**
   * @param content The message itself.
   * @param size Its size in bytes.
   * @param delivery Learns what became of it.
   * @param withdraw Takes it out of its lane.
   */
  constructor(content: Content, size: number, delivery: Delivery, withdraw: (entry: Entry<Content>) => void) {
    this.content = content;
    this.size = size;
    this.#delivery = delivery;
    this.#withdraw = withdraw;
  }

  delivered(): void {
    if (!this.withdrawn) this.#delivery.delivered();
  }

  undelivered(error: Error): void {
    if (!this.withdrawn) this.#delivery.undelivered(error);
  }

  /** Whether it was taken back. */
  get withdrawn(): boolean {
    return this.withdrawnAt !== Infinity;
  }

  withdraw(): void {
    if (this.withdrawn) return;
    this.withdrawnAt = performance.now();
    this.#withdraw(this);
  }
}

/** What the lanes of a backlog share. */
export interface Tally {
  /** What became of messages, until it is told. */
  readonly outcomes: Outcomes;
  /**
   * Tells whether a message may wait.
   *
   * @param size Its size in bytes.
   * @param reserved Whether it may use what is kept in reserve.
   * @returns Why not, or undefined.
   */
  refuse(size: number, reserved?: boolean): Error | undefined;
  /** Says that there is no room for what must not wait. */
  noRoom(): Error;
  /** Counts a message that waits from now on. */
  enter(size: number): void;
  /** Counts a message that waits no longer: it is under way, has left, or was taken back. */
  leave(size: number): void;
  /** Notes that the datagram that is next may be another one by now. */
  reconsider(): void;
}
