/**
 * What a caller is told whose params a validator refuses.
 *
 * @module
 */
import { InvalidParamsError } from "../jsonrpc/errors.ts";
import type { StandardIssue } from "./standard_schema.ts";

/** How much is told, whatever the validator says of it: callers choose what they send. */
const MOST_ISSUES = 10;
const MOST_CHARACTERS = 300;

/** What is wrong with one argument. */
export interface Refusal {
  /** The argument as the message shows it; empty for all params together. */
  readonly where: string;
  /** What is wrong, in the words of the validator. */
  readonly issues: Iterable<StandardIssue>;
}

/**
 * Makes the error for params that are refused.
 *
 * @param signature The method with its parameters.
 * @param refusals What is wrong.
 * @returns The error: its data names where it is, and has the validator's words.
 */
export function refusalError(signature: string, refusals: readonly Refusal[]): InvalidParamsError {
  const texts: string[] = [];
  let others = 0;
  for (const { where, issues } of refusals) {
    for (const { message, path } of issues) {
      if (texts.length === MOST_ISSUES) others++;
      else texts.push(`${shorten(placeOf(where, path))}: ${shorten(String(message))}`);
    }
  }
  if (others > 0) texts.push(`and ${others} more`);
  return new InvalidParamsError(`${signature} refuses ${texts.join("; ")}`);
}

function placeOf(where: string, path: StandardIssue["path"] = []): string {
  let place = where;
  // The array may be of a class of the validator's own: nothing but its elements is of use.
  for (const segment of path) {
    place += stepTo(typeof segment === "object" ? segment.key : segment, place === "");
    if (place.length > MOST_CHARACTERS) break;
  }
  return place === "" ? "its params" : place;
}

function stepTo(key: PropertyKey, isFirst: boolean): string {
  if (typeof key === "number") return `[${key}]`;
  if (typeof key === "string" && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)) return isFirst ? key : `.${key}`;
  return `[${typeof key === "symbol" ? String(key) : JSON.stringify(key)}]`;
}

function shorten(text: string): string {
  return text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
}
