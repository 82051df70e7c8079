// Much that is awaited from many ports at once.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { PeerGoneError } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { heardBy, openBlind } from "./blind.ts";

Deno.test("the end of a process is told also where much is awaited from many others", async () => {
  await using peers = openPeers();
  const { client } = peers;
  const calls = Array.from({ length: 256 }, (_, index) => {
    peers.stranger(1_000 + index);
    return client.call(1_000 + index, "m").catch(() => {});
  });
  const last = peers.stranger(5_000);
  const call = client.call(5_000, "m", [], { timeout: Infinity }).catch((error) => error);
  await settle();
  last.link.kill();
  const outcome = await Promise.race([call, settled(10).then(() => "still waits")]);
  await client.close();
  await Promise.all(calls);
  assertInstanceOf(outcome, PeerGoneError);
});

Deno.test("one question is asked of a port also where much is awaited from many others", async () => {
  await using peers = openPeers({ trust: "same-user" });
  const { client } = peers;
  const calls = Array.from({ length: 256 }, (_, index) => {
    peers.stranger(1_000 + index, { uid: 10 });
    return client.call(1_000 + index, "m").catch(() => {});
  });
  const blind = openBlind(peers);
  const notified = [client.notify(500, "m", [1]), client.notify(500, "m", [2])];
  await settle();
  const heard = heardBy(blind);
  await client.close();
  await Promise.allSettled([...calls, ...notified]);
  assertEquals(heard, ["rpc.identity"]);
});
