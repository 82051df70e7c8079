// A client with neighbours. Arguments: port of the server, milliseconds, its own port, seed. Prints "ready" when it has warmed
// up, begins at SIGUSR2, calls in all ways, and prints its figures as JSON.
import { RPCPeer } from "../../../mod.ts";
import { type Latencies, summary } from "../latencies.ts";
import { Random } from "../random.ts";
import type { Neighbour } from "./server.ts";

/** What became of the calls of one kind. */
export interface CallFigures extends Latencies {
  /** Calls without an answer, and with a wrong one. */
  readonly lost: number;
  readonly wrong: number;
  /** Why the first one had no answer. */
  readonly error?: string | undefined;
}

/** What the program prints at the end. */
export interface ClientFigures {
  /** Calls one after the other, many at a time, synchronous ones, and those of peers that have not called before. */
  readonly single: CallFigures;
  readonly many: CallFigures;
  readonly sync: CallFigures;
  readonly newcomers: CallFigures;
  /** What the server says of itself before the flood and at its end. */
  readonly before: ServerReport;
  readonly after: ServerReport;
}

type ServerReport = Awaited<ReturnType<Neighbour["report"]>>;

const OPTIONS = { timeout: 10_000 };
const AT_A_TIME = 64;
const WARM_UP_CALLS = 10_000;
/** So many of one kind are made in any case, and no more after so many were lost: each takes its whole timeout. */
const LEAST_CALLS = 20;
const LOST_CALLS = 3;

const [port, milliseconds, ownPort, seed] = Deno.args.map(Number) as [number, number, number, number];
await using peer = new RPCPeer({ ...OPTIONS, port: ownPort });
const server = peer.talkTo<Neighbour>(port);
const random = new Random(seed);

/** Makes calls until the time is over, so many at a time. What they need is made before: only the call itself counts. */
async function exercise(atATime: number, end: () => boolean, next = nextCall): Promise<CallFigures> {
  const latencies: number[] = [];
  let [lost, wrong] = [0, 0];
  let error: string | undefined;
  const callOn = async () => {
    while (lost < LOST_CALLS && (latencies.length < LEAST_CALLS || !end())) {
      const call = next();
      const begun = performance.now();
      try {
        if (!await call()) wrong++;
        latencies.push(performance.now() - begun);
      } catch (reason) {
        error ??= String(reason);
        lost++;
      }
    }
  };
  await Promise.all(Array.from({ length: atATime }, callOn));
  return { ...summary(latencies), lost, wrong, error };
}

/** Prepares a call, which tells whether its answer is right. */
function nextCall(): () => Promise<boolean> {
  if (random.below(4) === 0) {
    const [a, b] = [random.below(1_000), random.below(1_000)];
    return async () => await server.add(a, b) === a + b;
  }
  const value = { id: random.below(2 ** 31), text: random.text(random.below(20) === 0 ? 8_000 : 200) };
  return async () => {
    const echo = await server.echo(value) as typeof value;
    return echo.id === value.id && echo.text === value.text;
  };
}

/** A call that has the whole process wait. */
function nextSync(): () => Promise<boolean> {
  return () => Promise.resolve(peer.callSync(port, "add", [1, 2]) === 3);
}

/** A call of a peer that has not called before. */
function nextNewcomer(): () => Promise<boolean> {
  return async () => {
    await using newcomer = new RPCPeer(OPTIONS);
    return await newcomer.talkTo<Neighbour>(port).add(1, 2) === 3;
  };
}

async function warmUp(): Promise<void> {
  let calls = WARM_UP_CALLS;
  await exercise(AT_A_TIME, () => --calls < 0);
}

await warmUp();
const before = await server.report() as ServerReport;
await warmUp(); // The report has made the server smaller than it is while it is in use.
const begins = new Promise<void>((resolve) => Deno.addSignalListener("SIGUSR2", resolve));
// It must be read also while it has nothing to await: its neighbours send to it as well.
peer.runServerForever();
console.log("ready");
await begins;
const half = () => {
  const end = performance.now() + milliseconds / 2;
  return () => performance.now() > end;
};
const single = await exercise(1, half());
const many = await exercise(AT_A_TIME, half());
const sync = await exercise(1, () => true, nextSync);
const newcomers = await exercise(1, () => true, nextNewcomer);
const after = await server.report() as ServerReport;
console.log(JSON.stringify({ single, many, sync, newcomers, before, after } satisfies ClientFigures));
Deno.exit();
