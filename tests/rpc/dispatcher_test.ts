import { assert, assertEquals, assertRejects, assertStrictEquals, assertStringIncludes } from "@std/assert";
import { currentCall, InternalError, JSONRPCError, type RPCRequest, ServerError } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

const cycle: Record<string, unknown> = {};
cycle.self = cycle;

const failing: Record<string, { handler: () => unknown; data: string }> = {
  "throws an Error": {
    handler: () => {
      throw new TypeError("no luck");
    },
    data: "no luck",
  },
  "throws a string": {
    handler: () => {
      throw "no luck";
    },
    data: "no luck",
  },
  "throws undefined": {
    handler: () => {
      throw undefined;
    },
    data: "undefined",
  },
  "throws an object": {
    handler: () => {
      throw { message: "a secret" };
    },
    data: "What was thrown is not an Error",
  },
  "throws an Error whose message throws": {
    handler: () => {
      throw Object.defineProperty(new Error(), "message", {
        get() {
          throw new Error("again");
        },
      });
    },
    data: "What was thrown has no message",
  },
  "rejects": { handler: () => Promise.reject(new Error("later no luck")), data: "later no luck" },
  "rejects with nothing": { handler: () => Promise.reject(), data: "undefined" },
  "returns a bigint": { handler: () => 1n, data: "serialize a BigInt" },
  "returns a bigint deep inside": { handler: () => [{ big: 1n }], data: "serialize a BigInt" },
  "returns a cycle": { handler: () => cycle, data: "circular structure" },
  "returns a function": { handler: () => () => 1, data: "A value of type function cannot be written as JSON" },
  "returns a symbol": { handler: () => Symbol("x"), data: "A value of type symbol cannot be written as JSON" },
  "resolves with a bigint": { handler: () => Promise.resolve(1n), data: "serialize a BigInt" },
  "returns what cannot be read": {
    handler: () => ({
      get value() {
        throw new Error("hands off");
      },
    }),
    data: "hands off",
  },
  "returns a thenable that throws": {
    handler: () => ({
      then() {
        throw new Error("not yet");
      },
    }),
    data: "not yet",
  },
};

for (const [name, { handler, data }] of Object.entries(failing)) {
  Deno.test(`a handler that ${name} answers with an internal error, and as a notification not at all`, async () => {
    await using peers = openPeers();
    const { server, client } = peers;
    server.registerFunction(handler, "f");
    server.registerFunction(() => "still here", "g");
    server.runServerForever();
    const error = await assertRejects(() => client.call(100, "f"), InternalError);
    assertEquals(error.message, "Internal error");
    assertStringIncludes(String(error.data), data);
    assert(!/\n +at |\.ts:/.test(`${error.data}`), "a stack left the process");
    assertStringIncludes(peers.serverTroubles.join(), 'handler: The method "f" failed: Internal error: ');
    const sent = peers.serverLink.sent.length;
    peers.serverTroubles.length = 0;
    await client.notify(100, "f");
    await settle();
    assertEquals(peers.serverLink.sent.length, sent);
    // What JSON cannot hold does not matter to a notification: nobody gets it.
    const thrown = /throw|reject|thenable/.test(name);
    assertEquals(peers.serverTroubles.length, thrown ? 1 : 0);
    if (thrown) {
      assertStringIncludes(peers.serverTroubles[0]!, 'notification: The notification "f" failed: Internal error: ');
    }
    assertEquals(await client.call(100, "g"), "still here");
  });
}

Deno.test("a notification runs the method, and to an unknown one it is trouble", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const heard: unknown[] = [];
  server.registerFunction((line: string) => heard.push(line), "log");
  server.runServerForever();
  await client.notify(100, "log", ["one"]);
  await client.notify(100, "log", { line: "two" });
  await client.notify(100, "missing");
  await client.notify(100, "log", [1, 2, 3]);
  await settle();
  assertEquals(heard, ["one", "two"]);
  assertEquals(peers.serverLink.sent, []);
  assertEquals(peers.serverTroubles, [
    'notification: The notification "missing" failed: Method not found: There is no method "missing"',
    'notification: The notification "log" failed: Invalid params: log(line) takes at most 1 argument, not 3',
  ]);
});

Deno.test("a handler may answer by itself", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  let again: unknown;
  server.registerFunction(async () => {
    const { request } = currentCall()!;
    request.respond("at once");
    await settle();
    return "too late";
  }, "early");
  server.registerFunction(async () => {
    const { request } = currentCall()!;
    try {
      await request.dispatch();
    } catch (error) {
      again = (error as Error).message;
    }
    throw new Error("at last");
  }, "twice");
  server.runServerForever();
  assertEquals(await client.call(100, "early"), "at once");
  await assertRejects(() => client.call(100, "twice"), InternalError);
  assertEquals(again, "The request was dispatched before");
  await settle();
  assertEquals(peers.clientTroubles, []);
});

Deno.test("an answer to a peer that has gone is trouble, and nothing else", async () => {
  await using peers = openPeers();
  const { server } = peers;
  server.registerFunction(() => "pong", "ping");
  server.runServerForever();
  const gone = peers.stranger(500);
  gone.send(100, { body: { jsonrpc: "2.0", id: 1, method: "ping" } });
  gone.link.close();
  await settle();
  assertEquals(peers.serverTroubles, ["undelivered: An answer could not be sent: No peer holds port 500"]);
});

Deno.test("a signal that is asked for late aborts at closing, or has aborted", async () => {
  const peers = openPeers();
  let request: RPCRequest | undefined;
  peers.server.registerFunction(() => {
    request = currentCall()!.request;
    return new Promise(() => {});
  }, "never");
  peers.server.runServerForever();
  const call = peers.client.call(100, "never");
  call.catch(() => {});
  await settle();
  await peers.server.close();
  assert(request!.signal.aborted);
  await peers.client.close();
});

Deno.test("the trouble of a failing handler carries what was thrown; an error that is meant for the caller is none", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const thrown = new Error("a bug");
  server.registerFunction(() => {
    throw thrown;
  }, "bug");
  server.registerFunction(() => {
    throw new JSONRPCError(404, "No such book");
  }, "lend");
  const errors: unknown[] = [];
  server.addEventListener("trouble", ({ error }) => errors.push(error));
  server.runServerForever();
  await assertRejects(() => client.call(100, "lend"), JSONRPCError);
  assertEquals(errors, []);
  await assertRejects(() => client.call(100, "bug"), InternalError);
  assertStrictEquals(errors[0], thrown);
});

Deno.test("closing answers what is in hand, and lets it stop first", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  server.registerFunction(() => new Promise(() => {}), "never");
  server.registerFunction(() => {
    const { signal, request } = currentCall()!;
    signal.addEventListener("abort", () => request.respond("stopped in time"));
    return new Promise(() => {});
  }, "stoppable");
  const loop = server[Symbol.asyncIterator]();
  const queued = client.call(100, "queued", [], { timeout: Infinity });
  await settle();
  const taken = await loop.next();
  assertEquals(taken.value?.method, "queued");
  await loop.return!();
  server.runServerForever();
  const never = client.call(100, "never", [], { timeout: Infinity });
  const stoppable = client.call(100, "stoppable", [], { timeout: Infinity });
  await settle();
  await server.close();
  assertEquals(await stoppable, "stopped in time");
  for (const call of [queued, never]) {
    const error = await assertRejects(() => call, ServerError, "The peer is closed");
    assertEquals(error.code, -32000);
  }
});
