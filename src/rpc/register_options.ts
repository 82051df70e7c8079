/**
 * What can be said of a function where it is registered.
 *
 * @module
 */
import type { AccessRule } from "./access.ts";
import type { MethodSchema, ParamsSchema, ParamsSchemaOf } from "./method_schema.ts";
import type { ParametersOption } from "./parameters.ts";
import type { StandardSchemaV1 } from "./standard_schema.ts";

/** A function that can be registered. */
// deno-lint-ignore no-explicit-any -- a handler states its own parameters, and `unknown` would refuse every one that does
export type Handler = (...args: any[]) => unknown;

/**
 * Options of a registered function.
 *
 * @typeParam Params Validators of its params.
 * @typeParam Result Validator of its result.
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = new RPCPeer();
 * // Where a bundler shortens parameter names, or one is required, they are stated.
 * server.registerFunction((a: number, b = 1) => a - b, "subtract", { params: ["a", "b?"] });
 * // One method may be for others than the rest.
 * server.registerFunction(() => "0.1.0", "version", { access: "anyone" });
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * assertEquals(await client.call(server.nlPid, "subtract", { a: 3 }), 2);
 * assertEquals(await client.call(server.nlPid, "version"), "0.1.0");
 * ```
 */
export interface RegisterOptions<
  Params extends ParamsSchema | undefined = ParamsSchema | undefined,
  Result extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
> {
  /**
   * How the params of a request become arguments: `"object"` for one object, or the parameter names in order, such as
   * `["a", "b?", "...others"]`.
   *
   * @default the names in the source text of the function, none of them required
   */
  params?: ParametersOption;
  /**
   * Who may call it, in place of those who may call the others.
   *
   * @default the `access` of the peer
   */
  access?: AccessRule | undefined;
  /**
   * What it does, in one short sentence, for `rpc.discover`.
   *
   * @default none
   */
  summary?: string | undefined;
  /**
   * Validators of its params, and of its result: those of any package that follows Standard Schema. A single one for all params has
   * the function take them as one object.
   *
   * @default none
   */
  schema?: MethodSchema<Params, Result> | undefined;
}

/**
 * Options of the methods of an object.
 *
 * @typeParam T Its class.
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 *
 * class Shelf {
 *   add(title: string, year?: number): void {}
 * }
 *
 * await using server = new RPCPeer();
 * server.registerFunctionsInObject(new Shelf(), {
 *   methods: { add: { summary: "Puts a book on the shelf", params: ["title", "year?"] } },
 * });
 * ```
 */
export interface ObjectOptions<T extends object = object> {
  /**
   * Those of some of its methods, by their names.
   *
   * @default none
   */
  methods?: { readonly [Name in Extract<keyof T, string>]?: MethodOptions<T[Name]> | undefined } | undefined;
}

/**
 * Options of one method of an object.
 *
 * @typeParam Fn Its type.
 */
export interface MethodOptions<Fn> extends Omit<RegisterOptions, "schema"> {
  /**
   * Validators of its params, and of its result.
   *
   * @default none
   */
  schema?: {
    readonly params?: ParamsSchemaOf<Fn extends (...args: infer Args) => unknown ? Args : never> | undefined;
    readonly result?: StandardSchemaV1 | undefined;
  } | undefined;
}
