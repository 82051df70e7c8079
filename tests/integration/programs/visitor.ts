// A peer that sends a notification, and stays until it is ended. Arguments: the port that it goes to. It prints its own.
import { RPCPeer } from "../../../mod.ts";

await using peer = new RPCPeer();
await peer.notify(Number(Deno.args[0]), "visit");
console.log(peer.nlPid);
await peer.runServerForever();
