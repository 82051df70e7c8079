/**
 * The document with which a peer describes its methods: OpenRPC (https://spec.open-rpc.org).
 *
 * @module
 */
import type { JSONSchema } from "./json_schema.ts";

/** The version of OpenRPC that the documents have. */
export const OPENRPC_VERSION = "1.3.2";

/**
 * What `rpc.discover` returns: a description of the methods of a peer in the form of OpenRPC.
 *
 * @example
 * ```ts
 * import { type OpenRPCDocument, RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = new RPCPeer();
 * server.registerFunction((a: number, b = 1) => a - b, "subtract", { summary: "Subtracts b from a" });
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * const { methods } = await client.call<OpenRPCDocument>(server.nlPid, "rpc.discover");
 * assertEquals(methods[0]?.summary, "Subtracts b from a");
 * assertEquals(methods[0]?.params.map(({ name }) => name), ["a", "b"]);
 * ```
 */
export interface OpenRPCDocument {
  /** The version of OpenRPC. */
  readonly openrpc: string;
  /** What is described. */
  readonly info: OpenRPCInfo;
  /** The methods, in the order in which they were registered. Those that every peer has are left out. */
  readonly methods: readonly OpenRPCMethod[];
}

/** What is described. */
export interface OpenRPCInfo {
  /** The name by which the peer was called, else its first one, else `"ProcsLink peer"`. */
  readonly title: string;
  /** A peer has no version: `"0.0.0"`. */
  readonly version: string;
}

/** One method. */
export interface OpenRPCMethod {
  /** Its name. */
  readonly name: string;
  /**
   * What it does.
   *
   * @default nobody has said so
   */
  readonly summary?: string;
  /** Whether its arguments are passed by position, by name, or as one likes. */
  readonly paramStructure: "by-position" | "by-name" | "either";
  /** Its parameters. */
  readonly params: readonly OpenRPCParameter[];
  /** What it returns. */
  readonly result: OpenRPCContent;
  /**
   * The schema of the params object as a whole, where the method takes that, and its members do not tell all.
   *
   * @default the parameters tell all
   */
  readonly "x-params"?: JSONSchema;
}

/** A value that travels. */
export interface OpenRPCContent {
  /** Its name. */
  readonly name: string;
  /** What it may be; `{}` where nobody has said so. */
  readonly schema: JSONSchema;
}

/** One parameter. */
export interface OpenRPCParameter extends OpenRPCContent {
  /** Whether a call without it is refused; false where that is not sure. */
  readonly required: boolean;
  /**
   * Whether it is an array by name only: by position its elements are the arguments from here on.
   *
   * @default false
   */
  readonly "x-rest"?: true;
}
