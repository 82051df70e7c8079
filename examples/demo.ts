// The main job: a server inside new namespaces, called from the host. Run: deno task demo
import { RPCPeer } from "@procslink/procslink";
import { NAMESPACES, type Place, placeOfThisProcess } from "./demo_place.ts";
import type { DemoAPI } from "./demo_server.ts";

/** Ways into other namespaces, from the most to the fewest; what the kernel does not allow is passed over. */
const WAYS = [
  ["--user", "--map-root-user", "--pid", "--mount", "--mount-proc", "--ipc", "--uts"],
  ["--pid", "--mount", "--mount-proc", "--ipc", "--uts"],
  ["--user", "--map-root-user", "--pid", "--mount", "--ipc", "--uts"],
];

/** Finds a way that works here: the command that starts a program there. */
async function wayIn(): Promise<string[]> {
  for (const way of WAYS) {
    const command = ["unshare", ...way, "--fork", "--kill-child"];
    try {
      const probe = new Deno.Command("unshare", {
        args: [...command.slice(1), "true"],
        stdout: "null",
        stderr: "null",
      });
      if (!(await probe.output()).success) continue;
      console.log(`The server runs in new namespaces: ${command.join(" ")}`);
      return command;
    } catch (error) {
      if (!(error instanceof Deno.errors.NotFound)) throw error;
      console.log("There is no unshare(1) here: the server runs in a plain process.");
      return [];
    }
  }
  console.log("The kernel allows no new namespaces here: the server runs in a plain process.");
  return [];
}

async function firstLine(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<string> {
  const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  while (!text.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error("The server ended before it had a port");
    text += value;
  }
  reader.cancel();
  return text.slice(0, text.indexOf("\n"));
}

function printPlaces(client: Place, server: Place): void {
  const rows: Record<string, { client: string | number; server: string | number }> = {
    "port": { client: client.port, server: server.port },
    "process id": { client: client.pid, server: server.pid },
    "user id": { client: client.uid, server: server.uid },
  };
  for (const kind of NAMESPACES) {
    const [mine, its] = [client.namespaces[kind]!, server.namespaces[kind]!];
    rows[`${kind} namespace`] = { client: mine, server: mine === its ? "the same" : its };
  }
  console.table(rows);
}

const script = new URL("./demo_server.ts", import.meta.url).href;
const [command, ...args] = [...await wayIn(), Deno.execPath(), "run", "--allow-ffi", "--allow-run=id,readlink", script];
const server = new Deno.Command(command!, { args, stdout: "piped" }).spawn();
try {
  const serverNlPid = Number(await firstLine(server.stdout));

  await using client = new RPCPeer();
  const remote = client.talkTo<DemoAPI>(serverNlPid);

  const start = performance.now();
  const answer = await remote.hello("Rayson Zhu");
  const first = performance.now() - start;
  const { place, caller } = await remote.about();
  printPlaces(await placeOfThisProcess(client.nlPid), place);

  console.log(`hello("Rayson Zhu") -> ${JSON.stringify(answer)} in ${first.toFixed(2)} ms`);
  const times: number[] = [];
  for (let call = 0; call < 1_000; call++) {
    const begun = performance.now();
    await remote.hello("again");
    times.push(performance.now() - begun);
  }
  const median = times.sort((a, b) => a - b)[times.length >> 1]!;
  console.log(`1,000 more calls, one after the other: ${(median * 1_000).toFixed(0)} µs each (median)`);
  console.log(
    `The kernel told the server who called: port ${caller.port}, uid ${caller.uid}, gid ${caller.gid}; ` +
      `process id ${caller.pidHint} is only a hint`,
  );
  await client.notify(serverNlPid, "stop");
  await server.status;
} catch (error) {
  try {
    server.kill();
  } catch {
    // It has ended by itself.
  }
  throw error;
}
