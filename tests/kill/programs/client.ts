// A client that is killed while it waits. Arguments: port of the server, calls that it waits for, and what else it does: "busy",
// "large", "sync".
import { RPCPeer } from "../../../mod.ts";
import type { HostAPI } from "../client_kills.ts";

const BUSY_CALLERS = 16;
const LARGE = 4_000_000;

const port = Number(Deno.args[0]);
const holds = Number(Deno.args[1]);
const habits = new Set(Deno.args.slice(2));
const peer = new RPCPeer({ trust: "anyone" });
const host = peer.talkTo<HostAPI>(port);

for (let call = 0; call < holds; call++) {
  // Some say until when they wait, which is longer than they live.
  peer.call(port, "hold", [], call % 2 === 0 ? {} : { timeout: 600_000 });
}
await host.echo("behind those");
if (habits.has("busy")) { for (let caller = 0; caller < BUSY_CALLERS; caller++) callOn(`caller ${caller}`); }
if (habits.has("large")) callOn("x".repeat(LARGE));
if (habits.has("sync")) peer.callSync(port, "hold", [], { timeout: 600_000 });

async function callOn(text: string): Promise<never> {
  for (;;) await host.echo(text);
}
