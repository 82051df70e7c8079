// The verb completions: scripts that shells take, which propose what there is, and run nothing of it.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { VERBS } from "../../src/cli/verbs.ts";
import { reasonAgainst, testUnless } from "../integration/processes.ts";
import { commandLine, run, serve } from "./command.ts";

const SHELLS = { bash: ["-n"], zsh: ["-n"], fish: ["--no-execute"] } as const;

/** Completes a line in bash, as a user does who has installed the command. */
async function complete(...words: string[]): Promise<string[]> {
  const folder = await Deno.makeTempDir();
  try {
    const command = commandLine().map((word) => `'${word}'`).join(" ");
    await Deno.writeTextFile(`${folder}/procslink`, `#!/bin/sh\nexec ${command} "$@"\n`, { mode: 0o755 });
    const list = words.map((word) => `'${word}'`).join(" ");
    const script = `PATH=${folder}:$PATH
source <(procslink completions bash)
COMP_WORDS=(procslink ${list}) COMP_CWORD=${words.length}
_procslink 2>/dev/null
printf '%s\\n' "\${COMPREPLY[@]}"`;
    const { stdout } = await new Deno.Command("bash", { args: ["-c", script], cwd: folder, stdin: "null" }).output();
    assertEquals([...Deno.readDirSync(folder)].map(({ name }) => name), ["procslink"], "nothing else was run");
    return new TextDecoder().decode(stdout).trimEnd().split("\n");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const [shell, args] of Object.entries(SHELLS)) {
  const missing = await reasonAgainst(`no ${shell}`, shell, "--version");
  testUnless(missing, `the script for ${shell} is one that it takes`, async () => {
    const { code, out } = await run(["completions", shell]);
    assertEquals(code, 0);
    const child = new Deno.Command(shell, { args: [...args], stdin: "piped", stderr: "piped", stdout: "null" }).spawn();
    const writer = child.stdin.getWriter();
    await writer.write(new TextEncoder().encode(out));
    await writer.close();
    const { success, stderr } = await child.output();
    assert(success, new TextDecoder().decode(stderr));
  });
}

Deno.test("each script knows every verb and every option", async () => {
  for (const shell of Object.keys(SHELLS)) {
    const { out } = await run(["completions", shell]);
    for (const { name, options } of VERBS) {
      assertStringIncludes(out, name);
      for (const option of options) assertStringIncludes(out, option.name, `${shell}: ${name} --${option.name}`);
    }
  }
});

const noBash = await reasonAgainst("no bash", "bash", "--version");

testUnless(noBash, "verbs, options and the only values are completed", async () => {
  assertEquals(await complete(""), [...VERBS.map(({ name }) => name), "help"]);
  assertEquals(await complete("in"), ["introspect"]);
  assertEquals(await complete("help", "se"), ["serve"]);
  assertEquals(await complete("call", "--t"), ["--timeout", "--trust"]);
  assertEquals(await complete("completions", ""), ["bash", "zsh", "fish"]);
});

testUnless(noBash, "peers and methods are those that are there, and what they are called is never run", async () => {
  await using peer = serve();
  const evil = `${peer.called}.$(touch pwned)`;
  peer.claim(evil);
  peer.registerFunction(() => 1, "`touch pwned`");
  assertEquals(await complete("call", peer.called), [peer.called, evil.replace(/[$() ]/g, "\\$&")]);
  assertEquals(await complete("call", "--timeout", "5", peer.called, "ad"), ["add"]);
  assertEquals(await complete("call", peer.called, ""), ["add", "echo", "fail", "never", "\\`touch\\ pwned\\`"]);
});
