/**
 * What a peer tells of itself.
 *
 * @module
 */
import { AccessDeniedError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import type { Caller } from "../link/link.ts";
import { NameNotFoundError } from "../naming/errors.ts";
import { isNameOf } from "../naming/name.ts";

/** Tells who holds the port: by what it returns, and by whom the answer comes from. */
export const IDENTITY_METHOD = "rpc.identity";

/** What `rpc.identity` returns. */
export interface Identity {
  /** A text that no other peer has, nor this one after it was opened anew. */
  readonly incarnation: string;
  /** The port of the peer itself. */
  readonly port: number;
  /** The name that the port stands for which was asked; left out where that is the peer's own. */
  readonly name?: string;
  /** All names of the peer. */
  readonly names: readonly string[];
  /** Names of the methods. */
  readonly methods: readonly string[];
}

/** Who has answered the question who holds a port. */
export interface Answerer {
  /** Who, in the kernel's words. */
  readonly caller: Caller;
  /** The name that the port stands for there, in its own words; null where it has none. */
  readonly name: string | null;
  /** What it has returned, which may be anything. */
  readonly identity?: unknown;
  /** Why it does not say. */
  readonly refusal?: unknown;
}

/** Why a port that was asked for its name has not told it: its lifeline was there first, and has told who holds it. */
export const LIFELINE_TELLS: Error = new Error("Its lifeline tells");

/**
 * Finds the name in what `rpc.identity` has returned.
 *
 * @param identity What it has returned, which may be anything.
 * @param port The port that was asked.
 * @returns The name that the port stands for, or null, also where it is not one that it could stand for.
 */
export function nameIn(identity: unknown, port: number): string | null {
  const name = typeof identity === "object" && identity !== null ? (identity as { name?: unknown }).name : undefined;
  return isNameOf(name, port) ? name : null;
}

/**
 * Says why a port is not called by a name. Who may not call, or not now, does not learn whether it has that.
 *
 * @param port The port.
 * @param wanted The name.
 * @param answerer Who has answered the question who holds the port.
 * @returns The error.
 */
export function notNamed(port: number, wanted: string, { name, refusal }: Answerer): Error {
  if (refusal instanceof AccessDeniedError || refusal instanceof TooManyRequestsError) return refusal;
  return new NameNotFoundError(wanted, port, name);
}

/**
 * Tells whether something is what `rpc.identity` returns. Its name is not looked at.
 *
 * @param value What was returned, which may be anything.
 * @returns Whether.
 */
export function isIdentity(value: unknown): value is Identity {
  if (typeof value !== "object" || value === null) return false;
  const { incarnation, port, names, methods } = value as Partial<Record<keyof Identity, unknown>>;
  return typeof incarnation === "string" && Number.isInteger(port) && isTexts(names) && isTexts(methods);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((text) => typeof text === "string");
}
