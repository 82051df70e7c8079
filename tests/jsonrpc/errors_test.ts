import { assert, assertEquals, assertInstanceOf, assertStrictEquals, assertThrows } from "@std/assert";
import { DecodeError } from "../../src/errors.ts";
import {
  InternalError,
  InvalidParamsError,
  InvalidRequestError,
  isErrorObject,
  JSONRPCError,
  MethodNotFoundError,
  ParseError,
  ServerError,
  TooManyRequestsError,
} from "../../src/jsonrpc/errors.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

const BY_CODE = [
  [ParseError, -32700, "Parse error"],
  [InvalidRequestError, -32600, "Invalid Request"],
  [MethodNotFoundError, -32601, "Method not found"],
  [InvalidParamsError, -32602, "Invalid params"],
  [InternalError, -32603, "Internal error"],
  [TooManyRequestsError, -32002, "Too many requests"],
] as const;

for (const [Class, code, message] of BY_CODE) {
  Deno.test(`${Class.name} has its code and its sentence, and keeps data, message and cause`, () => {
    const plain = new Class();
    assertInstanceOf(plain, JSONRPCError);
    assertEquals([plain.name, plain.code, plain.message, plain.data], [Class.name, code, message, undefined]);
    const cause = new Error("Why");
    const full = new Class({ a: 1 }, { message: "Mine", cause });
    assertEquals([full.code, full.message, full.data], [code, "Mine", { a: 1 }]);
    assertStrictEquals(full.cause, cause);
  });

  Deno.test(`fromObject makes a ${Class.name} of code ${code}, and keeps its message`, () => {
    const error = JSONRPCError.fromObject({ code, message: "Theirs", data: [1] });
    assertStrictEquals(error.constructor, Class);
    assertEquals([error.name, error.code, error.message, error.data], [Class.name, code, "Theirs", [1]]);
    assertEquals(JSONRPCError.fromObject({ code, message: "" }).message, "");
  });
}

Deno.test("fromObject makes a ServerError of the other codes from -32099 to -32000", () => {
  for (const code of [-32099, -32050, -32003, -32000]) {
    const error = JSONRPCError.fromObject({ code, message: "Theirs", data: 5 });
    assertStrictEquals(error.constructor, ServerError);
    assertEquals([error.name, error.code, error.message, error.data], ["ServerError", code, "Theirs", 5]);
  }
});

Deno.test("fromObject makes a JSONRPCError of every other code", () => {
  for (const code of [-32768, -32604, -32100, -31999, -1, 0, 1, 404]) {
    const error = JSONRPCError.fromObject({ code, message: "Theirs" });
    assertStrictEquals(error.constructor, JSONRPCError);
    assertEquals([error.name, error.code, error.message, error.data], ["JSONRPCError", code, "Theirs", undefined]);
  }
});

Deno.test("A JSONRPCError refuses a code that is not an integer", () => {
  for (const code of [1.5, NaN, Infinity, 2 ** 53, "1" as unknown as number]) {
    assertThrows(() => new JSONRPCError(code, "Broken"), RangeError, "must be an integer");
  }
});

Deno.test("A JSONRPCError is written with its data, which may be null or false, and without its stack", () => {
  assertEquals(JSON.stringify(new JSONRPCError(1, "Broken")), '{"code":1,"message":"Broken"}');
  for (const data of [null, false, 0, "", [], { a: 1 }]) {
    const error = new JSONRPCError(1, "Broken", data, { cause: new Error("Secret") });
    assertEquals(JSON.stringify(error), `{"code":1,"message":"Broken","data":${JSON.stringify(data)}}`);
    assertEquals(new TextDecoder().decode(error.toBytes()), JSON.stringify(error));
  }
});

Deno.test("A JSONRPCError comes back from its bytes", () => {
  const error = JSONRPCError.fromBytes(new InvalidParamsError(["a"], { message: "Nö" }).toBytes());
  assertInstanceOf(error, InvalidParamsError);
  assertEquals([error.code, error.message, error.data], [-32602, "Nö", ["a"]]);
});

Deno.test("A JSONRPCError whose data JSON cannot hold is not encoded", () => {
  assertThrows(() => new JSONRPCError(1, "Broken", 1n).toBytes(), TypeError);
});

Deno.test("Bytes that are no error object are a DecodeError, with a cause where there is one", () => {
  const notJSON = assertThrows(() => JSONRPCError.fromBytes(bytes("{")), DecodeError, "not JSON") as DecodeError;
  assertInstanceOf(notJSON.cause, SyntaxError);
  const notUTF8 = assertThrows(() => JSONRPCError.fromBytes(new Uint8Array([0xff])), DecodeError, "UTF-8");
  assertInstanceOf((notUTF8 as DecodeError).cause, TypeError);
  for (const text of ["null", "[]", "1", "{}", '{"code":1}', '{"code":1.5,"message":"m"}']) {
    const error = assertThrows(() => JSONRPCError.fromBytes(bytes(text)), DecodeError, "error object") as DecodeError;
    assert(!("cause" in error));
  }
});

Deno.test("An error object has an integer code and a string message", () => {
  assert(isErrorObject({ code: -32000, message: "" }));
  assert(isErrorObject({ code: 0, message: "m", data: undefined, other: 1 }));
  for (
    const value of [
      null,
      undefined,
      "m",
      [],
      {},
      { code: 1 },
      { message: "m" },
      { code: "1", message: "m" },
      { code: 1.5, message: "m" },
      { code: NaN, message: "m" },
      { code: 2 ** 53, message: "m" },
      { code: 1n, message: "m" },
      { code: 1, message: 5 },
    ]
  ) assert(!isErrorObject(value), `${Deno.inspect(value)} is taken`);
});
