// A client that makes a synchronous call. Argument: port of the server.
import { RPCPeer } from "../../../mod.ts";

const client = new RPCPeer();
console.log(client.callSync(Number(Deno.args[0]), "echo", ["hello"]));
