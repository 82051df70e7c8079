import { assertEquals } from "@std/assert";
import { RPCPeer, type RPCPeerOptions, type TroubleEvent } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { MemoryNetwork } from "./memory_network.ts";
import { Stranger } from "./stranger.ts";

/** In what two peers differ, and how large their datagrams are. */
export interface OwnOptions {
  server?: RPCPeerOptions;
  client?: RPCPeerOptions;
  maxDatagram?: number;
  /** User of the client, where it is not that of the server, which is 10. */
  clientUid?: number;
}

/** A server, a client and strangers on one network in memory. */
export type Peers = ReturnType<typeof openPeers>;

/** Opens a server and a client on one network in memory. */
export function openPeers(options: RPCPeerOptions = {}, own: OwnOptions = {}) {
  const network = new MemoryNetwork();
  const serverLink = network.open(100, { uid: 10, gid: 11, pidHint: 12 });
  const clientLink = network.open(200, { uid: own.clientUid ?? 10, gid: 21, pidHint: 22 });
  if (own.maxDatagram !== undefined) serverLink.maxDatagram = clientLink.maxDatagram = own.maxDatagram;
  // Who may call and who may answer has tests of its own.
  const open = { access: "anyone", trust: "anyone" } as const;
  const server = new RPCPeer({ ...open, ...options, ...own.server, link: serverLink });
  const client = new RPCPeer({ ...open, ...options, ...own.client, link: clientLink });
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

/** A request that a server with `ping` answers. */
export const PING = { jsonrpc: "2.0", id: "after", method: "ping" };

/** A server that answers `ping` and `pair`, and a stranger at port 666. */
export function openServing(options: RPCPeerOptions = {}, own: OwnOptions = {}): Peers & { mallory: Stranger } {
  const peers = openPeers(options, own);
  peers.server.registerFunction(() => "pong", "ping");
  peers.server.registerFunction((a: number, b?: number) => [a, b], "pair");
  peers.server.runServerForever();
  return { ...peers, mallory: peers.stranger(), [Symbol.asyncDispose]: () => peers[Symbol.asyncDispose]() };
}

/** Asserts that the server still answers a stranger, and that the answer is the next message. */
export async function assertServing({ mallory }: { mallory: Stranger }): Promise<void> {
  mallory.send(100, { body: PING, netlink: { nlmsgSeq: 99 } });
  assertEquals(await mallory.next(), {
    nlmsgSeq: 99,
    payloadType: 2,
    body: { jsonrpc: "2.0", id: "after", result: "pong" },
  });
  assertEquals(mallory.unread, []);
}
