/**
 * What other users take up here.
 *
 * @module
 */

import type { AccessSide } from "./access.ts";

/** Counts, for each user but our own, how much of something is taken up, and bounds it. */
export class UserQuota {
  readonly #side: AccessSide;
  readonly #maximum: number;
  readonly #taken = new Map<number, number>();
  /** Our own user, once that was asked; -1 where nobody knows who that is. */
  #ownUid: number | undefined;

  /**
   * @param side The side whose own user is not counted.
   * @param maximum How much one of the others may take up.
   */
  constructor(side: AccessSide, maximum: number) {
    this.#side = side;
    this.#maximum = maximum;
  }

  /**
   * Tells whether a user is another than our own. An id that stands for whoever is not mapped is, also where it is our own.
   *
   * @param uid The user.
   * @returns Whether.
   */
  isForeign(uid: number): boolean {
    return uid !== (this.#ownUid ??= this.#findOwnUid());
  }

  /**
   * Takes some.
   *
   * @param uid For which user.
   * @param amount How much.
   * @param always Whether it may exceed the bound, where nothing is taken up so far.
   * @returns Whether it was to be had; then it must be given back.
   */
  take(uid: number, amount: number, always = false): boolean {
    if (!this.isForeign(uid)) return true;
    const taken = this.#taken.get(uid) ?? 0;
    if (taken + amount > this.#maximum && !(always && taken === 0)) return false;
    this.#taken.set(uid, taken + amount);
    return true;
  }

  /**
   * Gives some back.
   *
   * @param uid Of which user.
   * @param amount How much.
   */
  give(uid: number, amount: number): void {
    if (!this.isForeign(uid)) return;
    const rest = this.#taken.get(uid)! - amount;
    if (rest === 0) this.#taken.delete(uid);
    else this.#taken.set(uid, rest);
  }

  #findOwnUid(): number {
    const { uid, unmapped } = this.#side;
    return uid === unmapped?.uid ? -1 : uid;
  }
}
