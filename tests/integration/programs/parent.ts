// A server with a child that outlives it. Prints its port and the child's process id.
import { RPCPeer } from "../../../mod.ts";

const server = new RPCPeer();
server.registerFunction(() => "pong", "ping");
server.runServerForever();
const child = new Deno.Command("sleep", { args: ["600"], stdin: "null", stdout: "null", stderr: "null" }).spawn();
console.log(`${server.nlPid} ${child.pid}`);
