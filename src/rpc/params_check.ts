/**
 * Has the arguments of a method validated, before its function gets them.
 *
 * @module
 */
import type { ParamsSchema } from "./method_schema.ts";
import type { Parameters } from "./parameters.ts";
import { refusalError } from "./params_refusal.ts";
import { isStandardSchema, type StandardResult, type StandardSchemaV1 } from "./standard_schema.ts";
import { isThenable } from "./thenable.ts";

/** One value to validate. */
interface Piece {
  /** Which argument it is, or which member of the params object. */
  readonly slot: number | string;
  /** How an error message shows it. */
  readonly where: string;
  /** Its validator. */
  readonly schema: StandardSchemaV1;
  /** The value. */
  readonly value: unknown;
}

type Arguments = readonly unknown[];

/** Validators of the params of one method. */
export class ParamsCheck {
  /** That of the params object as a whole, where there is one. */
  readonly whole: StandardSchemaV1 | undefined;
  /** Those of members of the params object, where the method takes that, by their names. */
  readonly members: ReadonlyMap<string, StandardSchemaV1> | undefined;
  /** Those of the parameters, where there are such, in order; undefined for one without. */
  readonly positions: readonly (StandardSchemaV1 | undefined)[] | undefined;

  readonly #parameters: Parameters;
  /** Index of the rest parameter. */
  readonly #rest: number;

  /**
   * @param parameters The parameters of the method.
   * @param schema What was stated at registration.
   * @throws {TypeError} If it holds what is no validator, or does not fit the parameters.
   */
  constructor(parameters: Parameters, schema: ParamsSchema) {
    this.#parameters = parameters;
    this.#rest = parameters.list?.findIndex(({ rest }) => rest) ?? -1;
    const { signature, list, isObject } = parameters;
    const isOne = isObject && (list?.length ?? 1) <= 1 && this.#rest < 0;
    if (isStandardSchema(schema)) {
      if (!isOne) throw new TypeError(`${signature} does not take one object: give schemas in an array, or by name`);
      this.whole = schema;
    } else if (Array.isArray(schema)) {
      const positions = this.#byPosition(schema);
      if (isOne && positions.length === 1) this.whole = positions[0];
      else this.positions = positions;
    } else if (typeof schema !== "object" || schema === null) throw this.#noSchema(schema);
    else if (isObject) this.members = new Map(Object.entries(schema).map(([name, one]) => [name, this.#checked(one)]));
    else this.positions = this.#byName(schema as { readonly [name: string]: StandardSchemaV1 });
  }

  /**
   * Has arguments validated.
   *
   * @param args The arguments.
   * @returns What the validators make of them; a promise where one takes longer.
   * @throws {InvalidParamsError} If one is refused.
   */
  check(args: Arguments): Arguments | Promise<Arguments> {
    const pieces = this.#pieces(args);
    let later = false;
    const results = pieces.map(({ schema, value }) => {
      try {
        const result = schema["~standard"].validate(value);
        later ||= isThenable(result);
        return result;
      } catch (error) {
        // Another may have begun, whose promise somebody must wait for.
        later = true;
        return Promise.reject(error);
      }
    });
    if (later) return Promise.all(results).then((results) => this.#complete(args, pieces, results));
    return this.#complete(args, pieces, results as StandardResult<unknown>[]);
  }

  #pieces(args: Arguments): Piece[] {
    // Who passes nothing passes no names.
    const first = args.length === 0 ? {} : args[0];
    if (this.whole !== undefined) return [{ slot: 0, where: "", schema: this.whole, value: first }];
    if (this.members !== undefined) {
      if (typeof first !== "object" || first === null) {
        throw refusalError(this.#parameters.signature, [{
          where: "",
          issues: [{ message: "An object was expected" }],
        }]);
      }
      return [...this.members].map(([name, schema]) => {
        const value = Object.hasOwn(first, name) ? (first as Record<string, unknown>)[name] : undefined;
        return { slot: name, where: name, schema, value };
      });
    }
    return this.#positioned(args);
  }

  #positioned(args: Arguments): Piece[] {
    const pieces: Piece[] = [];
    this.positions!.forEach((schema, index) => {
      if (schema === undefined) return;
      const where = this.#parameters.list?.[index]?.name ?? `argument ${index + 1}`;
      if (index !== this.#rest) return pieces.push({ slot: index, where, schema, value: args[index] });
      for (let slot = index; slot < args.length; slot++) {
        pieces.push({ slot, where: `${where}[${slot - index}]`, schema, value: args[slot] });
      }
    });
    return pieces;
  }

  #complete(args: Arguments, pieces: readonly Piece[], results: readonly StandardResult<unknown>[]): Arguments {
    const refusals = pieces.flatMap(({ where }, index) => {
      const { issues } = results[index]!;
      return issues ? [{ where, issues }] : [];
    });
    if (refusals.length > 0) throw refusalError(this.#parameters.signature, refusals);
    const checked: unknown[] = [...args];
    const object: Record<string, unknown> = this.members === undefined ? {} : { ...args[0] as object };
    pieces.forEach(({ slot }, index) => {
      const { value } = results[index] as { value: unknown };
      if (typeof slot === "string") {
        // As JSON.parse does it: `__proto__` is a name as any other.
        const property = { value, writable: true, enumerable: true, configurable: true };
        if (value !== undefined || Object.hasOwn(object, slot)) Object.defineProperty(object, slot, property);
      } else if (value !== undefined || slot < args.length) checked[slot] = value;
    });
    if (this.members !== undefined) checked[0] = object;
    // What was left out becomes undefined, and not a hole.
    return Array.from(checked);
  }

  #byPosition(schemas: readonly unknown[]): StandardSchemaV1[] {
    const { list, signature } = this.#parameters;
    if (list !== undefined && schemas.length > list.length) {
      throw new TypeError(`${signature} has fewer parameters than schemas, which are ${schemas.length}`);
    }
    return Array.from(schemas, (schema) => this.#checked(schema));
  }

  #byName(schemas: { readonly [name: string]: StandardSchemaV1 }): (StandardSchemaV1 | undefined)[] {
    const { list, signature } = this.#parameters;
    if (list === undefined) {
      throw new TypeError(`The parameter names of ${signature} are not known: state them, or give an array of schemas`);
    }
    const found: (StandardSchemaV1 | undefined)[] = list.map(() => undefined);
    for (const [name, schema] of Object.entries(schemas)) {
      const index = list.findIndex((parameter) => parameter.name === name);
      if (index < 0) throw new TypeError(`${signature} has no parameter ${JSON.stringify(name)}, but a schema for it`);
      found[index] = this.#checked(schema);
    }
    return found;
  }

  #checked(schema: unknown): StandardSchemaV1 {
    if (isStandardSchema(schema)) return schema;
    throw this.#noSchema(schema);
  }

  #noSchema(value: unknown): TypeError {
    const shown = value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
    return new TypeError(`${this.#parameters.signature} needs schemas that follow Standard Schema, not ${shown}`);
  }
}
