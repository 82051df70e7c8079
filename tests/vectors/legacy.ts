// The golden bytes of procslink-python-0.1.2.json, typed: what the Python package really sent. Never regenerate them from src/.
import vectors from "./procslink-python-0.1.2.json" with { type: "json" };

/** One message, which is a whole datagram. */
export interface LegacyVector {
  readonly name: string;
  readonly hex: string;
  readonly nlmsg_len: number;
  readonly nlmsg_pid: number;
  readonly payload_type: number;
  readonly length: number;
  /** What its body says. Python writes JSON with blanks, and nothing but ASCII. */
  readonly json: Readonly<Record<string, unknown>>;
}

/** All of them. */
export const LEGACY_MESSAGES: readonly LegacyVector[] = vectors;

/** The vector of that name. */
export function legacyVector(name: string): LegacyVector {
  const vector = LEGACY_MESSAGES.find((vector) => vector.name === name);
  if (vector === undefined) throw new RangeError(`There is no vector ${name}`);
  return vector;
}
