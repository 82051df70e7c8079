/**
 * What can be said of a method's params and result by validators, and what that means for the types of its function.
 *
 * @module
 */
import type { InputOf, OutputOf, StandardSchemaV1 } from "./standard_schema.ts";

/**
 * Validators of the params of a method, in the form that suits it:
 *
 * - an array: those of its parameters, in order. That of a rest parameter is for each of its arguments.
 * - an object: those of its parameters, by their names. They must be known: read from the function, or stated.
 * - a single one: that of the params object as a whole, which the function gets as its one argument.
 */
export type ParamsSchema = StandardSchemaV1 | readonly StandardSchemaV1[] | {
  readonly [name: string]: StandardSchemaV1;
};

/**
 * Validators of a method.
 *
 * @typeParam Params Those of its params.
 * @typeParam Result That of its result.
 */
export interface MethodSchema<
  Params extends ParamsSchema | undefined = ParamsSchema | undefined,
  Result extends StandardSchemaV1 | undefined = StandardSchemaV1 | undefined,
> {
  /**
   * Those of its params. They are asked before the function is called, also asynchronous ones; it gets what they make of the
   * arguments, and the caller an `InvalidParamsError` where they refuse one. `rpc.discover` asks each parameter's once whether it
   * refuses `undefined`.
   *
   * @default none
   */
  readonly params?: Params | undefined;
  /**
   * That of its result, as it travels: for `rpc.discover` and the compiler. No result is validated.
   *
   * @default none
   */
  readonly result?: Result | undefined;
}

/** The arguments that validators hand on. */
export type ArgumentsOf<Schemas extends readonly StandardSchemaV1[]> = {
  -readonly [Index in keyof Schemas]: OutputOf<Schemas[Index]>;
};

/** What the function of a method returns. */
export type ResultOf<Result> = Result extends StandardSchemaV1 ? InputOf<Result> | PromiseLike<InputOf<Result>>
  : unknown;

/**
 * The function of a method: its parameters are those that the validators hand on, as far as the compiler can know them.
 *
 * @typeParam Params Validators of the params.
 * @typeParam Result Validator of the result.
 */
export type HandlerOf<Params, Result> = Params extends readonly StandardSchemaV1[]
  ? (...args: ArgumentsOf<Params>) => ResultOf<Result>
  : Params extends StandardSchemaV1 ? (params: OutputOf<Params>) => ResultOf<Result>
  // deno-lint-ignore no-explicit-any -- a handler states its own parameters, and `unknown` would refuse every one that does
  : (...args: any[]) => ResultOf<Result>;

/** Validators of the params of a function that states its parameters: what they hand on must be what it takes. */
export type ParamsSchemaOf<Args extends readonly unknown[]> =
  | { readonly [Index in keyof Args]?: StandardSchemaV1<unknown, Args[Index]> }
  | StandardSchemaV1<unknown, Args[0]>
  | { readonly [name: string]: StandardSchemaV1 };
