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
  | RegExp
  | Error
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

/** A value as a whole that JSON cannot hold. */
export type IsLossy<T> = unknown extends T ? false
  : [T] extends [{ toJSON(...args: never[]): unknown }] ? false
  : [Extract<T, Lossy>] extends [never] ? false
  : true;

/** Whether JSON cannot hold one of several values. */
export type AnyLossy<Values extends readonly unknown[]> = unknown[] extends Values ? false
  : true extends { [K in keyof Values]: IsLossy<Values[K]> }[number] ? true
  : false;

/** One signature of a method, called from afar. */
export type RemoteSignature<Args extends unknown[], Result> = AnyLossy<Args> extends true
  ? NotJSON<"JSON cannot hold one of the arguments of this method">
  : IsLossy<Awaited<Result>> extends true ? NotJSON<"JSON cannot hold the result of this method: convert it there">
  : (...args: Args) => Promise<Jsonify<Awaited<Result>>>;

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

/** Names that never reach a remote method: private by habit, inherited by every object, or what would make it thenable. */
export type LocalName = `_${string}` | "constructor" | "then" | keyof typeof Object.prototype;

/**
 * The methods of `T` as they are called from afar: each returns a promise of what JSON makes of its result.
 *
 * Public methods are kept, with their parameter names and up to three overloads. Left out are fields, symbols, names that
 * begin with `_`, what every object inherits, and `then`, since a remote object must not look like a promise.
 *
 * A method whose arguments or result JSON cannot hold is no function here: calling it does not compile, and the message
 * says why. TypeScript cannot keep the type parameters of a generic method: they become their constraints, most often
 * `unknown`. Nor can it tell a field that holds a function from a method; only methods of the class are reached.
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
export type Remote<T> = {
  readonly [
    K in keyof T as K extends LocalName | symbol | number ? never
      : T[K] extends (...args: never[]) => unknown ? K
      : never
  ]: RemoteMethod<T[K]>;
};
