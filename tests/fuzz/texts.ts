/**
 * JSON texts, from valid messages of JSON-RPC to what is hardly JSON. They are put together as text: so a member can come
 * twice, and a number can be one that no value of JavaScript is written as.
 *
 * @module
 */
import fc from "fast-check";

/** Names that mean something to JavaScript, to JSON-RPC, or to a peer. */
export const NAMES: readonly string[] = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "__defineGetter__",
  "then",
  "toJSON",
  "length",
  "",
  "rpc.discover",
  "_secret",
  "close",
  "jsonrpc",
  "id",
  "method",
  "params",
  "result",
  "error",
  "code",
  "message",
  "data",
];

/** Values at the bounds of what JSON can say. */
const SCALARS = [
  "null",
  "true",
  "0",
  "-0",
  "1",
  "-1",
  "1.5",
  "1e400",
  "-1e400",
  "1e-400",
  "9007199254740991",
  "9007199254740993",
  "4294967296",
  "-32700",
  "-32000",
  "-32768",
  "0.1e1",
  '""',
  '"2.0"',
  '"1"',
  '"a"',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"é😀"',
  '"__proto__"',
  // What only looks like brackets, and like the end of a string; long strings too.
  '"[{"',
  '"\\"["',
  '"\\\\"',
  '"\\\\\\"]["',
  `"${"a".repeat(45)}\\"[[\\\\"`,
  `"${"a".repeat(46)}\\\\"`,
  `"${"a".repeat(47)}\\"${"[".repeat(60)}\\\\\\"{"`,
  "01",
  "+1",
  "NaN",
  "undefined",
  "'a'",
  '"\n"',
  "",
];

const scalar = fc.oneof(
  { arbitrary: fc.constantFrom(...SCALARS), weight: 3 },
  { arbitrary: fc.integer({ min: -9, max: 70_000 }).map(String), weight: 1 },
  { arbitrary: fc.string({ maxLength: 8, unit: "binary" }).map((text) => JSON.stringify(text)), weight: 1 },
);
const name = fc.constantFrom(...NAMES).map((name) => JSON.stringify(name));

const { value } = fc.letrec<{ value: string; array: string; object: string }>((tie) => ({
  value: fc.oneof({ maxDepth: 3, withCrossShrink: true }, scalar, tie("array"), tie("object")),
  array: fc.array(tie("value"), { maxLength: 3 }).map((members) => `[${members.join(",")}]`),
  object: fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map(objectOf),
}));

/** Any value, more or less. */
export const VALUE: fc.Arbitrary<string> = value;

function objectOf(members: readonly (readonly [name: string, value: string])[]): string {
  return `{${members.map(([name, value]) => `${name}:${value}`).join(",")}}`;
}

/** Something that happens to one member of an object. */
const slip = fc.record({
  at: fc.nat(5),
  how: fc.constantFrom("drop" as const, "twice" as const, "replace" as const, "add" as const),
  name,
  value,
});

/** An object with these members, of which some have slipped at times. */
function objectWith(members: Readonly<Record<string, fc.Arbitrary<string>>>): fc.Arbitrary<string> {
  const names = Object.keys(members).map((name) => JSON.stringify(name));
  const slips = fc.oneof({ arbitrary: fc.constant([]), weight: 2 }, fc.array(slip, { maxLength: 2 }));
  return fc.tuple(fc.tuple(...Object.values(members)), slips).map(([values, slips]) => {
    const list = names.map((name, index): [string, string] => [name, values[index]!]);
    for (const { at, how, name, value } of slips) {
      const index = at % Math.max(list.length, 1);
      if (how === "drop") list.splice(index, 1);
      else if (how === "twice" && list.length > 0) list.push([list[index]![0], value]);
      else if (how === "replace" && list.length > 0) list[index] = [list[index]![0], value];
      else list.splice(index, 0, [name, value]);
    }
    return objectOf(list);
  });
}

const version = fc.constant('"2.0"');
const id = fc.oneof(fc.nat(9).map(String), scalar);

/** Arguments: an array, an object, or something else. */
export const PARAMS: fc.Arbitrary<string> = fc.oneof(
  fc.array(value, { maxLength: 4 }).map((members) => `[${members.join(",")}]`),
  fc.array(fc.tuple(name, value), { maxLength: 3 }).map(objectOf),
  fc.constant('{"token":"t","payload":[]}'),
  value,
);

/** A request that calls one of these methods, or nearly one. */
export function requestsFor(methods: readonly string[]): fc.Arbitrary<string> {
  const method = fc.constantFrom(...methods, ...methods, ...NAMES).map((name) => JSON.stringify(name));
  return fc.oneof(
    objectWith({ jsonrpc: version, id, method, params: PARAMS }),
    objectWith({ jsonrpc: version, method, params: PARAMS }),
    objectWith({ jsonrpc: version, id, method }),
  );
}

const code = fc.oneof(fc.constantFrom("-32700", "-32600", "-32601", "-32602", "-32603", "-32002", "-32050"), scalar);

/** An error object, or nearly one. */
export const ERROR: fc.Arbitrary<string> = fc.oneof(
  objectWith({ code, message: fc.constant('"no luck"'), data: value }),
  objectWith({ code, message: scalar }),
);

/** A response, or nearly one. */
export const RESPONSE: fc.Arbitrary<string> = fc.oneof(
  objectWith({ jsonrpc: version, id, result: value }),
  objectWith({ jsonrpc: version, id, error: ERROR }),
);

/** Brackets in brackets, closed or not. */
export function nestings(depth: number): fc.Arbitrary<string> {
  const brackets = fc.constantFrom(["[", "]"], ['{"__proto__":', "}"], ['[{"a":', "}]"]);
  return fc.record({ brackets, depth: fc.nat(depth), inner: fc.constantFrom("1", "", "[]"), closed: fc.boolean() })
    .map(({ brackets: [open, close], depth, inner, closed }) =>
      open!.repeat(depth) + inner + (closed ? close!.repeat(depth) : "")
    );
}

/** Several texts as one batch. */
export function batchesOf(member: fc.Arbitrary<string>, maxLength = 5): fc.Arbitrary<string> {
  return fc.array(member, { maxLength }).map((members) => `[${members.join(",")}]`);
}
