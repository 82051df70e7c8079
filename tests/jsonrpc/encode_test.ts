import { assertEquals, assertThrows } from "@std/assert";
import { encodeBatch, encodeError, encodeRequest, encodeResult } from "../../src/jsonrpc/encode.ts";
import { InvalidParamsError, JSONRPCError } from "../../src/jsonrpc/errors.ts";

Deno.test("encodeRequest writes members in the order of the specification", () => {
  const texts: [actual: string, expected: string][] = [
    [encodeRequest(1, "m", [1, "a"]), '{"jsonrpc":"2.0","id":1,"method":"m","params":[1,"a"]}'],
    [encodeRequest(1, "m", { a: 1 }), '{"jsonrpc":"2.0","id":1,"method":"m","params":{"a":1}}'],
    [encodeRequest(1, "m", []), '{"jsonrpc":"2.0","id":1,"method":"m","params":[]}'],
    [encodeRequest(1, "m", [undefined]), '{"jsonrpc":"2.0","id":1,"method":"m","params":[null]}'],
    [encodeRequest(1, "m", undefined), '{"jsonrpc":"2.0","id":1,"method":"m"}'],
    [encodeRequest(0, "m", undefined), '{"jsonrpc":"2.0","id":0,"method":"m"}'],
    [encodeRequest(-0, "m", undefined), '{"jsonrpc":"2.0","id":0,"method":"m"}'],
    [encodeRequest(-1.5, "m", undefined), '{"jsonrpc":"2.0","id":-1.5,"method":"m"}'],
    [encodeRequest(1e-7, "m", undefined), '{"jsonrpc":"2.0","id":1e-7,"method":"m"}'],
    [encodeRequest("", "m", undefined), '{"jsonrpc":"2.0","id":"","method":"m"}'],
    [encodeRequest('"\n', "m", undefined), '{"jsonrpc":"2.0","id":"\\"\\n","method":"m"}'],
    [encodeRequest(null, "m", undefined), '{"jsonrpc":"2.0","id":null,"method":"m"}'],
    [encodeRequest(undefined, "m", ["é"]), '{"jsonrpc":"2.0","method":"m","params":["é"]}'],
    [encodeRequest(undefined, 'a"b\\', undefined), '{"jsonrpc":"2.0","method":"a\\"b\\\\"}'],
  ];
  for (const [actual, expected] of texts) assertEquals(actual, expected);
});

Deno.test("encodeResult writes members in the order of the specification, and null for undefined", () => {
  assertEquals(encodeResult(1, "a"), '{"jsonrpc":"2.0","id":1,"result":"a"}');
  assertEquals(encodeResult("1", { a: [1] }), '{"jsonrpc":"2.0","id":"1","result":{"a":[1]}}');
  assertEquals(encodeResult(null, undefined), '{"jsonrpc":"2.0","id":null,"result":null}');
});

Deno.test("encodeError writes data only where there is some", () => {
  assertEquals(
    encodeError(1, new JSONRPCError(7, "Broken")),
    '{"jsonrpc":"2.0","id":1,"error":{"code":7,"message":"Broken"}}',
  );
  assertEquals(
    encodeError(null, new InvalidParamsError(null)),
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32602,"message":"Invalid params","data":null}}',
  );
});

Deno.test("encodeError answers all the same where JSON cannot hold the error's data", () => {
  const cycle: Record<string, unknown> = {};
  cycle["self"] = cycle;
  for (const data of [1n, [1n], cycle]) {
    assertEquals(
      encodeError("a", new JSONRPCError(7, "Broken", data)),
      '{"jsonrpc":"2.0","id":"a","error":{"code":-32603,"message":"Internal error",' +
        '"data":"The data of the error cannot be written as JSON"}}',
    );
  }
});

Deno.test("encodeRequest and encodeResult throw a TypeError at what JSON cannot hold", () => {
  const cycle: unknown[] = [];
  cycle.push(cycle);
  for (const value of [1n, cycle]) {
    assertThrows(() => encodeRequest(1, "m", [value]), TypeError);
    assertThrows(() => encodeResult(1, [value]), TypeError);
  }
  for (const value of [() => 1, Symbol("s")]) {
    assertThrows(() => encodeResult(1, value), TypeError, "cannot be written as JSON");
  }
});

Deno.test("encodeBatch writes an array of the texts", () => {
  assertEquals(encodeBatch([]), "[]");
  assertEquals(encodeBatch(["1"]), "[1]");
  assertEquals(encodeBatch([encodeResult(1, 2), "3"]), '[{"jsonrpc":"2.0","id":1,"result":2},3]');
});

Deno.test("error data that JSON would drop is not dropped in silence", () => {
  for (const data of [() => 1, Symbol("x")]) {
    const text = encodeError(1, new JSONRPCError(7, "Broken", data));
    assertEquals(JSON.parse(text).error.data, "The data of the error cannot be written as JSON");
    assertThrows(() => new JSONRPCError(7, "Broken", data).toBytes(), TypeError, "cannot be written as JSON");
  }
});

Deno.test("params that turn into something else are refused", () => {
  for (const value of [5, "x", null, undefined]) {
    assertThrows(() => encodeRequest(1, "m", { toJSON: () => value }), TypeError);
  }
  assertEquals(encodeRequest(1, "m", { toJSON: () => [1] }), '{"jsonrpc":"2.0","id":1,"method":"m","params":[1]}');
});
