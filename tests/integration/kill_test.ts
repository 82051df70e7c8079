// Processes that are killed in the middle of calls, and a machine so busy that a process could seem to be. `deno task kill` does
// more of this.
import { assert, assertEquals } from "@std/assert";
import { chooseSeed, Random } from "../hostile/random.ts";
import { callUnderLoad } from "../kill/alarms.ts";
import { heirsHere, killClients, type KillFigures, killServers } from "../kill/campaign.ts";
import { placesHere } from "../kill/places.ts";
import { Squatters } from "../kill/squatters.ts";
import { killServerOfThread, type ThreadKill } from "../kill/thread_kills.ts";
import { fakeTicks } from "../rpc/fake_ticks.ts";
import { testUnless } from "./processes.ts";

/** By then a call is rejected whose server has ended, in milliseconds. */
const LATE_MILLISECONDS = 250;

const places = await placesHere();
const heirs = await heirsHere();
const noStranger = heirs.some(({ isStranger }) => isStranger) ? undefined : "no process of another user";

function assertAllEnded({ waited, late, wrong }: KillFigures, seed: number): void {
  const said = `PROCSLINK_SEED=${seed}`;
  assertEquals(wrong, [], said);
  assert(waited.length > 0, said);
  // How long a process takes to end depends on who else is busy on this machine.
  assert(Math.max(...late) < LATE_MILLISECONDS, `${said}: ${Math.max(...late)} ms after the end of the process`);
}

Deno.test("a server is killed, here and in new namespaces: each call ends once, soon", async () => {
  const seed = chooseSeed();
  const kills = [...places, ...places].map((place, index) => ({ place, isBusy: index % 4 < 2 }));
  assertAllEnded(await killServers(kills, new Random(seed)), seed);
});

for (const isStranger of [false, true]) {
  const who = isStranger ? "another user, who is sent no params" : "the same user";
  testUnless(isStranger ? noStranger : undefined, `a killed server's port is taken at once by ${who}`, async () => {
    const seed = chooseSeed();
    const kills = heirs.filter((heir) => heir.isStranger === isStranger)
      .map((heir, index) => ({ heir, place: places[index % places.length]!, isBusy: index % 2 === 0 }));
    assertAllEnded(await killServers(kills, new Random(seed)), seed);
  });
}

Deno.test("a server is killed while a whole thread waits for it, also where its port is taken at once", async () => {
  await using squatters = await Squatters.prepare();
  const [host, other] = [places[0]!, places.at(-1)!];
  const kills: ThreadKill[] = [
    { server: other, caller: host },
    { server: host, caller: other },
    { server: host, caller: host, heir: heirs[0] },
    { server: host, caller: other, heir: heirs[1] },
  ];
  for (const kill of kills) assertEquals(await killServerOfThread(kill, squatters), ["PeerGoneError"]);
});

Deno.test("clients are killed while they wait: the server lets go of all they wanted, and goes on", async () => {
  const seed = chooseSeed();
  using ticks = fakeTicks();
  const left = await killClients(8, new Random(seed), async (host) => {
    await ticks.tick(2); // At the first look they are noticed, at the second missed.
    await host.peer.call(host.peer.nlPid, "echo", ["still there"]);
  });
  assertEquals(left, [], `PROCSLINK_SEED=${seed}`);
});

Deno.test("a busy machine with 200 netlink sockets: nobody who lives is taken for dead", async () => {
  const seed = chooseSeed();
  const { wrong, errors } = await callUnderLoad({ calls: 1_000, milliseconds: 0, sockets: 200, seed });
  assertEquals({ wrong, errors }, { wrong: 0, errors: {} }, `PROCSLINK_SEED=${seed}`);
});
