// Calls to a server that lives, on a machine that has much else to do: none may be told that it is gone.
import { Program, start } from "../integration/processes.ts";
import type { CallerFigures } from "./programs/caller.ts";

const CALLERS = 2;
const BUSY_LOOPS = 2;
const BUSY_LOOP = "while :; do :; done";

/** How calls are made. */
export interface AlarmOptions {
  /** How many, of all callers together. */
  readonly calls: number;
  /** For how long they go on in any case, in milliseconds. */
  readonly milliseconds: number;
  /** Netlink sockets that are open beside. */
  readonly sockets: number;
  /** What the texts are made from. */
  readonly seed: number;
}

/** Makes calls under load; returns what became of them. */
export async function callUnderLoad({ calls, milliseconds, sockets, seed }: AlarmOptions): Promise<CallerFigures> {
  await using ending = new AsyncDisposableStack();
  const crowd = ending.use(start(programUrl("crowd"), [sockets]));
  await crowd.lineWith(`open ${sockets}`);
  const server = ending.use(start(programUrl("server"), [0]));
  const port = Number(await server.line());
  for (let loop = 0; loop < BUSY_LOOPS; loop++) ending.use(new Program("sh", ["-c", BUSY_LOOP]));
  const callers = Array.from(
    { length: CALLERS },
    (_, index) => ending.use(start(programUrl("caller"), [port, calls / CALLERS, milliseconds, seed + index])),
  );
  const figures: CallerFigures[] = [];
  for (const caller of callers) figures.push(JSON.parse(await caller.line()));
  return figures.reduce(sum);
}

function sum(a: CallerFigures, b: CallerFigures): CallerFigures {
  const errors: Record<string, number> = { ...a.errors };
  for (const [error, count] of Object.entries(b.errors)) errors[error] = (errors[error] ?? 0) + count;
  return { answered: a.answered + b.answered, wrong: a.wrong + b.wrong, errors };
}

function programUrl(name: string): string {
  return new URL(`./programs/${name}.ts`, import.meta.url).href;
}
