// rpc.discover: the methods of a peer as an OpenRPC document.
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  AccessDeniedError,
  type Handler,
  MethodNotFoundError,
  type OpenRPCDocument,
  type OpenRPCMethod,
  type RegisterOptions,
  type StandardSchemaV1,
} from "../../mod.ts";
import type { Identity } from "../../src/rpc/identity.ts";
import { openPeers } from "../fakes/peers.ts";
import { larger, largerLater, schemaOf } from "../fakes/schema.ts";
import { settle } from "../fakes/stranger.ts";
import { problemsOf } from "./documents.ts";
import { CLOCK, openNamed } from "./named.ts";
import { notification, outcomeOf, request } from "./wire.ts";

const DENIED = -32001;
const ANYTHING = {};
const RESULT = { name: "result", schema: ANYTHING };

/** The document of a peer with these methods, which must be one. */
async function discover(
  methods: readonly [fn: Handler, options?: RegisterOptions | undefined][],
): Promise<readonly OpenRPCMethod[]> {
  await using peers = openPeers();
  const { server, client } = peers;
  methods.forEach(([fn, options], index) => server.registerFunction(fn, `m${index}`, options as object));
  server.runServerForever();
  const document = await client.call<OpenRPCDocument>(100, "rpc.discover");
  assertEquals(problemsOf(document), []);
  return document.methods;
}

/** What is told of the params of one method. */
async function paramsOf(fn: Handler, options?: RegisterOptions): Promise<unknown> {
  const [method] = await discover([[fn, options]]);
  const { name: _, result: _result, ...others } = method!;
  return others;
}

/** A parameter of which only the name is known. */
function plain(name: string, more: object = {}) {
  return { name, required: false, schema: ANYTHING, ...more };
}

Deno.test("a peer describes its methods, without those that every peer has, in the order in which they came", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction((a: number, b = 1) => a - b, "subtract", { summary: "Subtracts b from a" });
  server.registerFunctionsInObject({ none: () => 1 });
  server.runServerForever();
  const document = await client.call<OpenRPCDocument>(100, "rpc.discover");
  assertEquals(document, {
    openrpc: "1.3.2",
    info: { title: "ProcsLink peer", version: "0.0.0" },
    methods: [
      {
        name: "subtract",
        summary: "Subtracts b from a",
        paramStructure: "either",
        params: [plain("a"), plain("b")],
        result: RESULT,
      },
      { name: "none", paramStructure: "either", params: [], result: RESULT },
    ],
  });
  assertEquals(problemsOf(document), []);
});

Deno.test("a peer without methods has a document too", async () => {
  assertEquals(await discover([]), []);
});

Deno.test("methods that come later are there the next time, and the others stay where they were", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  let asked = 0;
  const schema = schemaOf((value) => value, () => (asked++, { items: { $ref: "#" } }));
  let places: unknown[] = [];
  const names = async () => {
    const { methods } = await client.call<OpenRPCDocument>(100, "rpc.discover");
    places = methods.flatMap(({ params }) => params.map(({ schema }) => schema.items));
    return methods.map(({ name }) => name);
  };
  server.registerFunction((a) => a, "first", { schema: { params: [schema] } });
  server.runServerForever();
  assertEquals(await names(), ["first"]);
  server.registerFunction(() => 1, "second");
  assertEquals(await names(), ["first", "second"]);
  server.registerFunctionsInObject({ third: () => 1, fourth: (a: unknown) => a }, {
    methods: { fourth: { schema: { params: [schema] } } },
  });
  assertEquals(await names(), ["first", "second", "third", "fourth"]);
  assertEquals(await names(), ["first", "second", "third", "fourth"]);
  assertEquals(asked, 2);
  assertEquals(places, [0, 3].map((index) => ({ $ref: `#/methods/${index}/params/0/schema` })));
});

Deno.test("a document has the name by which its peer was asked, else its first one", async () => {
  await using peers = openNamed([CLOCK, "com.example.other"]);
  peers.server.runServerForever();
  const title = async (target: string | number) => {
    return (await peers.client.call<OpenRPCDocument>(target, "rpc.discover")).info.title;
  };
  assertEquals([await title(100), await title(CLOCK)], [CLOCK, CLOCK]);
  assertEquals(await title("com.example.other"), "com.example.other");
});

Deno.test("a rest parameter is an array by name, and says so", async () => {
  const others = { name: "others", required: false, schema: { type: "array" }, "x-rest": true };
  assertEquals(await paramsOf((a, ...others) => [a, others]), {
    paramStructure: "either",
    params: [plain("a"), others],
  });
  const items = { type: "number" };
  const schema = schemaOf((value) => value, () => items);
  assertEquals(await paramsOf((a, ...others) => [a, others], { schema: { params: { others: schema } } }), {
    paramStructure: "either",
    params: [plain("a"), { ...others, schema: { type: "array", items } }],
  });
});

Deno.test("parameters that nobody knows are any number of arguments by position", async () => {
  const others = { name: "arguments", required: false, schema: { type: "array" }, "x-rest": true };
  assertEquals(await paramsOf(Math.max), { paramStructure: "by-position", params: [others] });
  assertEquals(await paramsOf(Math.max, { schema: { params: [larger] } }), {
    paramStructure: "by-position",
    params: [plain("argument1", { required: true }), others],
  });
  assertEquals(await paramsOf(Math.max, { params: ["a", "b?"] }), {
    paramStructure: "either",
    params: [plain("a", { required: true }), plain("b")],
  });
});

Deno.test("one parameter that is taken apart has the names that are taken out of it", async () => {
  const expected = { paramStructure: "by-name", params: [plain("word"), plain("limit")] };
  assertEquals(await paramsOf(({ word, limit = 10 }) => [word, limit]), expected);
  const nothing = ({}: object) => 1;
  assertEquals(await paramsOf(nothing), { paramStructure: "by-name", params: [], "x-params": { type: "object" } });
});

Deno.test("a params object of which nothing is known is an object", async () => {
  const expected = { paramStructure: "by-name", params: [], "x-params": { type: "object" } };
  assertEquals(await paramsOf((params) => params, { params: "object" }), expected);
  const silent = schemaOf((value) => value);
  assertEquals(await paramsOf((params) => params, { schema: { params: silent } }), expected);
  assertEquals(await paramsOf(({ word }) => word, { schema: { params: silent } }), {
    paramStructure: "by-name",
    params: [plain("word")],
  });
});

Deno.test("parameters without a name can be passed by position only", async () => {
  const fn: Handler = (argument2, [first], { second }, ...[third]) => [argument2, first, second, third];
  assertEquals(await paramsOf(fn), {
    paramStructure: "by-position",
    params: [
      plain("argument2"),
      plain("argument2_", { required: true }),
      plain("argument3", { required: true }),
      { name: "argument4", required: false, schema: { type: "array" }, "x-rest": true },
    ],
  });
});

Deno.test("a parameter is required where its validator refuses that it is left out, as far as that is sure", async () => {
  const optional = schemaOf((value) => value);
  const throwing = schemaOf(() => {
    throw new Error("It cannot tell");
  });
  const failing = schemaOf(() => Promise.reject(new Error("It cannot tell")));
  const fn: Handler = (a, b, c, d, e) => [a, b, c, d, e];
  const described = await paramsOf(fn, { schema: { params: [larger, optional, largerLater, throwing, failing] } });
  assertEquals(described, {
    paramStructure: "either",
    params: [plain("a", { required: true }), ...["b", "c", "d", "e"].map((name) => plain(name))],
  });
  const object = await paramsOf(({ a, c }) => [a, c], { schema: { params: { a: larger, b: optional } } });
  assertEquals(object, {
    paramStructure: "by-name",
    params: [plain("a", { required: true }), plain("b"), plain("c")],
  });
});

Deno.test("the schema of a params object is told by its members, and as a whole where these do not tell all", async () => {
  const tell = (schema: Record<string, unknown>) =>
    paramsOf((params) => params, { schema: { params: schemaOf((value) => value, () => schema) } });
  const properties = { a: { type: "number" }, b: { type: "string" } };
  const params = [{ ...plain("a", { required: true }), schema: { type: "number" } }, {
    ...plain("b"),
    schema: { type: "string" },
  }];
  const simple = { type: "object", properties, required: ["a"] };
  assertEquals(await tell(simple), { paramStructure: "by-name", params });
  const closed = { ...simple, additionalProperties: false };
  assertEquals(await tell(closed), { paramStructure: "by-name", params, "x-params": closed });
  const either = { anyOf: [simple, { type: "object", properties: {} }] };
  assertEquals(await tell(either), {
    paramStructure: "by-name",
    params: [],
    "x-params": { type: "object", ...either },
  });
  const ref = "#/methods/0/x-params";
  assertEquals(await tell({ type: "object", properties: { next: { $ref: "#" } } }), {
    paramStructure: "by-name",
    params: [plain("next", { schema: { $ref: ref } })],
    "x-params": { type: "object", properties: { next: { $ref: ref } } },
  });
});

Deno.test("a schema may tell what it likes: the document is one all the same", async () => {
  const strange: unknown[] = [
    { type: "object", properties: { "": { type: "number" } } },
    { properties: { __proto__: null, constructor: true } },
    JSON.parse('{"properties":{"__proto__":{"type":"number"}}}'),
  ];
  const methods = strange.map((told): [Handler, RegisterOptions] => {
    const schema = schemaOf((value) => value, () => told as Record<string, unknown>);
    return [(params) => params, { schema: { params: schema, result: schema } }];
  });
  methods.push([(params) => params, { params: "object", schema: { params: { "": larger, a: larger } } }]);
  const described = await discover(methods);
  assertEquals(described[0]!["x-params"], { type: "object", properties: { "": { type: "number" } } });
  assertEquals(described.map(({ params }) => params.map(({ name }) => name)), [
    [],
    ["constructor"],
    ["__proto__"],
    ["a"],
  ]);
});

Deno.test("the result is told as it travels", async () => {
  const result = schemaOf((value) => value, () => ({ type: "array", items: { $ref: "#/definitions/x" } }));
  const methods = await discover([[() => [], { schema: { result } }], [() => [], { schema: { result } }]]);
  assertEquals(
    methods.map(({ result }) => result),
    [0, 1].map((index) => ({
      name: "result",
      schema: { type: "array", items: { $ref: `#/methods/${index}/result/schema/definitions/x` } },
    })),
  );
});

Deno.test("a peer that does not want it has no such method", async () => {
  await using peers = openPeers({}, { server: { discover: false } });
  const { server, client } = peers;
  server.registerFunction(() => 1, "one");
  server.runServerForever();
  await assertRejects(() => client.call(100, "rpc.discover"), MethodNotFoundError);
  assertEquals((await client.call<Identity>(100, "rpc.identity")).methods, ["one"]);
  client.runServerForever();
  assert(await server.call(200, "rpc.discover"));
});

Deno.test("who may not call does not learn what there is, whatever one method allows", async () => {
  await using peers = openPeers({ access: "same-user" });
  const { server } = peers;
  server.registerFunction(() => 1, "open", { access: "anyone" });
  server.runServerForever();
  const mallory = peers.stranger();
  mallory.send(100, request(1, "rpc.discover"));
  assertEquals(outcomeOf(await mallory.next()), DENIED);
});

Deno.test("a function decides on it as on any other method", async () => {
  await using peers = openPeers({ access: (_caller, method) => method !== "rpc.discover" });
  peers.server.runServerForever();
  assertEquals(await peers.client.call(100, "rpc.ping"), "pong");
  await assertRejects(() => peers.client.call(100, "rpc.discover"), AccessDeniedError);
});

Deno.test("no loop sees it, and a notification of it does nothing", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = server[Symbol.asyncIterator]();
  assertEquals((await client.call<OpenRPCDocument>(100, "rpc.discover")).methods, []);
  peers.stranger().send(100, notification("rpc.discover"));
  await settle();
  assertEquals([peers.serverTroubles, server.stats().requestsInFlight], [[], 0]);
  await loop.return!();
});

Deno.test("nothing is described before somebody asks", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const seen: unknown[] = [];
  const spy: StandardSchemaV1 = schemaOf((value) => (seen.push(value), value), () => (seen.push("schema"), {}));
  server.registerFunction((a) => a, "m", { schema: { params: [spy], result: spy } });
  server.runServerForever();
  assertEquals(await client.call(100, "m", [1]), 1);
  assertEquals(seen, [1]);
  await client.call(100, "rpc.discover");
  assertEquals(seen, [1, undefined, "schema", "schema"]);
});
