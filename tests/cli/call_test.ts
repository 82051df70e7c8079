// The verb call: arguments, results, and an exit code for each way to fail.
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { currentCall, type RPCPeer } from "../../mod.ts";
import { freshName, normalised, run, serve, start, USER } from "./command.ts";

/** Runs a call of a peer of this process. */
async function call(peer: { called: string }, ...args: string[]) {
  const { code, out, err } = await run(["call", peer.called, ...args]);
  return { code, out, err: normalised(err, { NAME: peer.called }) };
}

Deno.test("arguments are JSON where they can be read as that, and else words", async () => {
  await using peer = serve();
  const words = ["5", '"5"', "five", "true", "null", "[1,{}]", "-1", "{", "", "--", "--named", "-x"];
  const { code, out, err } = await call(peer, "echo", ...words);
  assertEquals([code, err], [0, ""]);
  assertEquals(JSON.parse(out), [5, "5", "five", true, null, [1, {}], -1, "{", "", "--named", "-x"]);
  assertEquals((await call(peer, "echo")).out, "[]");
});

Deno.test("arguments by name", async () => {
  await using peer = serve();
  assertEquals(await call(peer, "add", "--named", "b=2", "a=40"), { code: 0, out: "42", err: "" });
  const { code, err } = await call(peer, "add", "--named", "c=2=3");
  assertEquals([code, err], [1, 'procslink: Invalid params (-32602): add(a, b?) has no parameter "c"']);
});

Deno.test("a peer is called by its port as well, and a result is one line where nobody looks", async () => {
  await using peer = serve();
  const { out } = await run(["call", String(peer.nlPid), "echo", '{"a":[1,2]}']);
  assertEquals(out, '[{"a":[1,2]}]');
});

Deno.test("a notification has no answer", async () => {
  await using peer = serve();
  const { promise, resolve } = Promise.withResolvers<unknown[]>();
  peer.registerFunction((...values: unknown[]) => resolve(values), "told");
  assertEquals(await call(peer, "told", "--oneway", "1", "two"), { code: 0, out: "", err: "" });
  assertEquals(await promise, [1, "two"]);
});

Deno.test("each way to fail has an exit code of its own, a sentence and a hint", async (t) => {
  await using peer = serve();
  await using closed = serve({ access: { uids: [54_321] } });
  const methods = "hint: see its methods with: procslink introspect";
  const rows: [what: string, code: number, err: string, args: string[], target?: RPCPeer & { called: string }][] = [
    ["the method throws", 1, "procslink: Internal error (-32603): It is broken", ["fail"]],
    ["there is no method", 1, `procslink: Method not found (-32601): There is no method "no"\n${methods}`, ["no"]],
    [
      "no answer in time",
      5,
      'procslink: Port N did not answer "never" within 50 ms\nhint: wait for longer with --timeout, and see whether it answers with: procslink ping',
      ["never", "--timeout", "50ms"],
    ],
    [
      "the other side is not trusted",
      4,
      `procslink: Port N is held by user ${USER}, whom this call does not trust\nhint: if this user is the right one, say so: --trust ${USER}`,
      ["add", "1", "--trust", "54321"],
    ],
    [
      "this user may not call",
      4,
      "procslink: Access denied\nhint: run this as the user whom its access names, such as the one that it runs as",
      ["add", "1"],
      closed,
    ],
  ];
  for (const [what, code, expected, args, target = peer] of rows) {
    await t.step(what, async () => {
      const { err, ...run } = await call(target, ...args);
      assertEquals([run.code, run.out, err.replace(/Port \d+/, "Port N")], [code, "", expected]);
    });
  }
  await t.step("nobody is there", async () => {
    const { code, err } = await run(["call", freshName(), "add"]);
    assertEquals(code, 3);
    assertStringIncludes(err, "hint: see who is there with: procslink list");
  });
});

Deno.test("with --json an error is an object too, with the code and the data of the answer", async () => {
  await using peer = serve();
  const { code, err } = await call(peer, "fail", "--json");
  const error = { message: "Internal error (-32603): It is broken", code: -32603, data: "It is broken" };
  assertEquals([code, JSON.parse(err)], [1, { error, exit: 1 }]);
});

Deno.test("a stack is printed with --debug only", async () => {
  await using peer = serve();
  assertMatch((await call(peer, "fail", "--debug")).err, /\n {4}at /);
  assert(!(await call(peer, "fail")).err.includes("    at "));
});

Deno.test("Ctrl-C ends a call with 130, without a word, and the method is told", async () => {
  await using peer = serve();
  const begun = Promise.withResolvers<AbortSignal>();
  peer.registerFunction(() => {
    begun.resolve(currentCall()!.signal);
    return new Promise(() => {});
  }, "hang");
  await using running = start(["call", peer.called, "hang"]);
  const signal = await begun.promise;
  const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
  running.signal("SIGINT");
  assertEquals(await running.ended(), { code: 130, out: "", err: "" });
  await aborted;
});
