// Who may join takes its time to be told; meanwhile the port of the one who asks may change hands.
import { assertEquals } from "@std/assert";
import { openPeers } from "../fakes/peers.ts";
import { Stranger } from "../fakes/stranger.ts";
import { bodyOf, outcomeOf, request } from "./wire.ts";

Deno.test("who takes over the port of one who asks to join, while it is not known whether that one may, is no member", async () => {
  await using peers = openPeers();
  const { network, server, serverLink } = peers;
  const asked: PromiseWithResolvers<boolean>[] = [];
  const access = (): Promise<boolean> => {
    asked.push(Promise.withResolvers<boolean>());
    return asked.at(-1)!.promise;
  };
  const group = server.group("news", { access });
  const link = network.open(300, { uid: 30 });
  const member = new Stranger(link);
  member.send(100, request("hello", "rpc.join", { group: "news" }));
  while (asked.length < 1) await null;
  asked[0]!.resolve(true);
  const { stream } = outcomeOf(await member.next()) as { stream: string };
  member.send(100, request("join", "rpc.join", { group: "news", stream, id: 1, next: 1, hears: 0 }));
  while (asked.length < 2) await null;
  link.kill();
  const thief = new Stranger(network.open(300, { uid: 66 }));
  asked[1]!.resolve(true);
  await new Promise((resolve) => void setImmediate(resolve));
  assertEquals(group.members, []);
  assertEquals(await group.publish("for members only"), 0);
  assertEquals(thief.unread.map(bodyOf).filter(({ method }) => method === "rpc.publish"), []);
  assertEquals(serverLink.closed, false);
});
