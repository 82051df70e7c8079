/**
 * The messages of a group as they come to a member: each once, and in order.
 *
 * @module
 */
import type { Caller } from "../link/link.ts";
import type { Arrivals } from "./arrivals.ts";
import { GroupClosedError } from "./errors.ts";
import { chargeOf } from "./charge.ts";
import type { Published, Welcome } from "./messages.ts";
import { Taken } from "./taken.ts";

/** Asks the owner for all messages from a number on. Rejects where it cannot be asked. */
export type Resume = (next: number) => Promise<unknown>;

/** What a stream needs of its membership. */
export interface StreamHost {
  /** Takes the messages. */
  readonly arrivals: Arrivals;
  /** Asks the owner for messages. */
  readonly resume: Resume;
  /** Tells the owner that all messages before a number are here. */
  acknowledge(next: number): void;
  /** Has all taken that has been sent so far in another way. */
  drain(): void;
  /** The owner has closed the group. */
  closed(): void;
}

/** Takes the messages of one stream. */
export class Stream {
  /** The stream. */
  readonly name: string;
  /** Whose it is: only what comes from that port and user counts. */
  readonly owner: Pick<Caller, "port" | "uid">;
  readonly #host: StreamHost;
  readonly #taken: Taken;
  /** Number of the next message. */
  #next: number;
  /** After how much the owner is told that it is here, and how much has come since it was. */
  #acknowledged = Infinity;
  #unacknowledged = 0;
  /** Whether the owner is being asked; and whether it has to be asked once more. */
  #isAsking = false;
  #asksAgain = false;

  /**
   * @param welcome What the owner has told.
   * @param uid Its user, in the kernel's words.
   * @param host What it needs of its membership.
   */
  constructor({ stream, port, next }: Welcome, uid: number, host: StreamHost) {
    this.name = stream;
    this.owner = { port, uid };
    this.#next = next;
    this.#taken = new Taken(next);
    this.#host = host;
  }

  /** Number of the next message. */
  get next(): number {
    return this.#next;
  }

  /**
   * Takes a message, or the notice that all before one are not to be had any more.
   *
   * @param published The message.
   * @param bytes Length of its text in bytes.
   */
  take({ number, hasValue, value }: Published, bytes: number): void {
    if (!hasValue) return this.#skip(number);
    // What is here twice has come in two ways.
    if (number < this.#next) return;
    // Some have come in another way, or were lost there: the owner still has them.
    if (number > this.#next) this.#host.drain();
    if (number > this.#next) return this.lost();
    if (number < this.#next) return;
    this.#next++;
    this.#acknowledge(bytes);
    this.#host.arrivals.push({ number, value, bytes, taken: this.#taken });
  }

  /**
   * Takes note that the owner has closed the group.
   *
   * @param next Number behind its last message.
   */
  close(next: number): void {
    this.#host.drain();
    this.#skip(next);
    this.#host.closed();
  }

  /**
   * Has the owner told from time to time that its messages are here.
   *
   * @param bytes After how much, as {@linkcode chargeOf} counts.
   */
  acknowledges(bytes: number): void {
    this.#acknowledged = bytes;
  }

  /** Asks the owner for what was lost. */
  lost(): void {
    if (this.#isAsking) {
      this.#asksAgain = true;
      return;
    }
    this.#isAsking = true;
    this.#host.resume(this.#next).catch(() => {
      // Whoever cannot be asked is gone, or will send something that shows that some are missing.
    }).finally(() => {
      this.#isAsking = false;
      if (!this.#asksAgain) return;
      this.#asksAgain = false;
      this.lost();
    });
  }

  /**
   * Tells the owner whether a message was taken, once that is known.
   *
   * @param number Its number.
   * @returns Whether. Rejects where the membership ends before.
   */
  ask(number: number): Promise<boolean> {
    if (number >= this.#next) this.#host.drain();
    return this.#taken.ask(number);
  }

  /** Ends it. */
  end(): void {
    this.#taken.close(new GroupClosedError(this.name));
  }

  #acknowledge(bytes: number): void {
    this.#unacknowledged += chargeOf(bytes);
    if (this.#unacknowledged < this.#acknowledged) return;
    this.#unacknowledged = 0;
    this.#host.acknowledge(this.#next);
  }

  #skip(number: number): void {
    const missed = number - this.#next;
    if (missed <= 0) return;
    this.#taken.miss(this.#next, number - 1);
    this.#next = number;
    this.#host.arrivals.miss(missed, false);
  }
}
