// Makes calls, many at a time, and some of them with its whole thread. Arguments: port of the server, number of calls, for how many
// milliseconds it goes on in any case, seed. Prints what became of them as JSON.
import { RPCPeer } from "../../../mod.ts";
import { Random } from "../../hostile/random.ts";
import type { Doomed } from "./server.ts";

/** What became of the calls. */
export interface CallerFigures {
  readonly answered: number;
  /** Answers that were not the right ones. */
  readonly wrong: number;
  /** How many ended with an error, by what it says. */
  readonly errors: Readonly<Record<string, number>>;
}

const AT_A_TIME = 64;
/** One call of so many has the whole thread wait. */
const SYNC = 50;
/** While such a call waits for so long, in milliseconds, it looks whether the other side is there. */
const LONG_SYNC = 250;

const [port, calls, milliseconds, seed] = Deno.args.map(Number) as [number, number, number, number];
const random = new Random(seed);
// However little this process has of the machine: the calls must not time out.
await using peer = new RPCPeer({ timeout: 300_000 });
const server = peer.talkTo<Doomed>(port);
const end = performance.now() + milliseconds;
let [begun, answered, wrong] = [0, 0, 0];
const errors: Record<string, number> = {};

/** Has a call made, and counts how it ends. */
async function count<Value>(value: Value, make: () => Value | Promise<Value>): Promise<void> {
  begun++;
  try {
    if (await make() === value) answered++;
    else wrong++;
  } catch (error) {
    errors[String(error)] = (errors[String(error)] ?? 0) + 1;
  }
}

async function callOn(): Promise<void> {
  while (begun < calls || performance.now() < end) {
    const text = random.text(200);
    if (random.below(SYNC) === 0) await count(text, () => peer.callSync<string>(port, "echo", [text]));
    else await count(text, () => server.echo(text));
  }
}

// They wait all the while, and those that wait are looked for.
const long = Array.from({ length: AT_A_TIME }, () => count(milliseconds, () => server.later(milliseconds)));
await count(LONG_SYNC, () => peer.callSync<number>(port, "later", [LONG_SYNC]));
await Promise.all(Array.from({ length: AT_A_TIME }, callOn));
await count(LONG_SYNC, () => peer.callSync<number>(port, "later", [LONG_SYNC]));
await Promise.all(long);
console.log(JSON.stringify({ answered, wrong, errors } satisfies CallerFigures));
