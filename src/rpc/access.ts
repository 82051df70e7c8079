/**
 * Rules for who may call, and who may answer. They go by the user and the group that the kernel attests, never by a process id.
 *
 * @module
 */
import type { Caller, Link } from "../link/link.ts";

/** Users and groups. Whoever is one of these users, or in one of these groups, passes: nobody else, also not the own user. */
export interface AccessList {
  /**
   * User ids.
   *
   * @default none
   */
  readonly uids?: readonly number[] | undefined;
  /**
   * Group ids. A process counts by its real group id alone, not by its supplementary groups.
   *
   * @default none
   */
  readonly gids?: readonly number[] | undefined;
}

/**
 * Decides on one call. What is not exactly true, or throws, or rejects, is no. As `trust` it is asked before the call is sent, and
 * again of whoever answers.
 *
 * @param caller The other side, as the kernel attests it. A user id of 65534 in a user namespace that does not map all ids is anybody.
 * @param method Name of the method.
 * @returns Whether it may.
 */
export type AccessFunction = (caller: Caller, method: string) => boolean | Promise<boolean>;

/**
 * Who may: `"same-user"`, which is the user of this process and root; `"anyone"`; some users and groups; or whom a function
 * says. A rule is read once: a list that is changed later changes nothing.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const trusted = new Set([0, 1_000]);
 * await using server = new RPCPeer({
 *   access: ({ uid }, method) => method.startsWith("read") || trusted.has(uid),
 * });
 * server.registerFunction(() => "the text", "readText");
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * assertEquals(await client.call(server.nlPid, "readText"), "the text");
 * ```
 */
export type AccessRule = "same-user" | "anyone" | AccessList | AccessFunction;

/** The side that a rule belongs to. */
export type AccessSide = Pick<Link, "uid" | "unmapped">;

/** A rule in the form in which it is asked. */
export interface Access {
  /** Whether the answer is the same for every method, and at hand. */
  readonly isFixed: boolean;
  /** Whether everybody may. */
  readonly isAnyone: boolean;
  /**
   * Tells whether somebody may.
   *
   * @param caller Who.
   * @param method Name of the method.
   * @returns Whether; a promise, which never rejects, where that takes longer.
   */
  allows(caller: Caller, method: string): boolean | Promise<boolean>;
}

/** Everybody may. */
export const ANYONE: Access = { isFixed: true, isAnyone: true, allows: () => true };

/**
 * Checks a rule, and brings it into the form in which it is asked.
 *
 * @param name What it is, for the message of an error.
 * @param rule The rule.
 * @param side The side that it belongs to.
 * @param thrown Told of what a function throws or rejects with.
 * @returns The rule.
 * @throws {TypeError} If it is none.
 * @throws {RangeError} If an id is out of range.
 */
export function compileAccess(
  name: string,
  rule: AccessRule,
  side: AccessSide,
  thrown: (error: unknown, caller: Caller, method: string) => void,
): Access {
  if (rule === "anyone") return ANYONE;
  if (rule === "same-user") return new OwnAccess(side);
  if (typeof rule === "function") return new AskedAccess(rule, thrown);
  if (typeof rule !== "object" || rule === null || Array.isArray(rule)) {
    throw new TypeError(`${name} must be "same-user", "anyone", { uids, gids } or a function, not ${describe(rule)}`);
  }
  return new ListedAccess(idsOf(`${name}.uids`, rule.uids), idsOf(`${name}.gids`, rule.gids), side);
}

/** The own user, and root. */
class OwnAccess implements Access {
  readonly isFixed = true;
  readonly isAnyone = false;
  readonly #side: AccessSide;

  constructor(side: AccessSide) {
    this.#side = side;
  }

  allows({ uid }: Caller): boolean {
    const { uid: own, unmapped } = this.#side;
    // Of an id that stands for whoever is not mapped, nobody knows whose it is; also where it is our own.
    return (uid === own || uid === 0) && uid !== unmapped?.uid;
  }
}

/** Certain users and groups. */
class ListedAccess implements Access {
  readonly isFixed = true;
  readonly isAnyone = false;
  readonly #uids: Set<number>;
  readonly #gids: Set<number>;
  /** What tells which ids stand for whoever is not mapped. */
  readonly #side: AccessSide;

  constructor(uids: Set<number>, gids: Set<number>, side: AccessSide) {
    this.#uids = uids;
    this.#gids = gids;
    this.#side = side;
  }

  allows({ uid, gid }: Caller): boolean {
    const { unmapped } = this.#side;
    return (uid !== unmapped?.uid && this.#uids.has(uid)) || (gid !== unmapped?.gid && this.#gids.has(gid));
  }
}

/** Whom a function says. */
class AskedAccess implements Access {
  readonly isFixed = false;
  readonly isAnyone = false;
  readonly #ask: AccessFunction;
  readonly #thrown: (error: unknown, caller: Caller, method: string) => void;

  constructor(ask: AccessFunction, thrown: (error: unknown, caller: Caller, method: string) => void) {
    this.#ask = ask;
    this.#thrown = thrown;
  }

  allows(caller: Caller, method: string): boolean | Promise<boolean> {
    const refuse = (error: unknown) => {
      this.#thrown(error, caller, method);
      return false;
    };
    try {
      const answer: unknown = this.#ask(caller, method);
      if (typeof answer !== "object" || answer === null) return answer === true;
      return Promise.resolve(answer as unknown).then((value) => value === true, refuse);
    } catch (error) {
      return refuse(error);
    }
  }
}

function idsOf(name: string, ids: unknown): Set<number> {
  if (ids === undefined) return new Set();
  if (!Array.isArray(ids)) throw new TypeError(`${name} must be an array of ids, not ${describe(ids)}`);
  for (const id of ids) {
    if (!Number.isInteger(id) || id < 0 || id >= 0xffff_ffff) {
      throw new RangeError(`${name} must hold ids, integers from 0 to 4294967294, not ${String(id)}`);
    }
  }
  return new Set(ids);
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : Array.isArray(value) ? "an array" : String(value);
}
