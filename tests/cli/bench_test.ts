import { assert, assertEquals, assertMatch } from "@std/assert";
import { openServer, run } from "./asked.ts";

Deno.test("bench prints calls a second and latencies, one at a time and many at once", async () => {
  await using server = openServer();
  const { code, lines, errors } = await run(["bench", server.nlPid, "--seconds", "100ms", "--inflight", 8]);
  assertEquals([code, errors], [0, []]);
  assertEquals(lines[0], "IN FLIGHT\tCALLS\tCALLS/S\tP50\tP99\tMAX\tERRORS");
  for (const [row, inFlight] of [[1, "1"], [2, "8"]] as const) {
    assertMatch(lines[row]!, new RegExp(`^${inFlight}\\t\\d+\\t\\d+(\\t[\\d.]+ (µs|ms|s)){3}\\t0$`));
  }
});

Deno.test("bench calls a method with arguments, and prints JSON", async () => {
  await using server = openServer();
  const asked = ["bench", server.nlPid, "--method", "add", "--seconds", "0.1", "--inflight", 1, "--json", 1, 2];
  const { code, lines } = await run(asked);
  assertEquals([code, lines.length], [0, 1]);
  const { method, inFlight, calls, errors, perSecond, p50, p99, max } = JSON.parse(lines[0]!);
  assertEquals([method, inFlight, errors], ["add", 1, 0]);
  assert(calls > 0 && perSecond > 0 && p50 <= p99 && p99 <= max);
});

Deno.test("bench does not begin where the first call fails", async () => {
  await using server = openServer();
  const { code, lines, errors } = await run(["bench", server.nlPid, "--method", "fail"]);
  assertEquals([code, lines], [1, []]);
  assertMatch(errors.join(" "), /the reason/);
});
