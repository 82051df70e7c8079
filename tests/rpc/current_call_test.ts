import { assertEquals } from "@std/assert";
import { currentCall } from "../../mod.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";

Deno.test("the current call is known in a handler, and nowhere else", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const seen: unknown[] = [];
  const port = () => currentCall()?.caller.port;
  server.registerFunction(() => {
    seen.push(port());
    queueMicrotask(() => seen.push(["left behind", port()]));
    return currentCall()!.request.method;
  }, "sync");
  server.registerFunction(async () => {
    const before = port();
    await settle();
    return [before, port(), currentCall()?.caller];
  }, "async");
  server.runServerForever();
  assertEquals(currentCall(), undefined);
  assertEquals(await client.call(100, "sync"), "sync");
  await settle();
  assertEquals(seen, [200, ["left behind", undefined]]);
  assertEquals(await client.call(100, "async"), [200, 200, { port: 200, uid: 10, gid: 21, pidHint: 22 }]);
  assertEquals(currentCall(), undefined);
});

Deno.test("the current call after an await is never another's", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  const gates: (() => void)[] = [];
  server.registerFunction(async (name: string) => {
    await new Promise<void>((resolve) => gates.push(resolve));
    const [own] = currentCall()!.request.params as [string];
    // A call from within a handler carries the handler's context to whatever it sets going.
    const inner = await server.call(100, "inner");
    return [name, own, inner, (currentCall()!.request.params as [string])[0]];
  }, "outer");
  server.registerFunction(() => currentCall()!.request.method, "inner");
  server.registerFunction(
    () => new Promise((resolve) => queueMicrotask(() => resolve(currentCall()?.caller ?? null))),
    "late",
  );
  server.runServerForever();
  const calls = ["a", "b", "c"].map((name) => client.call(100, "outer", [name]));
  await settle();
  const late = client.call(100, "late");
  gates.reverse().forEach((open) => open());
  assertEquals(await Promise.all(calls), ["a", "b", "c"].map((name) => [name, name, "inner", name]));
  assertEquals(await late, null);
});

Deno.test("the current call of a handler in a loop inside another handler is its own", async () => {
  await using peers = openPeers();
  const { server, client } = peers;
  client.registerFunction(() => {
    const call = currentCall();
    return new Promise((resolve) =>
      queueMicrotask(() => resolve([call?.request.method, currentCall()?.request.method]))
    );
  }, "inner");
  server.registerFunction(async () => {
    for await (const request of client) {
      // This dispatch runs in the context of "outer".
      await request.dispatch();
      return currentCall()?.request.method;
    }
  }, "outer");
  server.runServerForever();
  const outer = client.call(100, "outer");
  await settle();
  assertEquals(await server.call(200, "inner"), ["inner", "inner"]);
  assertEquals(await outer, "outer");
});
