/**
 * What goes to one legacy peer: one message at a time.
 *
 * @module
 */

/** Messages that may still be answered although nobody waits for it; beyond, the oldest are forgotten. */
const REMEMBERED_STRAYS = 1_024;

/** A message for a legacy peer, and the time that is its own there. */
export interface LegacyTurn {
  /** When nobody wants it any more, as `performance.now()` counts. */
  readonly deadline: number;
  /** Sends it. */
  start(): void;
}

/**
 * A legacy peer carries out one request at a time, and tells by the id alone which one it answers. So a message goes only when the
 * one before is answered or given up, and never while the peer waits for an answer itself.
 *
 * An answer without an id, such as to a notification that failed, says nothing of what it answers. The peer takes messages in order:
 * it is to the oldest one that nobody waits for any more, where there is one, else to the one under way.
 */
export class LegacyLane {
  readonly #isFree: () => boolean;
  #waiting = new Set<LegacyTurn>();
  #current: LegacyTurn | undefined;
  #isStarting = false;
  #isScheduled = false;
  /** Id of the request under way. */
  #id: number | undefined;
  /** Messages that nobody waits for, and that may still be answered: their ids, and undefined for notifications. */
  #strays: (number | undefined)[] = [];

  /**
   * @param isFree Tells whether the peer does not wait for an answer itself.
   */
  constructor(isFree: () => boolean) {
    this.#isFree = isFree;
  }

  /** Whether nothing is on its way. */
  get isIdle(): boolean {
    return this.#current === undefined && this.#waiting.size === 0;
  }

  /** Whether a request is under way. A message whose turn it is may not have been sent, since it waits for what its trust says. */
  get isAwaiting(): boolean {
    return this.#id !== undefined;
  }

  /** Whether an answer may come that nobody waits for any more. */
  get mayBeAnswered(): boolean {
    return this.#strays.length > 0;
  }

  /** When the message whose turn it is is given up, as `performance.now()` counts. */
  get deadline(): number {
    return this.#current?.deadline ?? Infinity;
  }

  /**
   * Has a message sent when its turn comes, which may be now.
   *
   * @param turn The message.
   * @param isFirst Whether it goes in front of those that wait.
   */
  enter(turn: LegacyTurn, isFirst = false): void {
    if (isFirst) this.#waiting = new Set([turn, ...this.#waiting]);
    else this.#waiting.add(turn);
    if (!this.#isScheduled) this.next();
  }

  /**
   * Ends the turn of a message, or takes it back where its turn has not come.
   *
   * @param turn The message.
   * @param mayBeAnswered Whether it has been sent, and was not answered.
   */
  leave(turn: LegacyTurn, mayBeAnswered = false): void {
    if (turn !== this.#current) return void this.#waiting.delete(turn);
    if (mayBeAnswered && this.#id !== undefined) this.#stray(this.#id);
    this.#current = this.#id = undefined;
    this.nextLater();
  }

  /** Gives up on the message whose turn it is: the next one is sent. */
  dismiss(): void {
    if (this.#current !== undefined) this.leave(this.#current, true);
  }

  /**
   * Notes that a request is under way.
   *
   * @param id Its id.
   */
  sent(id: number): void {
    this.#id = id;
  }

  /**
   * Notes that nobody waits for the answer to a request any more, where it is under way.
   *
   * @param id Its id.
   */
  givenUp(id: number): void {
    if (this.#id !== id) return;
    this.#id = undefined;
    this.#stray(id);
  }

  /** Notes that a notification is under way. */
  sentNotification(): void {
    this.#stray(undefined);
  }

  /**
   * Notes that a request was answered: what was sent before it will not be any more.
   *
   * @param id The id of the answer.
   */
  answered(id: unknown): void {
    if (id === this.#id) {
      this.#id = undefined;
      this.#strays = [];
    } else if (typeof id === "number") this.#strays.splice(0, this.#strays.indexOf(id) + 1);
  }

  /**
   * Finds out which request is answered where the answer has no id.
   *
   * @returns Its id, or undefined where nobody waits for that answer.
   */
  answeredWithoutId(): number | undefined {
    if (this.#strays.length > 0) {
      this.#strays.shift();
      return undefined;
    }
    const id = this.#id;
    this.#id = undefined;
    return id;
  }

  /** Sends the next message, where it may go. */
  next(): void {
    if (this.#isStarting) return;
    this.#isStarting = true;
    // A turn may end before it has begun, where its message cannot be sent.
    while (this.#current === undefined && this.#waiting.size > 0 && this.#isFree()) {
      const [turn] = this.#waiting;
      this.#waiting.delete(turn!);
      // Its time is up: it ends by itself, and nobody wants the answer.
      if (turn!.deadline <= performance.now()) continue;
      this.#current = turn;
      turn!.start();
    }
    this.#isStarting = false;
  }

  /** Does so a little later: what ends one message, such as a signal or a timeout, often ends others that wait, one after the other. */
  nextLater(): void {
    if (this.#isScheduled || this.#waiting.size === 0) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.next();
    });
  }

  #stray(id: number | undefined): void {
    this.#strays.push(id);
    if (this.#strays.length > REMEMBERED_STRAYS) this.#strays.shift();
  }
}
