import { RPCPeer, type RPCPeerOptions, type TroubleEvent } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { Stranger } from "./stranger.ts";

/** A server, a client and a stranger on one network in memory. */
export function openPeers(options: RPCPeerOptions = {}) {
  const network = new MemoryNetwork();
  const serverLink = network.open(100, { uid: 10, gid: 11, pidHint: 12 });
  const clientLink = network.open(200, { uid: 20, gid: 21, pidHint: 22 });
  const server = new RPCPeer({ ...options, link: serverLink });
  const client = new RPCPeer({ ...options, link: clientLink });
  const serverTroubles = troublesOf(server);
  const clientTroubles = troublesOf(client);
  return {
    network,
    server,
    client,
    serverLink,
    clientLink,
    serverTroubles,
    clientTroubles,
    /** Somebody who sends whatever bytes they like. */
    stranger: (port = 666, credentials: Partial<Caller> = {}) => new Stranger(network.open(port, credentials)),
    async [Symbol.asyncDispose]() {
      await Promise.all([server.close(), client.close()]);
    },
  };
}

/** Collects the troubles of a peer, as "kind: reason". */
export function troublesOf(peer: RPCPeer): string[] {
  const troubles: string[] = [];
  peer.addEventListener("trouble", (event: TroubleEvent) => troubles.push(`${event.kind}: ${event.reason}`));
  return troubles;
}
