/**
 * What waits to be sent, for each destination that does not keep up.
 *
 * @module
 */
import { Backlog, type BacklogLimits, type BacklogOwner, TURN_MILLISECONDS } from "./backlog.ts";
import type { Link } from "./link.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Traffic } from "./traffic.ts";

/** All destinations together may have this many times as much waiting as one. */
const DESTINATIONS = 2;

/** The backlogs of a peer. */
export class Backlogs implements BacklogOwner {
  readonly link: Link;
  readonly limits: BacklogLimits;
  readonly outcomes: Outcomes;
  readonly traffic: Traffic;
  /** Told when nothing waits any more. */
  idle: () => void = () => {};
  readonly #backlogs = new Map<number, Backlog>();
  /** Those that have not begun to send. */
  readonly #fresh = new Set<Backlog>();
  /** Those that go on when the rest of the program has had its turn. */
  readonly #paused = new Set<Backlog>();
  #immediate: ReturnType<typeof setImmediate> | undefined;
  #queued = 0;

  /**
   * @param link What carries the datagrams.
   * @param limits How much may wait.
   * @param outcomes What became of messages, until it is told.
   * @param traffic Counts what is sent.
   */
  constructor(link: Link, limits: BacklogLimits, outcomes: Outcomes, traffic: Traffic) {
    this.link = link;
    this.limits = limits;
    this.outcomes = outcomes;
    this.traffic = traffic;
  }

  /**
   * Finds the backlog of a destination.
   *
   * @param to The destination.
   * @returns The backlog, or undefined where nothing waits for it.
   */
  get(to: number): Backlog | undefined {
    return this.#backlogs.size === 0 ? undefined : this.#backlogs.get(to);
  }

  /**
   * Finds the backlog of a destination, or begins one.
   *
   * @param to The destination.
   * @returns The backlog.
   * @throws {Error} If the link cannot be held.
   */
  open(to: number): Backlog {
    let backlog = this.#backlogs.get(to);
    if (backlog === undefined) {
      backlog = new Backlog(this, to);
      this.#backlogs.set(to, backlog);
      this.#fresh.add(backlog);
    }
    return backlog;
  }

  /** Whether nothing waits. */
  get isEmpty(): boolean {
    return this.#backlogs.size === 0;
  }

  /** What waits, in bytes. */
  get queuedBytes(): number {
    return this.#queued;
  }

  /** Has those begin to send that are new. */
  pump(): void {
    this.#takeTurn(this.#fresh);
  }

  /**
   * Ends all of them.
   *
   * @param error Why what is left is not sent.
   */
  close(error: Error): void {
    for (const backlog of [...this.#backlogs.values()]) backlog.close(error);
    clearImmediate(this.#immediate);
    this.#immediate = undefined;
  }

  pumpLater(backlog: Backlog): void {
    this.#paused.add(backlog);
    this.#immediate ??= setImmediate(() => {
      this.#immediate = undefined;
      this.#takeTurn(this.#paused);
      this.outcomes.tell();
    });
  }

  refuse(bytes: number, queued: number): { queued: number; maximum: number } | undefined {
    const maximum = DESTINATIONS * this.limits.maxQueuedBytes;
    if (this.#queued + bytes <= maximum || queued + bytes <= maximum / this.#backlogs.size) return undefined;
    return { queued: this.#queued, maximum };
  }

  count(bytes: number): void {
    this.#queued += bytes;
  }

  ended(backlog: Backlog): void {
    this.#backlogs.delete(backlog.to);
    this.#fresh.delete(backlog);
    this.#paused.delete(backlog);
    if (this.#backlogs.size === 0) this.idle();
  }

  /** Has backlogs send for as long as a turn is; those that it does not suffice for have the next one. */
  #takeTurn(backlogs: Set<Backlog>): void {
    if (backlogs.size === 0) return;
    const deadline = performance.now() + TURN_MILLISECONDS;
    const inTurn = [...backlogs];
    backlogs.clear();
    let reached = 0;
    for (; reached < inTurn.length && performance.now() <= deadline; reached++) inTurn[reached]!.pump(deadline);
    // Those that the turn did not suffice for come before those that have had theirs.
    const again = [...this.#paused];
    this.#paused.clear();
    for (const backlog of [...inTurn.slice(reached), ...again]) this.pumpLater(backlog);
  }
}
