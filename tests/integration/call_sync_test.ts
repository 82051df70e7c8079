// Synchronous calls between real processes, and to a Worker.
import { assert, assertEquals, assertThrows } from "@std/assert";
import { CallTimeoutError, MethodNotFoundError, PeerGoneError, RPCPeer } from "../../mod.ts";
import { randomPort, start } from "./processes.ts";

const MIB = 1_048_576;

Deno.test("a synchronous call has its answer, its error, or its timeout", async () => {
  await using program = start("bulk");
  const port = Number(await program.line());
  await using client = new RPCPeer();
  assertEquals(client.callSync(port, "echo", { value: ["ü", null, 1.5] }), ["ü", null, 1.5]);
  assertEquals(client.callSync<string>(port, "make", [3 * MIB]).length, 3 * MIB);
  assertEquals(client.callSync(port, "length", ["x".repeat(3 * MIB)]), 3 * MIB);
  assertThrows(() => client.callSync(port, "missing"), MethodNotFoundError);
  program.signal("SIGSTOP");
  const begun = performance.now();
  assertThrows(() => client.callSync(port, "echo", [1], { timeout: 50 }), CallTimeoutError, "within 50 ms");
  assert(performance.now() - begun >= 49, "it did not wait");
  // Its queue is full by then, and so the call does not even get into it.
  const large = "x".repeat(8 * MIB);
  assertThrows(() => client.callSync(port, "length", [large], { timeout: 50 }), CallTimeoutError);
  program.signal("SIGCONT");
  assertEquals(client.callSync(port, "echo", ["goes on"]), "goes on");
  await program.kill();
  assertThrows(() => client.callSync(port, "echo"), PeerGoneError);
});

Deno.test("requests that arrive during a synchronous call have their turn afterwards, in order", async () => {
  await using program = start("bulk");
  const port = Number(await program.line());
  await using peer = new RPCPeer();
  const order: string[] = [];
  peer.registerFunction((name: string) => order.push(name), "note");
  peer.runServerForever();
  const before = peer.call(port, "echo", ["asynchronous"]);
  assertEquals(peer.callSync(port, "tellTwice", [peer.nlPid, "note"]), "told");
  assertEquals(order, [], "no handler ran meanwhile");
  order.push("returned");
  assertEquals(await before, "asynchronous");
  assertEquals(await peer.call(port, "echo", ["later"]), "later");
  assertEquals(order, ["returned", "first", "second"]);
});

Deno.test("two processes that call each other synchronously with large messages both get their answers", async () => {
  await using one = start("bulk");
  await using two = start("bulk");
  const [first, second] = [Number(await one.line()), Number(await two.line())];
  await using client = new RPCPeer({ timeout: 60_000 });
  // Each is a server, too: one at a time, since a thread that waits answers nobody.
  assertEquals(await client.call(first, "exchangeSync", [second, 16 * MIB]), true);
  assertEquals(await client.call(second, "exchangeSync", [first, 16 * MIB]), true);
});

Deno.test("a Worker's peer can be called synchronously, one of this thread cannot", async () => {
  const port = randomPort();
  const url = new URL("./programs/worker.ts", import.meta.url);
  url.search = `port=${port}&peers=1`;
  const worker = new Worker(url, { type: "module" });
  try {
    await new Promise((resolve) => worker.onmessage = resolve);
    await using client = new RPCPeer();
    assertEquals(client.callSync(port, "where"), "from a Worker");
    const error = assertThrows(() => client.callSync(client.nlPid, "where"), TypeError);
    assert(error.message.includes(`Port ${client.nlPid} is held by this very thread`), error.message);
    await using other = new RPCPeer();
    assertThrows(() => client.callSync(other.nlPid, "where"), TypeError);
  } finally {
    worker.terminate();
  }
});

Deno.test("a program that makes nothing but synchronous calls ends by itself, at once", async () => {
  await using program = start("bulk");
  const port = Number(await program.line());
  await using client = start("sync_client", [port]);
  assertEquals(await client.ended(), { code: 0, lines: ["hello"], errors: "" });
});
