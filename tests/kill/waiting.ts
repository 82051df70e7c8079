// Measures what waiting costs: the time that a server and its clients use while nothing happens but that calls wait for their
// answers. Run: deno task waiting --seconds 10
import { readIntegers } from "../integration/arguments.ts";
import { processorMillisecondsOf, ticksOf } from "../integration/proc_files.ts";
import { type Program, start } from "../integration/processes.ts";

const USAGE = `deno task waiting [options]

  --seconds N  for how long is measured; 10 where nothing is said
  --settle N   for how long the processes are left alone before, in seconds; 40 where nothing is said: half a minute after its
               start V8 once tidies up
`;

/** The most of a core that 1,000 waiting clients and their server may use, in percent. */
const MOST_PERCENT = 2;
const CLIENTS = 1_000;

const { seconds, settle } = readIntegers(USAGE, {
  seconds: { otherwise: 10, least: 1 },
  settle: { otherwise: 40 },
});

/** What processes have used while they waited. */
interface Usage {
  readonly milliseconds: number;
  /** As the kernel counts for everybody: a tick is ten milliseconds. */
  readonly ticks: number;
}

/** A server, and clients whose calls it does not answer. */
class Setting implements AsyncDisposable {
  readonly name: string;
  /** How many clients the kernel would see for each of these. */
  readonly factor: number;
  readonly #ending = new AsyncDisposableStack();
  readonly #server: Program;
  readonly #clients: Program[] = [];

  constructor(name: string, factor: number) {
    this.name = name;
    this.factor = factor;
    this.#server = this.#ending.use(start(programUrl("server"), [0]));
  }

  /** Starts its clients, one process after the other, and waits until all of them wait. */
  async begin(processes: number, peers: number): Promise<void> {
    const port = Number(await this.#server.line());
    for (let process = 0; process < processes; process++) {
      const client = this.#ending.use(start(programUrl("waiters"), [port, peers]));
      this.#clients.push(client);
      await client.lineWith("waiting");
    }
  }

  /** What its server and its clients have used so far. */
  async used(): Promise<{ server: Usage; clients: Usage }> {
    return { server: await usage([this.#server]), clients: await usage(this.#clients) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#ending[Symbol.asyncDispose]();
  }
}

async function usage(programs: readonly Program[]): Promise<Usage> {
  const pids = programs.map(({ pid }) => pid);
  if (pids.length === 0) return { milliseconds: 0, ticks: 0 };
  return { milliseconds: await processorMillisecondsOf(pids), ticks: pids.reduce((sum, pid) => sum + ticksOf(pid), 0) };
}

function difference(before: Usage, after: Usage): Usage {
  const milliseconds = after.milliseconds - before.milliseconds;
  return { milliseconds: Math.max(0, milliseconds), ticks: after.ticks - before.ticks };
}

function programUrl(name: string): string {
  return new URL(`./programs/${name}.ts`, import.meta.url).href;
}

function sleep(seconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1_000 * seconds));
}

await using ending = new AsyncDisposableStack();
const idle = ending.use(new Setting("no client", 1));
await idle.begin(0, 0);
const together = ending.use(new Setting("10 processes of 100 clients", 1));
await together.begin(10, CLIENTS / 10);
const apart = ending.use(new Setting("50 processes of 1 client, times 20", CLIENTS / 50));
await apart.begin(50, 1);
await sleep(settle);
const settings = [together, apart, idle];
const before = await Promise.all(settings.map((setting) => setting.used()));
await sleep(seconds);
const after = await Promise.all(settings.map((setting) => setting.used()));

const problems: string[] = [];
const rows: Record<string, Record<string, number>> = {};
for (const [index, { name, factor }] of settings.entries()) {
  const server = difference(before[index]!.server, after[index]!.server);
  const clients = difference(before[index]!.clients, after[index]!.clients);
  const percent = factor * (server.milliseconds + clients.milliseconds) / seconds / 10;
  rows[name] = {
    "server: ticks": server.ticks,
    "ms": rounded(server.milliseconds),
    "clients: ticks": clients.ticks,
    "ms ": rounded(clients.milliseconds),
    "1,000 clients: % of a core": rounded(percent),
  };
  if (percent >= MOST_PERCENT) problems.push(`${name}: ${percent.toFixed(2)} % of a core, and at most ${MOST_PERCENT}`);
  if (settings[index] === idle && server.ticks > 0) problems.push(`An idle server has used ${server.ticks} ticks`);
}
console.log(`in ${seconds} s:`);
console.table(rows);
for (const problem of problems) console.error(problem);
await ending.disposeAsync();
Deno.exit(problems.length > 0 ? 1 : 0);

function rounded(value: number): number {
  return Math.round(100 * value) / 100;
}
