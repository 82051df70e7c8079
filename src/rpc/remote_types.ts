/**
 * What a remote object looks like to TypeScript.
 *
 * @module
 */

/**
 * Stands where a value would be that JSON cannot hold, and says so in the compiler's message. No value has this type.
 *
 * @typeParam Reason What is wrong.
 */
export interface NotJSON<Reason extends string> {
  /** What is wrong. */
  readonly notJSON: Reason;
}

/** What JSON holds as it is. */
export type JSONValue = string | number | boolean | null | readonly JSONValue[] | {
  readonly [member: string]: JSONValue;
};

/** What JSON would lose, or turn into something else without a word. */
export type Lossy =
  | bigint
  | symbol
  | ((...args: never[]) => unknown)
  | ReadonlyMap<unknown, unknown>
  | ReadonlySet<unknown>
  | WeakMap<WeakKey, unknown>
  | WeakSet<WeakKey>
  | Promise<unknown>
  | AsyncIterable<unknown>
  | Iterator<unknown, unknown, never>
  | RegExp
  | Error
  | Blob
  | ArrayBufferLike
  | ArrayBufferView;

/**
 * What becomes of a value on its way through JSON.
 *
 * A `Date`, like anything with a `toJSON()` method, becomes what that returns. Undefined members of an object are left
 * out, undefined elements of an array become null. What JSON would lose becomes {@linkcode NotJSON}: a Map, a Set, bytes, a
 * bigint, a function.
 *
 * @typeParam T The type of the value.
 * @example
 * ```ts
 * import type { Jsonify } from "@procslink/procslink";
 *
 * const book: Jsonify<{ title: string; printed: Date }> = { title: "Emma", printed: "1815-12-23T00:00:00.000Z" };
 * ```
 */
export type Jsonify<T> = unknown extends T ? T
  : [T] extends [JSONValue] ? T
  : T extends null | boolean | number | string ? T
  : T extends undefined | void ? null
  : T extends { toJSON(...args: never[]): infer R } ? Jsonify<R>
  : T extends Lossy ? NotJSON<"JSON cannot hold this value: convert it in the method">
  : T extends readonly unknown[] ? { [K in keyof T]: Jsonify<T[K]> }
  : T extends object ? JsonifyObject<T>
  : never;

/** {@linkcode Jsonify} of an object: members that may be undefined become optional, symbols are left out. */
export type JsonifyObject<T> =
  & {
    [K in keyof T as K extends symbol ? never : undefined extends T[K] ? never : K]: Jsonify<T[K]>;
  }
  & {
    [K in keyof T as K extends symbol ? never : undefined extends T[K] ? K : never]?: Jsonify<Exclude<T[K], undefined>>;
  } extends infer O ? { [K in keyof O]: O[K] }
  : never;

/**
 * A parameter of a method as it is called from afar: what JSON holds stays, and {@linkcode NotJSON} stands, however deep inside,
 * where an argument would not arrive as the method expects it. A `Date` is such a one: it arrives as a string.
 *
 * @typeParam T The type of the parameter.
 */
export type Sendable<T> = unknown extends T ? T
  : [T] extends [JSONValue | undefined] ? T
  : T extends null | undefined | boolean | number | string ? T
  : T extends { toJSON(...args: never[]): unknown } ? NotJSON<"JSON turns this argument into what its toJSON() returns">
  : T extends Lossy ? NotJSON<"JSON cannot hold this argument">
  : T extends object ? { [K in keyof T]: Sendable<T[K]> }
  : never;

/** Whether JSON cannot hold a value as a whole. */
export type IsLossy<T> = unknown extends T ? false
  : [T] extends [{ toJSON(...args: never[]): unknown }] ? false
  : [Extract<T, Lossy>] extends [never] ? false
  : true;

/** One signature of a method, called from afar. */
export type RemoteSignature<Args extends unknown[], Result> = IsLossy<Awaited<Result>> extends true
  ? NotJSON<"JSON cannot hold the result of this method: convert it there">
  : (...args: { [K in keyof Args]: Sendable<Args[K]> }) => Promise<Jsonify<Awaited<Result>>>;

/** A signature that TypeScript has made up where a function has fewer overloads than were asked for. */
export type RealSignature<Args extends unknown[], Result> = unknown[] extends Args ? unknown
  : RemoteSignature<Args, Result>;

/** Up to three overloads; TypeScript shows of a function with more its last three. */
export type RemoteMethod<F> = F extends {
  (...args: infer A1): infer R1;
  (...args: infer A2): infer R2;
  (...args: infer A3): infer R3;
} ? RealSignature<A1, R1> & RealSignature<A2, R2> & RemoteSignature<A3, R3>
  : F extends { (...args: infer A2): infer R2; (...args: infer A3): infer R3 }
    ? RealSignature<A2, R2> & RemoteSignature<A3, R3>
  : F extends (...args: infer A) => infer R ? RemoteSignature<A, R>
  : never;

/**
 * Names that never reach a remote method: private by habit, inherited by every object, what would make it thenable, and what
 * `JSON.stringify()` asks for.
 */
export type LocalName = `_${string}` | "constructor" | "then" | "toJSON" | keyof typeof Object.prototype;

/**
 * The methods of `T` as they are called from afar: each returns a promise of what JSON makes of its result.
 *
 * Public methods are kept, with their parameter names and up to three overloads. Left out are fields, symbols, names that
 * begin with `_`, what every object inherits, and `then`, since a remote object must not look like a promise.
 *
 * A method whose result as a whole JSON cannot hold is no function here: calling it does not compile, and the message says why.
 * What JSON cannot hold deeper inside of a result, or anywhere in an argument, has the type {@linkcode NotJSON}, so that using it
 * as what it was does not compile either.
 *
 * TypeScript cannot keep the type parameters of a generic method: they become their constraints, most often `unknown`. Nor can
 * it tell a field that holds a function from a method; only methods of the class are reached. Without a class, or with `any`, the
 * remote object is not checked at all.
 *
 * @typeParam T The class on the other side.
 * @example
 * ```ts
 * import { type Remote, RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * class MyAPI {
 *   hello(name: string): string {
 *     return `Hello, ${name}!`;
 *   }
 * }
 *
 * await using server = new RPCPeer();
 * server.registerFunctionsInObject(new MyAPI());
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * const remote: Remote<MyAPI> = client.talkTo<MyAPI>(server.nlPid);
 * assertEquals(await remote.hello("Rayson Zhu"), "Hello, Rayson Zhu!");
 * ```
 */
// deno-lint-ignore no-explicit-any -- of an unknown class every method may be there
export type Remote<T> = unknown extends T ? any : {
  readonly [
    K in keyof T as K extends LocalName | symbol | number ? never
      : NonNullable<T[K]> extends (...args: never[]) => unknown ? K
      : never
  ]-?: RemoteMethod<NonNullable<T[K]>>;
};
