/**
 * What stands for messages of a group that are missing.
 *
 * @module
 */

/**
 * Stands in the messages of a group where some are missing: the member was too slow for them, or the group's owner has been
 * restarted. What is built from all messages is to be built anew.
 *
 * @example
 * ```ts
 * import { GroupGap } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const messages: (string | GroupGap)[] = ["a", new GroupGap(2), "d"];
 * const shown = messages.map((message) => message instanceof GroupGap ? `(${message.missed} missing)` : message);
 * assertEquals(shown, ["a", "(2 missing)", "d"]);
 * ```
 */
export class GroupGap {
  /** How many messages are missing, as far as that is known. */
  readonly missed: number;
  /**
   * Whether the owner was restarted, or has closed the group and opened it anew. Then nobody knows what else the one before has
   * published at its end.
   */
  readonly isRestart: boolean;

  /**
   * Makes one.
   *
   * @param missed How many messages are missing.
   * @param isRestart Whether the owner was restarted.
   */
  constructor(missed: number, isRestart: boolean = false) {
    this.missed = missed;
    this.isRestart = isRestart;
  }
}
