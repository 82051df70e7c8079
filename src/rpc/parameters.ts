/**
 * The parameters of a method: read from the function once, or stated where it is registered.
 *
 * @module
 */
import { InvalidParamsError } from "../jsonrpc/errors.ts";
import type { JSONRPCParams } from "../jsonrpc/guards.ts";
import { SourceScanner } from "./source_scanner.ts";

/** One parameter. */
interface Parameter {
  /** Its name; undefined where it is destructured. */
  readonly name: string | undefined;
  /** How an error message shows it. */
  readonly label: string;
  /** Whether it takes all arguments from here on. */
  readonly rest: boolean;
  /** Whether a call without it is refused. */
  readonly required: boolean;
  /** Whether it is an object that is taken apart. */
  readonly object: boolean;
  /** How it is taken apart, as source text, where it is. */
  readonly pattern?: string;
}

/**
 * How the params of a request become arguments.
 *
 * - `"object"`: by-name params arrive as one object, the first argument.
 * - an array: the names, in order, such as `["a", "b?", "...others"]`. A name without `?` is required.
 */
export type ParametersOption = "object" | readonly string[];

const STATED_NAME = /^(\.\.\.)?([a-zA-Z$_][\w$]*)(\?)?$/;

/** The parameters of one method. */
export class Parameters {
  /** The parameters; undefined where nobody knows them. */
  readonly list: readonly Parameter[] | undefined;
  /** Whether by-name params arrive as one object. */
  readonly isObject: boolean;

  readonly #method: string;
  /** The most arguments that are taken. */
  readonly #maximum: number;
  readonly #required: number;

  /**
   * @param method Name of the method, for error messages.
   * @param fn The function.
   * @param option What was stated at registration.
   * @param isWholeChecked Whether a validator tells if the one object may be left out.
   * @throws {TypeError} If what was stated is not a list of names.
   */
  constructor(method: string, fn: (...args: never[]) => unknown, option?: ParametersOption, isWholeChecked = false) {
    this.#method = method;
    if (option !== undefined && option !== "object" && !Array.isArray(option)) {
      throw new TypeError(`params must be "object" or an array of names, not ${JSON.stringify(option)}`);
    }
    this.list = Array.isArray(option) ? stated(option) : readParameters(fn);
    this.isObject = option === "object" ||
      (this.list?.length === 1 && this.list[0]!.object && !this.list[0]!.rest);
    const list = this.list;
    this.#maximum = list === undefined || list.some((parameter) => parameter.rest) ? Infinity : list.length;
    this.#required = isWholeChecked ? -1 : list?.findLastIndex((parameter) => parameter.required) ?? -1;
  }

  /** The method with its parameters, as an error message shows it. */
  get signature(): string {
    return `${this.#method}(${this.list?.map(({ label }) => label).join(", ") ?? ""})`;
  }

  /**
   * Makes arguments of params.
   *
   * @param params The params of a request.
   * @returns The arguments.
   * @throws {InvalidParamsError} If they do not fit; its data names what was expected.
   */
  bind(params: JSONRPCParams | undefined): readonly unknown[] {
    if (params === undefined) return this.#complete([]);
    if (Array.isArray(params)) return this.#complete(params);
    if (this.isObject) return [params];
    return this.#complete(this.#byName(params as Readonly<Record<string, unknown>>));
  }

  #byName(params: Readonly<Record<string, unknown>>): unknown[] {
    const list = this.list;
    if (list === undefined) {
      throw new InvalidParamsError(
        `The parameter names of ${JSON.stringify(this.#method)} are not known: pass arguments by position`,
      );
    }
    const args: unknown[] = [];
    let others: readonly unknown[] = [];
    for (const [key, value] of Object.entries(params)) {
      const index = list.findIndex(({ name }) => name === key);
      if (index < 0) throw this.#misfit(`has no parameter ${JSON.stringify(key)}`);
      if (!list[index]!.rest) args[index] = value;
      else if (Array.isArray(value)) others = value;
      else throw this.#misfit(`takes an array for ${list[index]!.label}`);
    }
    if (others.length > 0) {
      args.length = list.length - 1;
      args.push(...others);
    }
    // What was left out becomes undefined, and not a hole.
    return Array.from(args);
  }

  /** Checks how many arguments there are, and that none is missing that is required. */
  #complete(args: readonly unknown[]): readonly unknown[] {
    if (args.length > this.#maximum) {
      throw this.#misfit(
        `takes at most ${this.#maximum} ${this.#maximum === 1 ? "argument" : "arguments"}, not ${args.length}`,
      );
    }
    for (let index = 0; index <= this.#required; index++) {
      const parameter = this.list![index]!;
      if (parameter.required && args[index] === undefined) throw this.#misfit(`needs ${parameter.label}`);
    }
    return args;
  }

  #misfit(what: string): InvalidParamsError {
    return new InvalidParamsError(`${this.signature} ${what}`);
  }
}

function stated(names: readonly unknown[]): Parameter[] {
  const parameters = names.map((stated, index) => {
    const match = typeof stated === "string" ? STATED_NAME.exec(stated) ?? matchUnicode(stated) : null;
    const rest = match?.[1] !== undefined;
    if (match === null || (rest && (match[3] !== undefined || index < names.length - 1))) {
      throw new TypeError(
        `params must be names such as "a", "b?" and at last "...rest", not ${JSON.stringify(stated)}`,
      );
    }
    return {
      name: match[2],
      label: match[0],
      rest,
      required: !rest && match[3] === undefined,
      object: false,
    };
  });
  const first = parameters.findIndex(({ required }) => !required);
  const last = parameters.findLastIndex(({ required }) => required);
  if (first >= 0 && first < last) {
    throw new TypeError(`${parameters[last]!.label} is required, and stands behind an optional one`);
  }
  if (new Set(parameters.map(({ name }) => name)).size < parameters.length) {
    throw new TypeError("params names one twice");
  }
  return parameters;
}

/** Reading Unicode's tables takes long: no peer waits for that whose names do without. */
function matchUnicode(stated: string): RegExpExecArray | null {
  return /^(\.\.\.)?([\p{ID_Start}$_][\p{ID_Continue}$]*)(\?)?$/u.exec(stated);
}

/**
 * Reads the parameters from the source text of a function. What TypeScript's optional parameters become cannot be told
 * from required ones there, so none is required.
 *
 * @param fn The function.
 * @returns The parameters, or undefined where the text does not tell, as with a bound function.
 */
function readParameters(fn: (...args: never[]) => unknown): Parameter[] | undefined {
  const scanner = new SourceScanner(Function.prototype.toString.call(fn));
  try {
    return readList(scanner);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function readList(scanner: SourceScanner): Parameter[] | undefined {
  const head = scanner.until(["(", "=>"]);
  if (head.stop === "=>") return [readParameter(head.code.replace(/^\s*async\s/, ""))];
  if (head.stop === undefined) return undefined;
  const parameters: Parameter[] = [];
  do {
    scanner.offset++;
    const { code, stop } = scanner.until([",", ")"]);
    if (code.trim() !== "") parameters.push(readParameter(code));
    if (stop === undefined) return undefined;
  } while (scanner.text[scanner.offset] === ",");
  // A native function, and so a bound one, shows no parameters although it may have some.
  if (parameters.length === 0 && /^\s*\{\s*\[native code\]\s*\}\s*$/.test(scanner.text.slice(scanner.offset + 1))) {
    return undefined;
  }
  return parameters;
}

function readParameter(code: string): Parameter {
  const rest = /^\s*\.\.\./.test(code);
  const target = code.replace(/^\s*(\.\.\.)?\s*/, "");
  const object = target.startsWith("{");
  if (object || target.startsWith("[")) {
    // Nothing cannot be taken apart: without a default the argument is needed.
    const required = !rest && !new SourceScanner(target).until(["="]).stop;
    return {
      name: undefined,
      label: rest ? "...others" : object ? "{…}" : "[…]",
      rest,
      required,
      object,
      pattern: target,
    };
  }
  const equals = target.indexOf("=");
  const name = (equals < 0 ? target : target.slice(0, equals)).trim();
  return { name, label: `${rest ? "..." : ""}${name}${equals < 0 ? "" : "?"}`, rest, required: false, object: false };
}
