// A server that does not keep the process running. Serves while a timer runs, and then ends. Prints its port.
import { RPCPeer } from "../../../mod.ts";

const server = new RPCPeer();
server.registerFunction(() => "served", "serve");
server.registerFunction(() => clearInterval(timer), "release");
server.unref();
server.runServerForever();
const timer = setInterval(() => {}, 1_000);
console.log(server.nlPid);
