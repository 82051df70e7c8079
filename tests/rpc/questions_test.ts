// Questions who holds a port: how long they stand, and what becomes of those who have asked.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { CallTimeoutError } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { heardBy, identify, openBlind } from "./blind.ts";

Deno.test("a question stands as long as somebody wants to know", async () => {
  using time = fakeTime();
  await using peers = openPeers({ trust: "same-user" });
  const slow = openBlind(peers);
  const call = peers.client.call(500, "m", [], { timeout: 10_000 }).catch((error) => error);
  await time.pass(9_000);
  assertEquals(heardBy(slow), ["rpc.identity"]);
  await identify(slow);
  slow.answer(200, await slow.next(), "done");
  assertEquals(await call, "done");
});

Deno.test("an answer to a question that nobody asks any more is no trouble", async () => {
  using time = fakeTime();
  await using peers = openPeers({ trust: "same-user" });
  const { client } = peers;
  client.runServerForever();
  const slow = openBlind(peers);
  const call = client.call(500, "m", [], { timeout: 50 }).catch((error) => error);
  await settle();
  await time.pass(50);
  await settled(3);
  assertInstanceOf(await call, CallTimeoutError);
  await identify(slow);
  await settled(2);
  assertEquals(peers.clientTroubles, []);
});

Deno.test("a notification that is rejected while nobody knows who holds its port does not leave any more", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client, clientLink } = peers;
  const blind = openBlind(peers);
  const call = client.call(500, "first").catch(() => {});
  clientLink.holdFailures.push(new Error("No room in the epoll set"));
  const outcome = await client.notify(500, "log", ["x"]).catch((error) => error.message);
  await identify(blind);
  const heard = heardBy(blind);
  await client.close();
  await call;
  assertEquals([outcome, heard], ["No room in the epoll set", ["first"]]);
});
