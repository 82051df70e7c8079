// A client of the soak. Arguments: seed, and the ports of the servers, of which the first one stays. Makes calls until SIGTERM, and
// then prints what became of them as JSON.
import { type Remote, RPCPeer } from "../../../mod.ts";
import { Random } from "../../hostile/random.ts";
import { digestOf, randomRecipe, textOf } from "../content.ts";
import { Ends, type Kind, type Outcomes } from "../outcomes.ts";
import type { Soaked } from "./server.ts";

/** What a client prints at the end. */
export interface ClientReport {
  readonly kinds: Readonly<Record<Kind, Outcomes>>;
  readonly wrong: readonly string[];
}

const AT_A_TIME = 16;
/** However busy the machine is, by then a call is answered, or its server is gone. */
const CALL_MILLISECONDS = 15_000;
/** How often calls of a kind are made, of so many together. */
const SHARES: readonly (readonly [Kind, number])[] = [
  ["digest", 30],
  ["echo", 20],
  ["make", 15],
  ["batch", 10],
  ["note", 10],
  ["sync", 5],
  ["timeout", 5],
  ["abort", 5],
];
const ALL_SHARES = SHARES.reduce((sum, [, share]) => sum + share, 0);
/** Calls that are given up take so long, and are given up after so many milliseconds at most. */
const NAP_MILLISECONDS = 60_000;
const GIVEN_UP_MILLISECONDS = 30;
/** The whole thread waits for such a call: the others must not wait for long. */
const LARGEST_SYNC = 65_536;
const LARGEST_OF_BATCH = 65_536;
const MOST_OF_BATCH = 8;
/** After that, a server that has ended, or is about to, is called again. */
const ENDED_MILLISECONDS = 10;
const GIVEN_UP = new Error("Given up");
/** For how long the last notifications may be under way, in milliseconds: a large one is overtaken by smaller messages. */
const LAST_MILLISECONDS = 10_000;

const [seed, ...ports] = Deno.args.map(Number) as [number, number, ...number[]];
const random = new Random(seed);
await using peer = new RPCPeer({ timeout: CALL_MILLISECONDS });
const servers = ports.map((port) => ({ port, remote: peer.talkTo<Soaked>(port), mayEnd: port !== ports[0], notes: 0 }));
type Server = typeof servers[number];
const ends = new Ends();
let calls = 0;
let isOver = false;

/** Makes a call of some kind; tells whether its answer is right. */
const make: Readonly<Record<Kind, (server: Server, signal: AbortSignal) => Promise<boolean>>> = {
  async digest({ remote }) {
    const text = textOf(randomRecipe(random));
    const { length, hash } = await remote.digest(calls++, text);
    const digest = digestOf(text);
    return length === digest.length && hash === digest.hash;
  },
  async echo({ remote }) {
    const text = textOf(randomRecipe(random));
    return await remote.echo(calls++, text) === text;
  },
  async make({ remote }) {
    const recipe = randomRecipe(random);
    return await remote.make(calls++, recipe) === textOf(recipe);
  },
  async batch({ port }) {
    const texts = Array.from(
      { length: 1 + random.below(MOST_OF_BATCH) },
      () => textOf(randomRecipe(random, LARGEST_OF_BATCH)),
    );
    const members = await peer.batch(port, texts.map((text) => ({ method: "echo", params: [calls++, text] })));
    // They share a message, and so their fate.
    const rejected = members.find((member) => member.status === "rejected");
    if (rejected !== undefined) throw rejected.reason;
    return members.every((member, index) => (member as PromiseFulfilledResult<string>).value === texts[index]);
  },
  async note(server) {
    const text = textOf(randomRecipe(random));
    await peer.notify(server.port, "note", [text, digestOf(text)]);
    server.notes++;
    return true;
  },
  sync({ port }) {
    const text = textOf(randomRecipe(random, LARGEST_SYNC));
    return Promise.resolve(peer.callSync<string>(port, "echo", [calls++, text]) === text);
  },
  async timeout({ port }) {
    const timeout = 1 + random.below(GIVEN_UP_MILLISECONDS);
    await peer.call(port, "nap", [calls++, NAP_MILLISECONDS], { timeout });
    return false;
  },
  async abort({ port }, signal) {
    await peer.call(port, "nap", [calls++, NAP_MILLISECONDS], { signal });
    return false;
  },
};

async function callOnce(): Promise<void> {
  const kind = randomKind();
  const server = servers[random.below(servers.length)]!;
  const controller = new AbortController();
  if (kind === "abort") setTimeout(() => controller.abort(GIVEN_UP), random.below(GIVEN_UP_MILLISECONDS));
  ends.kinds[kind].begun++;
  try {
    ends.answered(kind, await make[kind](server, controller.signal));
  } catch (error) {
    const hasEnded = ends.failed(kind, error, server.mayEnd, GIVEN_UP);
    if (hasEnded) await new Promise((resolve) => setTimeout(resolve, ENDED_MILLISECONDS));
  }
}

async function callOn(): Promise<void> {
  while (!isOver) await callOnce();
}

/** Checks what the server that stays has had. */
async function checkServer({ remote, notes }: { remote: Remote<Soaked>; notes: number }): Promise<void> {
  const end = performance.now() + LAST_MILLISECONDS;
  let report = await remote.report();
  while (report.notes !== notes && performance.now() < end) report = await remote.report();
  if (report.notes !== notes) ends.isWrong(`${notes} notifications were delivered, and ${report.notes} arrived`);
  for (const what of report.wrong) ends.isWrong(`Server: ${what}`);
}

function randomKind(): Kind {
  let number = random.below(ALL_SHARES);
  return SHARES.find(([, share]) => (number -= share) < 0)![0];
}

Deno.addSignalListener("SIGTERM", () => isOver = true);
console.log("calling");
await Promise.all(Array.from({ length: AT_A_TIME }, callOn));
await checkServer(servers[0]!);
for (const { remote } of servers.slice(1)) {
  for (const what of (await remote.report()).wrong) ends.isWrong(`Server: ${what}`);
}
const { callsInFlight, queuedBytes } = peer.stats();
if (callsInFlight > 0 || queuedBytes > 0) ends.isWrong(`Left: ${callsInFlight} calls, ${queuedBytes} bytes`);
const { kinds, wrong } = ends;
for (const [kind, { begun, ...outcomes }] of Object.entries(kinds)) {
  const ended = Object.values(outcomes).reduce((sum, count) => sum + count, 0);
  if (ended !== begun && wrong.length === 0) ends.isWrong(`${begun} calls (${kind}) have ended ${ended} times`);
}
console.log(JSON.stringify({ kinds, wrong } satisfies ClientReport));
Deno.exit();
