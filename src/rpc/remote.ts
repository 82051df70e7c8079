/**
 * A remote object: its methods are calls.
 *
 * @module
 */
import type { Remote } from "./remote_types.ts";

/** Calls a method by name with arguments by position. */
export type CallMethod = (method: string, args: readonly unknown[]) => Promise<unknown>;

/** `then` would make the object a promise in the eyes of `await`; `JSON.stringify()` asks for `toJSON`. */
const LOCAL_NAMES = new Set(["then", "toJSON"]);

/** Makes the functions of a remote object as they are asked for, and keeps them. */
class RemoteHandler implements ProxyHandler<object> {
  readonly #call: CallMethod;
  readonly #functions = new Map<string, (...args: unknown[]) => Promise<unknown>>();

  constructor(call: CallMethod) {
    this.#call = call;
  }

  get(target: object, key: string | symbol): unknown {
    if (typeof key === "symbol" || LOCAL_NAMES.has(key) || key in Object.prototype || key.startsWith("_")) {
      return Reflect.get(target, key);
    }
    let remote = this.#functions.get(key);
    if (remote === undefined) {
      remote = (...args) => this.#call(key, withoutTrailingUndefined(args));
      this.#functions.set(key, remote);
    }
    return remote;
  }

  set(): boolean {
    return false;
  }

  defineProperty(): boolean {
    return false;
  }
}

/**
 * Makes a remote object.
 *
 * @typeParam T The class on the other side.
 * @param to Its port or name, for whoever prints the object.
 * @param call Calls a method by name.
 * @returns The remote object. It is not thenable.
 */
export function createRemote<T>(to: number | string, call: CallMethod): Remote<T> {
  const shown = typeof to === "number" ? `Remote(port ${to})` : `Remote(${JSON.stringify(to)})`;
  const target = Object.create({
    toString: () => shown,
    [Symbol.toStringTag]: shown,
  });
  return new Proxy(target, new RemoteHandler(call)) as Remote<T>;
}

/** An argument that is left out stays left out, so that its default applies; JSON would make it null. */
function withoutTrailingUndefined(args: unknown[]): unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  return length === args.length ? args : args.slice(0, length);
}
