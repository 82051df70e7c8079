// Async functions that say whom a call trusts: what happens while they take their time.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { CallTimeoutError } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { openPeers, openServing } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { heardBy, identify, openBlind } from "./blind.ts";

Deno.test("a function that does not answer keeps nobody waiting but the call that has it", async () => {
  using time = fakeTime();
  await using peers = openServing();
  const { client } = peers;
  const trust = () => new Promise<boolean>(() => {});
  const hung = client.call(100, "ping", [], { trust, timeout: 10 }).catch((error) => error);
  const behind = client.call(100, "ping", [], { timeout: 1_000 }).catch((error) => error);
  await time.pass(10);
  await settled(3);
  assertInstanceOf(await hung, CallTimeoutError);
  await time.pass(1_000);
  await settled(3);
  assertEquals(await behind, "pong");
});

for (const hasLifeline of [true, false]) {
  Deno.test(`whoever has bound the port while a function decided on its last owner gets nothing, ${hasLifeline ? "with" : "without"} a lifeline`, async () => {
    using time = fakeTime();
    await using peers = openPeers();
    const { client } = peers;
    const gate = Promise.withResolvers<void>();
    const trust = async ({ uid }: Caller) => (await gate.promise, uid === 10);
    const owner = hasLifeline ? peers.stranger(500, { uid: 10 }) : openBlind(peers, 500);
    const call = client.call(500, "store", ["secret"], { trust, timeout: Infinity }).catch((error) => error);
    await settle();
    if (!hasLifeline) await identify(owner);
    owner.link.close();
    const heir = openBlind(peers, 500, { uid: 1_000 });
    await time.pass(hasLifeline ? 10 : 5_000);
    gate.resolve();
    await settled(3);
    const heard = heardBy(heir);
    await client.close();
    await call;
    assertEquals(heard.filter((method) => method !== "rpc.identity"), []);
  });
}
