// Kills a server that has much in hand, and looks what becomes of the calls.
import { AccessDeniedError, CallTimeoutError, type RPCPeer } from "../../mod.ts";
import type { Random } from "../hostile/random.ts";
import { randomPort } from "../integration/processes.ts";
import { Ledger } from "./ledger.ts";
import { type Place, Victim } from "./places.ts";
import type { Doomed } from "./programs/server.ts";
import { NOBODY, type SquatterOptions, type Squatters } from "./squatters.ts";

/** How a server is killed. */
export interface ServerKill {
  readonly place: Place;
  /** Whether it answers other calls meanwhile. */
  readonly isBusy: boolean;
  /** Who takes its port at once. */
  readonly heir?: SquatterOptions | undefined;
}

/** What came of it. */
export interface ServerKillFigures {
  /** Times from the kill until each call was rejected that waited, in milliseconds. */
  readonly waited: readonly number[];
  /** The same, from when the process had ended, however long the kernel took for that; 0 where it was before. */
  readonly late: readonly number[];
  readonly answered: number;
  /** What must not have happened. */
  readonly wrong: readonly string[];
}

const WAITING_CALLS = 16;
/** Members of a batch that waits likewise. */
const BATCH = 2;
const BUSY_CALLERS = 32;
/** A busy server is killed while it answers one of so many calls. */
const MOST_ANSWERS = 500;
/** Nobody answers a call that its peer's heir may not see. */
const UNANSWERED_MILLISECONDS = 100;
const LARGE = 300_000;

/** Starts a server, has it called, and kills it. */
export async function killServer(
  client: RPCPeer,
  { place, isBusy, heir }: ServerKill,
  squatters: Squatters,
  random: Random,
): Promise<ServerKillFigures> {
  const port = randomPort();
  await using victim = new Victim(place, new URL("./programs/server.ts", import.meta.url), [port]);
  await victim.program.line();
  await using squatter = heir === undefined ? undefined : squatters.start(port, heir);
  await squatter?.on();

  const server = client.talkTo<Doomed>(port);
  const ledger = new Ledger();
  for (let call = 0; call < WAITING_CALLS; call++) ledger.follow(client.call(port, "never"), () => false);
  const batch = client.batch(port, Array.from({ length: BATCH }, () => ({ method: "never" })));
  for (let member = 0; member < BATCH; member++) {
    ledger.follow(batch.then((members) => outcomeOf(members[member]!)), () => false);
  }
  // Small messages keep their order: it has all of them.
  ledger.follow(server.waiting(), (waiting) => waiting === WAITING_CALLS + BATCH);

  // What waits for room when its receiver ends may find it with the heir; so small calls only, where there is one.
  const load = isBusy ? new Load(client, port, ledger, random, heir === undefined) : undefined;
  await load?.answered(random.below(MOST_ANSWERS));
  load?.end();
  const killed = victim.kill();
  const [, dead] = await Promise.all([ledger.ended(), victim.program.ended().then(() => performance.now())]);
  const wrong = [...ledger.wrong];
  if (squatter !== undefined) {
    await squatter.bound();
    const outcome = await client.call(port, "echo", ["a secret"], { timeout: UNANSWERED_MILLISECONDS })
      .catch((error) => error);
    wrong.push(...problemsOf(outcome, await squatter.end(), heir!));
  }
  return {
    waited: ledger.goneAt.map((time) => time - killed),
    late: ledger.goneAt.map((time) => Math.max(0, time - dead)),
    answered: ledger.answered,
    wrong,
  };
}

/** Calls that are made and answered until the server is killed. */
class Load {
  readonly #client: RPCPeer;
  readonly #port: number;
  readonly #ledger: Ledger;
  readonly #random: Random;
  readonly #hasLarge: boolean;
  readonly #before: number;
  readonly #callers: Promise<void>[];
  #isOver = false;
  #wanted: { answers: number; resolve: () => void } | undefined;

  constructor(client: RPCPeer, port: number, ledger: Ledger, random: Random, hasLarge: boolean) {
    this.#client = client;
    this.#port = port;
    this.#ledger = ledger;
    this.#random = random;
    this.#hasLarge = hasLarge;
    this.#before = ledger.answered;
    this.#callers = Array.from({ length: BUSY_CALLERS }, () => this.#callOn());
  }

  /** Waits until so many were answered. */
  async answered(answers: number): Promise<void> {
    const enough = new Promise<void>((resolve) => this.#wanted = { answers: this.#before + answers, resolve });
    await Promise.race([enough, Promise.all(this.#callers)]);
  }

  /** Begins no further call. */
  end(): void {
    this.#isOver = true;
  }

  async #callOn(): Promise<void> {
    while (!this.#isOver) {
      const random = this.#random;
      const text = this.#hasLarge && random.below(16) === 0 ? "x".repeat(random.below(LARGE)) : random.text(200);
      const call = this.#client.call<string>(this.#port, "echo", [text]);
      if (!await this.#ledger.follow(call, (answer) => answer === text)) return;
      if (this.#wanted !== undefined && this.#ledger.answered >= this.#wanted.answers) this.#wanted.resolve();
    }
  }
}

/** What an heir must not have been sent, and how a call to it must not have ended. */
function problemsOf(outcome: unknown, messages: readonly string[], { isStranger }: SquatterOptions): string[] {
  if (!isStranger) return outcome === "a squatter's" || outcome instanceof CallTimeoutError ? [] : [`Heir: ${outcome}`];
  const isRefused = outcome instanceof AccessDeniedError ? outcome.uid === NOBODY : outcome instanceof CallTimeoutError;
  const problems = isRefused ? [] : [`A call to a stranger ended with ${outcome}`];
  return [...problems, ...messages.filter((text) => !isIdentityRequest(text)).map((text) => `A stranger got ${text}`)];
}

function isIdentityRequest(text: string): boolean {
  const { method, params } = JSON.parse(text);
  return method === "rpc.identity" && params === undefined;
}

function outcomeOf(settled: PromiseSettledResult<unknown>): unknown {
  if (settled.status === "rejected") throw settled.reason;
  return settled.value;
}
