/**
 * The errors of JSON-RPC 2.0 (section 5.1 of its specification), as classes by code.
 *
 * @module
 */
import { aboutUser, DecodeError } from "../errors.ts";
import { encodeText, parseJSON, stringify } from "./text.ts";

/** Codes of the errors that the specification defines. */
export const JSONRPC_CODES = {
  parseError: -32700,
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internalError: -32603,
  accessDenied: -32001,
  tooManyRequests: -32002,
} as const;

/** An error object as it is on the wire. */
export interface JSONRPCErrorObject {
  /** Number of the error. */
  code: number;
  /** The error in one short sentence. */
  message: string;
  /** Details, where there are any. */
  data?: unknown;
}

/**
 * An error that a call was answered with, or that a handler answers with by throwing it.
 *
 * @example
 * ```ts
 * import { JSONRPCError, RPCPeer } from "@procslink/procslink";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using server = new RPCPeer();
 * server.registerFunction(() => {
 *   throw new JSONRPCError(404, "No such book", { isbn: "0-00-000000-0" });
 * }, "lend");
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * const error = await assertRejects(() => client.call(server.nlPid, "lend"), JSONRPCError);
 * assertEquals(error.code, 404);
 * ```
 */
export class JSONRPCError extends Error {
  /** Number of the error. The specification keeps -32768 to -32000 for itself. */
  readonly code: number;
  /** Details, where there are any. */
  readonly data: unknown;

  /**
   * Makes the error.
   *
   * @param code Number of the error: an integer.
   * @param message The error in one short sentence.
   * @param data Details: whatever JSON can hold, or undefined for none.
   * @param options `cause`, where another error led to this one.
   * @throws {RangeError} If the code is not an integer.
   */
  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    if (!Number.isSafeInteger(code)) {
      throw new RangeError(`The code of a JSON-RPC error must be an integer, not ${code}`);
    }
    super(message, options);
    this.name = "JSONRPCError";
    this.code = code;
    this.data = data;
  }

  /**
   * Makes the error of an error object, of the class that its code has. Where its data is a text, that is the cause too, so
   * that whoever prints the error reads it.
   *
   * @param object The error object.
   * @returns The error.
   */
  static fromObject(object: Readonly<JSONRPCErrorObject>): JSONRPCError {
    const { code, message, data } = object;
    const options = typeof data === "string" ? { cause: data } : {};
    const Class = CLASSES.get(code);
    if (Class !== undefined) return new Class(data, { message, ...options });
    if (code >= -32099 && code <= -32000) return new ServerError(code, message, data, options);
    return new JSONRPCError(code, message, data, options);
  }

  /**
   * Decodes an error object.
   *
   * @param bytes JSON text in UTF-8.
   * @returns The error, of the class that its code has.
   * @throws {DecodeError} If the bytes are not an error object.
   */
  static fromBytes(bytes: Uint8Array): JSONRPCError {
    const value = parseJSON(bytes);
    if (!isErrorObject(value)) throw new DecodeError("The body is not a JSON-RPC 2.0 error object");
    return JSONRPCError.fromObject(value);
  }

  /**
   * The error as it is on the wire.
   *
   * @returns The error object.
   */
  toJSON(): JSONRPCErrorObject {
    return this.data === undefined
      ? { code: this.code, message: this.message }
      : { code: this.code, message: this.message, data: this.data };
  }

  /**
   * Encodes the error object.
   *
   * @returns JSON text in UTF-8.
   * @throws {TypeError} If the data is not what JSON can hold.
   */
  toBytes(): Uint8Array<ArrayBuffer> {
    return encodeText(stringifyError(this));
  }
}

/** Options of the errors whose code is given by their class. */
export interface JSONRPCErrorOptions extends ErrorOptions {
  /**
   * The error in one short sentence.
   *
   * @default the sentence that the specification has for the code
   */
  message?: string;
}

/** The other side could not parse what it was sent as JSON: code -32700. */
export class ParseError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param data Details.
   * @param options `message` and `cause`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions = {}) {
    super(JSONRPC_CODES.parseError, options.message ?? "Parse error", data, options);
    this.name = "ParseError";
  }
}

/** What was sent is JSON, but not a request: code -32600. */
export class InvalidRequestError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param data Details.
   * @param options `message` and `cause`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions = {}) {
    super(JSONRPC_CODES.invalidRequest, options.message ?? "Invalid Request", data, options);
    this.name = "InvalidRequestError";
  }
}

/** The other side has no such method: code -32601. */
export class MethodNotFoundError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param data Details.
   * @param options `message` and `cause`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions = {}) {
    super(JSONRPC_CODES.methodNotFound, options.message ?? "Method not found", data, options);
    this.name = "MethodNotFoundError";
  }
}

/** The params do not fit the method: code -32602. */
export class InvalidParamsError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param data Details: what was expected.
   * @param options `message` and `cause`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions = {}) {
    super(JSONRPC_CODES.invalidParams, options.message ?? "Invalid params", data, options);
    this.name = "InvalidParamsError";
  }
}

/** The method failed: code -32603. Its `data` is the message of what the handler threw. */
export class InternalError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param data Details.
   * @param options `message` and `cause`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions = {}) {
    super(JSONRPC_CODES.internalError, options.message ?? "Internal error", data, options);
    this.name = "InternalError";
  }
}

/** The other side has more requests in hand than it takes: code -32002. */
export class TooManyRequestsError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param data Details.
   * @param options `message` and `cause`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions = {}) {
    super(JSONRPC_CODES.tooManyRequests, options.message ?? "Too many requests", data, options);
    this.name = "TooManyRequestsError";
  }
}

/**
 * The other side does not let this user call: code -32001. Or, where it has a `uid`, this side does not trust the user who holds the
 * port; then nothing was sent there, or the answer was not taken.
 *
 * @example
 * ```ts
 * import { AccessDeniedError, RPCPeer } from "@procslink/procslink";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * await using server = new RPCPeer({ access: { uids: [12345] } });
 * server.registerFunction(() => "the plan", "plan");
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * const refused = await assertRejects(() => client.call(server.nlPid, "plan"), AccessDeniedError);
 * assertEquals(refused.uid, undefined);
 *
 * const trust = { uids: [54321] };
 * const untrusted = await assertRejects(() => client.call(server.nlPid, "plan", [], { trust }), AccessDeniedError);
 * assertEquals(typeof untrusted.uid, "number");
 * ```
 */
export class AccessDeniedError extends JSONRPCError {
  /** The user who holds the port, where this side does not trust that user. */
  readonly uid: number | undefined;

  /**
   * Makes the error.
   *
   * @param data Details.
   * @param options `message`, `cause`, and `uid`.
   */
  constructor(data?: unknown, options: JSONRPCErrorOptions & { uid?: number } = {}) {
    super(JSONRPC_CODES.accessDenied, options.message ?? "Access denied", data, options);
    this.name = "AccessDeniedError";
    this.uid = options.uid;
  }

  /**
   * Makes the error of a call that does not trust the user who holds its port.
   *
   * @param port The port.
   * @param uid The user.
   * @returns The error.
   */
  static untrusted(port: number, uid: number): AccessDeniedError {
    const who = `user ${uid}${aboutUser(uid)}`;
    const message = `Port ${port} is held by ${who}, whom this call does not trust: check the port, or set trust`;
    return new AccessDeniedError(undefined, { message, uid });
  }
}

/** An error of an implementation: one of the codes from -32099 to -32000 that have no class of their own. */
export class ServerError extends JSONRPCError {
  /**
   * Makes the error.
   *
   * @param code Number of the error.
   * @param message The error in one short sentence.
   * @param data Details.
   * @param options `cause`, where another error led to this one.
   */
  constructor(code: number, message: string, data?: unknown, options?: ErrorOptions) {
    super(code, message, data, options);
    this.name = "ServerError";
  }
}

const CLASSES = new Map<number, new (data?: unknown, options?: JSONRPCErrorOptions) => JSONRPCError>([
  [JSONRPC_CODES.parseError, ParseError],
  [JSONRPC_CODES.invalidRequest, InvalidRequestError],
  [JSONRPC_CODES.methodNotFound, MethodNotFoundError],
  [JSONRPC_CODES.invalidParams, InvalidParamsError],
  [JSONRPC_CODES.internalError, InternalError],
  [JSONRPC_CODES.accessDenied, AccessDeniedError],
  [JSONRPC_CODES.tooManyRequests, TooManyRequestsError],
]);

/**
 * Tells whether a value is an error object: an integer `code` and a string `message`.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isErrorObject(value: unknown): value is JSONRPCErrorObject {
  return typeof value === "object" && value !== null &&
    Number.isSafeInteger((value as JSONRPCErrorObject).code) &&
    typeof (value as JSONRPCErrorObject).message === "string";
}

/**
 * Writes an error object as JSON text.
 *
 * @param error The error.
 * @returns JSON text.
 * @throws {TypeError} If the data is not what JSON can hold.
 */
export function stringifyError({ code, message, data }: JSONRPCError): string {
  const tail = data === undefined ? "}" : `,"data":${stringify(data)}}`;
  return `{"code":${code},"message":${JSON.stringify(String(message))}${tail}`;
}
