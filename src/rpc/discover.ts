/**
 * The methods of a peer as an OpenRPC document.
 *
 * @module
 */
import { type JSONSchema, jsonSchemaOf } from "./json_schema.ts";
import type { Method, Methods } from "./methods.ts";
import { keysOf } from "./object_pattern.ts";
import { OPENRPC_VERSION, type OpenRPCDocument, type OpenRPCMethod, type OpenRPCParameter } from "./open_rpc.ts";
import type { StandardSchemaV1 } from "./standard_schema.ts";
import { isThenable } from "./thenable.ts";

/** Tells what methods there are. */
export const DISCOVER_METHOD = "rpc.discover";

/** Where nobody knows what a parameter or a result may be. */
const ANYTHING: JSONSchema = {};

/** What parameters tell of the object that they are the members of. */
const TOLD = new Set(["type", "properties", "required"]);

type Described = Pick<OpenRPCMethod, "paramStructure" | "params" | "x-params">;

/** Describes the methods of a peer. */
export class Discovery {
  readonly #methods: Methods;
  #described: OpenRPCMethod[] = [];

  /**
   * @param methods The methods.
   */
  constructor(methods: Methods) {
    this.#methods = methods;
  }

  /**
   * Makes the document. Methods are described once: they come, but never change or go.
   *
   * @param title What the document is about.
   * @returns The document.
   */
  document(title = "ProcsLink peer"): OpenRPCDocument {
    const known = this.#described.length;
    const added = this.#methods.offered.slice(known).map((method, index) => describe(method, known + index));
    this.#described = [...this.#described, ...added];
    return { openrpc: OPENRPC_VERSION, info: { title, version: "0.0.0" }, methods: this.#described };
  }
}

function describe(method: Method, index: number): OpenRPCMethod {
  const { name, summary, parameters, result } = method;
  const place = `#/methods/${index}`;
  const described = parameters.isObject ? describeObject(method, place) : describeParameters(method, place);
  const schema = result === undefined ? ANYTHING : jsonSchemaOf(result, `${place}/result/schema`);
  // Without a result the method could only be called by notifications.
  return { name, ...(summary !== undefined && { summary }), ...described, result: { name: "result", schema } };
}

/** Describes the parameters of a method that takes its params as one object: the members of that. */
function describeObject({ check, parameters }: Method, place: string): Described {
  const whole = check?.whole === undefined ? undefined : jsonSchemaOf(check.whole, `${place}/x-params`);
  if (isObject(whole?.properties)) return describeProperties(whole, whole.properties, `${place}/x-params`);
  const pattern = parameters.list?.[0]?.pattern;
  const names = new Set([...check?.members?.keys() ?? [], ...pattern === undefined ? [] : keysOf(pattern)]);
  names.delete(""); // No name of a parameter, although one of a member.
  const params = [...names].map((name, index) => {
    const schema = check?.members?.get(name);
    return describeOne(name, schema, false, `${place}/params/${index}/schema`);
  });
  const isAllTold = names.size > 0 && (whole === undefined || Object.keys(whole).length === 0);
  return { paramStructure: "by-name", params, ...(!isAllTold && { "x-params": { type: "object", ...whole } }) };
}

/** One schema says it all: its properties are the parameters. */
function describeProperties(schema: JSONSchema, properties: Record<string, unknown>, place: string): Described {
  const required = Array.isArray(schema.required) ? schema.required : [];
  const named = Object.entries(properties).filter(([name]) => name !== "");
  const params = named.map(([name, property]): OpenRPCParameter => {
    return { name, required: required.includes(name), schema: property as JSONSchema };
  });
  const isAllTold = Object.keys(schema).every((keyword) => TOLD.has(keyword)) && !Object.hasOwn(properties, "") &&
    !JSON.stringify(properties).includes(`"${place}`);
  return { paramStructure: "by-name", params, ...(!isAllTold && { "x-params": schema }) };
}

function describeParameters({ check, parameters }: Method, place: string): Described {
  const { list } = parameters;
  const schemaPlace = (index: number) => `${place}/params/${index}/schema`;
  if (list === undefined) {
    // Any number of arguments, and no names: behind those that have a schema, a rest stands for them.
    const known = check?.positions?.map((schema, index) => {
      return describeOne(`argument${index + 1}`, schema, false, schemaPlace(index));
    });
    const others: OpenRPCParameter = { name: "arguments", required: false, schema: { type: "array" }, "x-rest": true };
    return { paramStructure: "by-position", params: [...known ?? [], others] };
  }
  const taken = new Set(list.map(({ name }) => name));
  const params = list.map((parameter, index): OpenRPCParameter => {
    const name = parameter.name ?? freeName(index, taken);
    const schema = check?.positions?.[index];
    if (!parameter.rest) return describeOne(name, schema, parameter.required, schemaPlace(index));
    const items = schema === undefined ? undefined : jsonSchemaOf(schema, `${schemaPlace(index)}/items`);
    return { name, required: false, schema: { type: "array", ...(items && { items }) }, "x-rest": true };
  });
  // What has no name cannot be passed by it.
  const isNamed = list.every((parameter) => parameter.name !== undefined);
  return { paramStructure: isNamed ? "either" : "by-position", params };
}

function describeOne(
  name: string,
  schema: StandardSchemaV1 | undefined,
  isRequired: boolean,
  place: string,
): OpenRPCParameter {
  const required = isRequired || (schema !== undefined && refusesUndefined(schema));
  return { name, required, schema: schema === undefined ? ANYTHING : jsonSchemaOf(schema, place) };
}

/** Tells whether a validator surely refuses that an argument is left out. Only it knows. */
function refusesUndefined(schema: StandardSchemaV1): boolean {
  try {
    const result = schema["~standard"].validate(undefined);
    if (!isThenable(result)) return Boolean(result.issues);
    result.then(undefined, () => {});
  } catch {
    // It cannot tell.
  }
  return false;
}

function freeName(index: number, taken: Set<string | undefined>): string {
  let name = `argument${index + 1}`;
  while (taken.has(name)) name += "_";
  taken.add(name);
  return name;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
