/**
 * The methods that a peer offers.
 *
 * @module
 */
import { DuplicateMethodError } from "../errors.ts";
import type { Access, AccessRule } from "./access.ts";
import { checkedMethod } from "./checked_handler.ts";
import { Parameters } from "./parameters.ts";
import { ParamsCheck } from "./params_check.ts";
import type { Handler, RegisterOptions } from "./register_options.ts";
import { isStandardSchema, type StandardSchemaV1 } from "./standard_schema.ts";

/** A registered method. */
export interface Method {
  /** Its name. */
  readonly name: string;
  /** The function. */
  readonly handler: Handler;
  /** What is `this` in it. */
  readonly receiver: unknown;
  /** Its parameters. */
  readonly parameters: Parameters;
  /** Whether it is an async function, so that it needs its async context. */
  readonly isAsync: boolean;
  /** Who may call it, where that is not the peer's rule. */
  readonly access: Access | undefined;
  /** Whether it is one of JSON-RPC's own, which no loop gets. */
  readonly isReserved: boolean;
  /** What it does, where somebody has said so. */
  readonly summary: string | undefined;
  /** What its arguments pass before it gets them. */
  readonly check: ParamsCheck | undefined;
  /** What its result is. */
  readonly result: StandardSchemaV1 | undefined;
}

const AsyncFunction = (async () => {}).constructor;

/** Names to methods, for one peer. */
export class Methods {
  readonly #methods = new Map<string, Method>();
  readonly #compile: (rule: AccessRule) => Access;
  /** Adds those of JSON-RPC's own, until it has. */
  #reserve: ((methods: Methods) => void) | undefined;
  #ownRules = 0;

  /**
   * @param compile Checks a rule for who may call, and brings it into the form in which it is asked.
   * @param reserve Adds the methods of JSON-RPC's own; called once, when somebody asks for one of them.
   */
  constructor(compile: (rule: AccessRule) => Access, reserve?: (methods: Methods) => void) {
    this.#compile = compile;
    this.#reserve = reserve;
  }

  /** The methods, without those that are reserved, in the order in which they were registered. */
  get offered(): Method[] {
    return [...this.#methods.values()].filter(({ isReserved }) => !isReserved);
  }

  /** Their names. */
  get names(): string[] {
    return this.offered.map(({ name }) => name);
  }

  /** Whether some method has a rule of its own for who may call it. */
  get hasOwnRules(): boolean {
    return this.#ownRules > 0;
  }

  /** Notes that somebody may call something although the peer's rule does not let them. */
  noteOwnRule(): void {
    this.#ownRules++;
  }

  /**
   * Finds a method. Nothing is found that was not registered: not what objects inherit, no matter its name.
   *
   * @param name Its name.
   * @returns The method, or undefined.
   */
  get(name: string): Method | undefined {
    return this.#methods.get(name) ?? this.#reserved(name);
  }

  /**
   * Registers a function.
   *
   * @param handler The function.
   * @param name Name of the method.
   * @param receiver What is `this` in it.
   * @param options How its params become arguments, who may call it, and what is told of it.
   * @throws {TypeError} If it is not a function, its name cannot be called, or its schema does not fit.
   * @throws {DuplicateMethodError} If the name is registered already.
   */
  register(handler: Handler, name: string, receiver?: unknown, options: RegisterOptions = {}): void {
    if (typeof handler !== "function") throw new TypeError(`A function was expected, not ${describe(handler)}`);
    if (isClass(handler)) {
      throw new TypeError(hintForClass(handler));
    }
    const problem = problemOfName(name);
    if (problem !== undefined) throw new TypeError(problem);
    if (this.#methods.has(name)) throw new DuplicateMethodError(name);
    this.#add(this.#make(name, handler, receiver, options, false));
  }

  /**
   * Registers a method that JSON-RPC 2.0 keeps for itself.
   *
   * @param name Name of the method, which begins with `rpc.`.
   * @param handler The function.
   * @param options How its params become arguments, and who may call it.
   */
  reserve(name: string, handler: Handler, options: RegisterOptions = {}): void {
    this.#add(this.#make(name, handler, undefined, options, true));
  }

  /**
   * Registers the methods of an object's classes; of a plain object, its own functions. Either all are registered or none.
   *
   * Names that begin with `_`, and what every object inherits, are left out, as is what comes from a class of JavaScript or
   * Deno, such as Map or EventTarget. Getters are not run.
   *
   * @param object The object.
   * @param base A prototype whose methods, and those that it inherits, are left out too.
   * @param options Options of methods, by their names.
   * @throws {TypeError} If it is not an object, has no method to register or none for one of the options, or a schema does not fit.
   * @throws {DuplicateMethodError} If one of the names is registered already.
   */
  registerObject(
    object: object,
    base?: object,
    options: Readonly<Record<string, RegisterOptions | undefined>> = {},
  ): void {
    if (typeof object === "function" && isClass(object as Handler)) {
      throw new TypeError(hintForClass(object as Handler));
    }
    if (typeof object !== "object" || object === null || Array.isArray(object)) {
      throw new TypeError(`An object with methods was expected, not ${describe(object)}`);
    }
    const found = methodsOf(object, base);
    if (found.size === 0) {
      throw new TypeError(
        "The object has no methods to register: fields that hold functions are none, nor are names that begin with _",
      );
    }
    for (const name of found.keys()) if (this.#methods.has(name)) throw new DuplicateMethodError(name);
    for (const name of Object.keys(options)) {
      if (!found.has(name)) throw new TypeError(`The object has no method ${JSON.stringify(name)}, but options for it`);
    }
    const methods = [...found].map(([name, handler]) => {
      return this.#make(name, handler, object, (Object.hasOwn(options, name) ? options[name] : undefined) ?? {}, false);
    });
    for (const method of methods) this.#add(method);
  }

  /** Most peers are never asked for a method of JSON-RPC's own: until then there is none. */
  #reserved(name: string): Method | undefined {
    if (this.#reserve === undefined || !name.startsWith("rpc.")) return undefined;
    const reserve = this.#reserve;
    this.#reserve = undefined;
    reserve(this);
    return this.#methods.get(name);
  }

  #make(name: string, handler: Handler, receiver: unknown, options: RegisterOptions, isReserved: boolean): Method {
    const { schema: { params: schema, result } = {}, summary } = options;
    const isWhole = isStandardSchema(schema);
    const parameters = new Parameters(name, handler, options.params ?? (isWhole ? "object" : undefined), isWhole);
    if (summary !== undefined && typeof summary !== "string") {
      throw new TypeError(`The summary of ${name} must be a text, not ${describe(summary)}`);
    }
    if (result !== undefined && !isStandardSchema(result)) {
      throw new TypeError(`The result of ${name} needs a schema that follows Standard Schema, not ${describe(result)}`);
    }
    const access = options.access === undefined ? undefined : this.#compile(options.access);
    const isAsync = handler instanceof AsyncFunction;
    const check = schema === undefined ? undefined : new ParamsCheck(parameters, schema);
    const method = { name, handler, receiver, parameters, isAsync, access, isReserved, summary, check, result };
    return check === undefined ? method : checkedMethod(method, check);
  }

  #add(method: Method): void {
    if (method.access !== undefined && !method.isReserved) this.#ownRules++;
    this.#methods.set(method.name, method);
  }
}

function methodsOf(object: object, base?: object): Map<string, Handler> {
  const found = new Map<string, Handler>();
  const prototype = Object.getPrototypeOf(object);
  const plain = prototype === null || prototype === Object.prototype;
  for (
    let holder = plain ? object : prototype;
    holder !== null && holder !== base && !isBuiltIn(holder);
    holder = Object.getPrototypeOf(holder)
  ) {
    for (const [name, { value }] of Object.entries(Object.getOwnPropertyDescriptors(holder))) {
      if (typeof value !== "function" || found.has(name) || isClass(value)) continue;
      if (problemOfName(name) === undefined) found.set(name, value);
    }
  }
  return found;
}

/** Tells whether a prototype is that of a class which every program has. */
function isBuiltIn(prototype: object): boolean {
  const name = (Object.getOwnPropertyDescriptor(prototype, "constructor")?.value as { name?: unknown } | undefined)
    ?.name;
  const global = typeof name === "string" ? (globalThis as Record<string, unknown>)[name] : undefined;
  return typeof global === "function" && global.prototype === prototype;
}

/** Tells why a name cannot be that of a method. */
function problemOfName(name: unknown): string | undefined {
  if (typeof name !== "string" || name === "") return "The method needs a name: pass it as the second argument";
  if (name.startsWith("_")) {
    return `${JSON.stringify(name)} begins with _, which marks what is private: choose another name`;
  }
  if (name.startsWith("rpc.")) return `${JSON.stringify(name)} begins with rpc., which JSON-RPC 2.0 keeps for itself`;
  if (name in Object.prototype) return `${JSON.stringify(name)} is a name that every object has: choose another name`;
}

function isClass(handler: Handler): boolean {
  const text = Function.prototype.toString.call(handler);
  // A method may be named `class` too: then brackets follow.
  return text.startsWith("class") && /^class(?:\s+[\p{ID_Start}$_]|\s*\{)/u.test(text);
}

function hintForClass(handler: Handler): string {
  return `${handler.name || "This"} is a class: register an instance of it with registerFunctionsInObject()`;
}

function describe(value: unknown): string {
  return value === null ? "null" : Array.isArray(value) ? "an array" : typeof value;
}
