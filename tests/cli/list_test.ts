// The verbs that look: list, introspect, watch, wait.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { freshName, normalised, run, serve, start, USER } from "./command.ts";

/** The methods of `serve()`. */
const METHODS = ["add", "echo", "fail", "never"];

Deno.test("list tells of each peer its port, names, user, process, queue, drops and methods", async () => {
  await using peer = serve();
  const { code, out, err } = await run(["list"]);
  assertEquals([code, err], [0, ""]);
  const [headings, ...rows] = out.split("\n");
  assertEquals(headings, "PORT\tNAMES\tUID\tPID\tQUEUE\tDROPS\tMETHODS");
  const row = rows.find((line) => line.startsWith(`${peer.nlPid}\t`))!;
  assertEquals(row, [peer.nlPid, peer.called, USER, Deno.pid, 0, 0, METHODS.join(", ")].join("\t"));
});

Deno.test("list with --json is one object a line, and the command itself is not among them", async () => {
  await using peer = serve();
  await using idle = new RPCPeer();
  // Nobody reads there, so it is known by its port alone.
  for (let sent = 0; sent < 3; sent++) await peer.notify(idle.nlPid, "hello");
  await using listing = start(["list", "--json", "--timeout", "100ms"]);
  const { out } = await listing.ended();
  const all = out.split("\n").map((line) => JSON.parse(line));
  assertEquals(all.find(({ port }) => port === peer.nlPid), {
    port: peer.nlPid,
    names: [peer.called],
    uid: USER,
    pidHint: Deno.pid,
    methods: METHODS,
    queue: 0,
    drops: 0,
  });
  const { queue, ...rest } = all.find(({ port }) => port === idle.nlPid);
  assertEquals(rest, { port: idle.nlPid, names: [], uid: null, pidHint: null, methods: null, drops: 0 });
  assert(queue >= 3 * 832, `3 messages take up ${queue} bytes`);
  assertEquals(all.filter(({ pidHint }) => pidHint === listing.pid), [], "the command itself");
});

Deno.test("list with --brief is what completions propose: names, and ports of those who have none", async () => {
  await using peer = serve();
  await using unnamed = new RPCPeer();
  unnamed.runServerForever();
  const lines = (await run(["list", "--brief"])).out.split("\n");
  assert(lines.includes(peer.called) && lines.includes(String(unnamed.nlPid)), lines.join());
  assert(!lines.includes(String(peer.nlPid)));
});

Deno.test("introspect tells the methods, with --brief their names", async () => {
  await using peer = serve();
  const { code, out, err } = await run(["introspect", peer.called]);
  assertEquals([code, err], [0, ""]);
  const [headings, ...rows] = out.split("\n");
  assertEquals(headings, "METHOD\tSUMMARY");
  // An older peer tells the names alone.
  assertEquals(rows.map((row) => row.match(/^\w+/)![0]), METHODS);
  assertEquals((await run(["introspect", String(peer.nlPid), "--brief"])).out, METHODS.join("\n"));
  const objects = (await run(["introspect", peer.called, "--json"])).out.split("\n").map((line) => JSON.parse(line));
  assertEquals(objects.map(({ name }) => name), METHODS);
});

Deno.test("introspect of somebody who is not there", async () => {
  const name = freshName();
  const { code, err } = await run(["introspect", name]);
  assertEquals([code, normalised(err, { NAME: name })], [
    3,
    'procslink: Nobody has the name "NAME"\nhint: see who is there with: procslink list',
  ]);
});

Deno.test("watch tells what is there, one event a line", async () => {
  await using peer = serve();
  using _group = peer.group("news");
  await using watching = start(["watch", "--names", peer.called]);
  // Where the machine is busy, some of it comes behind the mark.
  const lines: string[] = [];
  while (lines.length < 4) {
    lines.push(normalised(await watching.line(), { NAME: peer.called, PORT: peer.nlPid, UID: `\t${USER}\t` }));
  }
  const told = lines.map((line) => line.split("\t")[0]);
  assertEquals(told.toSorted(), ["group-added", "name-added", "peer-added", "ready"]);
  assertEquals(lines[told.indexOf("peer-added")], "peer-added\tPORTUIDNAME");
  assertEquals(lines[told.indexOf("group-added")], "group-added\tPORTUIDNAME\tnews");
});

Deno.test("watch --once ends when all that is there was told", async () => {
  const { code, out, err } = await run(["watch", "--once", "--json"]);
  assertEquals([code, err], [0, ""]);
  assertEquals(JSON.parse(out.split("\n").at(-1)!).type, "ready");
});

Deno.test("watch tells changes as they come, and Ctrl-C ends it", async () => {
  const name = freshName();
  await using peer = new RPCPeer();
  peer.runServerForever();
  await using watching = start(["watch", "--names", name, "--groups", "", "--json"]);
  assertEquals(JSON.parse(await watching.line()).type, "ready");
  peer.claim(name);
  const { time, ...event } = JSON.parse(await watching.line());
  assert(Math.abs(Date.now() - time) < 60_000);
  assertEquals(event, { type: "peer-added", name, port: peer.nlPid, uid: USER });
  assertEquals(JSON.parse(await watching.line()).type, "name-added");
  await peer.release(name);
  assertEquals(JSON.parse(await watching.line()).type, "name-removed");
  watching.signal("SIGINT");
  const { code, err } = await watching.ended();
  assertEquals([code, err], [0, ""]);
});

Deno.test("wait ends when somebody has the name, and prints the port", async () => {
  const name = freshName();
  await using waiting = start(["wait", name]);
  await using peer = new RPCPeer({ name });
  peer.runServerForever();
  const port = Number(await waiting.line());
  await using asked = new RPCPeer();
  assertEquals(await asked.resolve(name), port);
  assertEquals(await waiting.ended(), { code: 0, out: "", err: "" });
  assertEquals(JSON.parse((await run(["wait", name, "--json"])).out), { name, port });
});

Deno.test("wait for a name that nobody claims ends in time with 5", async () => {
  const name = freshName();
  const { code, err } = await run(["wait", name, "--timeout", "50ms"]);
  assertEquals([code, normalised(err, { NAME: name })], [5, 'procslink: Nobody had the name "NAME" within 50 ms']);
});

Deno.test("what somebody calls themselves is nothing that a terminal obeys", async () => {
  await using peer = new RPCPeer();
  peer.registerFunction(() => 1, "evil\u001b[31m\u009b\n\u202e");
  peer.runServerForever();
  const { out } = await run(["introspect", String(peer.nlPid), "--brief"]);
  assertEquals(out, "evil\\u001b[31m\\u009b\\u000a\\u202e");
  assertMatch((await run(["list"])).out, /evil\\u001b\[31m/);
});
