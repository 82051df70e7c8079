// What a stranger gets that takes a port in the very moment its holder ends. The kernel frees a port before it tells that the
// process has ended, and sends what has waited for room to whoever has the port then: this is measured, and not promised.
import { RPCPeer } from "../../mod.ts";
import type { Random } from "../hostile/random.ts";
import { randomPort } from "../integration/processes.ts";
import { type Place, Victim } from "./places.ts";
import { reasonAgainstStrangers, Squatters } from "./squatters.ts";

const SERVER = new URL("./programs/server.ts", import.meta.url);
const HERE: Place = { name: "host", before: [] };
const SECRET = "a secret";
/** Calls that go on: one at the beginning of each turn, so many milliseconds apart. */
const CALL_MILLISECONDS = 0.2;
/** Calls that wait: more than a queue holds. */
const WAITING_CALLS = 5_000;
/** Until the stranger has what it gets. */
const AFTER_MILLISECONDS = 50;

/** How often a stranger got params, and how many messages of them. */
export interface WindowFigures {
  readonly kills: number;
  readonly leaks: number;
  readonly messages: number;
}

/** Kills servers while a stranger waits for their port: half the kills with calls that go on, half with calls that wait. */
export async function measureWindow(kills: number, random: Random): Promise<Record<string, WindowFigures>> {
  if (await reasonAgainstStrangers() !== undefined) return {};
  await using squatters = await Squatters.prepare();
  const figures: Record<string, WindowFigures> = {};
  for (const [name, makeCalls] of [["calls go on", callOn], ["calls wait for room", callInVain]] as const) {
    let [leaks, messages] = [0, 0];
    const rounds = Math.floor(kills / 2);
    for (let round = 0; round < rounds; round++) {
      const got = await killOnce(squatters, makeCalls, random);
      messages += got;
      if (got > 0) leaks++;
    }
    figures[`a stranger gets params: ${name}`] = { kills: rounds, leaks, messages };
  }
  return figures;
}

type MakeCalls = (client: RPCPeer, port: number, victim: Victim) => () => Promise<void>;

async function killOnce(squatters: Squatters, makeCalls: MakeCalls, random: Random): Promise<number> {
  const port = randomPort();
  await using victim = new Victim(HERE, SERVER, [port]);
  await victim.program.line();
  await using squatter = squatters.start(port, { isStranger: true, listens: false, answers: false });
  await squatter.on();
  await using client = new RPCPeer({ timeout: 1_000 });
  await client.call(port, "echo", ["hello"]);
  const end = makeCalls(client, port, victim);
  await new Promise((resolve) => setTimeout(resolve, 20 + random.below(20)));
  victim.kill();
  await squatter.bound();
  await new Promise((resolve) => setTimeout(resolve, AFTER_MILLISECONDS));
  const messages = await squatter.end();
  await end();
  return messages.filter((text) => text.includes(SECRET)).length;
}

function callOn(client: RPCPeer, port: number): () => Promise<void> {
  const calls: Promise<unknown>[] = [];
  let isOver = false;
  const calling = (async () => {
    while (!isOver) {
      calls.push(client.call(port, "echo", [SECRET]).catch(() => {}));
      const next = performance.now() + CALL_MILLISECONDS;
      await new Promise((resolve) => void setImmediate(resolve));
      while (performance.now() < next);
    }
  })();
  return async () => {
    isOver = true;
    await calling;
    await Promise.all(calls);
  };
}

function callInVain(client: RPCPeer, port: number, victim: Victim): () => Promise<void> {
  victim.program.signal("SIGSTOP");
  const text = SECRET.repeat(60);
  const calls = Array.from({ length: WAITING_CALLS }, () => client.call(port, "echo", [text]).catch(() => {}));
  return async () => void await Promise.all(calls);
}
