// A Worker that serves on a port. Gets the port in its URL.
import { RPCPeer } from "../../../mod.ts";

const peers = Number(new URL(import.meta.url).searchParams.get("peers"));
const first = Number(new URL(import.meta.url).searchParams.get("port"));
for (let index = 0; index < peers; index++) {
  const server = new RPCPeer({ port: first + index });
  server.registerFunction(() => "from a Worker", "where");
  server.runServerForever();
}
(self as unknown as { postMessage(message: string): void }).postMessage("serving");
