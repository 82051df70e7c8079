/**
 * The ports whose holders speak the legacy dialect.
 *
 * @module
 */
import { type Dialect, LEGACY, NATIVE } from "../wire/dialect.ts";
import type { Contacts } from "./contacts.ts";
import { LegacyLane } from "./legacy_lane.ts";

/** Lanes that are kept although nothing is on its way there; beyond, the oldest are forgotten. */
const KEPT_LANES = 256;

/** Ports that are remembered by how they have spoken; beyond, the oldest are forgotten. */
const REMEMBERED_PORTS = 1_024;

/**
 * Legacy peers that wait for an answer of this one, and those that are called from here.
 *
 * Who waits takes whatever arrives next for its answer. So nothing else is sent to it: no call, no cancellation, no probe.
 */
export class LegacyPorts {
  /** How many messages of each port are not answered yet. */
  readonly #waiting = new Map<number, number>();
  /** Ports that have called in the legacy dialect, and in no other since. */
  readonly #speaking = new Set<number>();
  readonly #lanes = new Map<number, LegacyLane>();

  /**
   * Notes that a port waits for an answer.
   *
   * @param port The port. Counts.
   */
  beginsToWait(port: number): void {
    this.#speaking.add(port);
    if (this.#speaking.size > REMEMBERED_PORTS) {
      const [oldest] = this.#speaking;
      this.#speaking.delete(oldest!);
    }
    this.#waiting.set(port, (this.#waiting.get(port) ?? 0) + 1);
  }

  /**
   * Notes that a port has its answer.
   *
   * @param port The port.
   */
  waitsNoLonger(port: number): void {
    const left = this.#waiting.get(port)! - 1;
    if (left > 0) return void this.#waiting.set(port, left);
    this.#waiting.delete(port);
    this.#lanes.get(port)?.nextLater();
  }

  /**
   * Notes that a port has called in the native dialect: somebody else may hold it by now.
   *
   * @param port The port.
   */
  spokeNative(port: number): void {
    if (this.#speaking.size > 0) this.#speaking.delete(port);
  }

  /**
   * Tells in which dialect a port has spoken itself.
   *
   * @param port The port.
   * @param contacts Who holds the ports that are called.
   * @returns The dialect. Where it has not, or somebody has the port by now who listens beside it as no legacy peer does, the native one.
   */
  dialectOf(port: number, contacts: Pick<Contacts, "at">): Dialect {
    if (this.#speaking.size === 0 || !this.#speaking.has(port)) return NATIVE;
    return contacts.at(port, LEGACY).lifeline === undefined ? LEGACY : NATIVE;
  }

  /**
   * Tells whether a port waits for an answer.
   *
   * @param port The port.
   * @returns Whether.
   */
  isWaiting(port: number): boolean {
    return this.#waiting.size > 0 && this.#waiting.has(port);
  }

  /**
   * Throws where a port waits for an answer.
   *
   * @param port The port.
   * @throws {TypeError} If it does.
   */
  assertNotWaiting(port: number): void {
    if (!this.isWaiting(port)) return;
    throw new TypeError(`Port ${port} speaks ${LEGACY}, and waits for an answer: call it in that dialect`);
  }

  /**
   * Finds what goes to a port.
   *
   * @param port The port.
   * @returns Its lane.
   */
  lane(port: number): LegacyLane {
    let lane = this.#lanes.get(port);
    if (lane === undefined) {
      if (this.#lanes.size >= KEPT_LANES) this.#forgetIdle();
      this.#lanes.set(port, lane = new LegacyLane(() => !this.isWaiting(port)));
    }
    return lane;
  }

  /**
   * Finds what has gone to a port, if that may still be answered.
   *
   * @param port The port.
   * @returns Its lane, or undefined.
   */
  known(port: number): LegacyLane | undefined {
    return this.#lanes.get(port);
  }

  /** Forgets where nothing is on its way. What may be answered there all the same is then an answer that nobody waits for. */
  #forgetIdle(): void {
    for (const [port, lane] of this.#lanes) if (lane.isIdle) this.#lanes.delete(port);
  }
}
