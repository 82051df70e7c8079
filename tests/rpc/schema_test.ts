// Validators of zod, valibot and arktype, in front of methods and in the document of their peer.
import { assert, assertEquals } from "@std/assert";
import { toStandardJsonSchema } from "@valibot/to-json-schema";
import { type } from "arktype";
import * as v from "valibot";
import { z } from "zod";
import type { StandardSchemaV1 } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { accepts, documentOf, refusalOf } from "./documents.ts";

/** A user, in the words of each package: as it is validated, and as its JSON Schema is told. */
const USERS: Record<string, { schema: StandardSchemaV1<unknown, { name: string; age: number }>; refused: string }> = {
  zod: {
    schema: z.object({ name: z.string().min(1), age: z.number().int().default(18) }),
    refused:
      "name: Too small: expected string to have >=1 characters; age: Invalid input: expected int, received number",
  },
  valibot: {
    schema: toStandardJsonSchema(v.object({
      name: v.pipe(v.string(), v.minLength(1)),
      age: v.optional(v.pipe(v.number(), v.integer()), 18),
    })),
    refused: "name: Invalid length: Expected >=1 but received 0; age: Invalid integer: Received 1.5",
  },
  arktype: {
    schema: type({ name: "string > 0", age: "number.integer = 18" }),
    refused: "age: age must be an integer (was 1.5); name: name must be non-empty",
  },
};

for (const [name, { schema, refused }] of Object.entries(USERS)) {
  Deno.test(`${name}: one schema for all params`, async () => {
    await using peers = openPeers();
    const { server, client } = peers;
    server.registerFunction((user) => `${user.name} is ${user.age}`, "tell", { schema: { params: schema } });
    server.runServerForever();
    assertEquals(await client.call(100, "tell", { name: "Ada", age: 36 }), "Ada is 36");
    assertEquals(await client.call(100, "tell", { name: "Ada" }), "Ada is 18");
    assertEquals(await client.call(100, "tell", [{ name: "Ada" }]), "Ada is 18");
    const order = (text: unknown) => String(text).replace("tell(user) refuses ", "").split("; ").sort();
    assertEquals(order(await refusalOf(peers, "tell", { name: "", age: 1.5 })), refused.split("; ").sort());
    await refusalOf(peers, "tell", []);
    const { methods: [method] } = await documentOf(peers);
    assertEquals(method!.paramStructure, "by-name");
    assertEquals(new Map(method!.params.map(({ name, required }) => [name, required])).get("name"), true);
    assertEquals(new Map(method!.params.map(({ name, required }) => [name, required])).get("age"), false);
  });

  Deno.test(`${name}: schemas by position, by name, and of a rest parameter`, async () => {
    await using peers = openPeers();
    const { server, client } = peers;
    const text = { zod: z.string(), valibot: v.string(), arktype: type("string") }[name] as StandardSchemaV1<string>;
    server.registerFunction((greeting, user) => `${greeting}, ${user.name}`, "greet", {
      schema: { params: [text, schema] },
    });
    server.registerFunction((greeting: string, user: { name: string }) => `${greeting}, ${user.name}`, "greetToo", {
      schema: { params: { user: schema, greeting: text } },
    });
    server.registerFunction((...users) => users.map(({ age }) => age), "ages", { schema: { params: [schema] } });
    server.runServerForever();
    for (const method of ["greet", "greetToo"]) {
      assertEquals(await client.call(100, method, ["Hello", { name: "Ada" }]), "Hello, Ada");
      assertEquals(await client.call(100, method, { user: { name: "Ada" }, greeting: "Hello" }), "Hello, Ada");
      assert(
        String(await refusalOf(peers, method, [1, { name: 5 }])).startsWith(
          `${method}(greeting, user) refuses greeting: `,
        ),
      );
      assert(String(await refusalOf(peers, method, ["Hello", { name: 5 }])).includes("refuses user.name: "));
      assert(String(await refusalOf(peers, method, [])).includes("; user: "));
    }
    assertEquals(await client.call(100, "ages", [{ name: "Ada" }, { name: "Eve", age: 3 }]), [18, 3]);
    assertEquals(await client.call(100, "ages"), []);
    assert(String(await refusalOf(peers, "ages", [{ name: "Ada" }, { name: 5 }])).includes("refuses users[1].name: "));
    const document = await documentOf(peers);
    for (const index of [0, 1]) {
      const { params } = document.methods[index]!;
      assertEquals(params.map(({ name, required }) => [name, required]), [["greeting", true], ["user", true]]);
      assert(accepts(document, `#/methods/${index}/params/1/schema`, { name: "Ada" }));
      assert(!accepts(document, `#/methods/${index}/params/1/schema`, { name: 5 }));
    }
    assert(accepts(document, "#/methods/2/params/0/schema", [{ name: "Ada" }, { name: "Eve" }]));
    assert(!accepts(document, "#/methods/2/params/0/schema", [{ name: "Ada" }, { name: 5 }]));
  });
}

Deno.test("zod: a schema that refers to itself or to a named one does so in the document", async () => {
  const Node = z.object({
    value: z.number(),
    get children() {
      return z.array(Node);
    },
  }).meta({ id: "Node" });
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction(() => 1, "before");
  server.registerFunction(({ node }) => node.value, "whole", { schema: { params: z.object({ node: Node }) } });
  server.registerFunction((node, other) => [node, other], "listed", { schema: { params: [Node, Node] } });
  server.registerFunction(() => ({ value: 1, children: [] }), "tree", { schema: { result: Node } });
  server.runServerForever();
  const document = await documentOf(peers);
  const good = { value: 1, children: [{ value: 2, children: [] }] };
  const bad = { value: 1, children: [{ value: "2", children: [] }] };
  for (const place of ["1/params/0/schema", "2/params/0/schema", "2/params/1/schema", "3/result/schema"]) {
    assert(accepts(document, `#/methods/${place}`, good), place);
    assert(!accepts(document, `#/methods/${place}`, bad), place);
  }
});

Deno.test("zod: what JSON Schema cannot say may be anything, and the rest is said", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(({ at, title }) => `${title}: ${at.getTime()}`, "note", {
    schema: { params: z.object({ at: z.coerce.date(), title: z.string() }), result: z.string() },
  });
  server.runServerForever();
  assertEquals(await client.call(100, "note", { at: "1970-01-01T00:00:01Z", title: "x" }), "x: 1000");
  const { methods: [method] } = await documentOf(peers);
  assertEquals(method!.params, [
    { name: "at", required: true, schema: {} },
    { name: "title", required: true, schema: { type: "string" } },
  ]);
  assertEquals(method!.result, { name: "result", schema: { type: "string" } });
});

Deno.test("valibot: without its converter a schema validates, and may be anything in the document", async () => {
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction((n) => n + 1, "next", { schema: { params: [v.number()] } });
  server.runServerForever();
  assertEquals(
    await refusalOf(peers, "next", ["1"]),
    'next(n) refuses n: Invalid type: Expected number but received "1"',
  );
  assertEquals((await documentOf(peers)).methods[0]!.params, [{ name: "n", required: true, schema: {} }]);
});

Deno.test("asynchronous validators of each package are waited for", async () => {
  const isFree = (name: string) => Promise.resolve(name !== "taken");
  const schemas = {
    zod: z.string().refine(isFree, "It is taken"),
    valibot: v.pipeAsync(v.string(), v.checkAsync(isFree, "It is taken")),
  };
  for (const schema of Object.values(schemas)) {
    await using peers = openPeers();
    const { server, client } = peers;
    server.registerFunction((name: string) => `${name} it is`, "choose", { schema: { params: { name: schema } } });
    server.runServerForever();
    assertEquals(await client.call(100, "choose", ["this"]), "this it is");
    assertEquals(await refusalOf(peers, "choose", ["taken"]), "choose(name) refuses name: It is taken");
    await documentOf(peers);
  }
});
