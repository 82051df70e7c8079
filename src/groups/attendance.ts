/**
 * The way of a member into a group, and back into it after the owner was restarted.
 *
 * @module
 */
import { CallTimeoutError, DecodeError, PeerGoneError } from "../errors.ts";
import { JSONRPCError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import type { Arrivals } from "./arrivals.ts";
import { GroupNotFoundError } from "./errors.ts";
import { FIRST_NUMBER, GROUP_NOT_FOUND, readWelcome, type Welcome } from "./messages.ts";
import { pause } from "./pause.ts";
import { type AttendanceHost, type End, PEER_CLOSED, Stay } from "./stay.ts";

/** Times between tries to join a group that is not there, in milliseconds: each is twice as long as the one before. */
const PAUSE_MILLISECONDS = { first: 10, longest: 200 } as const;

/** What is joined, and how. */
export interface AttendanceSettings {
  /** Port or name of the owner. */
  readonly owner: number | string;
  /** The group. */
  readonly group: string;
  /** Which of the memberships of this peer it is. */
  readonly id: number;
  /** Whether to wait for the owner and the group, and for their return. */
  readonly wait: boolean;
  /** Told once when it is over. */
  readonly ended: () => void;
}

/** Joins a group, and stays until it leaves. */
export class Attendance {
  readonly #host: AttendanceHost;
  readonly #settings: AttendanceSettings;
  readonly #arrivals: Arrivals;
  readonly #left = new AbortController();
  readonly #joined = Promise.withResolvers<void>();
  /** The stream that it was in last, and the number of the next message there. */
  #last: { readonly stream: string; readonly next: number } | undefined;

  /**
   * @param host The peer.
   * @param settings What is joined, and how.
   * @param arrivals Takes the messages.
   */
  constructor(host: AttendanceHost, settings: AttendanceSettings, arrivals: Arrivals) {
    this.#host = host;
    this.#settings = settings;
    this.#arrivals = arrivals;
    // Whoever does not ask for it learns it from the loop.
    this.#joined.promise.catch(() => {});
    this.#run();
  }

  /** Resolves when the group is joined for the first time. */
  get joined(): Promise<void> {
    return this.#joined.promise;
  }

  /**
   * Leaves.
   *
   * @param failure Makes the loops throw it, where there is one.
   */
  leave(failure?: { readonly reason: unknown }): void {
    if (this.#left.signal.aborted) return;
    this.#arrivals.end(failure);
    if (failure !== undefined) this.#joined.reject(failure.reason);
    this.#left.abort(new DOMException("The membership has ended", "AbortError"));
    this.#joined.reject(this.#left.signal.reason);
    this.#settings.ended();
  }

  /**
   * Leaves when a signal aborts.
   *
   * @param signal The signal, which has not yet.
   */
  endOn(signal: AbortSignal): void {
    signal.addEventListener("abort", () => this.leave({ reason: signal.reason }), { signal: this.#left.signal });
  }

  async #run(): Promise<void> {
    const { wait } = this.#settings;
    const { signal } = this.#left;
    try {
      for (let tries = 0; !signal.aborted; tries++) {
        const end = await this.#attend().catch((error) => this.#absence(error));
        if (signal.aborted) return;
        if (!wait) return this.leave(end === "closed" ? undefined : { reason: end });
        if (end !== "absent") tries = 0;
        await pause(Math.min(PAUSE_MILLISECONDS.longest, PAUSE_MILLISECONDS.first * 2 ** tries), signal);
      }
    } catch (reason) {
      this.leave({ reason });
    }
  }

  /** Joins, and stays until the end. */
  async #attend(): Promise<End> {
    const { owner, group } = this.#settings;
    const { value, caller } = await this.#host.ask(owner, { group }, this.#left.signal);
    const welcome = readWelcome(value);
    if (welcome === undefined) throw new DecodeError("The answer of the owner of the group cannot be read");
    const stay = new Stay(
      this.#host,
      this.#settings,
      { ...welcome, next: this.#begin(welcome) },
      caller.uid,
      this.#arrivals,
    );
    let isJoined = this.#last !== undefined;
    const joined = () => {
      isJoined = true;
      this.#joined.resolve();
    };
    try {
      return await stay.run(this.#left.signal, joined);
    } finally {
      // Whoever has never been in has missed nothing.
      if (isJoined) this.#last = { stream: welcome.stream, next: stay.next };
    }
  }

  /** Tells from which number on messages are wanted; where the owner was restarted, those that nobody has got are missing. */
  #begin({ stream, next }: Welcome): number {
    if (this.#last === undefined) return next;
    if (this.#last.stream === stream) return Math.min(this.#last.next, next);
    this.#arrivals.miss(next - FIRST_NUMBER, true);
    return next;
  }

  /** Tells whether the owner, or the group, is only not there. Throws what is worse. */
  #absence(error: unknown): "absent" {
    const { owner, group } = this.#settings;
    const isNotFound = error instanceof JSONRPCError && error.code === GROUP_NOT_FOUND;
    const reason = isNotFound ? new GroupNotFoundError(owner, group) : error;
    // An owner that has too much in hand was perhaps restarted, and all come back at once.
    const isAbsent = isNotFound || reason instanceof PeerGoneError || reason instanceof CallTimeoutError ||
      reason instanceof TooManyRequestsError || (error instanceof JSONRPCError && error.code === PEER_CLOSED);
    if (!this.#settings.wait || !isAbsent) throw reason;
    return "absent";
  }
}
