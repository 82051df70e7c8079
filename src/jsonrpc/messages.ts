/**
 * JSON-RPC 2.0 requests and responses as objects.
 *
 * @module
 */
import { DecodeError } from "../errors.ts";
import { encodeError, encodeRequest, encodeResult } from "./encode.ts";
import { JSONRPCError } from "./errors.ts";
import {
  isId,
  isRequest,
  isResponse,
  type JSONRPCId,
  type JSONRPCParams,
  type JSONRPCRequestObject,
  type JSONRPCResponseObject,
} from "./guards.ts";
import { encodeText, parseJSON } from "./text.ts";

/** Members of a {@linkcode JSONRPCRequest}. */
export interface JSONRPCRequestInit {
  /** Comes back with the answer; without it the request is a notification, which nobody answers. */
  id?: JSONRPCId;
  /** Name of the method. */
  method: string;
  /** Arguments: an array by position, an object by name. */
  params?: JSONRPCParams;
}

/**
 * A request, or without an id a notification.
 *
 * @example
 * ```ts
 * import { JSONRPCRequest } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const request = new JSONRPCRequest({ id: 1, method: "hello", params: ["Rayson Zhu"] });
 * assertEquals(JSONRPCRequest.fromBytes(request.toBytes()).params, ["Rayson Zhu"]);
 * assertEquals(JSON.stringify(request), '{"jsonrpc":"2.0","id":1,"method":"hello","params":["Rayson Zhu"]}');
 * ```
 */
export class JSONRPCRequest {
  /** Comes back with the answer; undefined for a notification. */
  readonly id: JSONRPCId | undefined;
  /** Name of the method. */
  readonly method: string;
  /** Arguments, or undefined for none. */
  readonly params: JSONRPCParams | undefined;

  /**
   * Makes a request.
   *
   * @param init The members.
   * @throws {TypeError} If they do not make a request.
   */
  constructor(init: JSONRPCRequestInit) {
    if (!isRequest({ ...init, jsonrpc: "2.0" })) {
      throw new TypeError(
        "A request has a method (a string), and may have an id (a string, number or null) and params (an array or object)",
      );
    }
    this.id = init.id;
    this.method = init.method;
    this.params = init.params;
  }

  /** Whether nobody answers this request: it has no id. */
  get isNotification(): boolean {
    return this.id === undefined;
  }

  /**
   * Decodes a request.
   *
   * @param bytes JSON text in UTF-8.
   * @returns The request.
   * @throws {DecodeError} If the bytes are not one request.
   */
  static fromBytes(bytes: Uint8Array): JSONRPCRequest {
    const value = parseJSON(bytes);
    if (!isRequest(value)) throw new DecodeError("The body is not a JSON-RPC 2.0 request");
    return new JSONRPCRequest(value);
  }

  /**
   * Encodes the request.
   *
   * @returns JSON text in UTF-8.
   * @throws {TypeError} If the params are not what JSON can hold.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return encodeText(encodeRequest(this.id, this.method, this.params));
  }

  /**
   * The request as it is on the wire.
   *
   * @returns The request object.
   */
  toJSON(): JSONRPCRequestObject {
    return {
      jsonrpc: "2.0",
      ...(this.id === undefined ? {} : { id: this.id }),
      method: this.method,
      ...(this.params === undefined ? {} : { params: this.params }),
    };
  }
}

/** Members of a {@linkcode JSONRPCResponse}. */
export interface JSONRPCResponseInit {
  /** The id of the request, or null where none could be read. */
  id: JSONRPCId;
  /** What the method returned; undefined becomes null. */
  result?: unknown;
  /** Why there is no result. */
  error?: JSONRPCError;
}

/**
 * A response: a result, or an error.
 *
 * @example
 * ```ts
 * import { JSONRPCResponse } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new JSONRPCResponse({ id: 123, result: true });
 * assertEquals(JSONRPCResponse.fromBytes(response.toBytes()).result, true);
 * ```
 */
export class JSONRPCResponse {
  /** The id of the request, or null where none could be read. */
  readonly id: JSONRPCId;
  /** What the method returned; undefined where there is an error. */
  readonly result: unknown;
  /** Why there is no result; undefined where there is one. */
  readonly error: JSONRPCError | undefined;

  /**
   * Makes a response.
   *
   * @param init The members.
   * @throws {TypeError} If the id is not one, or there are both a result and an error.
   */
  constructor(init: JSONRPCResponseInit) {
    if (!isId(init.id)) throw new TypeError("The id of a response must be a string, a number or null");
    if (init.error !== undefined && init.result !== undefined) {
      throw new TypeError("A response has a result or an error, not both");
    }
    this.id = init.id;
    this.error = init.error;
    this.result = init.error === undefined ? init.result ?? null : undefined;
  }

  /**
   * Decodes a response.
   *
   * @param bytes JSON text in UTF-8.
   * @returns The response.
   * @throws {DecodeError} If the bytes are not one response.
   */
  static fromBytes(bytes: Uint8Array): JSONRPCResponse {
    const value = parseJSON(bytes);
    if (!isResponse(value)) throw new DecodeError("The body is not a JSON-RPC 2.0 response");
    return value.error === undefined
      ? new JSONRPCResponse({ id: value.id, result: value.result })
      : new JSONRPCResponse({ id: value.id, error: JSONRPCError.fromObject(value.error) });
  }

  /**
   * Encodes the response.
   *
   * @returns JSON text in UTF-8.
   * @throws {TypeError} If the result is not what JSON can hold.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return encodeText(
      this.error === undefined ? encodeResult(this.id, this.result) : encodeError(this.id, this.error),
    );
  }

  /**
   * The response as it is on the wire.
   *
   * @returns The response object.
   */
  toJSON(): JSONRPCResponseObject {
    return this.error === undefined
      ? { jsonrpc: "2.0", id: this.id, result: this.result }
      : { jsonrpc: "2.0", id: this.id, error: this.error.toJSON() };
  }
}
