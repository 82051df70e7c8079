// Every example, as the README says to run it.
import { assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { reasonAgainst, start, testUnless } from "./processes.ts";

const EXAMPLES = new URL("../../examples/", import.meta.url).href;

const expected: Record<string, string[]> = {
  names: [
    "Is com.example.clock there? false",
    "It is, at port 1094314021",
    "is taken by port 1094314021",
    "Now it is ",
  ],
  groups: [
    "2 read the paper",
    "2 have it in their queue",
    'The reader has got "Good night"',
    'The sleeper has missed 4\nThe sleeper has got "Fog comes up"',
  ],
  named_parameters: [
    "books: 2",
    'found: [ "Emma (1815)" ]',
    'refused: add(title, year?) has no parameter "titel"',
    "log: a line",
    'notification: The notification "burn" failed: Method not found: There is no method "burn"',
    'batch: [ 3, undefined, "Method not found" ]',
  ],
  discover: [
    "OpenRPC 1.3.2",
    "add(title: string, year?: integer): Adds a book, and tells how many there are",
    "find(word?: any, limit?: any): Finds books by a word in their titles",
    "books: 1",
    "refused: add(title, year?) refuses title: Expected a title; year: Expected a year",
  ],
  request_loop: ['[ "one", { two: 2 } ]', "404: Never heard of it", "Goodbye"],
  call_back: ["One coffee for port "],
  watch: [
    "watcher: ready",
    "watcher: peer-added com.example.visited\nwatcher: name-added com.example.visited",
    "calls for the first time\nvisitor: Nice to see you",
    "visited: it is gone",
    "watcher: name-removed com.example.visited\nwatcher: peer-removed com.example.visited",
  ],
  capture: [
    "Hello, Rayson Zhu!",
    "000000 0a 0d 0d 0a",
    "000020 73 4c 69 6e 6b 20 66 6f 72 20 44 65 6e 6f 00 00 sLink for Deno..",
  ],
  codec: ["nlmsgPid: 4242", 'hello [ "Rayson Zhu" ]', "50000000100000000000000092100000"],
};

for (const [name, parts] of Object.entries(expected)) {
  Deno.test(`the example ${name} runs as it stands`, async () => {
    await using program = start(`${EXAMPLES}${name}.ts`);
    const { code, lines, errors } = await program.ended();
    assertEquals([code, errors], [0, ""]);
    for (const part of parts) assertStringIncludes(lines.join("\n"), part);
  });
}

Deno.test("the two programs of the README", async () => {
  await using server = start(`${EXAMPLES}hello_server.ts`);
  const line = await server.line();
  assertMatch(line, /^Server's nl_pid is \d+\.$/);
  await using client = start(`${EXAMPLES}hello_client.ts`, [line.match(/\d+/)![0]]);
  assertEquals(await client.ended(), { code: 0, lines: ["Hello, Rayson Zhu!"], errors: "" });
  assertEquals(await server.line(), "Hello, Rayson Zhu!");
  await using lost = start(`${EXAMPLES}hello_client.ts`);
  assertEquals((await lost.ended()).code, 2);
});

const noNetns = await reasonAgainst("no network namespaces without privileges", "unshare", "--net", "true");

testUnless(noNetns, "the example two_namespaces talks to both, and leaves nothing behind", async () => {
  await using program = start(`${EXAMPLES}two_namespaces.ts`, [], { flags: ["--allow-ffi", "--allow-run"] });
  assertEquals(await program.ended(), {
    code: 0,
    lines: [
      "blue:  Hello, blue!",
      "green: Hello, green!",
      "blue's server, asked from here: PeerGoneError",
      "blue's server, asked from green: PeerGoneError",
    ],
    errors: "",
  });
});

Deno.test("the demo shows both sides", async () => {
  await using demo = start(`${EXAMPLES}demo.ts`, [], { flags: ["--allow-ffi", "--allow-run"] });
  const { code, lines, errors } = await demo.ended();
  assertEquals([code, errors], [0, ""]);
  const text = lines.join("\n");
  assertMatch(text, /new namespaces|plain process/);
  assertMatch(text, /│ port +│ \d+ +│ \d+ +│/);
  assertMatch(text, /│ net namespace +│ "net:\[\d+\]" +│ "the same" +│/);
  assertMatch(text, /hello\("Rayson Zhu"\) -> "Hello, Rayson Zhu!" in \d+\.\d\d ms/);
  assertMatch(text, /The kernel told the server who called: port \d+, uid \d+, gid \d+/);
});
