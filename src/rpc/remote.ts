/**
 * A remote object: its methods are calls.
 *
 * @module
 */
import type { Remote } from "./remote_types.ts";

/** Calls a method by name with arguments by position. */
export type CallMethod = (method: string, args: readonly unknown[]) => Promise<unknown>;

/** Makes the functions of a remote object as they are asked for, and keeps them. */
class RemoteHandler implements ProxyHandler<Record<string, unknown>> {
  readonly #call: CallMethod;

  constructor(call: CallMethod) {
    this.#call = call;
  }

  get(target: Record<string, unknown>, key: string | symbol): unknown {
    // `then` would make the object a promise in the eyes of `await`; the others are what a console or a template asks for.
    if (typeof key === "symbol" || key === "then" || key in Object.prototype || key.startsWith("_")) {
      return Reflect.get(target, key);
    }
    return target[key] ??= (...args: unknown[]) => this.#call(key, withoutTrailingUndefined(args));
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
 * @param port Its port, for whoever prints the object.
 * @param call Calls a method by name.
 * @returns The remote object. It is not thenable.
 */
export function createRemote<T>(port: number, call: CallMethod): Remote<T> {
  const target = Object.create({
    toString: () => `Remote(port ${port})`,
    [Symbol.toStringTag]: `Remote(port ${port})`,
  });
  return new Proxy(target, new RemoteHandler(call)) as Remote<T>;
}

/** An argument that is left out stays left out, so that its default applies; JSON would make it null. */
function withoutTrailingUndefined(args: unknown[]): unknown[] {
  let length = args.length;
  while (length > 0 && args[length - 1] === undefined) length--;
  return length === args.length ? args : args.slice(0, length);
}
