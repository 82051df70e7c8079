// Opens many peers that do nothing. Argument: how many. Says so, and stays.
import { RPCPeer } from "../../../mod.ts";

const peers = Array.from({ length: Number(Deno.args[0]) }, () => new RPCPeer());
console.log(`open ${peers.length}`);
setInterval(() => peers.length, 1_000_000);
