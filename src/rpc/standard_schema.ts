/**
 * The interface that validators of many packages have in common: Standard Schema (https://standardschema.dev), and its extension for
 * JSON Schema. Only what is used here is stated, so that nothing has to be imported for it.
 *
 * @module
 */

/**
 * A validator of any package that follows Standard Schema, such as zod, valibot and arktype.
 *
 * @typeParam Input What it takes.
 * @typeParam Output What it makes of that.
 * @example A validator by hand.
 * ```ts
 * import { InvalidParamsError, RPCPeer, type StandardSchemaV1 } from "@procslink/procslink";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const even: StandardSchemaV1<number> = {
 *   "~standard": {
 *     version: 1,
 *     vendor: "by hand",
 *     validate: (value) =>
 *       typeof value === "number" && value % 2 === 0 ? { value } : { issues: [{ message: "An even number was expected" }] },
 *   },
 * };
 *
 * await using server = new RPCPeer();
 * server.registerFunction((n) => n / 2, "halve", { schema: { params: [even] } });
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * const error = await assertRejects(() => client.call(server.nlPid, "halve", { n: 3 }), InvalidParamsError);
 * assertEquals(error.data, "halve(n) refuses n: An even number was expected");
 * ```
 */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  /** What the standard defines. */
  readonly "~standard": StandardSchemaProperties<Input, Output>;
}

/**
 * What the standard defines.
 *
 * @typeParam Input What the validator takes.
 * @typeParam Output What it makes of that.
 */
export interface StandardSchemaProperties<Input = unknown, Output = Input> {
  /** Version of the standard. */
  readonly version: 1;
  /** Name of the package. */
  readonly vendor: string;
  /** Validates a value. */
  readonly validate: (value: unknown) => StandardResult<Output> | Promise<StandardResult<Output>>;
  /**
   * The types, for the compiler only.
   *
   * @default no types
   */
  readonly types?: StandardTypes<Input, Output> | undefined;
  /**
   * Tells the JSON Schema of the validator.
   *
   * @default nothing tells it
   */
  readonly jsonSchema?: StandardJSONSchema | undefined;
}

/**
 * The types of a validator.
 *
 * @typeParam Input What it takes.
 * @typeParam Output What it makes of that.
 */
export interface StandardTypes<Input = unknown, Output = Input> {
  /** What it takes. */
  readonly input: Input;
  /** What it makes of that. */
  readonly output: Output;
}

/**
 * What came of a validation: a value where there are no issues.
 *
 * @typeParam Output What the validator makes of what it takes.
 */
export type StandardResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardIssue[] };

/** What is wrong with a value. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /**
   * Where in the value.
   *
   * @default the value itself
   */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Tells the JSON Schema of a validator. */
export interface StandardJSONSchema {
  /** That of what it takes. Throws where there is none. */
  readonly input: (options: StandardJSONSchemaOptions) => Record<string, unknown>;
}

/** Which JSON Schema is asked for. */
export interface StandardJSONSchemaOptions {
  /** The version of JSON Schema. */
  readonly target: "draft-07" | "draft-2020-12";
  /**
   * What only some packages understand.
   *
   * @default nothing
   */
  readonly libraryOptions?: Record<string, unknown> | undefined;
}

/** What a validator takes. */
export type InputOf<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["input"];

/** What a validator makes of what it takes. */
export type OutputOf<Schema extends StandardSchemaV1> = NonNullable<Schema["~standard"]["types"]>["output"];

/**
 * Tells whether a value is a validator.
 *
 * @param value Any value.
 * @returns Whether it is.
 */
export function isStandardSchema(value: unknown): value is StandardSchemaV1 {
  // Those of some packages are functions.
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  const properties: unknown = (value as Partial<StandardSchemaV1>)["~standard"];
  return typeof properties === "object" && properties !== null &&
    typeof (properties as Partial<StandardSchemaProperties>).validate === "function";
}
