// Servers that are killed and restarted, and clients that call them in all ways.
import { Random } from "../hostile/random.ts";
import { type Program, randomPort, start } from "../integration/processes.ts";
import { addOutcomes, type Kind, KINDS, noOutcomes, type Outcomes } from "./outcomes.ts";
import type { ClientReport } from "./programs/client.ts";
import { type Third, UsageWatch } from "./usage.ts";

/** How long a soak takes, and what it is made from. */
export interface SoakOptions {
  readonly milliseconds: number;
  readonly seed: number;
  /** Told now and then how long it has taken. */
  readonly progress?: (milliseconds: number) => void;
}

/** What came of a soak. */
export interface SoakReport {
  readonly kinds: Readonly<Record<Kind, Outcomes>>;
  readonly kills: number;
  readonly restarts: number;
  readonly usage: Readonly<Record<string, { first: Third; last: Third }>>;
  /** What must not have happened. */
  readonly wrong: readonly string[];
}

const SERVERS = 3;
const CLIENTS = 2;
/** The longest time between two ends of servers, and how often processes are looked at, in milliseconds. */
const END_MILLISECONDS = 1_500;
const LOOK_MILLISECONDS = 1_000;
/** What comes and goes: descriptors of Deno, and memory that was not yet collected. */
const FILES_NOISE = 4;
const MEBIBYTES_NOISE = 128;

/** Runs a soak. */
export async function soak({ milliseconds, seed, progress = () => {} }: SoakOptions): Promise<SoakReport> {
  const random = new Random(seed);
  await using ending = new AsyncDisposableStack();
  const servers = Array.from({ length: SERVERS }, () => ending.use(new Server()));
  const ports: number[] = [];
  for (const server of servers) ports.push(await server.begin());
  const clients: Program[] = [];
  for (let client = 0; client < CLIENTS; client++) {
    clients.push(ending.use(start(programUrl("client"), [seed + client, ...ports])));
    await clients.at(-1)!.lineWith("calling");
  }

  const watch = new UsageWatch({
    "server that stays": servers[0]!.pid,
    ...Object.fromEntries(clients.map(({ pid }, index) => [`client ${index + 1}`, pid])),
  });
  const begun = performance.now();
  const ends = { kills: 0, restarts: 0 };
  let isOver = false;
  const ended = endServers(servers.slice(1), random, ends, () => isOver);
  for (let elapsed = 0; elapsed < milliseconds; elapsed = performance.now() - begun) {
    progress(elapsed);
    await Promise.all([watch.look(), sleep(Math.min(LOOK_MILLISECONDS, milliseconds - elapsed))]);
  }
  isOver = true;
  await ended;
  for (const client of clients) client.signal("SIGTERM");
  const reports = await Promise.all(
    clients.map(async (client): Promise<ClientReport> => JSON.parse(await client.line())),
  );

  const kinds = Object.fromEntries(KINDS.map((kind) => [kind, noOutcomes()])) as Record<Kind, Outcomes>;
  for (const report of reports) for (const kind of KINDS) addOutcomes(kinds[kind], report.kinds[kind]);
  const usage = watch.thirds();
  return { kinds, ...ends, usage, wrong: [...reports.flatMap(({ wrong }) => wrong), ...grown(usage)] };
}

/** A server that is always started again on the same port. */
class Server implements AsyncDisposable {
  readonly #port = randomPort();
  #program: Program | undefined;

  get pid(): number {
    return this.#program!.pid;
  }

  async begin(): Promise<number> {
    this.#program = start(programUrl("server"), [this.#port]);
    return Number(await this.#program.line());
  }

  /** Ends it, and starts it again. */
  async again(signal: "SIGKILL" | "SIGTERM"): Promise<void> {
    this.#program!.signal(signal);
    await this.#program!.ended();
    await this.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program?.[Symbol.asyncDispose]();
  }
}

async function endServers(
  servers: readonly Server[],
  random: Random,
  ends: { kills: number; restarts: number },
  isOver: () => boolean,
): Promise<void> {
  for (;;) {
    await sleep(random.below(END_MILLISECONDS));
    if (isOver()) return;
    const isKill = random.below(2) === 0;
    await servers[random.below(servers.length)]!.again(isKill ? "SIGKILL" : "SIGTERM");
    ends[isKill ? "kills" : "restarts"]++;
  }
}

function grown(usage: SoakReport["usage"]): string[] {
  return Object.entries(usage).flatMap(([name, { first, last }]) => [
    ...last.files > first.files + FILES_NOISE
      ? [`${name}: ${first.files} descriptors at first, ${last.files} at last`]
      : [],
    ...last.mebibytes > first.mebibytes + MEBIBYTES_NOISE
      ? [`${name}: ${first.mebibytes} MiB at first, ${last.mebibytes} at last`]
      : [],
  ]);
}

function programUrl(name: string): string {
  return new URL(`./programs/${name}.ts`, import.meta.url).href;
}

function sleep(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
