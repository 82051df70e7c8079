/**
 * A member of a group, as its owner sees it.
 *
 * @module
 */
import { PeerClosedError, PeerGoneError } from "../errors.ts";
import type { Delivery } from "../link/delivery.ts";
import type { Caller } from "../link/link.ts";
import type { Batch } from "./batch.ts";
import type { GroupLog } from "./log.ts";

/** The share of what may wait for a member that is sent before it says that it has some: others may send there too. */
const HEARD_SHARE = 1 / 2;

/** Tells whether the same peer still holds a port. */
export interface WatchedPort {
  /** Whether it does, as of the last second or better. */
  readonly isCurrent: boolean;
  /** Watches no longer. */
  close(): void;
}

/** What a member needs of its group. */
export interface MemberHost {
  /** The messages. */
  readonly log: GroupLog;
  /** Finds messages that leave together, from one that is kept. */
  batchAt(from: number): Batch;
  /** Sends them. What became of them the delivery learns, perhaps before this returns. */
  send(to: number, batch: Batch, delivery: Delivery): void;
  /** Tells that all messages before a number are not to be had any more. */
  skip(to: number, number: number): void;
  /** The member has got something, or is slow. */
  changed(member: GroupMember): void;
  /** The member is gone. */
  gone(member: GroupMember): void;
  /** The member is to be sent something again after a while. */
  later(): void;
}

/** A member of a group. What is sent to it one by one is in its queue before the next leaves: of a slow one nothing piles up. */
export class GroupMember implements Delivery {
  /** Who it is, in the kernel's words. */
  readonly caller: Caller;
  /** Which of the memberships of its peer it is. */
  readonly id: number;
  /** Whether it does not keep up: nobody waits for it until it has all. */
  isSlow = false;

  /** How much may wait for it where it hears the multicast group, in bytes. */
  #hears = 0;
  /** What all messages take up that it has acknowledged. */
  #acknowledged = 0;
  readonly #host: MemberHost;
  readonly #watched: WatchedPort;
  /** Number of the next message that it is to get. */
  #cursor = 0;
  /** Number behind the messages that are on their way. */
  #under: number | undefined;
  /** From where on it wants messages, where it has said so meanwhile. */
  #wanted: number | undefined;
  /** From where on it has wanted messages last, and whether the first of them was in its queue by then. */
  #asked: { readonly number: number; readonly wasThere: boolean } | undefined;
  /** Number behind the last message that was in its queue: what it hears beside does not count. */
  #sent = 0;
  #isGone = false;
  #isPumping = false;
  /** Whether it could not be sent anything, and is tried again later. */
  #isWaiting = false;

  /**
   * @param host The group.
   * @param caller Who it is.
   * @param id Which of the memberships of its peer it is.
   * @param watch Watches whether it is still there.
   */
  constructor(host: MemberHost, caller: Caller, id: number, watch: (gone: () => void) => WatchedPort) {
    this.#host = host;
    this.caller = caller;
    this.id = id;
    this.#watched = watch(() => this.#host.gone(this));
  }

  /** Whether it has all messages before a number, as far as is known. */
  has(number: number): boolean {
    return this.#cursor > number;
  }

  /** Whether messages are on their way to it. */
  get isUnderWay(): boolean {
    return this.#under !== undefined;
  }

  /**
   * Says from where on it wants messages.
   *
   * @param number Number of the first one.
   * @param hears How much may wait for it where it hears the multicast group, in bytes; 0 where it does not.
   */
  resume(number: number, hears: number): void {
    this.#hears = hears;
    this.acknowledge(number);
    const wanted = Math.min(this.#isRefused(number) ? this.#pass(number) : number, this.#host.log.next);
    if (this.#under === undefined) this.#cursor = wanted;
    else this.#wanted = wanted;
  }

  /**
   * Notes that it has all messages before a number.
   *
   * @param number The number.
   */
  acknowledge(number: number): void {
    this.#acknowledged = this.#host.log.chargeBefore(number);
    this.#maybeKeepsUp();
  }

  /**
   * Tells whether it is to hear what is new: it has all messages before, or they wait for it, and there is room for more.
   *
   * @param first Number of the first message that is new.
   * @returns Whether.
   */
  isHearing(first: number): boolean {
    if (this.#hears === 0 || this.#cursor !== first || this.#under !== undefined) return false;
    return this.#host.log.charge - this.#acknowledged <= this.#hears * HEARD_SHARE;
  }

  /** Whether half of that room is taken by what it has not acknowledged: whoever publishes on and on must read what it says. */
  get isPressed(): boolean {
    return this.#hears > 0 && this.#host.log.charge - this.#acknowledged > this.#hears * HEARD_SHARE / 2;
  }

  /**
   * Notes that it was sent all messages before a number in another way.
   *
   * @param number The number.
   */
  reached(number: number): void {
    this.#cursor = number;
  }

  /** Sends what it does not have yet, unless something is on its way to it. */
  pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#under === undefined && !this.#isGone && !this.#isWaiting && this.#cursor !== this.#host.log.next) {
      this.#sendNext();
    }
    this.#isPumping = false;
  }

  /** Tries again to send, after a while. */
  retry(): void {
    this.#isWaiting = false;
    this.pump();
  }

  /** Ends it. */
  close(): void {
    this.#isGone = true;
    this.#watched.close();
  }

  delivered(): void {
    this.#sent = Math.max(this.#sent, this.#under!);
    this.#arrived(this.#under!);
    this.#maybeKeepsUp();
    this.#host.changed(this);
    this.pump();
  }

  undelivered(error: Error): void {
    this.#arrived(this.#cursor);
    if (this.#isGone || error instanceof PeerClosedError) return;
    if (error instanceof PeerGoneError) return this.#host.gone(this);
    this.isSlow = this.#isWaiting = true;
    this.#host.changed(this);
    this.#host.later();
  }

  /**
   * Tells whether it does not take a message, such as one that is larger than it reads: it asks for it again, although it was in its
   * queue before it had the answer when it asked last. Without that it would be sent again and again, and nothing behind it be taken.
   */
  #isRefused(number: number): boolean {
    const isRefused = this.#asked?.number === number && this.#asked.wasThere;
    this.#asked = isRefused ? undefined : { number, wasThere: this.#sent > number };
    return isRefused;
  }

  /** Tells it that a message is not to be had. Returns the number of the next one. */
  #pass(number: number): number {
    this.#host.skip(this.caller.port, number + 1);
    return number + 1;
  }

  #sendNext(): void {
    const { log } = this.#host;
    // Whoever holds the port by now is nobody's member.
    if (!this.#watched.isCurrent) return this.#host.gone(this);
    const { port } = this.caller;
    if (this.#cursor < log.first) {
      this.#cursor = log.first;
      this.#host.skip(port, log.first);
    }
    const batch = this.#host.batchAt(this.#cursor);
    this.#under = batch.next;
    this.#host.send(port, batch, this);
  }

  /** Whoever has all in its queue keeps up; one that hears, once it has said that it reads that. */
  #maybeKeepsUp(): void {
    if (this.#cursor === this.#host.log.next && !this.isPressed) this.isSlow = false;
  }

  #arrived(number: number): void {
    this.#under = undefined;
    this.#cursor = this.#wanted ?? number;
    this.#wanted = undefined;
  }
}
