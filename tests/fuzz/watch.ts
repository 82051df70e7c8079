/**
 * Watches what no peer may do, whatever arrives: throw where nobody catches, or change what every object has.
 *
 * @module
 */
import { assertEquals } from "@std/assert";

const PROTOTYPES = [Object, Array, Function, String, Number, Boolean, Promise, Map, Set, Error, Uint8Array]
  .map((Class) => Class.prototype as object);

/** All that prototypes have. */
function inventory(): unknown[] {
  return PROTOTYPES.flatMap((prototype) =>
    Reflect.ownKeys(prototype).flatMap((key) => {
      const { value, get, set } = Reflect.getOwnPropertyDescriptor(prototype, key)!;
      return [prototype, key, value, get, set];
    })
  );
}

const INTACT = inventory();

/** Collects what is thrown where nobody catches it, until it is disposed of. */
export class Watch implements Disposable {
  readonly #uncaught: unknown[] = [];

  constructor() {
    addEventListener("error", this.#onError);
    addEventListener("unhandledrejection", this.#onRejection);
  }

  /** Fails where something was thrown, or is not as it was. A rejection shows a turn later. */
  assertQuiet(): void {
    if (this.#uncaught.length > 0) {
      throw new Error(`${this.#uncaught.length} errors were not caught`, { cause: this.#uncaught[0] });
    }
    const now = inventory();
    assertEquals(now.length, INTACT.length, "a prototype has more than before");
    assertEquals(now.findIndex((value, index) => value !== INTACT[index]), -1, "a prototype was changed");
  }

  [Symbol.dispose](): void {
    removeEventListener("error", this.#onError);
    removeEventListener("unhandledrejection", this.#onRejection);
  }

  readonly #onError = (event: ErrorEvent): void => {
    event.preventDefault();
    this.#uncaught.push(event.error);
  };

  readonly #onRejection = (event: PromiseRejectionEvent): void => {
    event.preventDefault();
    this.#uncaught.push(event.reason);
  };
}
