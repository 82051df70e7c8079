// Kills servers and clients, one after the other, in ways that a seed says.
import { RPCPeer } from "../../mod.ts";
import type { Random } from "../hostile/random.ts";
import { openFiles } from "../integration/processes.ts";
import { CLIENT_HABITS, Host, killClient } from "./client_kills.ts";
import { type Place, placesHere } from "./places.ts";
import { killServer, type ServerKill } from "./server_kills.ts";
import { reasonAgainstStrangers, type SquatterOptions, Squatters } from "./squatters.ts";

/** What a peer might leave open; of these Deno itself has some, for the processes that it starts, which come and go. */
const COUNTED_FILES = /^(socket:|anon_inode:\[pidfd\])/;
const FILES_OF_DENO = 6;

/** What came of the kills. */
export interface KillFigures {
  /** Times from the kill of a server until each call was rejected that waited for it, in milliseconds. */
  readonly waited: number[];
  /** The same, from when the process had ended. */
  readonly late: number[];
  answered: number;
  /** What must not have happened. */
  readonly wrong: string[];
}

/** Who may take the port of a server. */
export async function heirsHere(): Promise<SquatterOptions[]> {
  const users = await reasonAgainstStrangers() === undefined ? [true, false] : [false];
  return users.flatMap((isStranger) =>
    [[true, true], [true, false], [false, true]].map(([listens, answers]) => ({
      isStranger,
      listens: listens!,
      answers: answers!,
    }))
  );
}

/** Ways to kill so many servers: one half of them busy, one half left without an heir. */
export function serverKills(
  count: number,
  places: readonly Place[],
  heirs: readonly SquatterOptions[],
  random: Random,
): ServerKill[] {
  return Array.from({ length: count }, (_, index) => ({
    place: places[index % places.length]!,
    isBusy: random.below(2) === 0,
    heir: random.below(2) === 0 ? undefined : heirs[random.below(heirs.length)],
  }));
}

/** Kills servers. */
export async function killServers(kills: readonly ServerKill[], random: Random): Promise<KillFigures> {
  const figures: KillFigures = { waited: [], late: [], answered: 0, wrong: [] };
  await using squatters = await Squatters.prepare();
  await using client = new RPCPeer();
  await client.call(client.nlPid, "rpc.ping"); // So that what waits for all sockets is there before the count.
  const before = await countedFiles();
  for (const kill of kills) {
    const { waited, late, answered, wrong } = await killServer(client, kill, squatters, random);
    figures.waited.push(...waited);
    figures.late.push(...late);
    figures.answered += answered;
    figures.wrong.push(...wrong.map((text) => `${describe(kill)}: ${text}`));
  }
  const { callsInFlight, queuedBytes } = client.stats();
  if (callsInFlight > 0 || queuedBytes > 0) figures.wrong.push(`Left: ${callsInFlight} calls, ${queuedBytes} bytes`);
  figures.wrong.push(...grown(before, await countedFiles()));
  return figures;
}

/**
 * Kills clients of one server.
 *
 * @param count How many.
 * @param random Random values.
 * @param looked Waits until the server has looked for its callers.
 * @returns What must not have happened.
 */
export async function killClients(
  count: number,
  random: Random,
  looked: (host: Host) => Promise<void>,
): Promise<string[]> {
  const places = await placesHere();
  await using host = new Host();
  const before = await countedFiles();
  for (let index = 0; index < count; index++) {
    const habits = CLIENT_HABITS[Math.floor(index / places.length) % CLIENT_HABITS.length]!;
    await killClient(host, places[index % places.length]!, habits, random);
  }
  await looked(host);
  return [...host.wrong, ...host.leftovers(), ...grown(before, await countedFiles())];
}

async function countedFiles(): Promise<number> {
  return (await openFiles()).filter((file) => COUNTED_FILES.test(file)).length;
}

function grown(before: number, after: number): string[] {
  return after <= before + FILES_OF_DENO ? [] : [`Open sockets and processes: ${before} before, ${after} after`];
}

function describe({ place, isBusy, heir }: ServerKill): string {
  return `${place.name}${isBusy ? ", busy" : ""}${heir === undefined ? "" : `, heir ${JSON.stringify(heir)}`}`;
}
