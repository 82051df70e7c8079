/**
 * What can be wrong with a fragment.
 *
 * @module
 */
import type { DatagramReader } from "./datagram.ts";
import { FRAME_HEADERS_SIZE } from "./frame.ts";

/** Why a message is not taken. */
export interface FragmentProblem {
  /**
   * What kind of problem: parts that are missing, that contradict each other, or too much of them. `"abandoned"` is no fault: its
   * sender no longer wants it to arrive.
   */
  readonly kind: "incomplete" | "malformed" | "refused" | "abandoned";
  /** The same for a person to read. */
  readonly reason: string;
}

/** What all fragments of a message state. */
export interface StatedMessage {
  /** `version`. */
  readonly version: number;
  /** `nlmsg_seq`. */
  readonly nlmsgSeq: number;
  /** `payload_type`. */
  readonly payloadType: number;
  /** Size of the whole message in bytes, both headers included. */
  readonly size: number;
  /** `timestamp`, as two halves. */
  readonly timestamp: readonly [low: number, high: number];
}

/**
 * Tells whether a fragment is of the message, and not of another one with the same number: a port that is opened anew counts from
 * the start.
 *
 * @param message What its first fragment stated.
 * @param fragment A reader that is at the fragment.
 * @returns Whether it is.
 */
export function belongsTo(message: StatedMessage, { nlmsgSeq, timestamp }: DatagramReader): boolean {
  const [low, high] = message.timestamp;
  return message.nlmsgSeq === nlmsgSeq && low === timestamp[0] && high === timestamp[1];
}

/**
 * Says in what a fragment differs from the first one of its message.
 *
 * @param message What the first one stated.
 * @param fragment A reader that is at the fragment.
 * @returns The problem, or undefined.
 */
export function contradiction(message: StatedMessage, fragment: DatagramReader): FragmentProblem | undefined {
  const differs = message.size !== fragment.size
    ? "size"
    : message.payloadType !== fragment.payloadType
    ? "payload_type"
    : message.version !== fragment.version
    ? "version"
    : undefined;
  if (differs === undefined) return undefined;
  return { kind: "malformed", reason: `Fragments of one message differ in their ${differs}` };
}

/**
 * Says why a fragment cannot be the first one of its message.
 *
 * @param fragment A reader that is at the fragment.
 * @returns The problem, or undefined.
 */
export function gapAtStart(fragment: DatagramReader): FragmentProblem | undefined {
  if (fragment.size < FRAME_HEADERS_SIZE) {
    const reason = `procslinkhdr.length states a message of ${fragment.size} bytes, and its headers alone are larger`;
    return { kind: "malformed", reason };
  }
  if (!fragment.last || FRAME_HEADERS_SIZE + fragment.bodyEnd - fragment.bodyStart >= fragment.size) return undefined;
  return isAbandoned(fragment) ??
    { kind: "incomplete", reason: "The last fragment of a message whose others are not here" };
}

/**
 * Says why the parts do not make the whole.
 *
 * @param message What the first fragment stated.
 * @param fragment A reader that is at the one that has come now.
 * @param received How much has come with it, in bytes, both headers included once.
 * @returns The problem, or undefined.
 */
export function gapInSum(
  { size }: StatedMessage,
  fragment: DatagramReader,
  received: number,
): FragmentProblem | undefined {
  if (received > size) {
    return { kind: "malformed", reason: `The fragments of a message have more than the ${size} bytes that they state` };
  }
  if (!fragment.last) {
    const isEmpty = fragment.bodyEnd === fragment.bodyStart;
    return isEmpty ? { kind: "malformed", reason: "A fragment without a part of the message" } : undefined;
  }
  if (received === size) return undefined;
  return isAbandoned(fragment) ??
    { kind: "incomplete", reason: `The last fragment has come, and ${size - received} of ${size} bytes are missing` };
}

/** A last fragment with nothing in it says that the rest will not come. */
function isAbandoned({ bodyStart, bodyEnd }: DatagramReader): FragmentProblem | undefined {
  return bodyStart === bodyEnd
    ? { kind: "abandoned", reason: "The sender has taken a message back that was on its way" }
    : undefined;
}
