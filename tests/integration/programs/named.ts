// A server that is called by a name. Arguments: the name. It says whether it has it, and then serves until it is ended.
import { NameTakenError, RPCPeer } from "../../../mod.ts";

const [name] = Deno.args;
try {
  await using server = new RPCPeer({ name });
  server.registerFunction(() => Deno.pid, "pid");
  server.registerFunction(() => {
    console.log("called");
    return new Promise(() => {});
  }, "never");
  console.log("claimed");
  await server.runServerForever();
} catch (error) {
  if (!(error instanceof NameTakenError)) throw error;
  console.log(`taken by user ${error.uid}`);
}
