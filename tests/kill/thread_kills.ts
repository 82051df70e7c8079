// Kills a server while the whole thread of another process waits for it.
import { RPCPeer } from "../../mod.ts";
import { randomPort, start } from "../integration/processes.ts";
import { type Place, Victim } from "./places.ts";
import type { SquatterOptions, Squatters } from "./squatters.ts";

const SERVER = new URL("./programs/server.ts", import.meta.url);
const CALLER = new URL("./programs/sync_caller.ts", import.meta.url);

/** Where both sides run, and who takes the port at once. */
export interface ThreadKill {
  readonly server: Place;
  readonly caller: Place;
  readonly heir?: SquatterOptions | undefined;
}

/** Starts a server, has it called by a thread that waits, and kills it; returns what the thread ends with. */
export async function killServerOfThread(
  { server, caller: { before }, heir }: ThreadKill,
  squatters: Squatters,
): Promise<string[]> {
  const port = randomPort();
  await using victim = new Victim(server, SERVER, [port]);
  await victim.program.line();
  await using squatter = heir === undefined ? undefined : squatters.start(port, heir);
  await squatter?.on();
  await using caller = start(CALLER.href, [port], { before });
  await using client = new RPCPeer();
  while (await client.call(port, "waiting") === 0);
  victim.kill();
  const { lines, errors } = await caller.ended();
  return errors === "" ? lines : [...lines, errors];
}
