/**
 * Many peers in one process. Its argument is the port of a server that the first of them calls.
 *
 * Commands: `open N` and `serve N` bring them to N, idle or serving; and those of a client.
 *
 * @module
 */
import { RPCPeer } from "../../mod.ts";
import { Measurements } from "./measurements.ts";
import { answerCommands } from "./program.ts";

const port = Number(Deno.args[0]);
const peers = [new RPCPeer()];
const measurements = new Measurements([{ call: (params) => peers[0]!.call(port, "echo", params) }]);
await peers[0]!.call(port, "echo", [1]);
console.log("ready");
await answerCommands(async (command, ...numbers) => {
  if (command !== "open" && command !== "serve") return await measurements.measure(command, numbers);
  while (peers.length < numbers[0]!) {
    const peer = new RPCPeer();
    peers.push(peer);
    if (command === "serve") peer.runServerForever();
  }
  return {};
});
