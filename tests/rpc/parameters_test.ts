import { assertEquals, assertThrows } from "@std/assert";
import { InvalidParamsError } from "../../mod.ts";
import { Parameters, type ParametersOption } from "../../src/rpc/parameters.ts";

// deno-lint-ignore no-explicit-any -- functions of every kind
type AnyFunction = (...args: any[]) => unknown;

/** Binds params, and returns the arguments or what was expected. */
function bind(fn: AnyFunction, params: unknown, option?: ParametersOption): unknown {
  try {
    return [...new Parameters("f", fn, option).bind(params as readonly unknown[])];
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.data;
    throw error;
  }
}

// Written as text, so that no formatter or compiler changes them.
const NAMES: Record<string, string[]> = {
  "(a, b) => a": ["a", "b"],
  "a => a": ["a"],
  "async a => a": ["a"],
  "async (a,b) => a": ["a", "b"],
  "async(a) => a": ["a"],
  "() => 1": [],
  "function (a, b) {}": ["a", "b"],
  "function named(a) { return (b, c) => 1 }": ["a"],
  "async function* named (a, b) {}": ["a", "b"],
  "{ f(a, b) {} }": ["a", "b"],
  "{ async f(a) {} }": ["a"],
  "{ *f(a) {} }": ["a"],
  "{ ['f'](a) {} }": ["a"],
  "{ ['f' + ')(x'.slice(9)](a) {} }": ["a"],
  "{ 'f'(a) {} }": ["a"],
  "{ class(a) {} }": ["a"],
  "(a = 1, b = (x, y) => [x, y], c = { d: 1, e: [2, 3] }) => a": ["a?", "b?", "c?"],
  "(a = ')', b = \"(\", c = `${[')', (1)]}`) => a": ["a?", "b?", "c?"],
  "(a = /[)/]\\)/, b = 4 / 2, c = 1 / 1) => a": ["a?", "b?", "c?"],
  "(a /* ) , b */, // , c )\n d) => a": ["a", "d"],
  "/* (x) */ (a) => a": ["a"],
  "(a, ...others) => a": ["a", "...others"],
  "(a, b,) => a": ["a", "b"],
  "($a, _b, größe, \\u0061bc) => $a": ["$a", "_b", "größe", "\\u0061bc"],
  "(a = function (x) { return '}' }, b) => a": ["a?", "b"],
  "(a = b => b, c) => a": ["a?", "c"],
};

for (const [source, names] of Object.entries(NAMES)) {
  Deno.test(`the parameters of ${JSON.stringify(source)} are read from its text`, () => {
    const value = (0, eval)(`(${source})`);
    const fn = typeof value === "function" ? value : Object.values(value)[0];
    const parameters = new Parameters("f", fn);
    const error = assertThrows(() => parameters.bind({ "?": 1 }), InvalidParamsError);
    assertEquals(error.data, `f(${names.join(", ")}) has no parameter "?"`);
  });
}

Deno.test("arguments by position are handed on, as many as are taken", () => {
  const two = (a: unknown, b?: unknown) => [a, b];
  assertEquals(bind(two, undefined), []);
  assertEquals(bind(two, []), []);
  assertEquals(bind(two, [1]), [1]);
  assertEquals(bind(two, [1, null]), [1, null]);
  assertEquals(bind(two, [1, 2, 3]), "f(a, b) takes at most 2 arguments, not 3");
  assertEquals(bind((a: unknown, ...others: unknown[]) => [a, others], [1, 2, 3]), [1, 2, 3]);
  assertEquals(bind(() => 1, [1]), "f() takes at most 0 arguments, not 1");
});

Deno.test("arguments by name take their places, and what is left out is undefined", () => {
  const three = (a: unknown, b: unknown, c = 3) => [a, b, c];
  assertEquals(bind(three, { b: 2, a: 1 }), [1, 2]);
  assertEquals(bind(three, { c: 1 }), [undefined, undefined, 1]);
  assertEquals(bind(three, {}), []);
  assertEquals(bind(three, { d: 1 }), 'f(a, b, c?) has no parameter "d"');
  assertEquals(bind(three, { toString: 1 }), 'f(a, b, c?) has no parameter "toString"');
  const rest = (a: unknown, ...others: unknown[]) => [a, others];
  assertEquals(bind(rest, { others: [2, 3], a: 1 }), [1, 2, 3]);
  assertEquals(bind(rest, { others: [2] }), [undefined, 2]);
  assertEquals(bind(rest, { others: 2 }), "f(a, ...others) takes an array for ...others");
});

Deno.test("a method whose one parameter is an object that is taken apart gets the object", () => {
  const create = ({ title, year }: { title: string; year: number }) => [title, year];
  const params = { title: "Emma", year: 1815 };
  assertEquals(bind(create, params), [params]);
  assertEquals(bind(create, [params]), [params]);
  assertEquals(bind(create, undefined), "f({…}) needs {…}");
  assertEquals(bind(create, []), "f({…}) needs {…}");
  const withDefault = ({ title } = { title: "" }) => title;
  assertEquals(bind(withDefault, { anything: 1 }), [{ anything: 1 }]);
  assertEquals(bind(withDefault, undefined), []);
  const two = ({ title }: { title: string }, year: number) => [title, year];
  assertEquals(bind(two, { title: 1 }), 'f({…}, year) has no parameter "title"');
  const list = ([first]: unknown[]) => first;
  assertEquals(bind(list, { first: 1 }), 'f([…]) has no parameter "first"');
});

Deno.test("what is stated at registration counts, and a missing argument is refused", () => {
  const f = (x: unknown, y: unknown) => [x, y];
  const option = ["a", "b?"];
  assertEquals(bind(f, { a: 1 }, option), [1]);
  assertEquals(bind(f, { a: 1, b: 2 }, option), [1, 2]);
  assertEquals(bind(f, { b: 2 }, option), "f(a, b?) needs a");
  assertEquals(bind(f, [], option), "f(a, b?) needs a");
  assertEquals(bind(f, undefined, option), "f(a, b?) needs a");
  assertEquals(bind(f, { x: 1 }, option), 'f(a, b?) has no parameter "x"');
  assertEquals(bind(f, [1, 2, 3], option), "f(a, b?) takes at most 2 arguments, not 3");
  assertEquals(bind(f, { a: 1, more: [2, 3] }, ["a", "...more"]), [1, 2, 3]);
  assertEquals(bind(f, [null], ["a"]), [null]);
  assertEquals(bind(f, { any: 1 }, "object"), [{ any: 1 }]);
  assertEquals(bind(f, [1], []), "f() takes at most 0 arguments, not 1");
});

Deno.test("a stated name may have any letter that one of JavaScript may", () => {
  const f = (...args: unknown[]) => args;
  const option = ["größe", "名?", "...ähnliche"];
  assertEquals(bind(f, { größe: 1, 名: 2, ähnliche: [3] }, option), [1, 2, 3]);
  assertEquals(bind(f, [], option), "f(größe, 名?, ...ähnliche) needs größe");
  for (const name of ["größe-", "1ß", "ß ß", "…ß"]) {
    assertThrows(() => new Parameters("f", f, [name]), TypeError, "params must be names such as");
  }
});

Deno.test("names that are none are refused at registration", () => {
  for (const option of [["a b"], [""], ["...rest", "b"], ["...rest?"], [5], ["1a"]]) {
    assertThrows(() => new Parameters("f", () => 1, option as string[]), TypeError, "params must be names such as");
  }
  assertThrows(() => new Parameters("f", () => 1, ["a", "a"]), TypeError, "params names one twice");
  assertThrows(
    () => new Parameters("f", () => 1, ["a?", "b"]),
    TypeError,
    "b is required, and stands behind an optional",
  );
  assertThrows(
    () => new Parameters("f", () => 1, "objekt" as "object"),
    TypeError,
    'params must be "object" or an array',
  );
});

Deno.test("a function that does not show its parameters takes them by position", () => {
  const bound = ((a: unknown, b: unknown) => [a, b]).bind(null);
  assertEquals(bind(bound, [1, 2]), [1, 2]);
  assertEquals(bind(bound, { a: 1 }), 'The parameter names of "f" are not known: pass arguments by position');
  assertEquals(bind(bound, { a: 1 }, ["a", "b?"]), [1]);
  assertEquals(bind(bound, { a: 1 }, "object"), [{ a: 1 }]);
});
