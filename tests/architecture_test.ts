// The house: which room may import from which. The order is that of the conversation, from top to bottom.
import { assert, assertEquals } from "@std/assert";

const ROOMS = [
  "cli",
  "rpc",
  "groups",
  "watch",
  "naming",
  "link",
  "netlink",
  "jsonrpc",
  "wire",
  "errors",
  "ffi",
] as const;
const ROOT = new URL("../", import.meta.url);

/** Every source file outside of tests and examples, by its path. */
function sources(folder = ""): string[] {
  return [...Deno.readDirSync(new URL(folder || ".", ROOT))].flatMap(({ name, isDirectory }) => {
    const path = folder + name;
    if (isDirectory) return ["src/", "ffi/"].some((room) => `${path}/`.startsWith(room)) ? sources(`${path}/`) : [];
    return name.endsWith(".ts") ? [path] : [];
  });
}

function read(path: string): string {
  return Deno.readTextFileSync(new URL(path, ROOT));
}

/** The files that a file imports, by their paths, and packages by their names. */
function importsOf(path: string): string[] {
  return [...read(path).matchAll(/^(?:import|export)\s[^;]*?from\s+"([^"]+)"/gm)].map(([, specifier]) => {
    if (!specifier!.startsWith(".")) return specifier!;
    return new URL(specifier!, new URL(path, ROOT)).href.slice(ROOT.href.length);
  });
}

function roomOf(path: string): number {
  // What is public is above all rooms but the command's, which uses nothing else.
  if (path === "mod.ts") return ROOMS.indexOf("cli") + 0.5;
  const room = path.startsWith("ffi/") ? "ffi" : path.split("/")[1]!.replace(/\.ts$/, "");
  const index = (ROOMS as readonly string[]).indexOf(room);
  assert(index >= 0, `${path} is in no room that is known`);
  return index;
}

const files = sources().filter((path) => path !== "mod.ts");

Deno.test("there is something to look at", () => {
  assert(files.length > 30, `only ${files.length} files`);
  assert(importsOf("src/rpc/parts.ts").includes("src/link/outbox.ts"));
});

Deno.test("imports go one way, downwards", () => {
  const upwards = files.flatMap((path) =>
    importsOf(path).filter((target) => target.endsWith(".ts") && roomOf(target) < roomOf(path)).map((target) =>
      `${path} imports ${target}`
    )
  );
  assertEquals(upwards, []);
});

Deno.test("no room is a ring of files", () => {
  const typesOnly = /^(?:import|export) type\s[^;]*?from\s+"[^"]+";?$/gm;
  const edges = new Map(files.map((path) => {
    const types = new Set([...read(path).matchAll(typesOnly)].map(([line]) => line.match(/"([^"]+)"/)![1]!));
    const text = read(path);
    const values = [...text.matchAll(/^(?:import|export)\s(?!type\s)[^;]*?from\s+"(\.[^"]+)"/gm)].map(([, s]) => s!);
    return [
      path,
      values.filter((s) => !types.has(s)).map((s) => new URL(s, new URL(path, ROOT)).href.slice(ROOT.href.length)),
    ];
  }));
  const done = new Set<string>();
  const visit = (path: string, trail: string[]): void => {
    assert(!trail.includes(path), `a ring: ${[...trail, path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...trail, path]);
    done.add(path);
  };
  for (const path of files) visit(path, []);
});

Deno.test("only libc.ts opens a library, and nothing above the link knows a file descriptor", () => {
  assertEquals(files.filter((path) => read(path).includes("Deno.dlopen(")), ["ffi/libc.ts"]);
  const pure = files.filter((path) => /^src\/(rpc|jsonrpc|wire)\//.test(path));
  assertEquals(pure.filter((path) => importsOf(path).some((target) => target.startsWith("ffi/"))), []);
});

Deno.test("the command uses what is public and its own files, and nobody uses the command", () => {
  const targets = files.filter((path) => path.startsWith("src/cli/")).flatMap(importsOf);
  const inside = targets.filter((target) => target.endsWith(".ts") && !target.startsWith("src/cli/"));
  assertEquals([...new Set(inside)], ["mod.ts"]);
  assertEquals(importsOf("mod.ts").filter((target) => target.startsWith("src/cli/")), []);
});

Deno.test("at run time the library has no dependencies, and the command few; only mod.ts exports again", () => {
  const packagesOf = (isCommand: boolean) => {
    const some = files.filter((path) => path.startsWith("src/cli/") === isCommand).flatMap(importsOf);
    return [...new Set(some.filter((target) => !/\.(ts|json)$/.test(target)))].sort();
  };
  assertEquals(packagesOf(false), ["node:async_hooks"]);
  assertEquals(packagesOf(true), ["@std/streams", "cli-table3", "commander", "node:util", "string-width"]);
  assertEquals(files.filter((path) => /^export\s[^;]*?from\s+"/m.test(read(path))), []);
});

Deno.test("a file is one concept, of about 300 lines at most", () => {
  assertEquals(files.filter((path) => read(path).split("\n").length > 320), []);
});
