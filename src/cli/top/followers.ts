/**
 * Traces all peers that are there, for the verb `top`.
 *
 * @module
 */
import type { RPCPeer, Trace } from "../../../mod.ts";
import type { PeersListener } from "../peer_names.ts";
import type { Board, Figures } from "./board.ts";

/** Follows the calls of all peers that let it. */
export class Followers implements PeersListener, Disposable {
  readonly #peer: RPCPeer;
  readonly #board: Board;
  readonly #traces = new Map<number, Trace>();
  /** Those that have not said yet whether they tell. */
  readonly #asked = new Set<Promise<void>>();

  /**
   * @param peer The peer that looks.
   * @param board Where it is counted.
   */
  constructor(peer: RPCPeer, board: Board) {
    this.#peer = peer;
    this.#board = board;
  }

  added(port: number, uid: number | undefined): void {
    if (port === this.#peer.nlPid) return;
    this.removed(port);
    const figures = this.#board.add(port, uid);
    // Whoever it is: nothing is believed of what it tells but figures. One that is not read now may be later.
    const trace = this.#peer.trace(port, { trust: "anyone", timeout: Infinity });
    this.#traces.set(port, trace);
    const joined = trace.joined.then(() => void (figures.telling = "told"), () => void (figures.telling = "silent"));
    this.#asked.add(joined);
    joined.then(() => this.#asked.delete(joined));
    this.#count(trace, figures);
  }

  removed(port: number): void {
    this.#traces.get(port)?.[Symbol.dispose]();
    this.#traces.delete(port);
    this.#board.delete(port);
  }

  restarted(): void {
    for (const port of [...this.#traces.keys()]) this.removed(port);
  }

  /** Resolves when all who are there have said whether they tell of their calls; some never do. */
  async settled(): Promise<void> {
    await Promise.all(this.#asked);
  }

  /** Follows nobody any longer. */
  [Symbol.dispose](): void {
    this.restarted();
  }

  async #count(trace: Trace, figures: Figures): Promise<void> {
    try {
      for await (const call of trace) figures.add(call);
    } catch {
      // It does not let us, or has ended: the board says so.
    }
    figures.telling = "silent";
  }
}
