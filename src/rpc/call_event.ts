/**
 * What is told of a call to whoever traces a peer.
 *
 * @module
 */
import { isId, type JSONRPCId } from "../jsonrpc/guards.ts";
import { fieldsOf, isCount } from "./fields.ts";

/** What became of a call. */
export type CallOutcome = "result" | "error" | "notification" | "cancelled";

/** The error that a call was answered with. */
export interface CallFailure {
  /** Its code. */
  readonly code: number;
  /** Its message, of which the first 200 characters are told. */
  readonly message: string;
}

/** A call that a peer is done with, as {@linkcode TracingPeer.trace} tells of it. */
export interface CallEvent {
  /** Name of the method, of which the first 200 characters are told. */
  readonly method: string;
  /** Who has called, in the words of the kernel. */
  readonly caller: { readonly port: number; readonly uid: number };
  /** Id of the request; left out for a notification, and where it is a longer text. */
  readonly id?: JSONRPCId;
  /** The name by which the peer was called; left out where that was by its port. */
  readonly calledName?: string;
  /** When the request had arrived, in milliseconds since the epoch. */
  readonly startedAt: number;
  /** From then until it was done with, in milliseconds. */
  readonly duration: number;
  /**
   * What became of it: `"cancelled"` where its caller has given up or ended. A notification has no answer; where it failed, there is
   * an `error` nevertheless.
   */
  readonly outcome: CallOutcome;
  /** What went wrong; left out where nothing did. */
  readonly error?: CallFailure;
  /** How many requests the peer has still in hand. */
  readonly inHand: number;
}

const OUTCOMES: readonly unknown[] = ["result", "error", "notification", "cancelled"];

/**
 * Reads what a peer tells of a call.
 *
 * @param value What it tells, which may be anything.
 * @returns The call, or undefined where it is none. What it says may be a lie all the same.
 */
export function readCallEvent(value: unknown): CallEvent | undefined {
  const { method, caller, id, calledName, startedAt, duration, outcome, error, inHand } = fieldsOf(value);
  const { port, uid } = fieldsOf(caller);
  if (typeof method !== "string" || !isCount(port) || !isCount(uid) || !isCount(inHand)) return undefined;
  if (!isTime(startedAt) || !isTime(duration) || !OUTCOMES.includes(outcome)) return undefined;
  if ((id !== undefined && !isId(id)) || (calledName !== undefined && typeof calledName !== "string")) return undefined;
  const failure = error === undefined ? undefined : readFailure(error);
  if ((error !== undefined && failure === undefined) || (outcome === "error" && failure === undefined)) {
    return undefined;
  }
  return {
    method,
    caller: { port, uid },
    ...(id !== undefined && { id }),
    ...(calledName !== undefined && { calledName }),
    startedAt,
    duration,
    outcome: outcome as CallOutcome,
    ...(failure !== undefined && { error: failure }),
    inHand,
  };
}

function readFailure(value: unknown): CallFailure | undefined {
  const { code, message } = fieldsOf(value);
  return Number.isInteger(code) && typeof message === "string" ? { code: code as number, message } : undefined;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value >= 0;
}
