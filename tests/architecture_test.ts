// The house: which room may import from which. The order is that of the conversation, from top to bottom.
import { assert, assertEquals } from "@std/assert";

const ROOMS = ["rpc", "groups", "watch", "naming", "link", "netlink", "jsonrpc", "wire", "errors", "ffi"] as const;
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

Deno.test("at run time there are no dependencies, and only mod.ts exports again", () => {
  const packages = files.flatMap(importsOf).filter((target) => !target.endsWith(".ts"));
  assertEquals([...new Set(packages)], ["node:async_hooks"]);
  assertEquals(files.filter((path) => /^export\s[^;]*?from\s+"/m.test(read(path))), []);
});

Deno.test("a file is one concept, of about 300 lines at most", () => {
  assertEquals(files.filter((path) => read(path).split("\n").length > 320), []);
});
