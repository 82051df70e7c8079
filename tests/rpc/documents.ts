/**
 * What OpenRPC says of the documents of peers, and what callers are told whose params are refused.
 *
 * @module
 */
import meta from "@open-rpc/meta-schema";
import { assertEquals, assertRejects } from "@std/assert";
import { Ajv } from "ajv";
import { InvalidParamsError, type OpenRPCDocument } from "../../mod.ts";
import type { Peers } from "../fakes/peers.ts";

const JSON_SCHEMA = "http://json-schema.org/draft-07/schema#";

const ajv = new Ajv({ strict: false, validateFormats: false });
// The package refers to another one for JSON Schema itself: to draft 7, and to one place in it.
const ELSEWHERE = "https://meta.json-schema.tools";
ajv.addSchema({ $id: ELSEWHERE, allOf: [{ $ref: JSON_SCHEMA }] });
ajv.addSchema({
  $id: `${ELSEWHERE}/`,
  definitions: { JSONSchemaObject: { properties: { $ref: { type: "string" } } } },
});
const { openrpcDocument } = meta as unknown as { openrpcDocument: Record<string, unknown> };
const { $schema: _, ...schema } = openrpcDocument;
const validate = ajv.compile(schema);

/** What is wrong with a document; empty for one that is right. */
export function problemsOf(document: unknown): string[] {
  return validate(document) ? [] : validate.errors!.map(({ instancePath, message }) => `${instancePath} ${message}`);
}

/** Checks a value against a JSON Schema that stands in a document, and may refer to other places there. */
export function accepts(document: object, place: string, value: unknown): boolean {
  const within = new Ajv({ strict: false, validateFormats: false });
  within.addSchema({ ...document, $id: "document:" });
  return within.validate({ $ref: `document:${place}` }, value) === true;
}

/** The document of a server, which must be one. */
export async function documentOf({ client }: Peers): Promise<OpenRPCDocument> {
  const document = await client.call<OpenRPCDocument>(100, "rpc.discover");
  assertEquals(problemsOf(document), []);
  return document;
}

/** What a call is told that is refused. */
export async function refusalOf({ client }: Peers, method: string, params: object): Promise<unknown> {
  const error = await assertRejects(() => client.call(100, method, params), InvalidParamsError);
  assertEquals([error.code, error.message], [-32602, "Invalid params"]);
  return error.data;
}
