/**
 * How much others may take up in a peer.
 *
 * @module
 */
import { checkInteger } from "./options.ts";

/**
 * How much others may take up in a peer. Beyond it a caller is refused with code -32002 "Too many requests"; the others do not
 * notice. A user is one by its real user id; our own is not counted as one.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 *
 * await using server = new RPCPeer({ access: "anyone", quotas: { requestsPerUser: 64, depth: 100 } });
 * ```
 */
export interface PeerQuotas {
  /**
   * Requests that are not answered yet, of all callers together.
   *
   * @default 65,536
   */
  requests?: number | undefined;
  /**
   * Requests of one other user that are not answered yet, or whose answers it has not read.
   *
   * @default 1,024
   */
  requestsPerUser?: number | undefined;
  /**
   * Bytes of answers that one other user does not read; one answer of any size may wait in any case.
   *
   * @default 67,108,864
   */
  answerBytesPerUser?: number | undefined;
  /**
   * Bytes of messages that are being put together from fragments, of all senders together.
   *
   * @default 268,435,456, or four of the largest messages where these are larger
   */
  reassemblyBytes?: number | undefined;
  /**
   * Bytes of messages of one other user that are being put together from fragments.
   *
   * @default 67,108,864, or one of the largest messages where that is larger
   */
  reassemblyBytesPerUser?: number | undefined;
  /**
   * How long a message waits for its next fragment, in milliseconds; it is counted in whole seconds.
   *
   * @default 30,000
   */
  fragmentTimeout?: number | undefined;
  /**
   * Members of a batch.
   *
   * @default 4,096
   */
  batchMembers?: number | undefined;
  /**
   * Depth of JSON: how many arrays and objects are inside each other.
   *
   * @default 1,000
   */
  depth?: number | undefined;
}

/** Quotas, with none left out. */
export type Quotas = { readonly [Name in keyof PeerQuotas]-?: number };

const MEBIBYTE = 1_048_576;

/**
 * Checks quotas, and fills in those that are left out.
 *
 * @param quotas The quotas.
 * @param maxMessageSize The largest message, in bytes.
 * @returns All of them.
 * @throws {TypeError} If they are no object, or one of them is not known.
 * @throws {RangeError} If one is not an integer, or out of range.
 */
export function completeQuotas(quotas: PeerQuotas, maxMessageSize: number): Quotas {
  if (typeof quotas !== "object" || quotas === null) throw new TypeError(`quotas must be an object, not ${quotas}`);
  const defaults: Quotas = {
    requests: 65_536,
    requestsPerUser: 1_024,
    answerBytesPerUser: 64 * MEBIBYTE,
    reassemblyBytes: Math.max(256 * MEBIBYTE, 4 * maxMessageSize),
    reassemblyBytesPerUser: Math.max(64 * MEBIBYTE, maxMessageSize),
    fragmentTimeout: 30_000,
    batchMembers: 4_096,
    depth: 1_000,
  };
  const complete: Record<string, number> = { ...defaults };
  for (const [name, value] of Object.entries(quotas) as [string, number | undefined][]) {
    if (!(name in defaults)) {
      throw new TypeError(
        `There is no quota ${JSON.stringify(name)}: it is one of ${Object.keys(defaults).join(", ")}`,
      );
    }
    if (value === undefined) continue;
    checkInteger(`quotas.${name}`, "a quota", value, name === "depth" ? 1 : 0, Number.MAX_SAFE_INTEGER);
    complete[name] = value;
  }
  return complete as Quotas;
}
