/**
 * The methods of a module that is loaded while the command runs.
 *
 * @module
 */
import type { RPCPeer } from "../../mod.ts";
import { EXIT, Failure } from "./failure.ts";

/** What a module exports, by name. */
export type Exports = Readonly<Record<string, unknown>>;

/**
 * Finds the address of a module.
 *
 * @param module A path, or an address.
 * @returns The address.
 * @throws {Failure} If the path is relative, and it cannot be told to what.
 */
export function addressOf(module: string): URL {
  if (/^[a-z]+:/.test(module)) return new URL(module);
  // What has a meaning in an address has none in a path.
  const path = module.split("/").map(encodeURIComponent).join("/");
  if (path.startsWith("/")) return new URL(`file://${path}`);
  try {
    return new URL(path, `file://${Deno.cwd().split("/").map(encodeURIComponent).join("/")}/`);
  } catch (cause) {
    const hint = "give its whole path, or add --allow-read";
    throw new Failure(EXIT.cannot, `It cannot be told where ${module} is`, hint, { cause });
  }
}

/**
 * Makes sure that a file may be read, and never asks the user for it.
 *
 * @param address Where the file is, or what is not one.
 * @param why What is not possible without it.
 * @throws {Failure} If it may not.
 */
export function assertReadable(address: URL, why: string): void {
  if (address.protocol !== "file:") return;
  const path = decodeURIComponent(address.pathname);
  if (Deno.permissions.querySync({ name: "read", path }).state === "granted") return;
  throw new Failure(EXIT.cannot, why, `run it with: deno run --allow-ffi --allow-read=${path}`);
}

/**
 * Loads a module.
 *
 * @param address Its address.
 * @returns What it exports.
 * @throws {Failure} If it cannot be loaded.
 */
export async function load(address: URL): Promise<Exports> {
  try {
    return await import(address.href);
  } catch (cause) {
    const [line] = String(cause instanceof Error ? cause.message : cause).split("\n");
    throw new Failure(EXIT.usage, `The module cannot be loaded: ${line}`, undefined, { cause });
  }
}

/**
 * Offers what a module exports: its functions; and of the object that is its default export, or an instance of the class, the methods.
 *
 * @param peer Who offers it.
 * @param exports What the module exports.
 * @throws {Failure} If there is nothing to offer.
 */
export function offer(peer: RPCPeer, { default: main, ...others }: Exports): void {
  let count = 0;
  const register = (name: string, handler: unknown) => {
    peer.registerFunction(handler as () => unknown, name);
    count++;
  };
  for (const [name, value] of Object.entries(others)) {
    if (typeof value === "function" && !isClass(value) && !name.startsWith("_")) register(name, value);
  }
  if (typeof main === "function" && !isClass(main)) {
    if (main.name === "default" || main.name === "") throw nothing("Its default export is a function without a name");
    register(main.name, main);
  } else if (main !== undefined) {
    const object = isClass(main) ? new main() : main;
    if (typeof object !== "object" || object === null) throw nothing("Its default export has no methods");
    peer.registerFunctionsInObject(object);
  } else if (count === 0) {
    throw nothing("It exports no functions");
  }
}

function isClass(value: unknown): value is new () => unknown {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

function nothing(why: string): Failure {
  return new Failure(
    EXIT.usage,
    `The module has nothing to offer: ${why}`,
    "export functions, or an object with methods",
  );
}
