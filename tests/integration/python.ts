// Peers of ProcsLink 0.1 for Python, in processes of their own.
import { Program, reasonAgainst } from "./processes.ts";

// Handed over as text: another user may not be able to read the project.
const PROGRAM = ["-c", Deno.readTextFileSync(new URL("./programs/legacy_peer.py", import.meta.url))];

/** Why no such peer runs here, or undefined where one does. */
export const noPython: string | undefined = await reasonAgainst("no python3", "python3", "-c", "import socket, json");

/** The dialect of such a peer. */
export const LEGACY = { dialect: "procslink-0.1" } as const;

/** A request as it arrived. */
export interface PythonRequest {
  /** The whole datagram. */
  readonly bytes: Uint8Array;
  readonly body: { id?: number; method: string; params?: unknown; deadline?: number };
}

/** A server in Python. */
export class PythonServer implements AsyncDisposable {
  readonly port: number;
  readonly #program: Program;

  private constructor(program: Program, port: number) {
    this.#program = program;
    this.port = port;
  }

  static async start(port = 0): Promise<PythonServer> {
    const program = new Program("python3", [...PROGRAM, "serve", String(port)]);
    return new PythonServer(program, portOf(await program.line()));
  }

  /** Its process. */
  get pid(): number {
    return this.#program.pid;
  }

  /** Waits for its next line. */
  line(): Promise<string> {
    return this.#program.line();
  }

  /** Waits for the next request. */
  async request(): Promise<PythonRequest> {
    const line = await this.#program.lineWith("received ");
    const bytes = Uint8Array.fromHex(line.split(" ")[2]!);
    return { bytes, body: JSON.parse(new TextDecoder().decode(bytes.subarray(40))) };
  }

  kill(): Promise<void> {
    return this.#program.kill();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#program[Symbol.asyncDispose]();
  }
}

/** What a client in Python has seen of a call. */
export interface PythonOutcome {
  readonly result?: unknown;
  readonly error?: { code: number; message: string; data?: unknown };
  /** An exception that is no error of JSON-RPC: the call is broken. */
  readonly raised?: string;
}

/** Makes calls from Python, one after the other; fails where more arrives than their answers. */
export async function callFromPython(
  port: number,
  calls: readonly [method: string, params?: unknown][],
  before: readonly string[] = [],
): Promise<PythonOutcome[]> {
  const list = JSON.stringify(calls.map(([method, params = null]) => [method, params]));
  const lines = await run(before, "call", String(port), list);
  if (lines.pop() !== "nothing more") throw new Error("More has arrived than the answers");
  return lines.map((line) => JSON.parse(line));
}

/** Sends datagrams from Python; PORT in them stands for its own port. Returns the answers, and "none" where none came. */
export async function sendFromPython(port: number, ...datagrams: string[]): Promise<string[]> {
  return await run([], "send", String(port), ...datagrams);
}

async function run(before: readonly string[], ...args: string[]): Promise<string[]> {
  const [command, ...rest] = [...before, "python3", ...PROGRAM, ...args];
  await using program = new Program(command!, rest);
  const { code, lines, errors } = await program.ended();
  if (code !== 0) throw new Error(errors);
  portOf(lines.shift()!);
  return lines;
}

function portOf(line: string): number {
  return Number(line.match(/^port (\d+)$/)![1]);
}
