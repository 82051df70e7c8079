/**
 * What is awaited from one port.
 *
 * @module
 */
import type { Caller } from "../link/link.ts";

/** Something that a port owes an answer, or room. */
export interface Member {
  /**
   * Ends it.
   *
   * @param reason Why.
   * @param sender Who holds the port, where that is known by now.
   */
  reject(reason: unknown, sender?: Caller): void;
  /**
   * Ends it, since nobody wants to know any more.
   *
   * @param reason Why.
   */
  abort(reason: unknown): void;
  /** Where it is a member, where there, and as which in order; kept by {@linkcode Members}. */
  memberOf?: Members | undefined;
  memberIndex?: number;
  memberNumber?: number;
}

/** Members come and go with every call: a set would cost a call as much as its id does. */
export class Members {
  /** In no order: where one leaves, the last one takes its place. */
  readonly #members: Member[] = [];
  #lastNumber = 0;

  /** How many there are. */
  get size(): number {
    return this.#members.length;
  }

  /**
   * Adds a member, where it is none.
   *
   * @param member The member.
   */
  add(member: Member): void {
    if (member.memberOf === this) return;
    member.memberOf = this;
    member.memberIndex = this.#members.length;
    member.memberNumber = ++this.#lastNumber;
    this.#members.push(member);
  }

  /**
   * Deletes a member.
   *
   * @param member The member.
   * @returns Whether it was one.
   */
  delete(member: Member): boolean {
    if (member.memberOf !== this) return false;
    member.memberOf = undefined;
    const last = this.#members.pop()!;
    if (last === member) return true;
    this.#members[member.memberIndex!] = last;
    last.memberIndex = member.memberIndex!;
    return true;
  }

  /**
   * Lists the members.
   *
   * @returns The members, in the order in which they came.
   */
  inOrder(): Member[] {
    return this.#members.toSorted((a, b) => a.memberNumber! - b.memberNumber!);
  }
}
