import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { DecodeError } from "../../src/errors.ts";
import { JSONRPCError, MethodNotFoundError } from "../../src/jsonrpc/errors.ts";
import { JSONRPCRequest, type JSONRPCRequestInit, JSONRPCResponse } from "../../src/jsonrpc/messages.ts";
import { check } from "../fakes/property.ts";

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (bytes: Uint8Array) => new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);

Deno.test("A request keeps its members, and writes those that it has", () => {
  const inits: [init: JSONRPCRequestInit, expected: string][] = [
    [{ id: 1, method: "m", params: [1] }, '{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}'],
    [{ id: "a", method: "m", params: { a: 1 } }, '{"jsonrpc":"2.0","id":"a","method":"m","params":{"a":1}}'],
    [{ id: null, method: "m" }, '{"jsonrpc":"2.0","id":null,"method":"m"}'],
    [{ method: "m", params: [] }, '{"jsonrpc":"2.0","method":"m","params":[]}'],
  ];
  for (const [init, expected] of inits) {
    const request = new JSONRPCRequest(init);
    assertEquals([request.id, request.method, request.params], [init.id, init.method, init.params]);
    assertEquals(request.isNotification, !("id" in init));
    assertEquals(text(request.toBytes()), expected);
    assertEquals(JSON.stringify(request), expected);
    assertEquals(JSONRPCRequest.fromBytes(bytes(expected)), request);
  }
});

Deno.test("A request refuses members that make none", () => {
  const inits = [{}, { method: 1 }, { method: "m", id: NaN }, { method: "m", id: 2 ** 53 }, { method: "m", id: true }];
  const params = [null, "p", 1, true].map((params) => ({ method: "m", params }));
  for (const init of [...inits, ...params]) {
    assertThrows(() => new JSONRPCRequest(init as JSONRPCRequestInit), TypeError, "A request has a method");
  }
});

Deno.test("A request whose params JSON cannot hold is not encoded", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const params of [[1n], cycle]) {
    assertThrows(() => new JSONRPCRequest({ id: 1, method: "m", params }).toBytes(), TypeError);
  }
});

Deno.test("A __proto__ key in params stays a key", () => {
  const json = '{"jsonrpc":"2.0","id":1,"method":"m","params":{"__proto__":{"admin":true}}}';
  const request = JSONRPCRequest.fromBytes(bytes(json));
  const params = request.params as Record<string, unknown>;
  assertStrictEquals(Object.getPrototypeOf(params), Object.prototype);
  assertEquals(params["admin"], undefined);
  assertEquals(text(request.toBytes()), json);
});

Deno.test("A response keeps its result, and null for undefined", () => {
  for (const result of [0, "", false, [], { a: 1 }, null, undefined]) {
    const response = new JSONRPCResponse({ id: 1, result });
    assertEquals([response.id, response.result, response.error], [1, result ?? null, undefined]);
    const expected = `{"jsonrpc":"2.0","id":1,"result":${JSON.stringify(result ?? null)}}`;
    assertEquals(text(response.toBytes()), expected);
    assertEquals(JSON.stringify(response), expected);
    assertEquals(JSONRPCResponse.fromBytes(bytes(expected)), response);
  }
});

Deno.test("A response with an error has no result, and comes back with an error of the same class", () => {
  const response = new JSONRPCResponse({ id: null, error: new MethodNotFoundError("m", { message: "Nothing here" }) });
  assertEquals([response.id, response.result], [null, undefined]);
  const expected = '{"jsonrpc":"2.0","id":null,"error":{"code":-32601,"message":"Nothing here","data":"m"}}';
  assertEquals(text(response.toBytes()), expected);
  assertEquals(JSON.stringify(response), expected);
  const copy = JSONRPCResponse.fromBytes(bytes(expected));
  assertInstanceOf(copy.error, MethodNotFoundError);
  assertEquals([copy.error!.message, copy.error!.data, copy.result], ["Nothing here", "m", undefined]);
});

Deno.test("A response refuses an id that is none, and a result beside an error", () => {
  for (const id of [undefined, NaN, 2 ** 53, true, {}]) {
    assertThrows(() => new JSONRPCResponse({ id: id as number, result: 1 }), TypeError, "The id of a response");
  }
  const error = new JSONRPCError(1, "Broken");
  for (const result of [1, null, false]) {
    assertThrows(() => new JSONRPCResponse({ id: 1, result, error }), TypeError, "not both");
  }
});

Deno.test("A response whose result JSON cannot hold is not encoded", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const result of [1n, { a: 1n }, cycle, () => 1, Symbol("s")]) {
    assertThrows(() => new JSONRPCResponse({ id: 1, result }).toBytes(), TypeError);
  }
});

Deno.test("A response whose error has data that JSON cannot hold says so", () => {
  const response = new JSONRPCResponse({ id: 1, error: new JSONRPCError(7, "Broken", { big: 1n }) });
  const { error } = JSONRPCResponse.fromBytes(response.toBytes());
  assertEquals([error!.code, error!.data], [-32603, "The data of the error cannot be written as JSON"]);
});

Deno.test("Bytes that are no message are a DecodeError, with a cause where there is one", () => {
  for (const decode of [JSONRPCRequest.fromBytes, JSONRPCResponse.fromBytes]) {
    for (const body of ["", "{", "nope"]) {
      const error = assertThrows(() => decode(bytes(body)), DecodeError, "not JSON") as DecodeError;
      assertInstanceOf(error.cause, SyntaxError);
    }
    const error = assertThrows(() => decode(new Uint8Array([0x22, 0xff, 0x22])), DecodeError, "UTF-8") as DecodeError;
    assertInstanceOf(error.cause, TypeError);
    for (const body of ["null", "1", '"m"', "[]", "{}", '[{"jsonrpc":"2.0","id":1,"method":"m","result":1}]']) {
      const error = assertThrows(() => decode(bytes(body)), DecodeError, "not a JSON-RPC 2.0") as DecodeError;
      assert(!("cause" in error));
    }
  }
  const request = new JSONRPCRequest({ id: 1, method: "m" }).toBytes();
  assertThrows(() => JSONRPCResponse.fromBytes(request), DecodeError, "not a JSON-RPC 2.0 response");
  const response = new JSONRPCResponse({ id: 1, result: 1 }).toBytes();
  assertThrows(() => JSONRPCRequest.fromBytes(response), DecodeError, "not a JSON-RPC 2.0 request");
});

// Any text, with lone surrogates, and any JSON value. Compared as text, which sees __proto__ keys and the order of members.
const TEXT = fc.array(fc.nat(0xffff)).map((units) => String.fromCharCode(...units));
const ID = fc.oneof(TEXT, fc.maxSafeInteger(), fc.constantFrom(null, 0.5, -1.25));

Deno.test("Any request comes back from its bytes as it went", () => {
  const params = fc.oneof(fc.array(fc.jsonValue()), fc.dictionary(TEXT, fc.jsonValue()));
  check(fc.property(ID, TEXT, params, (id, method, params) => {
    const request = new JSONRPCRequest({ id, method, params });
    const copy = JSONRPCRequest.fromBytes(request.toBytes());
    assertEquals([copy.id, copy.method], [id, method]);
    assertEquals(JSON.stringify(copy.params), JSON.stringify(params));
    assertEquals(JSON.stringify(copy), JSON.stringify({ jsonrpc: "2.0", id, method, params }));
  }));
});

Deno.test("Any response comes back from its bytes as it went", () => {
  check(fc.property(ID, fc.jsonValue(), (id, result) => {
    const copy = JSONRPCResponse.fromBytes(new JSONRPCResponse({ id, result }).toBytes());
    assertEquals(copy.id, id);
    assertEquals(JSON.stringify(copy.result), JSON.stringify(result));
  }));
});

Deno.test("Any error comes back from its bytes as it went", () => {
  const code = fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -32768, max: -31999 }));
  check(fc.property(ID, code, TEXT, fc.jsonValue(), (id, code, message, data) => {
    const response = new JSONRPCResponse({ id, error: JSONRPCError.fromObject({ code, message, data }) });
    const { error } = JSONRPCResponse.fromBytes(response.toBytes());
    assertStrictEquals(error!.constructor, response.error!.constructor);
    assertEquals(JSON.stringify(error), JSON.stringify({ code, message, data }));
  }));
});

Deno.test("Whatever the bytes, decoding them throws nothing but DecodeError", () => {
  const noise = fc.oneof(fc.uint8Array(), fc.json().map(bytes));
  check(fc.property(noise, (noise) => {
    for (const decode of [JSONRPCRequest.fromBytes, JSONRPCResponse.fromBytes, JSONRPCError.fromBytes]) {
      try {
        decode(noise);
      } catch (error) {
        if (!(error instanceof DecodeError)) throw error;
      }
    }
  }));
});
