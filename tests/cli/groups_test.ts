// The verbs publish and subscribe.
import { assertEquals, assertMatch } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { freshName, normalised, run, serve, start } from "./command.ts";

Deno.test("what is published from arguments arrives, in order", async () => {
  const owner = freshName();
  await using subscribing = start(["subscribe", owner, "news", "--wait", "--count", "3"]);
  const { code, out, err } = await run(["publish", owner, "news", "It rains", "5", '{"a":[1]}']);
  assertEquals([code, out, err], [0, "3 published to 1 member", ""]);
  assertEquals(await subscribing.ended(), { code: 0, out: 'It rains\n5\n{"a":[1]}', err: "" });
});

Deno.test("without values, the lines of standard input are published", async () => {
  const owner = freshName();
  await using subscribing = start(["subscribe", owner, "news", "--wait", "--json"]);
  const input = 'one\n{"two":2}\nlast, without an end';
  const { code, out } = await run(["publish", owner, "news", "--json", "--sync"], { input });
  const values = ["one", { two: 2 }, "last, without an end"];
  assertEquals(code, 0);
  assertEquals(out.split("\n").map((line) => JSON.parse(line)), values.map((value) => ({ value, members: 1 })));
  for (const value of values) assertEquals(JSON.parse(await subscribing.line()), { value });
});

Deno.test("it begins when as many have joined as are waited for, and gives up in time", async () => {
  const owner = freshName();
  const { code, err } = await run(["publish", owner, "news", "1", "--timeout", "50ms"]);
  assertEquals(code, 5);
  assertMatch(err, /^procslink: 0 of 1 members have joined\nhint: /);
  assertEquals((await run(["publish", owner, "news", "1", "--members", "0"])).out, "1 published to 0 members");
  await using first = start(["subscribe", owner, "news", "--wait", "--count", "1"]);
  await using second = start(["subscribe", owner, "news", "--wait", "--count", "1"]);
  assertEquals((await run(["publish", owner, "news", "x", "--members", "2"])).out, "1 published to 2 members");
  for (const one of [first, second]) assertEquals((await one.ended()).out, "x");
});

Deno.test("a name that somebody has cannot be published from", async () => {
  await using peer = serve();
  const { code, err } = await run(["publish", peer.called, "news", "1"]);
  assertEquals(code, 6);
  assertMatch(
    normalised(err, { NAME: peer.called }),
    /^procslink: The name "NAME" is taken by port \d+ of user \d+\nhint: choose another name, or end the process that has it$/,
  );
});

Deno.test("a group that is not there, an owner that is not, and an owner that closes it", async () => {
  await using peer = serve();
  const { code, err } = await run(["subscribe", peer.called, "none"]);
  assertEquals([code, normalised(err, { NAME: peer.called })], [
    3,
    'procslink: Peer "NAME" has no group "none"\nhint: wait for it with --wait, or see which groups there are with: procslink watch',
  ]);
  assertEquals((await run(["subscribe", freshName(), "news"])).code, 3);
  const group = peer.group("news");
  await using subscribing = start(["subscribe", String(peer.nlPid), "news"]);
  while (group.members.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await group.publish("the last\u001b[2J");
  await group.close();
  assertEquals(await subscribing.ended(), { code: 0, out: "the last\\u001b[2J", err: "" });
});

Deno.test("what is missing is told, and with --wait a restart too", async () => {
  const owner = freshName();
  await using subscribing = start(["subscribe", owner, "news", "--wait", "--json"]);
  for (const value of [1, 2]) {
    await using peer = new RPCPeer({ name: owner });
    const group = peer.group("news");
    while (group.members.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    await group.publish(value, { sync: true });
  }
  const lines = [await subscribing.line(), await subscribing.line(), await subscribing.line()];
  assertEquals(lines.map((line) => JSON.parse(line)), [{ value: 1 }, { missed: 0, isRestart: true }, { value: 2 }]);
  subscribing.signal("SIGTERM");
  assertEquals((await subscribing.ended()).code, 0);
});

Deno.test("Ctrl-C before so many have come is an end with 130", async () => {
  await using peer = serve();
  const group = peer.group("news");
  await using subscribing = start(["subscribe", peer.called, "news", "--count", "2"]);
  while (group.members.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await group.publish("one");
  assertEquals(await subscribing.line(), "one");
  subscribing.signal("SIGINT");
  assertEquals(await subscribing.ended(), { code: 130, out: "", err: "" });
});

Deno.test("nobody reads the output any longer: it ends without a word", async () => {
  await using peer = serve();
  const group = peer.group("news");
  await using subscribing = start(["subscribe", peer.called, "news"]);
  while (group.members.length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  await group.publish("one");
  assertEquals(await subscribing.line(), "one");
  await subscribing.hangUp();
  while (group.members.length > 0) {
    await group.publish("more");
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { code, err } = await subscribing.ended();
  assertEquals([code, err], [141, ""]);
});
