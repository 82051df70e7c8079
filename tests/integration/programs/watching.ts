// A peer that watches. Arguments: the names that it watches. It prints each event as JSON, until it is ended.
import { RPCPeer } from "../../../mod.ts";

await using peer = new RPCPeer();
for await (const event of peer.watch({ names: Deno.args })) console.log(JSON.stringify(event));
