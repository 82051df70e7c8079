// What the types accept and refuse. Most of this file is checked by the compiler; the functions are not run.
import type { CallOptions, Jsonify, NotJSON, Remote, RPCPeer } from "../../mod.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function assertType<_ extends true>(): void {}

interface Tree {
  value: number;
  children: Tree[];
}

type JSONValue = string | number | boolean | null | JSONValue[] | { [member: string]: JSONValue };

interface Book {
  title: string;
  tags?: string[];
}

// deno-lint-ignore no-unused-vars -- only its type is wanted
class API {
  field = 1;
  #private = 1;
  hello(name: string): string {
    return name + this.#private;
  }
  async later(): Promise<number> {
    return await Promise.resolve(1);
  }
  nothing(): void {}
  maybe(): string | undefined {
    return undefined;
  }
  when(): Date {
    return new Date(0);
  }
  book(): { title: string; printed: Date; pages?: number; note: string | undefined } {
    return { title: "", printed: new Date(0), note: undefined };
  }
  list(...names: string[]): [number, string?] {
    return [names.length];
  }
  tree(): Tree {
    return { value: 1, children: [] };
  }
  anything(value: unknown): unknown {
    return value;
  }
  optional(a: string, b = 1): string {
    return a + b;
  }
  format(value: string): string;
  format(value: number, digits: number): number;
  format(value: string | number, digits?: number): string | number {
    return digits ?? value;
  }
  generic<T>(value: T): T {
    return value;
  }
  map(): Map<string, number> {
    return new Map();
  }
  bytes(): Uint8Array {
    return new Uint8Array();
  }
  big(): Promise<bigint> {
    return Promise.resolve(1n);
  }
  callback(f: () => void): void {
    f();
  }
  nested(): { tags: Set<string>; ok: boolean } {
    return { tags: new Set(), ok: true };
  }
  echo(value: JSONValue): JSONValue {
    return value;
  }
  maybeThere?(a: number): string;
  lend(book: Book, until: string | undefined, ...others: Book[]): Tree | null {
    return book.title === until && others.length > 0 ? null : this.tree();
  }
  deep(value: { m: Map<string, number>; ok: number }): void {
    value.m.clear();
  }
  at(when: Date): number {
    return when.getTime();
  }
  parts(): AsyncIterable<string> {
    throw new Error();
  }
  stream(): ReadableStream<string> {
    throw new Error();
  }
  toJSON(): string {
    return "";
  }
  _hidden(): void {}
  then(): void {}
  toString(): string {
    return "";
  }
  protected guarded(): void {}
}

function accepted(remote: Remote<API>) {
  const results = {
    hello: remote.hello("x"),
    later: remote.later(),
    nothing: remote.nothing(),
    maybe: remote.maybe(),
    when: remote.when(),
    book: remote.book(),
    list: remote.list("a", "b"),
    tree: remote.tree(),
    anything: remote.anything({ any: 1 }),
    optional: [remote.optional("a"), remote.optional("a", 2)],
    text: remote.format("x"),
    number: remote.format(1, 2),
    generic: remote.generic("x"),
    nested: remote.nested(),
    echo: remote.echo({ a: [1, "two", null] }),
    maybeThere: remote.maybeThere(1),
    lend: [
      remote.lend({ title: "Emma" }, undefined),
      remote.lend({ title: "Emma", tags: [] }, "x", { title: "Persuasion" }),
    ],
  };
  assertType<Equal<typeof results.echo, Promise<JSONValue>>>();
  assertType<Equal<typeof results.maybeThere, Promise<string>>>();
  assertType<Equal<typeof results.hello, Promise<string>>>();
  assertType<Equal<typeof results.later, Promise<number>>>();
  assertType<Equal<typeof results.nothing, Promise<null>>>();
  assertType<Equal<typeof results.maybe, Promise<string | null>>>();
  assertType<Equal<typeof results.when, Promise<string>>>();
  type Book = { title: string; printed: string; pages?: number; note?: string };
  assertType<Equal<typeof results.book, Promise<Book>>>();
  assertType<Equal<typeof results.list, Promise<[number, (string | null)?]>>>();
  assertType<Equal<Awaited<typeof results.tree>["children"][number]["value"], number>>();
  assertType<Equal<typeof results.anything, Promise<unknown>>>();
  assertType<Equal<typeof results.text, Promise<string>>>();
  assertType<Equal<typeof results.number, Promise<number>>>();
  assertType<Equal<typeof results.generic, Promise<unknown>>>();
  assertType<Equal<Awaited<typeof results.nested>["ok"], boolean>>();
  type Reason = "JSON cannot hold this value: convert it in the method";
  assertType<Equal<Awaited<typeof results.nested>["tags"], NotJSON<Reason>>>();
}

async function refused(remote: Remote<API>) {
  // @ts-expect-error -- a wrong argument
  remote.hello(1);
  // @ts-expect-error -- an argument is missing
  remote.hello();
  // @ts-expect-error -- one too many
  remote.hello("x", "y");
  // @ts-expect-error -- no such method
  remote.goodbye();
  // @ts-expect-error -- a field
  remote.field;
  // @ts-expect-error -- private by habit
  remote._hidden();
  // @ts-expect-error -- a remote object is not thenable
  remote.then();
  // @ts-expect-error -- protected
  remote.guarded();
  // @ts-expect-error -- no overload takes this
  remote.format(1);
  // @ts-expect-error -- JSON cannot hold a Map
  remote.map();
  // @ts-expect-error -- JSON cannot hold bytes
  remote.bytes();
  // @ts-expect-error -- JSON cannot hold a bigint
  remote.big();
  // @ts-expect-error -- JSON cannot hold a function
  remote.callback(() => {});
  // @ts-expect-error -- a Map deep inside of an argument
  remote.deep({ m: new Map(), ok: 1 });
  // @ts-expect-error -- a Date arrives as a string, which the method does not expect
  remote.at(new Date(0));
  // @ts-expect-error -- JSON cannot hold what is iterated
  remote.parts();
  // @ts-expect-error -- nor a stream
  remote.stream();
  // @ts-expect-error -- JSON.stringify() asks for it
  remote.toJSON();
  // @ts-expect-error -- a set inside of a result
  const _tags: Set<string> = (await remote.nested()).tags;
  // @ts-expect-error -- a Date arrives as a string
  const _when: Date = await remote.when();
  // @ts-expect-error -- nothing is assigned to a remote object
  remote.hello = () => Promise.resolve("x");
}

function synchronous(peer: RPCPeer) {
  const text = peer.callSync<string>(1, "x", { a: 1 }, { timeout: 1 });
  const anything = peer.callSync(1, "x");
  assertType<Equal<typeof text, string>>();
  assertType<Equal<typeof anything, unknown>>();
}

Deno.test("a remote object has the methods that JSON can carry", () => {
  // That this file compiles is the test; what is never called is used here.
  assertType<Equal<typeof accepted, (remote: Remote<API>) => void>>();
  assertType<Equal<typeof refused, (remote: Remote<API>) => Promise<void>>>();
});

Deno.test("Jsonify tells what JSON makes of a type", () => {
  assertType<Equal<Jsonify<undefined>, null>>();
  assertType<Equal<Jsonify<"a" | 1 | null | boolean>, "a" | 1 | null | boolean>>();
  assertType<Equal<Jsonify<(string | undefined)[]>, (string | null)[]>>();
  assertType<Equal<Jsonify<readonly Date[]>, readonly string[]>>();
  assertType<Equal<Jsonify<{ a: Date; [Symbol.iterator]: 2 }>, { a: string }>>();
  assertType<Equal<Jsonify<{ readonly a?: Date }>, { readonly a?: string }>>();
  // deno-lint-ignore no-explicit-any -- any stays any
  assertType<Equal<Jsonify<any>, any>>();
  assertType<Equal<Jsonify<Record<string, number>>, { [x: string]: number }>>();
});

Deno.test("a synchronous call has its result, and not a promise; its options are those of every call", () => {
  assertType<Equal<typeof synchronous, (peer: RPCPeer) => void>>();
  assertType<Equal<Parameters<RPCPeer["callSync"]>[3], CallOptions | undefined>>();
  assertType<Equal<Parameters<RPCPeer["notify"]>[3], CallOptions | undefined>>();
});

Deno.test("without a class nothing is checked", () => {
  // deno-lint-ignore no-explicit-any -- that is the point
  assertType<Equal<Remote<any>, any>>();
  // deno-lint-ignore no-explicit-any -- that is the point
  assertType<Equal<Remote<unknown>, any>>();
});
