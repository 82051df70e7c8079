// The verb ping: round trips one by one, and what they were like in all.
import { assert, assertEquals, assertMatch } from "@std/assert";
import { RPCPeer } from "../../mod.ts";
import { freshName, normalised, run, serve, start } from "./command.ts";

const QUICK = ["--interval", "1ms"];

Deno.test("ping tells each round trip, and the least, mean, 99th percentile and most", async () => {
  await using peer = serve();
  const { code, out, err } = await run(["ping", peer.called, "--count", "3", ...QUICK]);
  assertEquals([code, err], [0, ""]);
  const lines = normalised(out, { NAME: peer.called }).split("\n");
  assertEquals(lines.map((line) => line.replace(/\d+\.\d{3}/g, "T")), [
    "NAME: answer 1 in T ms",
    "NAME: answer 2 in T ms",
    "NAME: answer 3 in T ms",
    "3 sent, 3 answered, 0 lost",
    "min/avg/p99/max = T/T/T/T ms",
  ]);
});

Deno.test("ping with --json is an object for each, and one for all", async () => {
  await using peer = serve();
  const { out } = await run(["ping", String(peer.nlPid), "--count", "4", ...QUICK, "--json"]);
  const objects = out.split("\n").map((line) => JSON.parse(line));
  const all = objects.pop();
  assertEquals(objects.map(({ sequence }) => sequence), [1, 2, 3, 4]);
  const times: number[] = objects.map(({ milliseconds }) => milliseconds);
  const [min, max] = [Math.min(...times), Math.max(...times)];
  const avg = times.reduce((sum, time) => sum + time, 0) / 4;
  assert(Math.abs(all.avg - avg) < 1e-9);
  assertEquals(all, { sent: 4, answered: 4, lost: 0, min, avg: all.avg, p99: max, max });
});

Deno.test("what is not answered in time is lost; where all is, the exit code is 5", async () => {
  // It does not read.
  await using idle = new RPCPeer();
  const { code, out, err } = await run(
    ["ping", String(idle.nlPid), "--count", "2", "--timeout", "20ms", ...QUICK],
  );
  assertEquals([code, err], [5, "procslink: Nothing was answered in time"]);
  assertEquals(normalised(out, { PORT: idle.nlPid }).split("\n"), [
    "PORT: no answer 1",
    "PORT: no answer 2",
    "2 sent, 0 answered, 2 lost",
  ]);
});

Deno.test("Ctrl-C ends the pings, and they are summed up", async () => {
  await using peer = serve();
  await using pinging = start(["ping", peer.called, "--interval", "1h"]);
  assertMatch(await pinging.line(), /answer 1 in/);
  pinging.signal("SIGINT");
  const { code, out, err } = await pinging.ended();
  assertEquals([code, err], [0, ""]);
  assertMatch(out, /^1 sent, 1 answered, 0 lost\nmin\/avg\/p99\/max = /);
});

Deno.test("nobody is there from the start, or any longer: the exit code is 3", async () => {
  assertEquals((await run(["ping", freshName()])).code, 3);
  const peer = serve();
  await using pinging = start(["ping", peer.called, ...QUICK]);
  await pinging.line();
  await peer.close();
  const { code, out } = await pinging.ended();
  assertEquals(code, 3);
  assertMatch(out, /\d+ sent, \d+ answered, 0 lost/);
});
