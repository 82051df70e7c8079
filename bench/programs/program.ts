/**
 * The program of every peer that runs in Deno: a server, or a client that measures on command. The same for all of them.
 *
 * Its arguments are `server SETTINGS` or `client ADDRESS SETTINGS`. It prints its address, or `ready`; then it answers each line
 * of stdin with a line of JSON, and ends with stdin.
 *
 * @module
 */
import type { Peer, PeerClient, PeerSettings } from "../peers/peer.ts";
import { Measurements } from "./measurements.ts";

/** What a process has in memory, in bytes. */
export interface MemoryFigures {
  /** All that is resident. */
  readonly resident: number;
  /** What JavaScript has in use: V8 keeps more than that. */
  readonly heap: number;
}

/**
 * Runs the program.
 *
 * @param peer The peer.
 * @returns Resolves at the end of stdin; then the process has ended.
 */
export async function runProgram(peer: Peer): Promise<void> {
  const [role, ...args] = Deno.args;
  const settings = JSON.parse(args.pop() ?? "{}") as PeerSettings;
  if (role === "server") {
    console.log(await peer.serve(settings));
    await answerCommands(() => ({}));
  } else {
    const connect = async (): Promise<PeerClient> => {
      const client = await peer.connect(args[0]!, settings);
      await client.call([1]);
      return client;
    };
    const clients = [await connect()];
    const measurements = new Measurements(clients);
    console.log("ready");
    await answerCommands(async (command, ...numbers) => {
      if (command !== "open") return await measurements.measure(command, numbers);
      while (clients.length < numbers[0]!) clients.push(await connect());
      return {};
    });
  }
}

/**
 * Answers the commands of stdin, and ends the process at its end.
 *
 * @param answer Carries out a command; `gc` and `memory` are carried out here.
 */
export async function answerCommands(
  answer: (command: string, ...numbers: number[]) => object | Promise<object>,
): Promise<never> {
  let rest = "";
  for await (const chunk of Deno.stdin.readable.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const [command, ...numbers] = line.split(" ");
      const result = command === "memory" ? memory() : await answer(command!, ...numbers.map(Number));
      console.log(JSON.stringify(result));
    }
  }
  Deno.exit();
}

/** What the process has in memory, in bytes, after a collection where V8 lets us ask for one. */
function memory(): MemoryFigures {
  (globalThis as { gc?: () => void }).gc?.();
  const { rss, heapUsed } = Deno.memoryUsage();
  return { resident: rss, heap: heapUsed };
}
