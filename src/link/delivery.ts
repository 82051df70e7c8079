/**
 * What becomes of a message that was posted.
 *
 * @module
 */

/** Learns what became of a message. */
export interface Delivery {
  /** The message is in the receiver's queue. */
  delivered(): void;
  /**
   * The message could not be sent.
   *
   * @param error Why.
   */
  undelivered(error: Error): void;
  /**
   * The message has to wait until the receiver has room for it.
   *
   * @param message Whoever no longer wants it sent takes it back.
   */
  waits?(message: WaitingMessage): void;
  /** Whether it may wait although there is no room for others: it is small, and tells that another message will not come. */
  readonly reserved?: boolean;
  /** Whether it does not wait: where the receiver has no room for it, it is not sent. */
  readonly expendable?: boolean;
}

/** A message that waits until the receiver has room for it. */
export interface WaitingMessage {
  /** Takes the message back. Where some of it has left, its receiver is told. Nobody learns what becomes of it. */
  withdraw(): void;
}

/** Stands for a message that does not wait where the receiver has no room for it, whatever becomes of it. */
export const EXPENDABLE: Delivery = { expendable: true, delivered() {}, undelivered() {} };
