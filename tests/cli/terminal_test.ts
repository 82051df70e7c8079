// What a terminal gets: tables that fit, colours unless NO_COLOR, and results over several lines.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { reasonAgainst, testUnless } from "../integration/processes.ts";
import { commandLine, serve } from "./command.ts";

const noTerminal = await reasonAgainst("no script(1) to open a terminal", "script", "--version");

/** Runs the command at a terminal of so many columns. */
async function look(
  args: readonly string[],
  { columns = 100, environment = "NO_COLOR=", command = commandLine() } = {},
): Promise<string> {
  const words = [...command, ...args].map((word) => `'${word}'`).join(" ");
  const { stdout } = await new Deno.Command("script", {
    args: ["-qec", `stty cols ${columns}; ${environment} ${words}`, "/dev/null"],
    stdin: "null",
    env: { TERM: "xterm" },
  }).output();
  return new TextDecoder().decode(stdout).replaceAll("\r\n", "\n");
}

testUnless(noTerminal, "a table has a bold heading and fits the terminal", async () => {
  await using peer = serve();
  const text = await look(["introspect", peer.called]);
  assertStringIncludes(text, "\x1b[1mMETHOD\x1b[22m");
  for (let count = 0; count < 40; count++) peer.registerFunction(() => 1, `aMethodWithAName${count}`);
  const lines = (await look(["list"], { columns: 120, environment: "NO_COLOR=1" })).trimEnd().split("\n");
  const at = lines.findIndex((line) => line.trim().startsWith(`${peer.nlPid} `));
  assert(at > 0);
  assertStringIncludes(lines[at]!, "add, echo");
  assertStringIncludes(lines.slice(at).join("\n"), "aMethodWithAName39");
  assertEquals(lines.filter((line) => line.length > 120), []);
});

testUnless(noTerminal, "with NO_COLOR there is no escape sequence at all", async () => {
  await using peer = serve();
  for (
    const args of [["list"], ["watch", "--once"], ["call", "1", "nothing"], ["help", "call"], [
      "introspect",
      peer.called,
    ]]
  ) {
    const text = await look(args, { environment: "NO_COLOR=1" });
    assert(!text.includes("\x1b"), text);
  }
});

testUnless(noTerminal, "an error and its hint are coloured, and so is the help", async () => {
  assertEquals(
    await look(["call", "1", "nothing"]),
    "\x1b[31mprocslink:\x1b[39m No peer holds port 1\n\x1b[36mhint:\x1b[39m see who is there with: procslink list\n",
  );
  assertStringIncludes(await look(["help"]), "\x1b[1mUsage:\x1b[22m procslink VERB ...");
});

testUnless(noTerminal, "a result is over several lines, and a terminal does not obey it", async () => {
  await using peer = serve();
  peer.registerFunction(() => ({ a: [1], "\u009b": "\u001b[2J" }), "get");
  assertEquals(
    await look(["call", peer.called, "get"]),
    '{\n  "a": [\n    1\n  ],\n  "\\u009b": "\\u001b[2J"\n}\n',
  );
  assertEquals(await look(["call", peer.called, "get", "--json"]), '{"a":[1],"\\u009b":"\\u001b[2J"}\n');
});

testUnless(noTerminal, "events are in columns, green where somebody comes", async () => {
  await using _peer = serve();
  const text = await look(["watch", "--once", "--groups", ""]);
  // Somebody else may just come too.
  assert(text.split("\n").some((line) => line.startsWith("\x1b[32mpeer-added   \x1b[39m  ")), text);
  assert(text.endsWith("\x1b[2mready\x1b[22m\n"), text);
});

testUnless(noTerminal, "nobody is ever asked for a permission", async () => {
  await using peer = serve();
  const command = commandLine().filter((word) => word !== "--no-prompt");
  const asked = /requests|Allow\?/;
  const runs = [["list"], ["help"], ["introspect", peer.called], ["call", peer.called, "add", "1"], ["call", "1", "x"]];
  const more = [["ping", peer.called, "--count", "1"], ["watch", "--once"], ["serve", "/nowhere/api.ts"], [
    "serve",
    "api.ts",
  ]];
  for (const args of [...runs, ...more, ["publish", `${peer.called}.more`, "news", "1", "--members", "0"]]) {
    const text = await look(args, { command });
    assert(!asked.test(text), text);
  }
});
