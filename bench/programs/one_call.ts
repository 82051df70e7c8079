/**
 * A client's script: one call of the server at the port that is its argument.
 *
 * @module
 */
import { RPCPeer } from "../../mod.ts";

await new RPCPeer().call(Number(Deno.args[0]), "echo", [1]);
