import { assert, assertEquals } from "@std/assert";
import { isId, isRequest, isResponse } from "../../src/jsonrpc/guards.ts";

Deno.test("A string, null, a safe integer and a fraction are ids", () => {
  for (const id of ["", "a", "1", null, 0, -1, 1.5, -0.25, 5e-324, 2 ** 53 - 1, 1 - 2 ** 53]) {
    assert(isId(id), `${id} is refused`);
  }
});

Deno.test("An integer beyond 2^53 and whatever is neither string, number nor null are no ids", () => {
  for (
    const id of [2 ** 53, -(2 ** 53), 1e300, NaN, Infinity, -Infinity, true, undefined, {}, [], 1n, Symbol(), isId]
  ) {
    assert(!isId(id), `${String(id)} is taken`);
  }
});

const REQUESTS: [taken: boolean, text: string][] = [
  [true, '{"jsonrpc":"2.0","id":1,"method":"m","params":[]}'],
  [true, '{"jsonrpc":"2.0","id":1,"method":"m","params":{}}'],
  [true, '{"jsonrpc":"2.0","id":1,"method":"m"}'],
  [true, '{"jsonrpc":"2.0","id":"","method":""}'],
  [true, '{"jsonrpc":"2.0","id":null,"method":"m"}'],
  [true, '{"jsonrpc":"2.0","id":1.5,"method":"m"}'],
  [true, '{"jsonrpc":"2.0","method":"m"}'],
  [true, '{"jsonrpc":"2.0","method":"m","deadline":5,"other":[]}'],
  [true, '{"jsonrpc":"2.0","method":"__proto__","params":{"__proto__":1}}'],
  [false, '{"id":1,"method":"m"}'],
  [false, '{"jsonrpc":"1.0","id":1,"method":"m"}'],
  [false, '{"jsonrpc":2,"id":1,"method":"m"}'],
  [false, '{"jsonrpc":2.0,"id":1,"method":"m"}'],
  [false, '{"jsonrpc":null,"id":1,"method":"m"}'],
  [false, '{"jsonrpc":["2.0"],"id":1,"method":"m"}'],
  [false, '{"jsonrpc":"2.0","id":1}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":1}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":null}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":["m"]}'],
  [false, '{"jsonrpc":"2.0","id":true,"method":"m"}'],
  [false, '{"jsonrpc":"2.0","id":{},"method":"m"}'],
  [false, '{"jsonrpc":"2.0","id":[1],"method":"m"}'],
  [false, '{"jsonrpc":"2.0","id":9007199254740993,"method":"m"}'],
  [false, '{"jsonrpc":"2.0","id":1e999,"method":"m"}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":"m","params":null}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":"m","params":"p"}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":"m","params":1}'],
  [false, '{"jsonrpc":"2.0","id":1,"method":"m","params":true}'],
  [false, '{"__proto__":{"jsonrpc":"2.0","id":1,"method":"m"}}'],
  [false, '{"jsonrpc":"2.0","__proto__":{"method":"m"}}'],
  [false, '[{"jsonrpc":"2.0","id":1,"method":"m"}]'],
];

for (const [taken, text] of REQUESTS) {
  Deno.test(`${taken ? "A request" : "Not a request"}: ${text}`, () => {
    assertEquals(isRequest(JSON.parse(text)), taken);
  });
}

const RESPONSES: [taken: boolean, text: string][] = [
  [true, '{"jsonrpc":"2.0","id":1,"result":1}'],
  [true, '{"jsonrpc":"2.0","id":1,"result":null}'],
  [true, '{"jsonrpc":"2.0","id":1,"result":false}'],
  [true, '{"jsonrpc":"2.0","id":"a","result":""}'],
  [true, '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"Parse error"}}'],
  [true, '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"","data":null,"other":1}}'],
  [true, '{"jsonrpc":"2.0","id":1,"result":1,"other":2}'],
  [false, '{"id":1,"result":1}'],
  [false, '{"jsonrpc":"1.0","id":1,"result":1}'],
  [false, '{"jsonrpc":"1.0","id":1,"result":1,"error":null}'],
  [false, '{"jsonrpc":"2.0","result":1}'],
  [false, '{"jsonrpc":"2.0","id":true,"result":1}'],
  [false, '{"jsonrpc":"2.0","id":9007199254740993,"result":1}'],
  [false, '{"jsonrpc":"2.0","id":1}'],
  [false, '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":"m"}}'],
  [false, '{"jsonrpc":"2.0","id":1,"result":null,"error":{"code":1,"message":"m"}}'],
  [false, '{"jsonrpc":"2.0","id":1,"result":1,"error":null}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":null}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":"m"}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":[]}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"code":1}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"message":"m"}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"code":"1","message":"m"}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"code":1.5,"message":"m"}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"code":9007199254740993,"message":"m"}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":null}}'],
  [false, '{"jsonrpc":"2.0","id":1,"error":{"__proto__":{"code":1,"message":"m"}}}'],
  [false, '{"jsonrpc":"2.0","id":1,"__proto__":{"result":1}}'],
  [false, '[{"jsonrpc":"2.0","id":1,"result":1}]'],
];

for (const [taken, text] of RESPONSES) {
  Deno.test(`${taken ? "A response" : "Not a response"}: ${text}`, () => {
    assertEquals(isResponse(JSON.parse(text)), taken);
  });
}

Deno.test("No other JSON value is a message, and a request is no response", () => {
  for (const value of [null, true, 0, "", "2.0", [], {}, undefined]) {
    assertEquals([isRequest(value), isResponse(value)], [false, false]);
  }
  assert(!isResponse({ jsonrpc: "2.0", id: 1, method: "m" }));
  assert(!isRequest({ jsonrpc: "2.0", id: 1, result: 1 }));
});
