/**
 * Contenders that are measured in turns: A B C A B C.
 *
 * @module
 */
import { type ContenderName, type PeerName, PEERS, TITLES } from "../peers/catalog.ts";
import type { Bench } from "./bench.ts";
import { Pair, type Placement } from "./pair.ts";

/** How often a peer is started that does not answer. */
const STARTS = 2;

/** The size of a request and of an answer of ProcsLink, in bytes: its headers, and JSON. */
export const FLOOR_BYTES = {
  request: 40 + '{"jsonrpc":"2.0","id":12345,"method":"echo","params":[12345]}'.length,
  answer: 40 + '{"jsonrpc":"2.0","id":12345,"result":12345}'.length,
} as const;

/** Pairs that are measured in turns. Disposing ends them. */
export class Contest implements AsyncDisposable {
  readonly #bench: Bench;
  readonly #section: string;
  readonly #placement: Placement;
  readonly #pairs = new Map<ContenderName, Pair>();

  /**
   * @param bench The run.
   * @param section The part of the benchmark.
   * @param placement Where the processes run.
   */
  constructor(bench: Bench, section: string, placement: Placement) {
    this.#bench = bench;
    this.#section = section;
    this.#placement = placement;
  }

  /**
   * Starts a peer. One of the others that cannot be started is left out.
   *
   * @param name The peer.
   */
  async add(name: PeerName): Promise<void> {
    this.#bench.step(`${this.#section}, ${this.#placement}: ${TITLES[name]} starts`);
    const reason = PEERS[name].notOn?.[this.#placement];
    if (reason !== undefined) return this.#leaveOut(name, reason);
    for (let start = 1;; start++) {
      try {
        const { folder } = this.#bench;
        this.#pairs.set(name, await Pair.start(name, { folder, placement: this.#placement }));
        return;
      } catch (error) {
        if (name === "procslink") throw error;
        if (start === STARTS || this.#bench.plan.quick) return this.#leaveOut(name, firstLine(error));
      }
    }
  }

  /** Starts the floor, where it was compiled. */
  async addFloor(): Promise<void> {
    const { floor, folder } = this.#bench;
    if (floor === undefined) return;
    this.#pairs.set("floor", await Pair.startFloor(floor, FLOOR_BYTES, { folder, placement: this.#placement }));
  }

  /**
   * Lets each contender do something, one after the other. One of the others that fails is left out from then on.
   *
   * @param what What it is, for the progress.
   * @param turn What is done.
   */
  async each(what: string, turn: (name: ContenderName, pair: Pair) => Promise<void>): Promise<void> {
    for (const [name, pair] of this.#pairs) {
      this.#bench.step(`${this.#section}, ${this.#placement}, ${what}: ${TITLES[name]}`);
      try {
        await turn(name, pair);
      } catch (error) {
        if (name === "procslink") throw error;
        this.#leaveOut(name, firstLine(error));
        this.#pairs.delete(name);
        await pair[Symbol.asyncDispose]();
      }
    }
  }

  /** Ends all of them. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#pairs.values()].map((pair) => pair[Symbol.asyncDispose]()));
  }

  #leaveOut(name: ContenderName, reason: string): void {
    this.#bench.results.leaveOut(this.#section, `${TITLES[name]}, ${this.#placement}`, reason);
  }
}

function firstLine(error: unknown): string {
  const { message } = error as Error;
  // The command is of no use in a table.
  return message.split("\n")[0]!.replace(/: .*/, "");
}
