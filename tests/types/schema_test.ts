// What the types of validators say of the functions behind them. Most of this file is checked by the compiler; the functions are
// not run.
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import type { Handler, RPCPeer, StandardSchemaV1 } from "../../mod.ts";

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false;
function assertType<_ extends true>(): void {}

interface Shelf {
  add(title: string, year?: number): void;
  addAll(...titles: string[]): void;
  find(query: { word: string; limit: number }): string[];
  same<T>(value: T): T;
}

export function parametersFollowTheirSchemas(peer: RPCPeer): void {
  peer.registerFunction(
    (a, b, c) => {
      assertType<Equal<[typeof a, typeof b, typeof c], [number, string | undefined, { d: Date }]>>();
    },
    "positions",
    { schema: { params: [z.number(), v.optional(v.string()), type({ d: "string.date.parse" })] } },
  );
  peer.registerFunction(({ a, b }) => assertType<Equal<[typeof a, typeof b], [number, Date]>>(), "whole", {
    schema: { params: z.object({ a: z.number().default(1), b: z.coerce.date() }) },
  });
  peer.registerFunction(async (user) => await Promise.resolve(user.id), "async", {
    schema: { params: [v.object({ id: v.number() })], result: z.number() },
  });
  peer.registerFunction((...others) => others.map((n) => n.toFixed()), "rest", { schema: { params: [z.number()] } });
  peer.registerFunction((...others: number[]) => others, "rest too", { schema: { params: [z.number()] } });
}

export function parametersThatAreStatedMustFit(peer: RPCPeer): void {
  peer.registerFunction((a: number, b = "x") => [a, b], "f", {
    schema: { params: [z.number(), z.string().optional()] },
  });
  peer.registerFunction((a: unknown) => a, "f", { schema: { params: [z.number()] } });
  peer.registerFunction((a: number, b?: number) => [a, b], "f", { schema: { params: [z.number()] } });
  // @ts-expect-error A text is not a number.
  peer.registerFunction((a: string) => a, "f", { schema: { params: [z.number()] } });
  // @ts-expect-error It may be left out.
  peer.registerFunction((a: number) => a, "f", { schema: { params: [z.number().optional()] } });
  // @ts-expect-error Nobody passes the second one.
  peer.registerFunction((a: number, b: number) => [a, b], "f", { schema: { params: [z.number()] } });
  // @ts-expect-error The object has no such member.
  peer.registerFunction(({ b }) => b, "f", { schema: { params: z.object({ a: z.number() }) } });
  // @ts-expect-error What is no validator is none.
  peer.registerFunction((a: number) => a, "f", { schema: { params: ["number"] } });
}

export function resultsMustFit(peer: RPCPeer): void {
  peer.registerFunction(() => 1, "f", { schema: { result: z.number() } });
  peer.registerFunction(() => Promise.resolve(1), "f", { schema: { result: type("number") } });
  // @ts-expect-error A number is not a text.
  peer.registerFunction(() => 1, "f", { schema: { result: z.string() } });
  // @ts-expect-error It is not in a promise either.
  peer.registerFunction(() => Promise.resolve(1), "f", { schema: { result: z.string() } });
}

export function withoutSchemasEverythingIsAsBefore(peer: RPCPeer, handler: Handler): void {
  peer.registerFunction(handler, "f");
  peer.registerFunction((a, b) => a + b, "f");
  peer.registerFunction(<T>(value: T) => value, "f", { access: "anyone" });
  peer.registerFunction((a: number, b: string) => [a, b], "f", {
    schema: { params: { a: z.number(), b: v.string() } },
  });
  // @ts-expect-error A text is no function.
  peer.registerFunction("f");
}

export function methodsOfAnObjectMustFitToo(peer: RPCPeer, shelf: Shelf, anything: StandardSchemaV1): void {
  peer.registerFunctionsInObject(shelf, {
    methods: {
      add: { summary: "Adds a book", schema: { params: [z.string(), v.optional(v.number())] } },
      addAll: { schema: { params: [type("string")] } },
      find: { schema: { params: z.object({ word: z.string(), limit: z.number().default(10) }), result: anything } },
      same: { params: ["value?"], schema: { params: { value: anything } } },
    },
  });
  peer.registerFunctionsInObject(shelf, { methods: { add: { schema: { params: [z.string()] } } } });
  peer.registerFunctionsInObject(shelf, { methods: { add: { schema: { params: { title: z.string() } } } } });
  // @ts-expect-error It has no such method.
  peer.registerFunctionsInObject(shelf, { methods: { remove: {} } });
  // @ts-expect-error A number is no title.
  peer.registerFunctionsInObject(shelf, { methods: { add: { schema: { params: [z.number()] } } } });
  // @ts-expect-error A limit is missing.
  peer.registerFunctionsInObject(shelf, { methods: { find: { schema: { params: z.object({ word: z.string() }) } } } });
}

Deno.test("parameters follow the types of their schemas, as the compiler has checked", () => {});
