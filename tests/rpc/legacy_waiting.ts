/**
 * What tests of legacy peers share that wait for an answer.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { currentCall, type RPCRequest } from "../../mod.ts";
import { type LegacyStranger, openLegacy } from "../fakes/legacy_stranger.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";

/** What is said to who calls such a peer in the native dialect. */
export const WAITS = "Port 600 speaks procslink-0.1, and waits for an answer: call it in that dialect";

/** A server, a legacy peer that waits for its answer, and the requests of `wait` that have come. */
export type Waiting = Peers & { python: LegacyStranger; requests: RPCRequest[] };

/** A server whose `wait` is answered when a test says so, and a legacy peer that has just called it. */
export async function openWaiting(): Promise<Waiting> {
  const peers = openPeers();
  const requests: RPCRequest[] = [];
  peers.server.registerFunction(() => {
    requests.push(currentCall()!.request);
    return new Promise(() => {});
  }, "wait");
  peers.server.registerFunction(() => "pong", "ping");
  peers.server.runServerForever();
  const python = openLegacy(peers);
  python.request(100, 1, "wait");
  await settle();
  return { ...peers, python, requests };
}

/** Answers the request, and asserts that this is all that has been sent. */
export async function assertOnlyAnswered({ python, requests }: Waiting): Promise<void> {
  await settled(3);
  assertEquals(python.unread, [], "nothing before the answer");
  requests[0]!.respond("at last");
  assertEquals(await python.answer(), { jsonrpc: "2.0", id: 1, result: "at last" });
  await settled(3);
}
