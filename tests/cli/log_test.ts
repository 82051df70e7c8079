import { assertEquals, assertMatch } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { ask, newName, run } from "./asked.ts";

Deno.test("log prints what others call and notify, with time and sender", async () => {
  const name = newName();
  await using program = ask(["log", "--name", name, "--count", 3]);
  await using client = new RPCPeer();
  await client.waitFor(name, { timeout: 30_000 });
  assertEquals(await client.call(name, "log", ["started", 17, { a: [1] }]), null);
  await client.notify(name, "log", ["told\u001b[2J"]);
  await client.notify(name, "log");
  const { code, lines, errors } = await program.ended();
  assertEquals([code, errors], [0, ""]);
  const shown = lines.map((line) => line.split("\t"));
  for (const [time, port] of shown) {
    assertMatch(time!, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assertEquals(Number(port), client.nlPid);
  }
  assertEquals(shown.map((cells) => cells.at(-1)), ['started 17 {"a":[1]}', "told\\u001b[2J", "-"]);
});

Deno.test("log prints JSON, with the names of who has any", async () => {
  const [name, sender, later] = [newName(), newName(), newName()];
  await using client = new RPCPeer({ name: sender });
  client.runServerForever();
  await using program = ask(["log", "--name", name, "--json"]);
  await client.waitFor(name, { timeout: 30_000 });
  // Its name is known once it has been seen.
  for (;;) {
    await client.notify(name, "log", ["a", { b: 1 }]);
    const { time, port, values, name: shown } = JSON.parse(await program.line());
    assertMatch(time, /Z$/);
    assertEquals([port, values], [client.nlPid, ["a", { b: 1 }]]);
    if (shown === null) continue;
    if (shown === sender && client.names.length === 1) client.claim(later);
    else if (shown === `${sender}, ${later}`) break;
    else assertEquals(shown, sender);
  }
  program.signal("SIGINT");
  const { code, errors } = await program.ended();
  assertEquals([code, errors], [0, ""]);
});

Deno.test("log appends to a file where it may, and says which flag that takes where it may not", async () => {
  const name = newName();
  const file = await Deno.makeTempFile();
  try {
    await Deno.writeTextFile(file, "before\n");
    const denied = await run(["log", "--name", name, "--file", file]);
    assertEquals(denied.code, 7);
    assertMatch(denied.errors.join(" "), new RegExp(`--allow-write=${file}`));
    const flags = ["--allow-ffi", `--allow-write=${file}`];
    await using program = ask(["log", "--name", name, "--file", file, "--count", 1, "--json"], { flags });
    await using client = new RPCPeer();
    await client.waitFor(name, { timeout: 30_000 });
    await client.call(name, "log", ["kept"]);
    assertEquals(await program.ended(), { code: 0, lines: [], errors: "" });
    const [before, kept] = (await Deno.readTextFile(file)).split("\n");
    assertEquals([before, JSON.parse(kept!).values], ["before", ["kept"]]);
  } finally {
    await Deno.remove(file);
  }
});

Deno.test("log ends after so many messages, of however many", async () => {
  const name = newName();
  await using program = ask(["log", "--name", name, "--count", 3]);
  await using client = new RPCPeer();
  await client.waitFor(name, { timeout: 30_000 });
  await client.batch(name, Array.from({ length: 5 }, (_, index) => ({ method: "log", params: [index], notify: true })));
  const { lines } = await program.ended();
  assertEquals(lines.map((line) => line.split("\t").at(-1)), ["0", "1", "2"]);
});

Deno.test("log is not begun where somebody has the name", async () => {
  const name = newName();
  await using holder = new RPCPeer({ name });
  holder.runServerForever();
  assertEquals((await run(["log", "--name", name])).code, 6);
});
