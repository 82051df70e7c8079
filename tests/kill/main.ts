// Kills servers and clients, and looks for false alarms. Run: deno task kill --kills 200 --seed 1
import { Random } from "../hostile/random.ts";
import { summary } from "../hostile/latencies.ts";
import { readIntegers } from "../integration/arguments.ts";
import { callUnderLoad } from "./alarms.ts";
import { heirsHere, killClients, killServers, serverKills } from "./campaign.ts";
import { placesHere } from "./places.ts";
import { measureWindow } from "./window.ts";

const USAGE = `deno task kill [options]

  --kills N    processes that are killed, three of four of them servers; 200 where nothing is said
  --calls N    calls under load, none of which may be told that its server is gone; 10000 where nothing is said
  --sockets N  netlink sockets that are open meanwhile; 1600 where nothing is said
  --seconds N  for how long these calls go on at least; 15 where nothing is said
  --window N   servers that are killed while a stranger waits for their port and calls go on; 20 where nothing is said
  --seed S     an integer from 0 on, to repeat a run; random where nothing is said
`;

/** By then a call is rejected whose server is killed, in milliseconds: all but one in a hundred. */
const LATE_MILLISECONDS = 250;
/** A server looks for its callers every five seconds, and ends what it has in hand at the second look. */
const LOOKS_MILLISECONDS = 12_000;

const options = readIntegers(USAGE, {
  kills: { otherwise: 200 },
  calls: { otherwise: 10_000 },
  sockets: { otherwise: 1_600 },
  seconds: { otherwise: 15 },
  window: { otherwise: 20 },
  seed: { otherwise: Math.floor(Math.random() * 2 ** 31) },
});
console.error(`--seed ${options.seed}`);
const random = new Random(options.seed);
const wrong: string[] = [];
const places = await placesHere();

const clients = Math.floor(options.kills / 4);
const servers = options.kills - clients;
const kills = serverKills(servers, places, await heirsHere(), random);
const killed = await killServers(kills, random);
wrong.push(...killed.wrong);
const latencies = { "kill -> rejection": summary(killed.waited), "end of process -> rejection": summary(killed.late) };
if (servers > 0 && latencies["kill -> rejection"].p99 >= LATE_MILLISECONDS) {
  wrong.push(`p99 of kill -> rejection is not below ${LATE_MILLISECONDS} ms`);
}

let ended = 0;
wrong.push(
  ...await killClients(clients, random, async (host) => {
    const begun = performance.now();
    const tooLate = new Promise<void>((resolve) => Deno.unrefTimer(setTimeout(resolve, LOOKS_MILLISECONDS)));
    await Promise.race([host.until(() => host.aborted === host.held), tooLate]);
    ended = performance.now() - begun;
  }),
);

const calls = await callUnderLoad({ ...options, milliseconds: 1_000 * options.seconds });
if (calls.wrong > 0) wrong.push(`${calls.wrong} wrong answers`);
wrong.push(...Object.entries(calls.errors).map(([error, count]) => `${count} calls under load: ${error}`));

const taken = kills.filter(({ heir }) => heir !== undefined).length;
console.log(
  `places: ${[...new Set(places.map(({ name }) => name))].join(", ")}; ${taken} ports taken at once by others`,
);
console.log(
  `${servers} servers killed, ${killed.answered} calls answered before, ${killed.waited.length} rejected (ms):`,
);
console.table(latencies);
console.log(
  `${clients} clients killed; the last of their requests ended ${Math.round(ended)} ms after the last of them`,
);
console.log(
  `${calls.answered} calls under load beside ${options.sockets} sockets, ${Object.keys(calls.errors).length} errors`,
);
console.table(await measureWindow(options.window, random));
for (const text of wrong) console.error(text);
Deno.exit(wrong.length > 0 ? 1 : 0);
