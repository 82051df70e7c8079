// What a member has lost, and the owner does not send again.
import { assertEquals, assertRejects } from "@std/assert";
import { CallTimeoutError, InternalError, type Membership } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import type { Stranger } from "../fakes/stranger.ts";
import { bodyOf, notification } from "./wire.ts";

/** A member of a group that somebody owns who says whatever they like. */
async function joined(peers: Peers): Promise<{ messages: Membership; owner: Stranger }> {
  const owner = peers.stranger(300);
  const messages = peers.client.join(300, "news");
  owner.answer(200, await owner.next(), { stream: "s", port: 300, next: 1, multicast: 1 });
  owner.answer(200, await owner.next(), { next: 1 });
  await messages.joined;
  return { messages, owner };
}

/** The method of the next request. */
async function methodOf(owner: Stranger): Promise<string | undefined> {
  return bodyOf(await owner.next()).method;
}

Deno.test("where the owner does not send again what was lost, the loop learns why", async () => {
  await using peers = openPeers();
  const { messages, owner } = await joined(peers);
  owner.send(200, notification("rpc.publish", ["s", 2, "the second"]));
  const asked = bodyOf(await owner.next());
  assertEquals([asked.method, (asked.params as { next: number }).next], ["rpc.join", 1]);
  const error = { code: -32603, message: "Internal error" };
  owner.send(200, { body: { jsonrpc: "2.0", id: asked.id, error }, procslink: { payloadType: 2 } });
  await assertRejects(() => messages.next(), InternalError);
  // Or it would be sent on and on what nobody takes.
  assertEquals(await methodOf(owner), "rpc.leave");
});

Deno.test("who gives up waiting to be let in says that it leaves: it may be let in later", async () => {
  await using peers = openPeers();
  const owner = peers.stranger(300);
  const messages = peers.client.join(300, "news", { timeout: 10 });
  owner.answer(200, await owner.next(), { stream: "s", port: 300, next: 1, multicast: 1 });
  assertEquals(await methodOf(owner), "rpc.join");
  await assertRejects(() => messages.joined, CallTimeoutError);
  assertEquals(await methodOf(owner), "rpc.leave");
});
