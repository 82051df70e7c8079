/**
 * Short requests and responses in the form in which this project writes them, to values.
 *
 * `JSON.parse()` costs a small call more than all else that reads it. Here only the value inside is parsed, and what is around it
 * compared byte by byte: where both are right, so is the whole, and means the same. Whatever is written otherwise is no mistake:
 * it is for `parseJSON()` to say what that is.
 *
 * @module
 */
import { isDeeper } from "./depth.ts";
import type { JSONRPCParams, JSONRPCRequestObject, JSONRPCResponseObject } from "./guards.ts";

/** What every message begins with. */
export const OPENING = '{"jsonrpc":"2.0","id":';

const OPENING_BYTES = bytesOf(OPENING);
const METHOD = bytesOf(',"method":"');
const PARAMS = bytesOf('"params":');
const DEADLINE = bytesOf(',"deadline":');
const RESULT = bytesOf(',"result":');

/** An id of more digits may be one that no number holds. */
const MOST_DIGITS = 15;
/** Beyond so many bytes the value costs more than what is around it. */
const MOST_BYTES = 4_096;
/** A name of more characters costs more here than in `JSON.parse()`: many times as much where it is very long. */
const LONGEST_NAME = 64;
/** Up to so many characters a string is put together faster than it is decoded. */
const SHORT = 12;

const COMMA = 0x2c;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const CLOSING_BRACE = 0x7d;
const ZERO = 0x30;
const FIRST_PRINTABLE = 0x20;
const LAST_ASCII = 0x7f;

// What is not UTF-8 becomes U+FFFD, which is looked for: to have the decoder itself say so takes it three times as long.
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const REPLACEMENT = "\ufffd";

/** Where the reading has come to. Nothing that is called here reads another message. */
let offset = 0;
/** The last name of a method: most often the next one is the same. */
let lastName = "";

/**
 * Reads a request.
 *
 * @param body JSON text in UTF-8, or anything else.
 * @param maxDepth How deep it may be nested.
 * @returns The request; undefined where it is none, or not written in this way.
 */
export function readRequest(body: Uint8Array, maxDepth: number): JSONRPCRequestObject | undefined {
  const id = readHead(body);
  if (id < 0 || !follows(body, METHOD)) return undefined;
  const method = readName(body);
  if (method === undefined) return undefined;
  let end = body.length - 1;
  let deadline: number | undefined;
  // Params end with a bracket: a digit is that of a deadline.
  if (isDigit(body[end - 1]!)) {
    deadline = deadlineBefore(body, end);
    if (deadline < 0) return undefined;
    end -= DEADLINE.length + digitsBefore(body, end);
  }
  if (offset === end) return { jsonrpc: "2.0", id, method, ...(deadline !== undefined && { deadline }) };
  if (body[offset++] !== COMMA || !follows(body, PARAMS)) return undefined;
  const params = readValue(body, end, maxDepth - 1);
  if (typeof params !== "object" || params === null) return undefined;
  return deadline === undefined
    ? { jsonrpc: "2.0", id, method, params: params as JSONRPCParams }
    : { jsonrpc: "2.0", id, method, params: params as JSONRPCParams, deadline };
}

/**
 * Reads a response with a result.
 *
 * @param body JSON text in UTF-8, or anything else.
 * @param maxDepth How deep it may be nested.
 * @returns The response; undefined where it is none, or not written in this way.
 */
export function readResponse(body: Uint8Array, maxDepth: number): JSONRPCResponseObject | undefined {
  const id = readHead(body);
  if (id < 0 || !follows(body, RESULT)) return undefined;
  const result = readValue(body, body.length - 1, maxDepth - 1);
  return result === undefined ? undefined : { jsonrpc: "2.0", id, result };
}

/** Reads the beginning, and makes sure of the last byte; returns the id, or -1. */
function readHead(body: Uint8Array): number {
  offset = 0;
  if (body.length > MOST_BYTES || body[body.length - 1] !== CLOSING_BRACE || !follows(body, OPENING_BYTES)) return -1;
  const start = offset;
  let id = 0;
  for (; isDigit(body[offset]!); offset++) id = 10 * id + body[offset]! - ZERO;
  const digits = offset - start;
  const isNumber = digits === 1 || (digits > 1 && digits <= MOST_DIGITS && body[start] !== ZERO);
  return isNumber ? id : -1;
}

/** Passes over what must be next, where it is. */
function follows(body: Uint8Array, expected: Uint8Array): boolean {
  const start = offset;
  for (let index = 0; index < expected.length; index++) if (body[start + index] !== expected[index]) return false;
  offset = start + expected.length;
  return true;
}

/** Reads the rest of a name, and its closing quote. */
function readName(body: Uint8Array): string | undefined {
  const start = offset;
  let index = 0;
  while (index < lastName.length && body[start + index] === lastName.charCodeAt(index)) index++;
  if (index === lastName.length && body[start + index] === QUOTE) {
    offset = start + index + 1;
    return lastName;
  }
  let name = "";
  for (offset = start; offset <= start + LONGEST_NAME && offset < body.length; offset++) {
    const byte = body[offset]!;
    if (byte === QUOTE) {
      offset++;
      return lastName = name;
    }
    if (byte < FIRST_PRINTABLE || byte > LAST_ASCII || byte === BACKSLASH) return undefined;
    name += String.fromCharCode(byte);
  }
}

/** Reads the deadline in front of the last byte; -1 where there is none. */
function deadlineBefore(body: Uint8Array, end: number): number {
  const digits = digitsBefore(body, end);
  let start = end - digits;
  if (digits > MOST_DIGITS || (digits > 1 && body[start] === ZERO) || start - DEADLINE.length < offset) return -1;
  for (let index = 0; index < DEADLINE.length; index++) {
    if (body[start - DEADLINE.length + index] !== DEADLINE[index]) return -1;
  }
  let deadline = 0;
  for (; start < end; start++) deadline = 10 * deadline + body[start]! - ZERO;
  return deadline;
}

function digitsBefore(body: Uint8Array, end: number): number {
  let start = end;
  while (isDigit(body[start - 1]!)) start--;
  return end - start;
}

/** Parses what is left of a body; undefined where that is no JSON, or nested deeper. */
function readValue(body: Uint8Array, end: number, maxDepth: number): unknown {
  if (end <= offset) return undefined;
  let text = end - offset <= SHORT ? shortText(body, end) : undefined;
  if (text === undefined) {
    text = DECODER.decode(body.subarray(offset, end));
    if (text.includes(REPLACEMENT)) return undefined;
  }
  if (isDeeper(text, maxDepth)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Puts a short text together; undefined where it is not ASCII. */
function shortText(body: Uint8Array, end: number): string | undefined {
  let text = "";
  for (let index = offset; index < end; index++) {
    const byte = body[index]!;
    if (byte > LAST_ASCII) return undefined;
    text += String.fromCharCode(byte);
  }
  return text;
}

function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}
