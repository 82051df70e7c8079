// Two processes that claim a name at the same moment, again and again.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { NameNotFoundError, RPCPeer } from "../../mod.ts";
import { portOfName } from "../../src/naming/name.ts";
import { type Program, start } from "./processes.ts";
import type { RacerAPI } from "./programs/racer.ts";

const ROUNDS = 1_000;
/** Of so many rounds one is for two names that stand for the same port. */
const TWIN_ROUNDS = 4;
const TWINS = ["73629.example.com", "89067.example.com"] as const;
/** Both have been told by then when to start, in milliseconds. */
const AHEAD_MILLISECONDS = 2;
/** By how much more who has won again starts later, at most, in microseconds. */
const LONGEST_STEP = 64;
/** A race that is none is won by the same one nearly always. */
const FEWEST_WINS = ROUNDS / 10;
const MOST_SILENT = ROUNDS / 100;

/**
 * When two start: whoever has won starts a little later the next time, and ever more so until the other one wins. So the race is as
 * close as it can be on this machine, and both win, without any luck.
 */
class Handicap {
  /** Wins of each of them. */
  readonly wins = [0, 0];
  #microseconds = 0;
  #step = 1;
  #last: number | undefined;

  /** How long each of them waits, in microseconds. */
  get delays(): readonly [number, number] {
    return [Math.max(0, this.#microseconds), Math.max(0, -this.#microseconds)];
  }

  /** Notes who has won. */
  won(index: number): void {
    this.wins[index]!++;
    this.#step = index === this.#last ? Math.min(2 * this.#step, LONGEST_STEP) : 1;
    this.#last = index;
    this.#microseconds += index === 0 ? this.#step : -this.#step;
  }
}

async function startRacer(client: RPCPeer, programs: AsyncDisposableStack) {
  const program: Program = programs.use(start("racer"));
  return { pid: program.pid, remote: client.talkTo<RacerAPI>(Number(await program.line())) };
}

Deno.test("of two processes that claim a name at once, one has it, a thousand times", async () => {
  const own = `test.${crypto.randomUUID()}`;
  const uid = new LinuxSyscalls().getuid();
  await using client = new RPCPeer({ timeout: 20_000 });
  await using programs = new AsyncDisposableStack();
  const racers = await Promise.all([startRacer(client, programs), startRacer(client, programs)]);
  const handicap = new Handicap();
  let silent = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const isTwin = round % TWIN_ROUNDS === 0;
    const names = isTwin ? TWINS : [own, own] as const;
    const moment = Date.now() + AHEAD_MILLISECONDS;
    const losses = await Promise.all(
      racers.map(({ remote }, index) => remote.race(names[index]!, moment, handicap.delays[index]!)),
    );
    const winner = losses.indexOf(null);
    const [name, lost] = [names[winner]!, names[1 - winner]!];
    const said = `Round ${round}: ${JSON.stringify(losses)}`;
    assertEquals(losses.filter((loss) => loss === null).length, 1, said);
    const { holder, ...loss } = losses[1 - winner]!;
    assertEquals(loss, { port: portOfName(name), uid }, said);
    // On a busy machine the winner may not have its turn before it is waited for no longer.
    if (holder === undefined) silent++;
    else assertEquals(holder, name, said);
    assertEquals(await client.call(name, "pid"), racers[winner]!.pid, said);
    if (isTwin) await assertRejects(() => client.call(lost, "pid"), NameNotFoundError, `"${name}" has that`);
    handicap.won(winner);
    await racers[winner]!.remote.release(name);
  }
  assert(silent <= MOST_SILENT, `${silent} winners did not say which name they have`);
  assert(Math.min(...handicap.wins) >= FEWEST_WINS, `Wins: ${handicap.wins}`);
});
