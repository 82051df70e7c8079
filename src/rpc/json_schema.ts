/**
 * The JSON Schema of a validator, for a document that holds many of them.
 *
 * @module
 */
import type { StandardJSONSchemaOptions, StandardSchemaV1 } from "./standard_schema.ts";

/** A JSON Schema. */
export type JSONSchema = { readonly [keyword: string]: unknown };

// OpenRPC has JSON Schema draft 7. What JSON Schema cannot say, such as a date, may be anything: some packages want to be told so.
const REQUESTS: readonly StandardJSONSchemaOptions[] = [
  { target: "draft-07" },
  { target: "draft-07", libraryOptions: { unrepresentable: "any" } },
  { target: "draft-2020-12" },
];

/** What older versions of some packages have instead. */
const OWN_METHODS = ["toJSONSchema", "toJsonSchema"] as const;

/** Keywords whose values are no schemas, and those whose values hold schemas by names that are no keywords. */
const VALUES = new Set(["const", "enum", "default", "examples"]);
const NAMED = new Set(["properties", "patternProperties", "definitions", "$defs", "dependencies", "dependentSchemas"]);

/**
 * Asks a validator for the JSON Schema of what it takes.
 *
 * @param schema The validator.
 * @param place Where in the document it will stand, as a JSON pointer: what refers to the schema itself is to be found there.
 * @returns The JSON Schema; that of anything where the validator does not tell.
 */
export function jsonSchemaOf(schema: StandardSchemaV1, place: string): JSONSchema {
  for (const ask of questions(schema)) {
    try {
      // What JSON cannot hold, such as a bigint, would spoil the whole document.
      const told: unknown = JSON.parse(JSON.stringify(ask()));
      if (typeof told !== "object" || told === null || Array.isArray(told)) continue;
      const { $schema: _, ...rest } = told as Record<string, unknown>;
      // One with an id refers to itself by that.
      return "$id" in rest ? rest : moved(rest, place) as JSONSchema;
    } catch {
      // It does not tell in this way.
    }
  }
  return {};
}

function* questions(schema: StandardSchemaV1): Generator<() => unknown> {
  const { jsonSchema } = schema["~standard"];
  if (jsonSchema !== undefined) { for (const request of REQUESTS) yield () => jsonSchema.input(request); }
  for (const name of OWN_METHODS) yield () => (schema as unknown as Record<string, () => unknown>)[name]!();
}

/** Lets what refers to the root of a schema refer to where that stands in the document. */
function moved(schema: unknown, place: string): unknown {
  if (Array.isArray(schema)) return schema.map((one) => moved(one, place));
  if (typeof schema !== "object" || schema === null) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (VALUES.has(keyword)) return [keyword, value];
      if (keyword === "$ref" && typeof value === "string" && /^#(\/|$)/.test(value)) {
        return [keyword, place + value.slice(1)];
      }
      if (!NAMED.has(keyword) || typeof value !== "object" || value === null) return [keyword, moved(value, place)];
      return [keyword, Object.fromEntries(Object.entries(value).map(([name, one]) => [name, moved(one, place)]))];
    }),
  );
}
