/**
 * What is a JSON-RPC 2.0 message and what is not: sections 4 to 6 of its specification, strictly.
 *
 * The values come out of `JSON.parse`, so every member is an own property and nothing here runs code of the sender.
 *
 * @module
 */
import { isErrorObject, type JSONRPCErrorObject } from "./errors.ts";

/** The id of a request: it comes back with the answer. */
export type JSONRPCId = string | number | null;

/** Params of a request: by position, or by name. */
export type JSONRPCParams = readonly unknown[] | Readonly<Record<string, unknown>>;

/** A request as it is on the wire. Without an id it is a notification, which nobody answers. */
export interface JSONRPCRequestObject {
  /** The version of JSON-RPC. */
  jsonrpc: "2.0";
  /** Comes back with the answer. */
  id?: JSONRPCId;
  /** Name of the method. */
  method: string;
  /** Arguments of the method. */
  params?: JSONRPCParams;
  /** When nobody waits for the answer any more, in milliseconds since the epoch: an addition of this project. */
  deadline?: number;
}

/** A response as it is on the wire: it has a result, or an error. */
export interface JSONRPCResponseObject {
  /** The version of JSON-RPC. */
  jsonrpc: "2.0";
  /** The id of the request, or null where the request had none that could be read. */
  id: JSONRPCId;
  /** What the method returned. */
  result?: unknown;
  /** Why there is no result. */
  error?: JSONRPCErrorObject;
}

/**
 * Tells whether a value is an id: a string, null, or a number that comes back as it went.
 *
 * Of an integer beyond 2^53 the last digits are lost, and what came back would be another call's id.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isId(value: unknown): value is JSONRPCId {
  switch (typeof value) {
    case "string":
      return true;
    case "number":
      return Number.isSafeInteger(value) || (Number.isFinite(value) && !Number.isInteger(value));
    default:
      return value === null;
  }
}

/**
 * Tells whether a value is a request or a notification.
 *
 * @param value Any value that `JSON.parse` returned.
 * @returns Whether it is.
 */
export function isRequest(value: unknown): value is JSONRPCRequestObject {
  if (typeof value !== "object" || value === null) return false;
  const { jsonrpc, id, method, params, deadline } = value as Record<string, unknown>;
  return jsonrpc === "2.0" && typeof method === "string" &&
    (id === undefined || isId(id)) &&
    (params === undefined || (typeof params === "object" && params !== null)) &&
    (deadline === undefined || typeof deadline === "number");
}

/**
 * Tells whether a value is a response.
 *
 * @param value Any value that `JSON.parse` returned.
 * @returns Whether it is.
 */
export function isResponse(value: unknown): value is JSONRPCResponseObject {
  if (typeof value !== "object" || value === null) return false;
  const { jsonrpc, id, result, error } = value as Record<string, unknown>;
  return jsonrpc === "2.0" && isId(id) &&
    (error === undefined ? result !== undefined : result === undefined && isErrorObject(error));
}
