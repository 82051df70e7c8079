import { assert, assertEquals, assertMatch } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { ask, commandOf, keepCalling, newName, openServer, run } from "./asked.ts";

/** Runs tmux with a server of its own. */
async function tmux(...args: string[]): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("tmux", { args: ["-L", SERVER, ...args] }).output();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

const SERVER = `procslink-${crypto.randomUUID()}`;

async function hasTmux(): Promise<boolean> {
  try {
    return (await new Deno.Command("tmux", { args: ["-V"] }).output()).success;
  } catch {
    return false;
  }
}

/** Waits until a screen shows something. */
async function screenWith(pattern: RegExp): Promise<string> {
  for (let looks = 0; looks < 600; looks++) {
    const screen = await tmux("capture-pane", "-p", "-t", "top");
    if (pattern.test(screen)) return screen;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The screen never showed ${pattern}:\n${await tmux("capture-pane", "-p", "-t", "top")}`);
}

Deno.test("top prints a table once where that is asked for, with rates and latencies of each peer", async () => {
  const name = newName();
  await using server = openServer(name);
  await using client = new RPCPeer();
  await using _calling = keepCalling(client, server.nlPid);
  const { code, lines, errors } = await run(["top", "--once", "--interval", "300ms"]);
  assertEquals([code, errors], [0, []]);
  assertEquals(lines[0], "PORT\tUID\tCALLS/S\tP50\tP99\tERRORS/S\tIN HAND\tNAMES");
  const row = lines.find((line) => line.startsWith(`${server.nlPid}\t`))!;
  assertMatch(row, /^\d+\t\d+\t[\d.]+(\t[\d.]+ (µs|ms)){2}\t[\d.]+\t0\t/);
  assertEquals(row.split("\t").at(-1), name);
  assert(Number(row.split("\t")[2]) > 0);
});

Deno.test("top prints JSON, and null where a peer does not tell of its calls", async () => {
  await using server = openServer();
  await using client = new RPCPeer();
  await using secret = new RPCPeer({ trace: false });
  secret.runServerForever();
  await using _calling = keepCalling(client, server.nlPid);
  const { code, lines } = await run(["top", "--once", "--interval", "300ms", "--json"]);
  assertEquals(code, 0);
  const peers = lines.map((line) => JSON.parse(line));
  const told = peers.find(({ port }) => port === server.nlPid);
  assert(told.telling === "told" && told.callsPerSecond > 0 && told.p50 <= told.p99);
  // Half of them fail; the first or the last one may be in another second.
  assert(Math.abs(told.errorsPerSecond / told.callsPerSecond - 0.5) < 0.2, JSON.stringify(told));
  const silent = peers.find(({ port }) => port === secret.nlPid);
  assertEquals([silent.telling, silent.callsPerSecond, silent.p50], ["silent", null, null]);
});

Deno.test("top without a terminal prints a table for each interval, until Ctrl-C", async () => {
  await using server = openServer();
  await using program = ask(["top", "--interval", "100ms"]);
  for (let table = 0; table < 3; table++) {
    await program.lineWith("CALLS/S");
    await program.lineWith(`${server.nlPid}\t`);
  }
  program.signal("SIGINT");
  const { code, errors } = await program.ended();
  assertEquals([code, errors], [0, ""]);
});

const ignore = !await hasTmux();

for (const [what, key, code] of [["q", "q", 0], ["Ctrl-C", "C-c", 0]] as const) {
  Deno.test({
    name: `top draws a live screen, and gives the terminal back at ${what}${ignore ? " (there is no tmux)" : ""}`,
    ignore,
    async fn() {
      await using server = openServer(newName());
      await using client = new RPCPeer();
      const command = commandOf(["top", "--interval", "200ms"]).map((word) => `'${word}'`).join(" ");
      const shell =
        `sh -c "trap : INT; printf 'what was there\\n'; ${command}; echo ended with \\$?; stty -a; read line"`;
      await tmux("new-session", "-d", "-s", "top", "-x", "100", "-y", "30", shell);
      try {
        const first = await screenWith(/q ends/);
        assert(!first.includes("what was there"));
        assertMatch(first, /^\d\d:\d\d:\d\d {2}\d+ peers?, /);
        const idle = new RegExp(`^ *${server.nlPid} +\\d+ +0 +- +-`, "m");
        await screenWith(idle);
        await using calling = keepCalling(client, server.nlPid);
        await screenWith(new RegExp(`^ *${server.nlPid} +\\d+ +[1-9]\\d* +[\\d.]+ (µs|ms)`, "m"));
        await calling[Symbol.asyncDispose]();
        await screenWith(idle);
        await tmux("send-keys", "-t", "top", key);
        const last = await screenWith(/ended with/);
        assertMatch(last, new RegExp(`what was there[^]*ended with ${code}\\n`));
        // Keys are echoed again, and lines are read as lines.
        assert(!/ -(echo|icanon)\b/.test(last), last);
      } finally {
        await tmux("kill-server");
      }
    },
  });
}
