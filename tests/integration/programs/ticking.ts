// A server with an interval of one millisecond. It tells how many calls it had served at each tick.
import { RPCPeer } from "../../../mod.ts";

const server = new RPCPeer();
let calls = 0;
const ticks: number[] = [];
server.registerFunction(() => void calls++, "count");
server.registerFunction(() => ticks.splice(0), "ticks");
setInterval(() => ticks.push(calls), 1);
console.log(server.nlPid);
await server.runServerForever();
