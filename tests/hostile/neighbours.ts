// Hostile neighbours: a server, a client of its own user, and two processes of another user that send all they can.
import { randomPort, start } from "../integration/processes.ts";
import type { FloodFigures, FloodProgram } from "./flood_program.ts";
import type { ClientFigures } from "./programs/client.ts";

/** Who may call: everybody, or only the server's own user. */
export type Access = "anyone" | "same-user";

/** What the neighbours do. */
export interface Neighbours {
  /** What each of them sends, a mode of flood.c, and to whom: the server where nothing else is said. */
  readonly floods: readonly { readonly mode: string; readonly joined?: number; readonly to?: "client" | "nobody" }[];
  /** Who may call the server. */
  readonly access: Access;
  /** How many times as long calls may take beside them: what they send is let in, or one of it fills the kernel's queue. */
  readonly patience?: number;
  /** How much of what they send the server may keep, in bytes, where that is more than a little. */
  readonly mayKeep?: number;
}

/** As a peer joins messages, and as much as a socket may send at once where nobody has lowered that. */
const [LARGE, HUGE] = [65_536, 8_388_000];

/** One that sends message by message, and one that joins them. */
function both(mode: string, access: Access = "anyone"): Neighbours {
  return { floods: [{ mode }, { mode, joined: LARGE }], access };
}

/** What neighbours cost that only keep the processors busy. */
export const CONTROL = "elsewhere";

/** All kinds of neighbours, and none. */
export const NEIGHBOURS: Readonly<Record<string, Neighbours>> = {
  none: { floods: [], access: "anyone" },
  [CONTROL]: { floods: Array(2).fill({ mode: "requests", to: "nobody" }), access: "anyone" },
  noise: both("noise"),
  requests: both("requests"),
  refused: both("requests", "same-user"),
  fragments: both("fragments"),
  batches: both("batches"),
  notifications: { ...both("notifications"), patience: 6 },
  responses: {
    floods: [{ mode: "responses", joined: LARGE }, { mode: "responses", to: "client" }],
    access: "anyone",
  },
  deep: both("deep"),
  huge: {
    floods: [{ mode: "batches", joined: HUGE }, { mode: "requests", joined: HUGE }],
    access: "anyone",
    patience: 6,
  },
  connect: both("connect"),
};

/** What came of a run. */
export interface Figures {
  readonly client: ClientFigures;
  readonly floods: readonly FloodFigures[];
  /** How much more the server uses at the end of the flood, in bytes. */
  readonly kept: number;
  /** By how much its process has grown at most, in bytes, with what is not yet collected. */
  readonly peak: number;
}

/** How a run is made. */
export interface RunOptions {
  /** How long the client makes calls, in milliseconds. */
  readonly milliseconds: number;
  /** What the client's payloads are made from. */
  readonly seed: number;
}

/** Starts all of them, has the client make its calls under the flood, and ends all of them. */
export async function run(
  program: FloodProgram,
  { floods, access }: Neighbours,
  { milliseconds, seed }: RunOptions,
): Promise<Figures> {
  await using ending = new AsyncDisposableStack();
  const flags = ["--allow-ffi", "--v8-flags=--expose-gc"];
  const server = ending.use(start(programUrl("server"), [JSON.stringify({ access })], { flags }));
  const port = Number(await server.line());
  const clientPort = randomPort();
  const client = ending.use(start(programUrl("client"), [port, milliseconds, clientPort, seed]));
  await client.lineWith("ready");
  const peakBefore = await beginPeak(server.pid);
  const ports = { server: port, client: clientPort, nobody: randomPort() };
  const running = floods.map(({ mode, joined, to }) => ending.use(program.start(ports[to ?? "server"], mode, joined)));
  await Promise.all(running.map((flood) => flood.on()));
  client.signal("SIGUSR2");
  const figures: ClientFigures = JSON.parse(await client.line());
  return {
    client: figures,
    floods: await Promise.all(running.map((flood) => flood.end())),
    kept: figures.after.used - figures.before.used,
    peak: await peak(server.pid) - peakBefore,
  };
}

function programUrl(name: string): string {
  return new URL(`./programs/${name}.ts`, import.meta.url).href;
}

/** Has the kernel forget how large a process has been; returns how large it is. */
async function beginPeak(pid: number): Promise<number> {
  await shell(`echo 5 > /proc/${pid}/clear_refs`);
  return await peak(pid);
}

/** How large a process has been in memory at most, in bytes. */
async function peak(pid: number): Promise<number> {
  const [, kibibytes] = (await shell(`grep VmHWM /proc/${pid}/status`)).match(/(\d+) kB/) ?? [];
  return Number(kibibytes) * 1_024;
}

async function shell(command: string): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("sh", { args: ["-c", command] }).output();
  if (!success) throw new Error(`${command}: ${new TextDecoder().decode(stderr)}`);
  return new TextDecoder().decode(stdout);
}
