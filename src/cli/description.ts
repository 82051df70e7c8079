/**
 * What a peer says of its methods, which may be anything: an OpenRPC document, or only their names.
 *
 * @module
 */
import { EXIT, Failure } from "./failure.ts";

/** A parameter, as far as it is told. */
export interface DescribedParameter {
  /** Its name. */
  readonly name: string;
  /** Whether it must be given. */
  readonly required: boolean;
  /** What it may be, as a JSON Schema. */
  readonly schema: unknown;
  /** Whether it stands for any number of arguments. */
  readonly isRest: boolean;
}

/** A method, as far as it is told: what is not is null. */
export interface Described {
  /** Its name. */
  readonly name: string;
  /** What it does. */
  readonly summary: string | null;
  /** Whether arguments are given by name only. */
  readonly isByName: boolean;
  /** Its parameters. */
  readonly params: readonly DescribedParameter[] | null;
  /** What it returns, as a JSON Schema. */
  readonly result: unknown;
}

type Members = Readonly<Record<string, unknown>>;

/**
 * Reads the methods of an OpenRPC document.
 *
 * @param document The document.
 * @returns The methods; what is none is left out.
 * @throws {Failure} If it is no such document.
 */
export function methodsOf(document: unknown): Described[] {
  const { methods } = membersOf(document);
  if (!Array.isArray(methods)) throw strange("rpc.discover");
  return methods.map(membersOf).filter(({ name }) => typeof name === "string").map((method) => ({
    name: String(method.name),
    summary: typeof method.summary === "string" ? method.summary : null,
    isByName: method.paramStructure === "by-name",
    params: Array.isArray(method.params) ? method.params.map(membersOf).map(parameterOf) : null,
    result: membersOf(method.result).schema ?? null,
  }));
}

/**
 * Reads the methods of what `rpc.identity` returns.
 *
 * @param identity What it has returned.
 * @returns The methods.
 * @throws {Failure} If it does not tell them.
 */
export function namesOf(identity: unknown): Described[] {
  const { methods } = membersOf(identity);
  if (!Array.isArray(methods)) throw strange("rpc.identity");
  return methods.filter((name) => typeof name === "string").map((name) => {
    return { name, summary: null, isByName: false, params: null, result: null };
  });
}

/**
 * Writes a method as one would call it.
 *
 * @param method The method.
 * @returns Such as `add(a: number, b?: number): number`; the name alone where no more is told.
 */
export function signatureOf({ name, params, isByName, result }: Described): string {
  if (params === null) return name;
  const list = params.map(({ name, required, isRest, schema }) => {
    return `${isRest ? "..." : ""}${name}${required || isRest ? "" : "?"}${typeOf(schema)}`;
  }).join(", ");
  return `${name}(${isByName ? `{ ${list} }` : list})${typeOf(result)}`;
}

function parameterOf(parameter: Members): DescribedParameter {
  return {
    name: typeof parameter.name === "string" ? parameter.name : "?",
    required: parameter.required === true,
    schema: parameter.schema ?? null,
    isRest: parameter["x-rest"] === true,
  };
}

/** The type that a schema has, where that is one word. */
function typeOf(schema: unknown): string {
  const { type } = membersOf(schema);
  return typeof type === "string" ? `: ${type}` : "";
}

function membersOf(value: unknown): Members {
  return typeof value === "object" && value !== null ? value as Members : {};
}

function strange(method: string): Failure {
  return new Failure(EXIT.failed, `What the peer answers to ${method} does not tell its methods`);
}
