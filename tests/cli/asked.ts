/**
 * The command in a place of its own, and peers that are busy.
 *
 * @module
 */
import { RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import { Program } from "../integration/processes.ts";

const MAIN = decodeURIComponent(new URL("../../src/cli/main.ts", import.meta.url).pathname);

/** How the command is started. */
export interface Asking {
  /** Flags of Deno. */
  flags?: readonly string[];
  /** A command that starts it, such as setpriv. */
  before?: readonly string[];
}

/** The words that run the command as a user would. */
export function commandOf(args: readonly string[], { flags = ["--allow-ffi"], before = [] }: Asking = {}): string[] {
  return [...before, Deno.execPath(), "run", "--no-lock", "--no-prompt", ...flags, MAIN, ...args];
}

/** Starts the command. */
export function ask(args: readonly (string | number)[], asking: Asking = {}): Program {
  const [command, ...rest] = commandOf(args.map(String), asking);
  return new Program(command!, rest);
}

/** Runs the command until it ends by itself. */
export async function run(args: readonly (string | number)[], asking: Asking = {}) {
  await using program = ask(args, asking);
  const { code, lines, errors } = await program.ended();
  return { code, lines, errors: errors.trim().split("\n").filter((line) => line !== "") };
}

/** A name that nobody else has. */
export function newName(): string {
  return `com.example.n${crypto.randomUUID()}`;
}

/** A peer that answers `add`, `fail`, and `wait` for as long as nobody gives up. */
export function openServer(name?: string, options: RPCPeerOptions = {}): RPCPeer {
  const server = new RPCPeer({ ...options, name });
  server.registerFunction((a: number, b: number) => a + b, "add");
  server.registerFunction(() => {
    throw new Error("the reason");
  }, "fail");
  server.runServerForever();
  return server;
}

/** Makes calls one after the other, of all kinds, until it is disposed of. */
export function keepCalling(client: RPCPeer, port: number): AsyncDisposable {
  let isOver = false;
  const calling = (async () => {
    while (!isOver) {
      await client.call(port, "add", [1, 2]);
      await client.call(port, "fail").catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  })();
  return {
    async [Symbol.asyncDispose]() {
      isOver = true;
      await calling;
    },
  };
}
