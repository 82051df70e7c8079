// A Worker of node:worker_threads that serves on the port in its workerData.
import { parentPort, workerData } from "node:worker_threads";
import { RPCPeer } from "../../../mod.ts";

const server = new RPCPeer({ port: workerData as number });
server.registerFunction(() => "from a Worker", "where");
server.runServerForever();
parentPort!.postMessage("serving");
