/**
 * The decoders of JSON and of JSON-RPC.
 *
 * @module
 */
import { assert, assertEquals, assertInstanceOf } from "@std/assert";
import { JSONRPCError, JSONRPCRequest, JSONRPCResponse } from "../../mod.ts";
import { parseJSON, TooDeepError } from "../../src/jsonrpc/text.ts";
import { assertBytes, outcomeOf, within } from "./outcome.ts";
import { BYTES, defineTarget, type Target } from "./target.ts";
import { ERROR, requestsFor, RESPONSE } from "./texts.ts";
import { BODIES, bodiesOf } from "./wire_cases.ts";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

/** What a value is as JSON text. Two values with the same text are the same to whoever gets them. */
function textOf(value: unknown): string {
  return JSON.stringify(value);
}

/** Fails unless a message that is written is read as what it was. */
function assertStable<Message extends { toBytes(): Uint8Array; toJSON(): unknown }>(
  message: Message,
  decode: (bytes: Uint8Array) => Message,
): void {
  assertEquals(textOf(decode(within(message.toBytes())).toJSON()), textOf(message.toJSON()));
}

/** The value that bytes hold as JSON, as its text; undefined where they hold none. */
function textIn(bytes: Uint8Array): string | undefined {
  const outcome = outcomeOf(() => parseJSON(bytes));
  return "value" in outcome ? textOf(outcome.value) : undefined;
}

const json = defineTarget({
  name: "parse-json",
  share: 50,
  format: BYTES,
  cases: BODIES,
  attempt(bytes) {
    const outcome = outcomeOf(() => parseJSON(within(bytes)));
    if ("error" in outcome) return void assertInstanceOf(outcome.error.cause, Error);
    // Nothing was put in the place of what is no UTF-8.
    assertBytes(encoder.encode(decoder.decode(bytes)), bytes);
    const text = textOf(outcome.value);
    assertEquals(textIn(encoder.encode(text)), text);
  },
});

/** How many arrays and objects are inside each other, at most. */
function depthOf(value: unknown): number {
  let depth = 0;
  for (let level: unknown[] = [value];; depth++) {
    const containers = level.filter((value) => typeof value === "object" && value !== null);
    if (containers.length === 0) return depth;
    level = containers.flatMap((container) => Object.values(container as object));
  }
}

const depth = defineTarget({
  name: "json-depth",
  share: 50,
  format: BYTES,
  cases: BODIES,
  attempt(bytes) {
    const outcome = outcomeOf(() => parseJSON(bytes));
    // What is no JSON may be said to be too deep as well.
    for (const maximum of [0, 1, 3, 40]) outcomeOf(() => parseJSON(within(bytes), maximum));
    if ("error" in outcome) return;
    const { value } = outcome;
    const depth = depthOf(value);
    const text = encoder.encode(textOf(value));
    for (const maximum of new Set([0, 1, 2, 3, depth - 1, depth].filter((maximum) => maximum >= 0))) {
      assertEquals(isTooDeep(text, maximum), depth > maximum, `deeper than ${maximum}`);
      // A member that comes twice may be deeper the first time.
      if (depth > maximum) assert(isTooDeep(bytes, maximum), `as it came, deeper than ${maximum}`);
    }
  },
});

function isTooDeep(bytes: Uint8Array, maximum: number): boolean {
  const outcome = outcomeOf(() => parseJSON(within(bytes), maximum));
  return "error" in outcome && outcome.error instanceof TooDeepError;
}

const request = defineTarget({
  name: "jsonrpc-request",
  share: 100,
  format: BYTES,
  cases: bodiesOf(requestsFor(["echo"])),
  attempt(bytes) {
    const outcome = outcomeOf(() => JSONRPCRequest.fromBytes(within(bytes)));
    if ("error" in outcome) return;
    const { id, method, params, isNotification } = outcome.value;
    const raw = JSON.parse(textIn(bytes)!);
    assertEquals([raw.jsonrpc, raw.method, textOf(raw.params)], ["2.0", method, textOf(params)]);
    assertEquals([Object.hasOwn(raw, "id"), raw.id], [!isNotification, id]);
    assert(isNotification || id === null || ["string", "number"].includes(typeof id));
    assert(params === undefined || (typeof params === "object" && params !== null));
    assertStable(outcome.value, JSONRPCRequest.fromBytes);
  },
});

const response = defineTarget({
  name: "jsonrpc-response",
  share: 100,
  format: BYTES,
  cases: bodiesOf(RESPONSE),
  attempt(bytes) {
    const outcome = outcomeOf(() => JSONRPCResponse.fromBytes(within(bytes)));
    if ("error" in outcome) return;
    const { id, result, error } = outcome.value;
    const raw = JSON.parse(textIn(bytes)!);
    assertEquals([raw.jsonrpc, raw.id, textOf(raw.result)], ["2.0", id, textOf(result)]);
    assertEquals([Object.hasOwn(raw, "result"), Object.hasOwn(raw, "error")], [
      error === undefined,
      error !== undefined,
    ]);
    assertEquals(error?.code, raw.error?.code);
    assertStable(outcome.value, JSONRPCResponse.fromBytes);
  },
});

const error = defineTarget({
  name: "jsonrpc-error",
  share: 100,
  format: BYTES,
  cases: bodiesOf(ERROR),
  attempt(bytes) {
    const outcome = outcomeOf(() => JSONRPCError.fromBytes(within(bytes)));
    if ("error" in outcome) return;
    const { code, message, data } = outcome.value;
    const raw = JSON.parse(textIn(bytes)!);
    assertEquals([raw.code, raw.message, textOf(raw.data)], [code, message, textOf(data)]);
    assertStable(outcome.value, JSONRPCError.fromBytes);
  },
});

/** The targets. */
export const BODY_DECODERS: readonly Target[] = [json, depth, request, response, error];
