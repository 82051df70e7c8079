import { assertEquals, assertThrows } from "@std/assert";
import { DuplicateMethodError } from "../../mod.ts";
import { Methods } from "../../src/rpc/methods.ts";
import type { Handler } from "../../src/rpc/register_options.ts";
import { ANYONE } from "../../src/rpc/access.ts";

class Base {
  inherited(): string {
    return "inherited";
  }

  overridden(): string {
    return "base";
  }
}

class API extends Base {
  static create(): void {}
  field = () => "a field";
  #secret = "secret";

  override overridden(): string {
    return `derived, ${this.#secret}`;
  }

  get getter(): () => void {
    throw new Error("A getter was run");
  }

  _private(): void {}

  #hidden(): void {}

  override toString(): string {
    this.#hidden();
    return "API";
  }

  [Symbol.iterator](): void {}

  class(): string {
    return "a method may be named class";
  }
}

function registered(object: object, names: string[]): string[] {
  const methods = new Methods(() => ANYONE);
  methods.registerObject(object);
  return names.filter((name) => methods.get(name) !== undefined);
}

Deno.test("of an object its classes' methods are registered, and nothing else", () => {
  const names = ["inherited", "overridden", "class"];
  const others = [
    "field",
    "getter",
    "_private",
    "#hidden",
    "toString",
    "constructor",
    "create",
    "__proto__",
    "valueOf",
  ];
  assertEquals(registered(new API(), [...names, ...others]), names);
  const methods = new Methods(() => ANYONE);
  const api = new API();
  methods.registerObject(api);
  const { handler, receiver } = methods.get("overridden")!;
  assertEquals(Reflect.apply(handler, receiver, []), "derived, secret");
});

Deno.test("of a plain object its own functions are registered", () => {
  const plain = { f: () => 1, g() {}, _h: () => 1, value: 1, Class: class {}, toString: () => "x", "rpc.x": () => 1 };
  assertEquals(registered(plain, ["f", "g", "_h", "value", "Class", "toString", "rpc.x"]), ["f", "g"]);
  assertEquals(registered(Object.assign(Object.create(null), { f: () => 1 }), ["f"]), ["f"]);
});

Deno.test("what is no function or no object is refused", () => {
  const methods = new Methods(() => ANYONE);
  for (const value of [undefined, null, 5, "f", {}]) {
    assertThrows(() => methods.register(value as Handler, "f"), TypeError, "A function was expected, not");
  }
  assertThrows(
    () => methods.register(API as unknown as Handler, "API"),
    TypeError,
    "API is a class: register an instance",
  );
  for (const value of [undefined, null, 5, [() => 1]]) {
    assertThrows(() => methods.registerObject(value as object), TypeError, "An object with methods was expected, not");
  }
  for (
    const object of [
      {},
      { value: 1 },
      new (class {})(),
      new (class {
        f = () => 1;
      })(),
    ]
  ) {
    assertThrows(() => methods.registerObject(object), TypeError, "The object has no methods to register");
  }
});

Deno.test("a name that cannot be called is refused", () => {
  const methods = new Methods(() => ANYONE);
  const names = {
    "": "needs a name",
    "_f": "begins with _",
    "rpc.x": "begins with rpc.",
    "toString": "every object has",
  };
  for (const [name, message] of Object.entries(names)) {
    assertThrows(() => methods.register(() => 1, name), TypeError, message);
  }
  assertThrows(() => methods.register(() => 1, "constructor"), TypeError);
  assertThrows(() => methods.register(() => 1, 5 as unknown as string), TypeError, "needs a name");
});

Deno.test("a name is registered once; of an object all methods are registered or none", () => {
  const methods = new Methods(() => ANYONE);
  methods.register(() => 1, "g");
  const error = assertThrows(() => methods.register(() => 2, "g"), DuplicateMethodError);
  assertEquals(error.method, "g");
  assertThrows(() => methods.registerObject({ f: () => 1, g: () => 2 }), DuplicateMethodError);
  assertEquals(methods.get("f"), undefined);
});
