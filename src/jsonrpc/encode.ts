/**
 * JSON-RPC 2.0 messages as JSON text.
 *
 * Put together from parts: the body of a message is written once, and members come in the order of the specification.
 *
 * @module
 */
import { InternalError, type JSONRPCError, stringifyError } from "./errors.ts";
import type { JSONRPCId } from "./guards.ts";
import { stringify } from "./text.ts";

/**
 * Writes a request, or a notification where there is no id.
 *
 * @param id The id, or undefined for a notification.
 * @param method Name of the method.
 * @param params Arguments, or undefined for none.
 * @param deadline When nobody waits for the answer any more, in milliseconds since the epoch; undefined where that is never.
 * @returns JSON text.
 * @throws {TypeError} If the params are not what JSON can hold.
 */
export function encodeRequest(
  id: JSONRPCId | undefined,
  method: string,
  params: object | undefined,
  deadline?: number,
): string {
  const head = id === undefined ? '{"jsonrpc":"2.0","method":' : `{"jsonrpc":"2.0","id":${encodeId(id)},"method":`;
  const end = deadline === undefined ? "}" : `,"deadline":${deadline}}`;
  const tail = params === undefined ? end : `,"params":${encodeParams(params)}${end}`;
  return head + JSON.stringify(method) + tail;
}

/**
 * Writes the params of a request.
 *
 * @param params Arguments.
 * @returns JSON text.
 * @throws {TypeError} If they are not what JSON can hold.
 */
export function encodeParams(params: object): string {
  const text = stringify(params);
  // An object may turn itself into something else, by its toJSON().
  if (text[0] === "[" || text[0] === "{") return text;
  throw new TypeError("params must be an array or an object as JSON too");
}

/**
 * Writes a response with a result.
 *
 * @param id The id of the request.
 * @param result What the method returned; undefined is written as null.
 * @returns JSON text.
 * @throws {TypeError} If the result is not what JSON can hold.
 */
export function encodeResult(id: JSONRPCId, result: unknown): string {
  return encodeResultText(id, stringify(result));
}

/**
 * Writes a response with a result that is JSON text already.
 *
 * @param id The id of the request.
 * @param result The result.
 * @returns JSON text.
 */
export function encodeResultText(id: JSONRPCId, result: string): string {
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"result":${result}}`;
}

/**
 * Writes a response with an error. Where JSON cannot hold the error's data, the response says so instead.
 *
 * @param id The id of the request, or null where none could be read.
 * @param error The error.
 * @returns JSON text.
 */
export function encodeError(id: JSONRPCId, error: JSONRPCError): string {
  let text: string;
  try {
    text = stringifyError(error);
  } catch {
    text = stringifyError(new InternalError("The data of the error cannot be written as JSON"));
  }
  return `{"jsonrpc":"2.0","id":${encodeId(id)},"error":${text}}`;
}

/**
 * Writes a batch of messages that are JSON text already.
 *
 * @param messages The messages.
 * @returns JSON text.
 */
export function encodeBatch(messages: readonly string[]): string {
  return `[${messages.join(",")}]`;
}

function encodeId(id: JSONRPCId): string {
  return typeof id === "number" ? String(id) : JSON.stringify(id);
}
