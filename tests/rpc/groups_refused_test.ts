// What a member does not read: nobody sends it again and again, and what is behind it arrives.
import { assert, assertEquals } from "@std/assert";
import { GroupGap } from "../../mod.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";

/** Arrays within each other. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let level = 0; level < depth; level++) value = [value];
  return value;
}

/** Joins a group, in which two values are published that the member does not read, each before one that it does. */
async function publishRefused(peers: Peers, refused: unknown): Promise<void> {
  const { server, client, clientTroubles } = peers;
  const group = server.group("news");
  const messages = client.join(100, "news");
  await messages.joined;
  for (const readable of ["first", "second"]) {
    group.publish(refused);
    await group.publish(readable);
    assertEquals((await messages.next()).value, new GroupGap(1));
    assertEquals((await messages.next()).value, readable);
  }
  // A few times it is sent again: it may have been lost.
  assert(clientTroubles.length < 10, clientTroubles.join("\n"));
  assertEquals(await group.publish("last"), 1);
  assertEquals((await messages.next()).value, "last");
}

Deno.test("a message that is larger than its member reads is a gap, and the next one arrives", async () => {
  await using peers = openPeers({}, { client: { maxMessageSize: 1_024 } });
  await publishRefused(peers, "x".repeat(2_000));
});

Deno.test("a message that is larger than its member reads, and than a datagram, is a gap, and the next one arrives", async () => {
  await using peers = openPeers({}, { client: { maxMessageSize: 1_024 }, maxDatagram: 1_500 });
  await publishRefused(peers, "x".repeat(5_000));
});

Deno.test("a message that is nested deeper than its member reads is a gap, and the next one arrives", async () => {
  await using peers = openPeers({}, { client: { quotas: { depth: 10 } } });
  await publishRefused(peers, nested(20));
});

Deno.test("many messages in a row that a member does not read are one gap after the other, and the next one arrives", async () => {
  await using peers = openPeers({}, { client: { quotas: { depth: 10 } } });
  const { server, client } = peers;
  const group = server.group("news");
  const messages = client.join(100, "news");
  await messages.joined;
  for (let count = 0; count < 50; count++) group.publish(nested(20));
  group.publish("readable");
  let missed = 0;
  for (;;) {
    const { value } = await messages.next();
    if (!(value instanceof GroupGap)) {
      assertEquals([value, missed], ["readable", 50]);
      return;
    }
    missed += value.missed;
  }
});
