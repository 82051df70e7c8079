// A member that waits for an answer in the legacy dialect, where it takes anything for it.
import { assertEquals } from "@std/assert";
import { openPeers } from "../fakes/peers.ts";
import { LEGACY } from "./legacy.ts";

Deno.test("a member that waits for a legacy answer of the owner stays a member, and gets what was published after it", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const answer = Promise.withResolvers<string>();
  const begun = Promise.withResolvers<void>();
  server.registerFunction(async () => {
    begun.resolve();
    return await answer.promise;
  }, "slow");
  const group = server.group("news");
  const messages = client.join(100, "news");
  await messages.joined;
  const call = client.call(100, "slow", [], LEGACY);
  await begun.promise;
  assertEquals(await group.publish("meanwhile"), 0);
  assertEquals(group.members.length, 1);
  answer.resolve("done");
  assertEquals(await call, "done");
  assertEquals((await messages.next()).value, "meanwhile");
});
