/**
 * A server and its clients, each in a process of its own.
 *
 * @module
 */
import { type PeerName, PEERS } from "../peers/catalog.ts";
import type { PeerSettings } from "../peers/peer.ts";
import { ProgramHandle } from "./program_handle.ts";

/** Where processes run: a server and its clients on a core each, all on the same one, on either of two, or where the kernel likes. */
export type Placement = "two cores" | "one core" | "any of two cores" | "free";

/** The cores that processes are pinned to, as taskset takes them. */
export const CORES: Readonly<Record<Placement, { readonly server: string; readonly clients: string } | undefined>> = {
  // The kernel often puts two processes that talk on one core. Which of both it was would not be known.
  "two cores": { server: "0", clients: "1" },
  "one core": { server: "0", clients: "0" },
  "any of two cores": { server: "0,1", clients: "0,1" },
  "free": undefined,
};

/** For how long the floor looks for a message before it sleeps, in microseconds, where that does not take the core from the other. */
const FLOOR_LOOKS = 200;

/** How a pair is set up. */
export interface PairSettings extends PeerSettings {
  readonly placement?: Placement;
  /** How many processes of clients there are; one where nothing is said. */
  readonly clients?: number;
  /** Flags of V8 for its programs. */
  readonly v8Flags?: string;
}

/** A server and its clients. Disposing ends them. */
export class Pair implements AsyncDisposable {
  readonly #ending: AsyncDisposableStack;
  /** The server. */
  readonly server: ProgramHandle;
  /** Its address. */
  readonly address: string;
  /** The processes of clients. */
  readonly clients: readonly ProgramHandle[];

  private constructor(
    ending: AsyncDisposableStack,
    server: ProgramHandle,
    address: string,
    clients: readonly ProgramHandle[],
  ) {
    this.#ending = ending;
    this.server = server;
    this.address = address;
    this.clients = clients;
  }

  /**
   * Starts a server and its clients in Deno.
   *
   * @param peer The peer.
   * @param settings How it is set up.
   * @returns The pair, when every client has made a call.
   */
  static async start(peer: PeerName, settings: PairSettings): Promise<Pair> {
    const { folder, busyPoll } = settings;
    const ofPeer = JSON.stringify(busyPoll === undefined ? { folder } : { folder, busyPoll });
    const command = (...args: string[]) => [...denoCommand(peer, settings), ...args, ofPeer];
    return await Pair.#start(
      settings,
      (address) => address === undefined ? command("server") : command("client", address),
    );
  }

  /**
   * Starts the server and the client of the floor.
   *
   * @param path The compiled program.
   * @param bytes Sizes of its datagrams.
   * @param bytes.request Of a request.
   * @param bytes.answer Of an answer.
   * @param settings How it is set up.
   * @returns The pair.
   */
  static async startFloor(
    path: string,
    bytes: { readonly request: number; readonly answer: number },
    settings: PairSettings,
  ): Promise<Pair> {
    const look = String(settings.placement === "two cores" ? FLOOR_LOOKS : 0);
    return await Pair.#start(settings, (address) => {
      return address === undefined
        ? [path, "server", look, String(bytes.answer)]
        : [path, "client", look, address, String(bytes.request)];
    });
  }

  static async #start(
    { placement = "free", clients = 1 }: PairSettings,
    commandOf: (address?: string) => string[],
  ): Promise<Pair> {
    await using ending = new AsyncDisposableStack();
    const launch = (command: string[], cores: string | undefined) => {
      const [first, ...args] = [...pinned(cores), ...command];
      return ending.use(new ProgramHandle(first!, args));
    };
    const cores = CORES[placement];
    const server = launch(commandOf(), cores?.server);
    const address = await server.line();
    const programs = Array.from({ length: clients }, () => launch(commandOf(address), cores?.clients));
    await Promise.all(programs.map((program) => program.line()));
    return new Pair(ending.move(), server, address, programs);
  }

  /** Its first client. */
  get client(): ProgramHandle {
    return this.clients[0]!;
  }

  /** Ends the server and the clients. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#ending.disposeAsync();
  }
}

/** A process of many peers of ProcsLink. */
export class PeersProgram extends ProgramHandle {
  /**
   * Starts one.
   *
   * @param address Port of a server that its first peer calls.
   * @param placement Where that server runs, and where this process is a client.
   * @returns The process, when that has made a call.
   */
  static async start(address: string, placement: Placement): Promise<PeersProgram> {
    const program = new URL("../programs/many_peers.ts", import.meta.url).href;
    const flags = ["--no-lock", "--no-prompt", "--v8-flags=--expose-gc", ...PEERS.procslink.flags];
    await using ending = new AsyncDisposableStack();
    const command = [...pinned(CORES[placement]?.clients), Deno.execPath(), "run", ...flags, program, address];
    const started = ending.use(new PeersProgram(command[0]!, command.slice(1)));
    await started.line();
    ending.move();
    return started;
  }
}

/**
 * Makes the begin of a command that keeps another one on some cores.
 *
 * @param cores The cores, as taskset takes them; undefined where it may run on all.
 * @returns What goes before the other command.
 */
export function pinned(cores: string | undefined): string[] {
  return cores === undefined ? [] : ["taskset", "-c", cores];
}

function denoCommand(peer: PeerName, { v8Flags }: PairSettings): string[] {
  const program = new URL(`../peers/${peer}.ts`, import.meta.url).href;
  const flags = v8Flags === undefined ? PEERS[peer].flags : [`--v8-flags=${v8Flags}`, ...PEERS[peer].flags];
  return [Deno.execPath(), "run", "--no-lock", "--no-prompt", ...flags, program];
}
