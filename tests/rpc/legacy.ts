/**
 * What tests of legacy peers share.
 *
 * @module
 */
import { JSONRPCError } from "../../mod.ts";
import { type LegacyStranger, openLegacy } from "../fakes/legacy_stranger.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { bodyOf } from "./wire.ts";

/** The option of a call to such a peer. */
export const LEGACY = { dialect: "procslink-0.1" } as const;
/** That of a call to any other one, also where it has spoken the legacy dialect before. */
export const NATIVE = { dialect: "native" } as const;

/** A server of methods that say what they were called with, and a legacy peer at port 600. */
export function openSpeaking(...options: Parameters<typeof openPeers>): Calling {
  const peers = openPeers(...options);
  const { server } = peers;
  server.registerFunction((a: unknown, b: unknown = "default") => [a, b], "pair");
  server.registerFunction((...values: unknown[]) => values, "echo");
  server.registerFunction(() => {}, "nothing");
  server.registerFunction((code: number, message: string, data?: unknown) => {
    throw new JSONRPCError(code, message, data);
  }, "fail");
  server.runServerForever();
  return { ...peers, python: openLegacy(peers) };
}

/** A client, and a legacy peer at port 600 that answers when a test says so. */
export type Calling = Peers & { python: LegacyStranger };

/** Opens them. */
export function openCalling(...options: Parameters<typeof openPeers>): Calling {
  const peers = openPeers(...options);
  peers.client.runServerForever();
  return { ...peers, python: openLegacy(peers) };
}

/** Answers what a legacy peer has received, one by one, with the first parameter. */
export async function echo(python: LegacyStranger, count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const request = await python.next();
    python.result(200, request, (bodyOf(request).params as unknown[])[0]);
  }
}

/** The kinds of trouble, without what they say. */
export function kindsOf(troubles: readonly string[]): string[] {
  return troubles.map((trouble) => trouble.split(":")[0]!);
}
