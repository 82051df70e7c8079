// Arguments that validators are asked about, before a function gets them.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { InvalidParamsError, type ParamsSchema, type StandardSchemaV1 } from "../../mod.ts";
import { Parameters, type ParametersOption } from "../../src/rpc/parameters.ts";
import { ParamsCheck } from "../../src/rpc/params_check.ts";
import { larger, largerLater, refusing, schemaOf } from "../fakes/schema.ts";

// deno-lint-ignore no-explicit-any -- functions of every kind
type AnyFunction = (...args: any[]) => unknown;

const two: AnyFunction = (a, b) => [a, b];
const rest: AnyFunction = (a, ...others) => [a, others];
const object: AnyFunction = ({ a }) => a;
const anything = schemaOf((value) => value);

function checkOf(fn: AnyFunction, schema: ParamsSchema, option?: ParametersOption): ParamsCheck {
  return new ParamsCheck(new Parameters("f", fn, option, true), schema);
}

/** What the function would get, or what the caller is told. */
function check(fn: AnyFunction, schema: ParamsSchema, args: unknown[], option?: ParametersOption): unknown {
  try {
    return checkOf(fn, schema, option).check(args);
  } catch (error) {
    if (error instanceof InvalidParamsError) return error.data;
    throw error;
  }
}

Deno.test("an array of schemas is by position, and the function gets what they make of the arguments", () => {
  assertEquals(check(two, [larger, larger], [1, 2]), [2, 3]);
  assertEquals(check(two, [larger], [1, "x"]), [2, "x"]);
  assertEquals(check(two, [], [1, "x"]), [1, "x"]);
  assertEquals(check(two, [larger, larger], [1, "x"]), "f(a, b) refuses b: A number was expected");
});

Deno.test("an object of schemas is by the names of the parameters", () => {
  assertEquals(check(two, { b: larger }, ["x", 2]), ["x", 3]);
  assertEquals(check(two, { b: larger, a: larger }, ["x", 2]), "f(a, b) refuses a: A number was expected");
  assertEquals(check(Math.max, { n: larger }, [1], ["n"]), [2]);
});

Deno.test("an argument that is left out is validated as undefined, and is given where the validator makes something of it", () => {
  const defaulted = schemaOf((value) => value ?? 7);
  assertEquals(check(two, [anything, defaulted], [1]), [1, 7]);
  assertEquals(check(two, [anything, defaulted], []), [undefined, 7]);
  assertEquals(check(two, [anything, anything], []), []);
  assertEquals(
    check(two, [larger, larger], []),
    [
      "f(a, b) refuses a: A number was expected",
      "b: A number was expected",
    ].join("; "),
  );
});

Deno.test("the schema of a rest parameter is that of each of its arguments", () => {
  assertEquals(check(rest, [anything, larger], [0, 1, 2, 3]), [0, 2, 3, 4]);
  assertEquals(check(rest, { others: larger }, [0]), [0]);
  assertEquals(
    check(rest, [anything, larger], [0, 1, "x"]),
    "f(a, ...others) refuses others[1]: A number was expected",
  );
});

Deno.test("one schema is that of the params object, which is empty where nothing is passed", () => {
  const whole = schemaOf((value) => ({ whole: value }));
  assertEquals(check(object, whole, [{ a: 1 }]), [{ whole: { a: 1 } }]);
  assertEquals(check(object, [whole], [{ a: 1 }]), [{ whole: { a: 1 } }]);
  assertEquals(check(object, whole, []), [{ whole: {} }]);
  assertEquals(check(object, [whole], []), [{ whole: {} }]);
  assertEquals(check((p) => p, whole, [null], "object"), [{ whole: null }]);
  assertEquals(check(object, refusing({ message: "No" }), [{}]), "f({…}) refuses its params: No");
});

Deno.test("schemas by name reach into the params object of a method that takes one", () => {
  const defaulted = schemaOf((value) => value ?? 7);
  assertEquals(check(object, { a: larger, b: defaulted }, [{ a: 1, c: 3 }]), [{ a: 2, b: 7, c: 3 }]);
  assertEquals(check(object, { a: anything }, [{}]), [{}]);
  assertEquals(check(object, { a: larger }, [{ a: "x" }]), "f({…}) refuses a: A number was expected");
  for (const none of [5, null, "x"]) {
    assertEquals(check(object, { a: larger }, [none]), "f({…}) refuses its params: An object was expected");
  }
});

Deno.test("what objects inherit is nobody's argument, and a name as __proto__ changes no prototype", () => {
  const seen: unknown[] = [];
  const spy = schemaOf((value) => (seen.push(value), value));
  const schema = JSON.parse('{"toString":0,"__proto__":0}');
  for (const name of Object.keys(schema)) Object.defineProperty(schema, name, { value: spy });
  const [checked] = check(object, schema, [JSON.parse('{"__proto__":{"admin":true}}')]) as [Record<string, unknown>];
  assertEquals(seen, [undefined, { admin: true }]);
  assertEquals(Object.getPrototypeOf(checked), Object.prototype);
  assertEquals(Object.keys(checked), ["__proto__"]);
  assertEquals(checked.admin, undefined);
  const admin = schemaOf((value) => value ?? { admin: true });
  for (const name of Object.keys(schema)) Object.defineProperty(schema, name, { value: admin });
  const [filled] = check(object, schema, [{}]) as [Record<string, unknown>];
  assertEquals([Object.keys(filled), filled.admin], [["toString", "__proto__"], undefined]);
});

Deno.test("a validator may take its time, and all are asked at once", async () => {
  assertEquals(await check(two, [larger, largerLater], [1, 2]), [2, 3]);
  const refused = await assertRejects(
    () => check(two, [larger, largerLater], ["x", "y"]) as Promise<unknown>,
    InvalidParamsError,
  );
  assertEquals(refused.data, "f(a, b) refuses a: A number was expected; b: A number was expected, later");
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const waiting = schemaOf((value) => (order.push(String(value)), gate.promise.then(() => [value])));
  const checked = check(two, [waiting, waiting], ["x", "y"]);
  assertEquals(order, ["x", "y"]);
  gate.resolve();
  assertEquals(await checked, [["x"], ["y"]]);
});

Deno.test("a promise of another kind is waited for too, and never taken for a yes", async () => {
  const thenable = {
    then: (resolve: (result: unknown) => void) => resolve({ issues: [{ message: "No" }] }),
  } as unknown as Promise<{ issues: [] }>;
  const schema: StandardSchemaV1 = { "~standard": { version: 1, vendor: "test", validate: () => thenable } };
  const refused = await assertRejects(() => check(two, [schema], [1]) as Promise<unknown>, InvalidParamsError);
  assertEquals(refused.data, "f(a, b) refuses a: No");
});

Deno.test("a validator that throws fails the call, and leaves no promise of another one unheard", async () => {
  const failing = schemaOf(() => Promise.reject(new Error("later")));
  const throwing = schemaOf(() => {
    throw new Error("at once");
  });
  await assertRejects(() => check(two, [failing, throwing], []) as Promise<unknown>, Error, "at once");
  await assertRejects(() => check(two, [throwing, failing], []) as Promise<unknown>, Error, "at once");
});

Deno.test("a refusal tells where it is, in the form of the validator's path", () => {
  const paths: [path: unknown, shown: string][] = [
    [undefined, "a"],
    [[], "a"],
    [["street", 0, "name"], "a.street[0].name"],
    [[{ key: "street" }, { key: 0 }], "a.street[0]"],
    [["two words", "", "größe", "0"], 'a["two words"][""].größe["0"]'],
    [[Symbol("s")], "a[Symbol(s)]"],
  ];
  for (const [path, shown] of paths) {
    const schema = refusing({ message: "No", path: path as PropertyKey[] });
    assertEquals(check(two, [schema], [1]), `f(a, b) refuses ${shown}: No`);
  }
  const members = refusing({ message: "No", path: ["a", "b"] }, { message: "Never", path: ["two words"] });
  assertEquals(check(object, members, [{}]), 'f({…}) refuses a.b: No; ["two words"]: Never');
  const unnamed: AnyFunction = (_a, [_b]) => 1;
  assertEquals(check(unnamed, [anything, larger], [1]), "f(_a, […]) refuses argument 2: A number was expected");
});

Deno.test("a path or a list of issues of a validator's own class is only walked", () => {
  class OwnArray extends Array<PropertyKey> {
    override map(): never {
      throw new Error("A method of the validator's was called");
    }
  }
  const issues = new OwnArray() as unknown as { message: string; path: PropertyKey[] }[];
  issues.push({ message: "No", path: OwnArray.of("b") as PropertyKey[] });
  const schema: StandardSchemaV1 = { "~standard": { version: 1, vendor: "test", validate: () => ({ issues }) } };
  assertEquals(check(two, [schema], [1]), "f(a, b) refuses a.b: No");
});

Deno.test("what a caller is told is bounded, however much is wrong and however long its names are", () => {
  const issues = Array.from({ length: 5_000 }, (_, index) => ({ message: `${"x".repeat(5_000)}`, path: [index] }));
  const text = check(two, [refusing(...issues)], [1]) as string;
  assertEquals(text.match(/x+…/g)?.map(({ length }) => length), Array.from({ length: 10 }, () => 301));
  assertEquals(text.slice(-15), "; and 4990 more");
  const long = refusing({ message: "No", path: Array.from({ length: 100_000 }, () => "x".repeat(100)) });
  assertEquals((check(two, [long], [1]) as string).length, "f(a, b) refuses : No".length + 301);
});

Deno.test("schemas that do not fit the parameters are refused at registration", () => {
  const misfits: [fn: AnyFunction, schema: unknown, message: string, option?: ParametersOption][] = [
    [two, larger, "f(a, b) does not take one object: give schemas in an array, or by name"],
    [rest, larger, "f(a, ...others) does not take one object", "object"],
    [(...others) => others, larger, "f(...others) does not take one object", "object"],
    [() => 1, { a: larger }, 'f() has no parameter "a", but a schema for it'],
    [two, { c: larger }, 'f(a, b) has no parameter "c", but a schema for it'],
    [two, [larger, larger, larger], "f(a, b) has fewer parameters than schemas, which are 3"],
    [Math.max, { a: larger }, "The parameter names of f() are not known: state them, or give an array of schemas"],
    [two, [5], "f(a, b) needs schemas that follow Standard Schema, not number"],
    [two, [larger, null], "f(a, b) needs schemas that follow Standard Schema, not null"],
    [two, { a: {} }, "f(a, b) needs schemas that follow Standard Schema, not object"],
    [two, { a: { "~standard": { version: 1 } } }, "f(a, b) needs schemas that follow Standard Schema, not object"],
    [object, { a: [larger] }, "f({…}) needs schemas that follow Standard Schema, not an array"],
    [two, "string", "f(a, b) needs schemas that follow Standard Schema, not string"],
    [two, null, "f(a, b) needs schemas that follow Standard Schema, not null"],
  ];
  for (const [fn, schema, message, option] of misfits) {
    assertThrows(() => checkOf(fn, schema as ParamsSchema, option), TypeError, message);
  }
});

Deno.test("a function of which no parameters are known takes schemas by position", () => {
  assertEquals(check(Math.max, [larger], [1, 5]), [2, 5]);
  assertEquals(check(Math.max, [larger], ["x"]), "f() refuses argument 1: A number was expected");
});
