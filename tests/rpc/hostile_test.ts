// Neighbours and programs that go to extremes: each of these has cost a crash, a hang or a wrong answer once.
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { currentCall, DecodeError, JSONRPCError, RPCPeer } from "../../mod.ts";
import { completeQuotas } from "../../src/rpc/quotas.ts";
import { openPeers } from "../fakes/peers.ts";
import { frame, settle } from "../fakes/stranger.ts";

const LONG_ID = "x".repeat(99_900);

for (
  const [name, message] of Object.entries({
    "no request": { id: LONG_ID },
    "an unknown method": { jsonrpc: "2.0", id: LONG_ID, method: "m" },
    "a handler that throws": { jsonrpc: "2.0", id: LONG_ID, method: "fail" },
    "an async handler that rejects": { jsonrpc: "2.0", id: LONG_ID, method: "reject" },
    "a handler that returns": { jsonrpc: "2.0", id: LONG_ID, method: "ok" },
  })
) {
  Deno.test(`an id so long that no answer fits beside it is answered with null: ${name}`, async () => {
    await using peers = openPeers({ maxMessageSize: 100_000 });
    const { server } = peers;
    server.registerFunction(() => {
      throw new Error("no luck");
    }, "fail");
    server.registerFunction(() => Promise.reject(new Error("no luck")), "reject");
    server.registerFunction(() => "fine".repeat(100), "ok");
    server.runServerForever();
    const mallory = peers.stranger();
    mallory.send(100, { body: message, netlink: { nlmsgSeq: 5 } });
    const { nlmsgSeq, body } = await mallory.next();
    const { id, error } = body as { id: unknown; error: { code: number; data: string } };
    // What is no request is not even answered with its id.
    const [code, data] = name === "no request"
      ? [-32600, "The body is not a JSON-RPC 2.0 request"]
      : [-32603, "bytes, and at most 100000 can be sent"];
    assertEquals([nlmsgSeq, id, error.code], [5, null, code]);
    assertStringIncludes(error.data, data);
  });
}

const QUOTAS = completeQuotas({}, 67_108_864);

Deno.test("closing frees the port also where an answer in hand cannot be sent", async () => {
  const peers = openPeers({ maxMessageSize: 100_000 });
  peers.server.registerFunction(() => new Promise(() => {}), "never");
  const served = peers.server.runServerForever();
  peers.stranger().send(100, { body: { jsonrpc: "2.0", id: LONG_ID, method: "never" } });
  await settle();
  await peers.server.close();
  await served;
  assert(peers.serverLink.closed);
  await peers.client.close();
});

Deno.test("ids begin at random: an answer meant for the last owner of a port finds no call", async () => {
  await using peers = openPeers();
  const { server, network } = peers;
  const gates: (() => void)[] = [];
  server.registerFunction((name: string) => new Promise((resolve) => gates.push(() => resolve(name))), "balance");
  server.runServerForever();
  const old = new RPCPeer({ link: network.open(300), trust: "anyone" });
  old.call(100, "balance", ["Alice"]).catch(() => {});
  await settle();
  await old.close();
  await using fresh = new RPCPeer({ link: network.open(300), trust: "anyone" });
  const balance = fresh.call(100, "balance", ["Bob"]);
  await settle();
  gates.forEach((open) => open());
  assertEquals(await balance, "Bob");
});

Deno.test("a batch beyond the bound is refused at once", async () => {
  await using peers = openPeers();
  peers.server.registerFunction(() => 1, "x");
  peers.server.runServerForever();
  const mallory = peers.stranger();
  mallory.send(100, { body: Array(QUOTAS.batchMembers + 1).fill(1) });
  const { body } = await mallory.next();
  assertEquals((body as { error: { code: number } }).error.code, -32002);
  mallory.send(100, { body: Array(500).fill(1) });
  assertEquals(((await mallory.next()).body as unknown[]).length, 500);
});

Deno.test("a batch of answers beyond the bound is one trouble, and ends the calls that it was to answer", async () => {
  await using peers = openPeers();
  const { client, clientTroubles } = peers;
  const mallory = peers.stranger();
  const batch = client.batch(666, [{ method: "a" }, { method: "b" }], { timeout: Infinity });
  const { nlmsgSeq, body } = await mallory.next();
  const stranger = peers.stranger(667);
  const flood = { body: Array(QUOTAS.batchMembers + 1).fill(1), netlink: { nlmsgSeq }, procslink: { payloadType: 2 } };
  stranger.send(200, flood);
  await settle();
  assertEquals(clientTroubles, [`unexpected: Nobody waits for a response to message ${nlmsgSeq} from port 667`]);
  mallory.send(200, { ...flood, netlink: { nlmsgSeq: 0 } });
  await settle();
  assertEquals(clientTroubles.splice(0, 2)[1], "malformed: The answer has 4097 members, and at most 4096 are read");
  // One member that is none does not spoil the other's answer.
  const [, { id }] = body as [unknown, { id: number }];
  mallory.send(200, { ...flood, body: [1, { jsonrpc: "2.0", id, result: "b" }] });
  const [a, b] = await batch;
  assertEquals([a?.status, b], ["rejected", { status: "fulfilled", value: "b" }]);
  assertEquals(clientTroubles, ["malformed: The body is not a JSON-RPC 2.0 response"]);
  const other = client.call(666, "c", [], { timeout: Infinity });
  mallory.send(200, { ...flood, netlink: { nlmsgSeq: (await mallory.next()).nlmsgSeq } });
  await assertRejects(() => other, DecodeError, "The answer has 4097 members");
});

Deno.test("of a datagram so many messages are read and no more", async () => {
  await using peers = openPeers();
  let ran = 0;
  peers.server.registerFunction(() => ran++, "x");
  peers.server.runServerForever();
  const mallory = peers.stranger();
  const one = frame(666, { body: { jsonrpc: "2.0", method: "x" } });
  const padded = new Uint8Array((one.length + 3) & ~3);
  padded.set(one);
  const datagram = new Uint8Array(padded.length * 5_000);
  for (let index = 0; index < 5_000; index++) datagram.set(padded, index * padded.length);
  mallory.sendBytes(100, datagram);
  await settle();
  assertEquals([ran, peers.serverTroubles], [4_096, ["refused: More than 4096 messages in one datagram"]]);
});

Deno.test("a loop may ignore as many notifications as it likes", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  (async () => {
    for await (const request of server) if (!request.isNotification) request.respond("pong");
  })();
  const batch = Array.from({ length: 1_024 }, () => ({ method: "log", notify: true }));
  for (let sent = 0; sent <= QUOTAS.requests; sent += batch.length) await client.batch(100, batch);
  assertEquals(await client.call(100, "ping"), "pong");
});

Deno.test("what a loop leaves over is carried out at once where requests are served without it", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction((index: number) => index, "m");
  server.runServerForever();
  (async () => {
    for await (const request of server) {
      await request.dispatch();
      break;
    }
  })();
  assertEquals(await Promise.all([1, 2, 3].map((index) => client.call(100, "m", [index]))), [1, 2, 3]);
});

Deno.test("a loop whose peer is closed under its hands answers into the void", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const loop = (async () => {
    for await (const request of server) {
      await server.close();
      request.respond(1);
      request.fail(new Error());
      await request.dispatch();
    }
  })();
  await assertRejects(() => client.call(100, "x"), JSONRPCError, "The peer is closed");
  await loop;
});

Deno.test("a batch whose handler closes the peer is answered whole, and its rest left alone", async () => {
  await using peers = openPeers();
  let wiped = false;
  peers.server.registerFunction(() => 1, "one");
  peers.server.registerFunction(() => peers.server.close(), "stop");
  peers.server.registerFunction(() => wiped = true, "wipe");
  peers.server.runServerForever();
  const [one, stop, wipe] = await peers.client.batch(100, [{ method: "one" }, { method: "stop" }, { method: "wipe" }]);
  assertEquals(one, { status: "fulfilled", value: 1 });
  for (const outcome of [stop, wipe]) assertEquals((outcome as PromiseRejectedResult).reason.code, -32000);
  assertEquals(wiped, false);
});

Deno.test("an abort listener belongs to no call, whichever handler closes the peer", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  let seen: unknown = "nothing";
  server.registerFunction(() => {
    currentCall()!.signal.addEventListener("abort", () => seen = currentCall());
    return new Promise(() => {});
  }, "wait");
  server.registerFunction(() => server.close(), "stop");
  server.runServerForever();
  client.call(100, "wait").catch(() => {});
  await assertRejects(() => client.call(100, "stop"), JSONRPCError);
  assertEquals(seen, undefined);
});

Deno.test("an error without a message that can be read is answered all the same", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const errors: Record<string, PropertyDescriptor> = {
    getter: { get: () => JSON.parse("{") },
    undefined: { value: undefined },
    symbol: { value: Symbol("x") },
  };
  for (const [name, message] of Object.entries(errors)) {
    server.registerFunction(() => {
      throw Object.defineProperty(new JSONRPCError(7, "x"), "message", message);
    }, name);
  }
  server.runServerForever();
  for (const name of Object.keys(errors)) {
    await client.notify(100, name);
    await assertRejects(() => client.call(100, name), JSONRPCError);
  }
  assertEquals(peers.serverTroubles.filter((trouble) => trouble.startsWith("notification")).length, 3);
});

Deno.test("thousands of calls may share a signal, and one abort ends them all", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => new Promise(() => {}), "never");
  server.registerFunction(() => 1, "one");
  server.runServerForever();
  const controller = new AbortController();
  const { signal } = controller;
  let listeners = 0;
  const add = signal.addEventListener.bind(signal);
  signal.addEventListener = (...args: Parameters<typeof add>) => (listeners++, add(...args));
  await Promise.all(Array.from({ length: 5_000 }, () => client.call(100, "one", [], { signal })));
  const calls = Array.from({ length: 5_000 }, () => client.call(100, "never", [], { signal }));
  await settle();
  controller.abort("enough");
  for (const outcome of await Promise.allSettled(calls)) {
    assertEquals(outcome, { status: "rejected", reason: "enough" });
  }
  assert(listeners <= 2, `${listeners} listeners`);
});

Deno.test("what is built in is never offered, whoever extends it", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  class Cache extends Map<string, number> {
    size2(): number {
      return this.size;
    }
  }
  class Emitter extends EventTarget {
    emit(): string {
      return "emitted";
    }
  }
  class Own extends RPCPeer {
    own(): string {
      return "own";
    }
  }
  await using own = new Own({ link: peers.network.open(9) });
  for (const object of [new Cache([["a", 1]]), new Emitter(), own]) server.registerFunctionsInObject(object);
  server.runServerForever();
  assertEquals([await client.call(100, "size2"), await client.call(100, "emit"), await client.call(100, "own")], [
    1,
    "emitted",
    "own",
  ]);
  for (const method of ["clear", "set", "dispatchEvent", "addEventListener", "close", "call", "unref"]) {
    await assertRejects(() => client.call(100, method), JSONRPCError, "Method not found");
  }
});

Deno.test("a function that can be awaited is awaited", async () => {
  await using peers = openPeers();
  peers.server.registerFunction(
    () => Object.assign(() => {}, { then: (resolve: (v: string) => void) => resolve("ok") }),
    "f",
  );
  peers.server.runServerForever();
  assertEquals(await peers.client.call(100, "f"), "ok");
});
