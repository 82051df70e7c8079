import { assert, assertEquals, assertMatch } from "@std/assert";
import { currentCall, RPCPeer } from "../../mod.ts";
import { readPcapng } from "../fakes/pcapng_reader.ts";
import { ask, keepCalling, newName, openServer, run } from "./asked.ts";

Deno.test("trace prints each call with its time, duration, outcome, caller and method", async () => {
  await using server = openServer();
  server.registerFunction(() => currentCall()!.caller.uid, "who");
  await using client = new RPCPeer();
  const own = await client.call(server.nlPid, "who");
  await using _calling = keepCalling(client, server.nlPid);
  const { code, lines, errors } = await run(["trace", server.nlPid, "--count", 2]);
  assertEquals([code, errors], [0, []]);
  const shown = lines.map((line) => line.split("\t")).sort((a, b) => a[2]! < b[2]! ? -1 : 1);
  for (const [time, duration, , port, uid] of shown) {
    assertMatch(time!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert(Number(duration) >= 0);
    assertEquals([Number(port), Number(uid)], [client.nlPid, own]);
  }
  assertEquals(shown.map(([, , outcome, , , , ...rest]) => [outcome, ...rest]), [
    ["error -32603", "fail", "Internal error"],
    ["result", "add"],
  ]);
});

Deno.test("trace prints JSON, of one method where that is asked for, with the name of the caller", async () => {
  const name = newName();
  await using server = openServer();
  await using client = new RPCPeer({ name });
  client.runServerForever();
  await using _calling = keepCalling(client, server.nlPid);
  const { code, lines } = await run(["trace", server.nlPid, "--method", "add", "--count", 3, "--json"]);
  assertEquals(code, 0);
  const calls = lines.map((line) => JSON.parse(line));
  assertEquals(calls.length, 3);
  for (const { method, outcome, caller, duration, startedAt } of calls) {
    assertEquals([method, outcome, caller.port, caller.name], ["add", "result", client.nlPid, name]);
    assert(duration >= 0 && startedAt > 0);
  }
});

Deno.test("trace ends with Ctrl-C, as with nothing wrong", async () => {
  await using server = openServer();
  await using client = new RPCPeer();
  await using _calling = keepCalling(client, server.nlPid);
  await using program = ask(["trace", server.nlPid]);
  await program.line();
  program.signal("SIGINT");
  const { code, errors } = await program.ended();
  assertEquals([code, errors], [0, ""]);
});

Deno.test("trace ends where the peer is closed, and says so where it has ended", async () => {
  await using server = openServer();
  await using client = new RPCPeer();
  const calling = keepCalling(client, server.nlPid);
  await using program = ask(["trace", server.nlPid]);
  await program.line();
  await calling[Symbol.asyncDispose]();
  await server.close();
  const { code, errors } = await program.ended();
  assertEquals([code, errors], [0, ""]);
});

Deno.test("trace says that the peer has ended where it was killed, and with --wait goes on with the next one", async () => {
  const name = newName();
  await using client = new RPCPeer();
  const killed = ask(["log", "--name", name]);
  await client.waitFor(name, { timeout: 30_000 });
  await using once = ask(["trace", name]);
  await using waiting = ask(["trace", name, "--wait"]);
  await using _calling = { [Symbol.asyncDispose]: keepLogging(client, name) };
  await Promise.all([once.line(), waiting.line()]);
  await killed.kill();
  const { code, errors } = await once.ended();
  assertEquals(code, 3);
  assertMatch(errors, /The peer has ended/);
  await using _next = ask(["log", "--name", name]);
  await waiting.lineWith("(the peer was restarted");
  await waiting.lineWith("\tlog");
});

Deno.test("trace with --wait begins when the peer has come", async () => {
  const name = newName();
  await using program = ask(["trace", name, "--wait", "--count", "1"]);
  await using server = openServer(name);
  await using client = new RPCPeer();
  await using _calling = keepCalling(client, server.nlPid);
  assertEquals((await program.ended()).code, 0);
});

Deno.test("trace says why there is nothing to see", async () => {
  const nobody = await run(["trace", newName()]);
  assertEquals(nobody.code, 3);
  await using server = new RPCPeer({ trace: false });
  server.runServerForever();
  const { code, errors } = await run(["trace", server.nlPid]);
  assertEquals(code, 4);
  assertMatch(errors.join(" "), /This peer does not tell of its calls/);
});

/** Logs again and again, whoever may be there, until it is told to end. */
function keepLogging(client: RPCPeer, name: string): () => Promise<void> {
  let isOver = false;
  const logging = (async () => {
    while (!isOver) {
      await client.call(name, "log", ["message"]).catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  })();
  return async () => {
    isOver = true;
    await logging;
  };
}

Deno.test("trace writes what a peer sends and receives to a file, with params and results", async () => {
  const file = await Deno.makeTempFile({ suffix: ".pcapng" });
  try {
    await using server = openServer(undefined, { trace: "datagrams" });
    await using client = new RPCPeer();
    await using _calling = keepCalling(client, server.nlPid);
    const { code, lines, errors } = await run(["trace", server.nlPid, "--pcapng", file, "--count", 4], {
      flags: ["--allow-ffi", `--allow-write=${file}`],
    });
    assertEquals([code, lines, errors], [0, [`4 datagrams are in ${file}`], []]);
    const packets = readPcapng(await Deno.readFile(file)).packets;
    assertEquals(packets.length, 4);
    assert(packets.some(({ datagram }) => new TextDecoder().decode(datagram).includes('"method":"add"')));
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("trace says what a file needs: a permission, and a peer that tells", async () => {
  await using server = openServer();
  const refused = await run(["trace", server.nlPid, "--pcapng", "x.pcapng"]);
  assertEquals(refused.code, 4);
  assertMatch(refused.errors[0]!, /does not tell of its datagrams/);
  await using telling = openServer(undefined, { trace: "datagrams" });
  const forbidden = await run(["trace", telling.nlPid, "--pcapng", "x.pcapng"]);
  assertEquals(forbidden.code, 7);
  assertMatch(forbidden.errors.join("\n"), /--allow-write=x\.pcapng/);
});
