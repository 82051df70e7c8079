// A short soak. `deno task soak` runs a long one.
import { assert, assertEquals } from "@std/assert";
import { chooseSeed } from "../hostile/random.ts";
import { KINDS } from "./outcomes.ts";
import { soak } from "./soak.ts";

Deno.test("ten seconds of everything, with servers that are killed and restarted: each call ends once, rightly", async () => {
  const seed = chooseSeed();
  const { kinds, kills, restarts, wrong } = await soak({ milliseconds: 10_000, seed });
  const said = `PROCSLINK_SEED=${seed}`;
  assertEquals(wrong, [], said);
  assert(kills + restarts > 0, said);
  for (const kind of KINDS) assert(kinds[kind].begun > 0, `${said}: no call (${kind})`);
});
