/**
 * How many members have what was published in one turn.
 *
 * @module
 */
import type { GroupMember } from "./group_member.ts";

/** Waits until it is known. A member that does not keep up is waited for but a moment, and then not before it has caught up. */
export class Reach {
  /** Number of the first message of the turn. */
  readonly first: number;
  /** Number of the last one. */
  number: number;
  /** What they take up, in bytes. */
  bytes = 0;
  readonly #outcome = Promise.withResolvers<number>();
  readonly #undecided = new Set<GroupMember>();
  #reached = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /**
   * @param first Number of the first message of the turn.
   */
  constructor(first: number) {
    this.first = this.number = first;
  }

  /** Resolves with how many members have all of it. */
  get promise(): Promise<number> {
    return this.#outcome.promise;
  }

  /**
   * Adds a message.
   *
   * @param size What it takes up, in bytes.
   */
  add(size: number): void {
    this.bytes += size;
  }

  /**
   * Begins to wait, once all was sent that could be.
   *
   * @param members The members.
   * @param grace How long one is waited for that has no room, in milliseconds.
   * @returns Whether it is known already.
   */
  begin(members: Iterable<GroupMember>, grace: number): boolean {
    for (const member of members) {
      if (this.#isOpen(member, member.isUnderWay)) this.#undecided.add(member);
      else if (member.has(this.number)) this.#reached++;
    }
    if (this.#undecided.size > 0) this.#timer = setTimeout(() => this.#expire(), grace);
    else this.end();
    return this.#undecided.size === 0;
  }

  /**
   * Takes note of a member that has got something, or is slow, or gone.
   *
   * @param member The member.
   * @returns Whether it is known of all by now.
   */
  decide(member: GroupMember): boolean {
    if (this.#undecided.has(member) && !this.#isOpen(member, true)) {
      this.#undecided.delete(member);
      if (member.has(this.number)) this.#reached++;
      if (this.#undecided.size === 0) this.end();
    }
    return this.#undecided.size === 0;
  }

  /** Waits no longer. */
  end(): void {
    clearTimeout(this.#timer);
    this.#undecided.clear();
    this.#outcome.resolve(this.#reached);
  }

  /** Whether a member is waited for: that it gets what is on its way, or that it says what has arrived. */
  #isOpen(member: GroupMember, isOnItsWay: boolean): boolean {
    if (member.isSlow) return false;
    return member.has(this.number) ? member.isPressed : isOnItsWay;
  }

  #expire(): void {
    for (const member of this.#undecided) {
      member.isSlow = true;
      if (member.has(this.number)) this.#reached++;
    }
    this.end();
  }
}
