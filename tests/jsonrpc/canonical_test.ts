// Short messages are read without JSON.parse() of the whole: what that yields is the same, or nothing.
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { check } from "../fakes/property.ts";
import { readRequest, readResponse } from "../../src/jsonrpc/canonical.ts";
import { encodeRequest, encodeResult } from "../../src/jsonrpc/encode.ts";
import { isRequest, isResponse } from "../../src/jsonrpc/guards.ts";
import { encodeText, parseJSON } from "../../src/jsonrpc/text.ts";

/** What the body is as JSON, or undefined where it is none. */
function parsed(body: Uint8Array, maxDepth: number): unknown {
  try {
    return parseJSON(body, maxDepth);
  } catch {
    return undefined;
  }
}

/** What is read is what JSON says, and of the right kind. */
function assertSame(body: Uint8Array, maxDepth = 100): void {
  const request = readRequest(body, maxDepth);
  const response = readResponse(body, maxDepth);
  if (request !== undefined) assertEquals([isRequest(request), request as unknown], [true, parsed(body, maxDepth)]);
  if (response !== undefined) assertEquals([isResponse(response), response as unknown], [true, parsed(body, maxDepth)]);
}

const id = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const params = fc.oneof(fc.constant(undefined), fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()));
const deadline = fc.option(fc.nat(), { nil: undefined });
const message = fc.oneof(
  fc.tuple(id, fc.string(), params, deadline).map((request) =>
    encodeRequest(...request as Parameters<typeof encodeRequest>)
  ),
  fc.tuple(id, fc.jsonValue()).map(([id, value]) => encodeResult(id, value)),
);

Deno.test("what this project writes is read, in the same words as JSON.parse() has", () => {
  for (const value of [0, 1, -1, 1.5, "", "x", "täxt", null, true, [], [1], { a: 1 }, "long enough to be decoded"]) {
    const body = encodeText(encodeResult(7, value));
    assertEquals(readResponse(body, 10) as unknown, { jsonrpc: "2.0", id: 7, result: value });
    for (const deadline of [undefined, 1_700_000_000_000]) {
      for (const params of [undefined, [value], { name: value }]) {
        const text = encodeRequest(4_294_967_295, "echo", params, deadline);
        assertEquals(readRequest(encodeText(text), 10) as unknown, JSON.parse(text));
      }
    }
  }
});

Deno.test("whatever a message says is read as JSON has it, or not at all", () => {
  check(fc.property(message, (text) => assertSame(encodeText(text))), 2_000);
});

Deno.test("of messages that were changed somewhere nothing is read that JSON does not say", () => {
  const change = fc.record({
    at: fc.nat(),
    drop: fc.nat(2),
    add: fc.oneof(
      fc.uint8Array({ maxLength: 2 }),
      fc.constantFrom(',"result":1', ',"error":{}', '"', "}", "]", " ", "\ufeff", "\\", '"id":2', "0", ",", "-")
        .map((text) => encodeText(text)),
    ),
  });
  check(
    fc.property(message, fc.array(change, { minLength: 1, maxLength: 3 }), (text, changes) => {
      let bytes = [...encodeText(text)];
      for (const { at, drop, add } of changes) bytes = bytes.toSpliced(at % (bytes.length + 1), drop, ...add);
      assertSame(new Uint8Array(bytes));
    }),
    10_000,
  );
});

const elsewhere: Record<string, string> = {
  "an id with a zero in front": '{"jsonrpc":"2.0","id":01,"result":1}',
  "an id that is too large": '{"jsonrpc":"2.0","id":9007199254740993,"result":1}',
  "no id": '{"jsonrpc":"2.0","id":,"result":1}',
  "two results": '{"jsonrpc":"2.0","id":1,"result":1,"result":2}',
  "a result and an error": '{"jsonrpc":"2.0","id":1,"result":1,"error":{"code":1,"message":""}}',
  "no result": '{"jsonrpc":"2.0","id":1,"result":}',
  "something behind": '{"jsonrpc":"2.0","id":1,"result":1} ',
  "a mark of the byte order": '{"jsonrpc":"2.0","id":1,"result":\ufeff"long enough to be decoded"}',
  "params that are none": '{"jsonrpc":"2.0","id":1,"method":"m","params":1}',
  "a name with an escape": '{"jsonrpc":"2.0","id":1,"method":"\\u006d"}',
  "a deadline with a zero in front": '{"jsonrpc":"2.0","id":1,"method":"m","deadline":01}',
  "a deadline alone": '{"jsonrpc":"2.0","id":1,"method":"m"1}',
  "nothing": "",
  "its beginning": '{"jsonrpc":"2.0","id":1',
};

for (const [name, text] of Object.entries(elsewhere)) {
  Deno.test(`what is written otherwise is left to others: ${name}`, () => {
    const body = encodeText(text);
    assertEquals([readRequest(body, 10), readResponse(body, 10)], [undefined, undefined]);
  });
}

Deno.test("what is no UTF-8, or nested too deep, is left to others too", () => {
  const bytes = encodeText('{"jsonrpc":"2.0","id":1,"result":"long enough to be decoded"}');
  bytes[40] = 0xff;
  assertEquals(readResponse(bytes, 10), undefined);
  const deep = encodeText('{"jsonrpc":"2.0","id":1,"result":[[[]]]}');
  assertEquals(readResponse(deep, 3), undefined);
  assertEquals(readResponse(deep, 4)?.result, [[[]]]);
});

Deno.test("a very long name is left to JSON.parse(), which takes a fraction of the time for it", () => {
  const read = (length: number) => readRequest(encodeText(encodeRequest(1, "x".repeat(length), undefined)), 10);
  assertEquals([read(64)?.method, read(65), read(4_000)], ["x".repeat(64), undefined, undefined]);
  assertEquals(readRequest(encodeText(encodeRequest(1, "y".repeat(64), undefined)), 10)?.method, "y".repeat(64));
});
