// Waits for an answer with its whole thread. Argument: port of the server. Prints how that ends.
import { RPCPeer } from "../../../mod.ts";

const client = new RPCPeer();
try {
  console.log(client.callSync(Number(Deno.args[0]), "never", [], { timeout: Infinity }));
} catch (error) {
  console.log((error as Error).name);
}
