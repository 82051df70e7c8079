// A client with neighbours. Arguments: port of the server, milliseconds, its own port, seed. Prints "ready" when it has warmed
// up, begins at SIGUSR2, calls one after the other and then many at a time, and prints its figures as JSON.
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
  readonly single: CallFigures;
  readonly many: CallFigures;
  /** What the server says of itself before the flood and at its end. */
  readonly before: ServerReport;
  readonly after: ServerReport;
}

type ServerReport = Awaited<ReturnType<Neighbour["report"]>>;

const AT_A_TIME = 64;
const WARM_UP_CALLS = 20_000;
/** So many of one kind are made in any case, and no more after so many were lost: each takes its whole timeout. */
const LEAST_CALLS = 20;
const LOST_CALLS = 3;

const [port, milliseconds, ownPort, seed] = Deno.args.map(Number) as [number, number, number, number];
await using peer = new RPCPeer({ port: ownPort, timeout: 10_000 });
const server = peer.talkTo<Neighbour>(port);
const random = new Random(seed);

/** Makes calls until the time is over, so many at a time. */
async function exercise(atATime: number, end: () => boolean): Promise<CallFigures> {
  const latencies: number[] = [];
  let [lost, wrong] = [0, 0];
  let error: string | undefined;
  const callOn = async () => {
    while (lost < LOST_CALLS && (latencies.length < LEAST_CALLS || !end())) {
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

/** Makes one call; tells whether its answer is right. */
async function call(): Promise<boolean> {
  if (random.below(4) === 0) {
    const [a, b] = [random.below(1_000), random.below(1_000)];
    return await server.add(a, b) === a + b;
  }
  const value = { id: random.below(2 ** 31), text: random.text(random.below(20) === 0 ? 8_000 : 200) };
  const echo = await server.echo(value) as typeof value;
  return echo.id === value.id && echo.text === value.text;
}

let warmUp = WARM_UP_CALLS;
await exercise(AT_A_TIME, () => --warmUp < 0);
const before = await server.report() as ServerReport;
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
const after = await server.report() as ServerReport;
console.log(JSON.stringify({ single, many, before, after } satisfies ClientFigures));
Deno.exit();
