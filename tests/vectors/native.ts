// The golden bytes of native.json, typed. They were packed by an independent script: never regenerate them from src/.
import vectors from "./native.json" with { type: "json" };

/** One message, field by field. */
export interface MessageVector {
  readonly name: string;
  readonly hex: string;
  readonly nlmsg_len: number;
  readonly nlmsg_type: number;
  readonly nlmsg_flags: number;
  readonly nlmsg_seq: number;
  readonly nlmsg_pid: number;
  readonly version: number;
  readonly length: number;
  readonly payload_type: number;
  readonly seq: number;
  readonly timestamp: string;
  readonly json: string;
}

/** Several messages in one datagram. */
export interface DatagramVector {
  readonly name: string;
  readonly hex: string;
  readonly count: number;
  readonly json: readonly string[];
}

/** One message in several datagrams. */
export interface FragmentsVector {
  readonly name: string;
  readonly datagrams: readonly string[];
  readonly json: string;
}

/** The vectors of one whole message each. */
export const MESSAGES: readonly MessageVector[] = vectors.filter((vector) => "nlmsg_len" in vector) as MessageVector[];
/** The vector of two messages in one datagram. */
export const TWO_MESSAGES: DatagramVector = vectors.find((vector) => "count" in vector) as DatagramVector;
/** The vector of one message in three fragments. */
export const FRAGMENTS: FragmentsVector = vectors.find((vector) => "datagrams" in vector) as FragmentsVector;

/** The vector whose name begins so. */
export function messageVector(name: string): MessageVector {
  const vector = MESSAGES.find((vector) => vector.name.startsWith(name));
  if (vector === undefined) throw new RangeError(`There is no vector ${name}`);
  return vector;
}

/** Bytes of a hexadecimal text; blanks are passed over. */
export function unhex(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromHex(text.replaceAll(" ", ""));
}
