// Peers that wait for an answer. Arguments: port of the server, how many peers. Says when the server has all their calls.
import { RPCPeer } from "../../../mod.ts";
import type { Doomed } from "./server.ts";

const [port, count] = Deno.args.map(Number) as [number, number];
const peers = Array.from({ length: count }, () => new RPCPeer({ timeout: Infinity }));
for (const peer of peers) peer.call(port, "never");
// Behind its own call; and the process lets go of what it has needed for the start.
await Promise.all(peers.map((peer) => peer.talkTo<Doomed>(port).waiting()));
console.log("waiting");
