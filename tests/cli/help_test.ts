// The help of the command and of each verb, and what it says to arguments that do not do.
import { assertEquals, assertMatch } from "@std/assert";
import manifest from "../../deno.json" with { type: "json" };
import { runProgram } from "../../src/cli/program.ts";
import { VERBS } from "../../src/cli/verbs.ts";
import { assertSnapshot, run } from "./command.ts";
import { Page } from "./page.ts";

/** Runs the command in this process: it ends before a peer is opened. */
async function ask(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const [out, err] = [new Page(), new Page()];
  const code = await runProgram(args, VERBS, { out, err });
  return { code, out: out.text, err: err.text };
}

Deno.test("the command without a verb says how to get help, and with it prints it", async () => {
  assertEquals(await run([]), { code: 2, out: "", err: "procslink: There is no verb\nhint: see: procslink help" });
  const { code, out, err } = await run(["help"]);
  assertEquals([code, err], [0, ""]);
  assertEquals(await ask("--help"), { code: 0, out: `${out}\n`, err: "" });
  assertEquals(await run(["--version"]), { code: 0, out: manifest.version, err: "" });
});

Deno.test("each verb has help with an example", async () => {
  const pages = [(await ask("help")).out];
  for (const { name } of VERBS) {
    const { code, out, err } = await ask("help", name);
    assertEquals([code, err], [0, ""], name);
    assertMatch(out, new RegExp(`Examples?:\n  procslink ${name}\\b`), name);
    assertEquals((await ask(name, "--help")).out, out, name);
    pages.push(out);
  }
  await assertSnapshot("help.txt", pages.join(`${"=".repeat(80)}\n`));
});

Deno.test("no line of the help is longer than a terminal is wide", async () => {
  for (const name of ["", ...VERBS.map(({ name }) => name)]) {
    const [text] = (await ask("help", ...(name === "" ? [] : [name]))).out.split(/Examples?:/);
    assertEquals(text!.split("\n").filter((line) => line.length > 80), [], name);
  }
});

Deno.test("arguments that do not do are one sentence with a hint, and the exit code is 2", async (t) => {
  const rows: [args: string[], message: string, hint: string | undefined][] = [
    [["lst"], "Unknown command 'lst'", "did you mean list?"],
    [["help", "frobnicate"], "There is no verb 'frobnicate'", "see: procslink help"],
    [["frobnicate"], "Unknown command 'frobnicate'", "see: procslink help"],
    [["call"], "Missing required argument 'PEER'", "see: procslink help call"],
    [["call", "1"], "Missing required argument 'METHOD'", "see: procslink help call"],
    [["call", "1", "m", "--timeot", "3"], "Unknown option '--timeot'", "did you mean --timeout?"],
    [
      ["list", "more"],
      "Too many arguments for 'list'. Expected 0 arguments but got 1: more",
      "see: procslink help list",
    ],
    [["call", "0", "m"], "PEER must be a name, or a port from 1 to 4294967295, not 0", undefined],
    [["call", "4294967296", "m"], "PEER must be a name, or a port from 1 to 4294967295, not 4294967296", undefined],
    [
      ["call", "1", "m", "--timeout", "soon"],
      '--timeout must be a time above 0, not "soon"',
      "such as 5 for seconds, or 250ms",
    ],
    [
      ["call", "1", "m", "--timeout", "0"],
      '--timeout must be a time above 0, not "0"',
      "such as 5 for seconds, or 250ms",
    ],
    [
      ["call", "1", "m", "--trust", "me"],
      '--trust must be same-user, anyone, or user ids such as 0,1000, not "me"',
      undefined,
    ],
    [["call", "1", "m", "--named", "5"], '"5" has no name', "with --named write NAME=VALUE"],
    [["call", "1", "m", "--named", "a=1", "a=2"], '"a" is given twice', undefined],
    [["call", "1", "m", "--dialect", "latin"], '--dialect must be native or procslink-0.1, not "latin"', undefined],
    [["ping", "1", "--count", "0"], '--count must be an integer from 1 on, not "0"', undefined],
    [["ping", "1", "--count", "1.5"], '--count must be an integer from 1 on, not "1.5"', undefined],
    [["publish", "5", "g"], "OWNER must be a name: a port is not to be had for the asking", undefined],
    [
      ["completions", "tcsh"],
      "Command-argument value 'tcsh' is invalid for argument 'SHELL'. Allowed choices are bash, zsh, fish",
      "see: procslink help completions",
    ],
  ];
  for (const [args, message, hint] of rows) {
    await t.step(args.join(" "), async () => {
      const expected = `procslink: ${message}\n${hint === undefined ? "" : `hint: ${hint}\n`}`;
      assertEquals(await ask(...args), { code: 2, out: "", err: expected });
      // With --json it is one object.
      const { code, out, err } = await ask(...args, "--json");
      assertEquals([code, out, JSON.parse(err)], [2, "", { error: { message, ...(hint && { hint }) }, exit: 2 }]);
    });
  }
});
