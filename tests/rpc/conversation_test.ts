import { assertEquals, assertInstanceOf, assertRejects, assertStrictEquals, assertThrows } from "@std/assert";
import { currentCall, PeerClosedError } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

Deno.test("closing rejects what is pending, and ends what is served", async () => {
  const { server, client, serverLink, clientLink } = openPeers();
  let aborted: unknown;
  server.registerFunction(() => {
    currentCall()!.signal.addEventListener("abort", (event) => aborted = (event.target as AbortSignal).reason);
    return new Promise(() => {});
  }, "never");
  const served = server.runServerForever();
  const loop = (async () => {
    for await (const _ of client) throw new Error("No request was sent");
  })();
  const call = client.call(100, "never");
  await settle();
  const notified = client.notify(100, "never");
  await client.close();
  await notified;
  await assertRejects(() => call, PeerClosedError, "The peer is closed");
  await loop;
  await settle();
  await server.close();
  await served;
  assertInstanceOf(aborted, PeerClosedError);
  await server.close();
  server[Symbol.dispose]();
  assertEquals([serverLink.closed, clientLink.closed], [true, true]);
  await assertRejects(() => client.call(100, "never"), PeerClosedError);
  await assertRejects(() => client.notify(100, "never"), PeerClosedError);
  await assertRejects(() => client.batch(100, []), PeerClosedError);
  await assertRejects(() => client.runServerForever(), PeerClosedError);
  assertThrows(() => client[Symbol.asyncIterator](), PeerClosedError);
});

Deno.test("a link that fails closes the peer, and says why", async () => {
  const { server, client, clientLink, serverLink } = openPeers();
  const call = client.call(100, "hello");
  const failure = new Error("The kernel is tired");
  clientLink.receiver.failed(failure);
  const error = await assertRejects(() => call, PeerClosedError);
  assertStrictEquals(error.cause, failure);
  const served = server.runServerForever();
  const loop = server[Symbol.asyncIterator]().next();
  serverLink.receiver.failed(failure);
  assertStrictEquals((await assertRejects(() => served, PeerClosedError)).cause, failure);
  await assertRejects(() => loop, PeerClosedError);
});

Deno.test("a link that cannot be held rejects the call", async () => {
  await using peers = openPeers();
  const failure = new Error("No room in the epoll set");
  peers.clientLink.holdFailures.push(failure);
  assertStrictEquals(await peers.client.call(100, "hello").catch((error) => error), failure);
  assertEquals([peers.clientLink.holds, peers.clientLink.sent.length], [0, 0]);
});

Deno.test("only what is served, iterated or awaited holds the link", async () => {
  await using peers = openPeers();
  const { server, client, clientLink, serverLink } = peers;
  server.registerFunction(() => "pong", "ping");
  assertEquals(serverLink.holds, 0);
  const call = client.call(100, "ping");
  assertEquals(clientLink.holds, 1);
  const loop = server[Symbol.asyncIterator]();
  assertEquals(serverLink.holds, 1);
  await loop.return!();
  await loop.return!();
  assertEquals(serverLink.holds, 0);
  server.runServerForever();
  assertEquals([await call, clientLink.holds, serverLink.holds], ["pong", 0, 1]);
  client.unref();
  assertEquals(clientLink.isRef, false);
  client.ref();
  assertEquals(clientLink.isRef, true);
});

Deno.test("closing the last peer leaves no timer behind", async () => {
  const real = { setTimeout, clearTimeout };
  const timers = new Set<unknown>();
  Object.assign(globalThis, {
    setTimeout: (callback: () => void, milliseconds: number) => {
      const timer = real.setTimeout(callback, milliseconds);
      timers.add(timer);
      return timer;
    },
    clearTimeout: (timer: number | undefined) => {
      timers.delete(timer);
      real.clearTimeout(timer);
    },
  });
  try {
    const { server, client } = openPeers();
    server.registerFunction(() => "pong", "ping");
    server.runServerForever();
    assertEquals(await client.call(100, "ping"), "pong");
    // The timers of a call that has ended, for its deadline and for its port, serve the next ones.
    assertEquals(timers.size, 2);
    await Promise.all([server.close(), client.close()]);
    assertEquals(timers.size, 0);
  } finally {
    Object.assign(globalThis, real);
  }
});
