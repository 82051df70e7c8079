// The verb serve: exports of a module as methods.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { freshName, normalised, run, start } from "./command.ts";

const MODULE = `
export function add(a: number, b: number): number { return a + b; }
export const hello = async (name = "you") => await Promise.resolve("Hello, " + name);
export const _hidden = () => "not this";
export const constant = 5;
export class Thing {}
export default { version() { return "1"; } };
`;

/** A module in a folder of its own, whose name is nothing that an address likes. */
async function openModule(text = MODULE) {
  const temporary = await Deno.makeTempDir();
  const folder = `${temporary}/100 %25 #1?`;
  await Deno.mkdir(folder);
  const path = `${folder}/api.ts`;
  await Deno.writeTextFile(path, text);
  return {
    folder,
    path,
    write: (changed: string) => Deno.writeTextFile(path, changed),
    [Symbol.asyncDispose]: () => Deno.remove(temporary, { recursive: true }),
  };
}

Deno.test("functions that a module exports, and the methods of its default export, can be called", async () => {
  await using module = await openModule();
  const name = freshName();
  await using serving = start(["serve", "api.ts", "--name", name], { flags: ["--allow-read"], cwd: module.folder });
  assertMatch(normalised(await serving.line(), { NAME: name }), /^Serving add, hello, version at port \d+ as NAME$/);
  await using client = new RPCPeer();
  assertEquals(await client.call(name, "add", [1, 2]), 3);
  assertEquals(await client.call(name, "hello", { name: "Ada" }), "Hello, Ada");
  assertEquals(await client.call(name, "version"), "1");
  serving.signal("SIGINT");
  assertEquals(await serving.ended(), { code: 0, out: "", err: "" });
  assertEquals(await client.isPresent(name), false);
});

Deno.test("a default export may be a class or a function, and --json tells where it is", async () => {
  for (
    const text of ["export default class API { one() { return 1; } }", "export default function one() { return 1; }"]
  ) {
    await using module = await openModule(text);
    await using serving = start(["serve", module.path, "--json"], { flags: [`--allow-read=${module.path}`] });
    const { port, ...others } = JSON.parse(await serving.line());
    assertEquals(others, { name: null, methods: ["one"] });
    await using client = new RPCPeer();
    assertEquals(await client.call(port, "one"), 1);
  }
});

Deno.test("without the permission to read, it says which flag it needs", async () => {
  await using module = await openModule();
  const { code, err } = await run(["serve", module.path]);
  assertEquals([code, normalised(err, { PATH: module.path })], [
    7,
    "procslink: Reading the module needs a permission\nhint: run it with: deno run --allow-ffi --allow-read=PATH",
  ]);
  const watching = await run(["serve", module.path, "--watch"], { flags: [`--allow-read=${module.path}`] });
  assertEquals(watching.code, 7);
  assertStringIncludes(
    watching.err,
    "procslink: Watching the module needs a permission for its folder\nhint: run it with",
  );
});

Deno.test("a module that is not there, cannot be loaded or offers nothing is one sentence", async () => {
  const rows: [text: string, message: RegExp][] = [
    [
      "export default 5;",
      /^procslink: The module has nothing to offer: Its default export has no methods\nhint: export/,
    ],
    ["export const a = 1;", /^procslink: The module has nothing to offer: It exports no functions\nhint: export/],
    [
      "export default () => 1;",
      /^procslink: The module has nothing to offer: Its default export is a function without a name/,
    ],
    ["export const = 5;", /^procslink: The module cannot be loaded: [^\n]+$/],
    ["throw new Error('no luck');", /^procslink: The module cannot be loaded: no luck$/],
  ];
  for (const [text, message] of rows) {
    await using module = await openModule(text);
    const { code, out, err } = await run(["serve", module.path], { flags: ["--allow-read"] });
    assertEquals([code, out], [2, ""], text);
    assertMatch(err, message);
  }
  const { code, err } = await run(["serve", "/nowhere/api.ts"], { flags: ["--allow-read"] });
  assertEquals(code, 2);
  assertMatch(err, /^procslink: The module cannot be loaded: [^\n]+$/);
});

Deno.test("with --watch it begins anew when the file has changed, at the same port and by the same name", async () => {
  await using module = await openModule("export const version = () => 1;");
  const name = freshName();
  await using serving = start(["serve", module.path, "--name", name, "--watch", "--json"], { flags: ["--allow-read"] });
  const first = JSON.parse(await serving.line());
  await using client = new RPCPeer();
  assertEquals(await client.call(name, "version"), 1);
  await module.write("export const version = () => 2; export const more = () => 3;");
  assertEquals(JSON.parse(await serving.line()), { ...first, methods: ["more", "version"] });
  assertEquals(await client.call(first.port, "version"), 2);
  // What cannot be loaded changes nothing.
  await module.write("export const version = ;");
  assertMatch(JSON.parse(await serving.line()).error, /^The module cannot be loaded: /);
  assertEquals(await client.call(name, "version"), 2);
  await module.write("export const nothing = 5;");
  assertMatch(JSON.parse(await serving.line()).error, /^The module has nothing to offer: /);
  assertEquals(JSON.parse(await serving.line()), { ...first, methods: ["more", "version"] });
  assertEquals(await client.call(name, "version"), 2);
  // An editor may put another file in its place.
  await Deno.writeTextFile(`${module.folder}/new`, "export const version = () => 4;");
  await Deno.rename(`${module.folder}/new`, module.path);
  assertEquals(JSON.parse(await serving.line()), { ...first, methods: ["version"] });
  assertEquals(await client.call(name, "version"), 4);
  serving.signal("SIGINT");
  assertEquals(await serving.ended(), { code: 0, out: "", err: "" });
});

Deno.test("a name that is taken is an error, and who may call is said by --access", async () => {
  await using module = await openModule();
  const name = freshName();
  await using _peer = new RPCPeer({ name });
  assertEquals((await run(["serve", module.path, "--name", name], { flags: ["--allow-read"] })).code, 6);
  await using serving = start(["serve", module.path, "--access", "54321", "--json"], { flags: ["--allow-read"] });
  const { port, methods } = JSON.parse(await serving.line());
  assertEquals(methods, null);
  assertEquals((await run(["call", String(port), "add", "1", "2"])).code, 4);
});
