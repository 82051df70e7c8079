// A publication that waits until all have taken it, where a member is none any more.
import { assertEquals } from "@std/assert";
import { openPeers, type Peers } from "../fakes/peers.ts";
import type { Received, Stranger } from "../fakes/stranger.ts";
import { bodyOf, outcomeOf, request } from "./wire.ts";

/** Somebody who is a member, whatever they say. */
async function member(peers: Peers): Promise<Stranger> {
  const member = peers.stranger(300);
  member.send(100, request("hello", "rpc.join", { group: "news" }));
  const { stream } = outcomeOf(await member.next()) as { stream: string };
  member.send(100, request("join", "rpc.join", { group: "news", stream, id: 1, next: 1, hears: 0 }));
  await member.next();
  return member;
}

/** The question whether a message was taken. */
async function question(member: Stranger): Promise<Received> {
  for (;;) {
    const message = await member.next();
    if (bodyOf(message).id !== undefined) return message;
  }
}

Deno.test("a member that has ended is passed over, although its end was not told yet", async () => {
  await using peers = openPeers();
  const group = peers.server.group("news");
  const gone = await member(peers);
  const publication = group.publish("all", { sync: true });
  // The message is in its queue; then nobody holds the port, and nothing tells.
  while (gone.unread.length === 0) await null;
  gone.link.close();
  assertEquals(await publication, 0);
});

Deno.test("who says that it is no member is none any more", async () => {
  await using peers = openPeers();
  const group = peers.server.group("news");
  const left = await member(peers);
  const publication = group.publish("all", { sync: true });
  const asked = await question(left);
  const error = { code: -32003, message: "Group not found" };
  left.send(100, { body: { jsonrpc: "2.0", id: bodyOf(asked).id, error }, procslink: { payloadType: 2 } });
  assertEquals(await publication, 0);
  assertEquals(group.members, []);
});
