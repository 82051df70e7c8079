// A client that closes nothing. Arguments: port of the server.
import { RPCPeer } from "../../../mod.ts";
import type { Server } from "./server.ts";

const client = new RPCPeer();
const remote = client.talkTo<Server>(Number(Deno.args[0]));
console.log(await remote.hello("you"));
console.log(JSON.stringify(await remote.caller()));
