/**
 * Peers that are called by name, on a network in memory.
 *
 * @module
 */
import { currentCall } from "../../mod.ts";
import { portOfName } from "../../src/naming/name.ts";
import { isolateSendBuffer } from "../../src/rpc/isolate.ts";
import type { MemoryLink } from "../fakes/memory_network.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { methodsSentBy } from "./wire.ts";

/** A name. */
export const CLOCK = "com.example.clock";
/** The port that it stands for. */
export const CLOCK_PORT = portOfName(CLOCK);
/** Two names that stand for one port. */
export const TWINS = ["73629.example.com", "89067.example.com"] as const;
/** That port. */
export const TWIN_PORT = 139_647_057;

/** A server whose `via` tells by which name it is called, and whose `wait` never answers. */
export function openNamed(names: readonly string[] = [CLOCK], ...arguments_: Parameters<typeof openPeers>): Peers {
  const peers = openPeers(...arguments_);
  const { server } = peers;
  server.registerFunction(() => currentCall()!.request.calledName ?? null, "via");
  server.registerFunction(() => new Promise(() => {}), "wait");
  for (const name of names) server.claim(name);
  return peers;
}

/** The link of the name that was claimed last on a link. */
export function lastNamed({ opened }: MemoryLink): MemoryLink {
  const link = opened.at(-1);
  if (link === undefined) throw new Error("No name was claimed");
  return link;
}

/** While the client waits with its thread, the server is on another one, and reads. */
export function serveMeanwhile({ clientLink, serverLink }: Peers): void {
  clientLink.blocking!.whileReceiving = () => {
    for (const link of [serverLink, ...serverLink.opened]) link.read();
    isolateSendBuffer().flush();
  };
}

/** How often a link has asked a port who holds it. */
export function questionsTo(port: number, link: MemoryLink): number {
  return methodsSentBy(link, port).filter((method) => method === "rpc.identity").length;
}
