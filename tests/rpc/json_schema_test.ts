// The JSON Schema of a validator, at its place in a document.
import { assertEquals } from "@std/assert";
import type { StandardJSONSchemaOptions, StandardSchemaV1 } from "../../mod.ts";
import { jsonSchemaOf } from "../../src/rpc/json_schema.ts";
import { schemaOf } from "../fakes/schema.ts";

const PLACE = "#/methods/3/params/0/schema";

function told(schema: unknown): unknown {
  return jsonSchemaOf(schemaOf((value) => value, () => schema as Record<string, unknown>), PLACE);
}

Deno.test("a validator tells its JSON Schema; its version is that of the document", () => {
  assertEquals(told({ $schema: "http://json-schema.org/draft-07/schema#", type: "number" }), { type: "number" });
});

Deno.test("one that does not tell, or nothing that JSON can hold, may be anything", () => {
  assertEquals(jsonSchemaOf(schemaOf((value) => value), PLACE), {});
  const ring: Record<string, unknown> = {};
  ring.self = ring;
  for (const schema of [undefined, null, 5, "text", [1], ring, { const: 1n }]) assertEquals(told(schema), {});
});

Deno.test("it is asked for draft 7, at last without what JSON Schema cannot say, and then for the newer draft", () => {
  const asked: StandardJSONSchemaOptions[] = [];
  const schema = schemaOf((value) => value, (options) => {
    asked.push(options);
    if (options.target !== "draft-2020-12") throw new Error("That cannot be said");
    return { type: "string" };
  });
  assertEquals(jsonSchemaOf(schema, PLACE), { type: "string" });
  assertEquals(asked, [
    { target: "draft-07" },
    { target: "draft-07", libraryOptions: { unrepresentable: "any" } },
    { target: "draft-2020-12" },
  ]);
});

Deno.test("an older version of a package is asked by the method that it has", () => {
  for (const name of ["toJSONSchema", "toJsonSchema"]) {
    const schema = {
      ...schemaOf((value) => value),
      type: "string",
      [name](): unknown {
        return { type: this.type };
      },
    };
    assertEquals(jsonSchemaOf(schema as StandardSchemaV1, PLACE), { type: "string" });
  }
});

Deno.test("what refers to the schema itself is found where that stands", () => {
  assertEquals(
    told({
      properties: { child: { $ref: "#" }, user: { $ref: "#/definitions/User" }, $ref: { type: "string" } },
      anyOf: [{ $ref: "#/definitions/User" }, { $ref: "https://example.com/schema" }, true],
      definitions: { User: { items: { $ref: "#/definitions/User" } } },
    }),
    {
      properties: { child: { $ref: PLACE }, user: { $ref: `${PLACE}/definitions/User` }, $ref: { type: "string" } },
      anyOf: [{ $ref: `${PLACE}/definitions/User` }, { $ref: "https://example.com/schema" }, true],
      definitions: { User: { items: { $ref: `${PLACE}/definitions/User` } } },
    },
  );
});

Deno.test("what only looks like a reference is left as it is, and so is a schema that has an address of its own", () => {
  const values = { const: { $ref: "#" }, enum: [{ $ref: "#" }], default: { $ref: "#" }, examples: [{ $ref: "#" }] };
  assertEquals(told(values), values);
  const named = { properties: { const: { $ref: "#" }, default: { $ref: "#" } } };
  assertEquals(told(named), { properties: { const: { $ref: PLACE }, default: { $ref: PLACE } } });
  const anchored = { items: { $ref: "#anchor" } };
  assertEquals(told(anchored), anchored);
  const addressed = { $id: "https://example.com/schema", items: { $ref: "#" } };
  assertEquals(told(addressed), addressed);
});
