/**
 * What peers do, as the verb `top` shows it.
 *
 * @module
 */
import { type CallEvent, GroupGap } from "../../../mod.ts";
import { Latencies } from "../latencies.ts";

/** Whether a peer tells of its calls: not known yet, it does, it does not. */
export type Telling = "asked" | "told" | "silent";

/** What a peer has done in some time. */
export interface Line {
  /** Its port. */
  readonly port: number;
  /** Its user, in the words of the kernel; undefined where nobody could be asked. */
  readonly uid: number | undefined;
  /** Whether it tells of its calls. The figures are undefined where it does not. */
  readonly telling: Telling;
  /** Calls and notifications that it was done with, a second; those that were missed count too. */
  readonly callsPerSecond: number | undefined;
  /** Those of them that failed, a second. */
  readonly errorsPerSecond: number | undefined;
  /** Within how many milliseconds half of them were done; undefined where there were none. */
  readonly p50: number | undefined;
  /** Within how many milliseconds all but one of a hundred were done. */
  readonly p99: number | undefined;
  /** How many were in hand when the last one was done. */
  readonly inHand: number | undefined;
}

/** What one peer does. */
export class Figures {
  /** Its user. */
  readonly uid: number | undefined;
  /** Whether it tells of its calls. */
  telling: Telling = "asked";
  readonly #latencies = new Latencies();
  #calls = 0;
  #errors = 0;
  #inHand = 0;

  /**
   * @param uid Its user.
   */
  constructor(uid: number | undefined) {
    this.uid = uid;
  }

  /**
   * Counts a call.
   *
   * @param call The call, or how many are missing.
   */
  add(call: CallEvent | GroupGap): void {
    if (call instanceof GroupGap) {
      this.#calls += call.missed;
      return;
    }
    this.#calls++;
    if (call.error !== undefined) this.#errors++;
    this.#inHand = call.inHand;
    this.#latencies.add(call.duration);
  }

  /**
   * Tells what it has done since it was asked before.
   *
   * @param port Its port.
   * @param seconds How long that is.
   * @returns The figures.
   */
  take(port: number, seconds: number): Line {
    const isTold = this.telling === "told";
    const line = {
      port,
      uid: this.uid,
      telling: this.telling,
      callsPerSecond: isTold ? this.#calls / seconds : undefined,
      errorsPerSecond: isTold ? this.#errors / seconds : undefined,
      p50: this.#latencies.quantile(0.5),
      p99: this.#latencies.quantile(0.99),
      inHand: isTold ? this.#inHand : undefined,
    };
    this.#latencies.clear();
    this.#calls = this.#errors = 0;
    return line;
  }
}

/** The peers that are there. */
export class Board {
  readonly #peers = new Map<number, Figures>();

  /**
   * Adds a peer; one that held the port before is gone.
   *
   * @param port Its port.
   * @param uid Its user.
   * @returns Its figures.
   */
  add(port: number, uid: number | undefined): Figures {
    const figures = new Figures(uid);
    this.#peers.set(port, figures);
    return figures;
  }

  /**
   * Deletes a peer.
   *
   * @param port Its port.
   */
  delete(port: number): void {
    this.#peers.delete(port);
  }

  /**
   * Tells what all of them have done since they were asked before.
   *
   * @param seconds How long that is.
   * @returns The figures: the busiest first.
   */
  take(seconds: number): Line[] {
    const lines = [...this.#peers].map(([port, figures]) => figures.take(port, seconds));
    return lines.sort((a, b) => (b.callsPerSecond ?? -1) - (a.callsPerSecond ?? -1) || a.port - b.port);
  }
}
