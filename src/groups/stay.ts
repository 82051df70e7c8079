/**
 * One stay of a member in a group: from its welcome until it leaves, or the group ends.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import { JSONRPCError } from "../jsonrpc/errors.ts";
import type { Caller } from "../link/link.ts";
import type { Arrivals } from "./arrivals.ts";
import type { WatchedPort } from "./group_member.ts";
import type { JoinedStreams } from "./joined_streams.ts";
import { type Asking, GROUP_NOT_FOUND, type Resuming, type Welcome } from "./messages.ts";
import { Stream } from "./stream.ts";

/** The share of what may wait for it of which a member says that it has it. The owner stops at half of it. */
const ACKNOWLEDGED_SHARE = 1 / 8;

/** Who has answered, and what. */
export interface Answer {
  /** Who, in the kernel's words. */
  readonly caller: Caller;
  /** What, which may be anything. */
  readonly value: unknown;
}

/** Told of what goes wrong with a multicast group. */
export interface EarListener {
  /** Something was lost. */
  lost(): void;
  /** Nothing is heard any more. */
  failed(): void;
}

/** Hears a multicast group. */
export interface Ear {
  /** How much may wait there, in bytes, before some is lost. */
  readonly capacity: number;
  /** Hands on all that has been sent so far, now. */
  drain(): void;
  /** Hears it no longer. */
  close(): void;
}

/** What a member needs of its peer. */
export interface AttendanceHost {
  /** The streams that the peer is a member of. */
  readonly streams: JoinedStreams;
  /** Asks the owner of a group to join, or for messages. */
  ask(owner: number | string, params: Asking | Resuming, signal: AbortSignal): Promise<Answer>;
  /** Tells the owner of a stream that a member has all messages before a number. */
  acknowledge(port: number, stream: string, id: number, next: number): void;
  /** Tells the owner of a stream that a member leaves. */
  leave(port: number, stream: string, id: number): void;
  /** Watches whether the same peer still holds a port. */
  watch(caller: Pick<Caller, "port" | "uid">, gone: () => void): WatchedPort;
  /**
   * Hears a multicast group.
   *
   * @param group Its number.
   * @param from The only port that counts.
   * @param listener Told of what goes wrong.
   * @returns What hears it; undefined where this process may not.
   */
  hear(group: number, from: number, listener: EarListener): Ear | undefined;
}

/** Which membership it is. */
export interface StaySettings {
  /** The group. */
  readonly group: string;
  /** Which of the memberships of this peer it is. */
  readonly id: number;
}

/** Why it has ended: the owner has closed the group, or is gone; or the member has left. */
export type End = "closed" | "left" | PeerGoneError;

/** Code of the error with which a peer answers that is closing. */
export const PEER_CLOSED = -32000;

/** A stay in a group. */
export class Stay {
  readonly #host: AttendanceHost;
  readonly #settings: StaySettings;
  readonly #welcome: Welcome;
  readonly #stream: Stream;
  readonly #over = Promise.withResolvers<End>();
  #ear: Ear | undefined;
  #watched: WatchedPort | undefined;
  #signal: AbortSignal | undefined;

  /**
   * @param host The peer.
   * @param settings Which membership it is.
   * @param welcome What the owner has told; from `next` on messages are wanted.
   * @param uid User of the owner, in the kernel's words.
   * @param arrivals Takes the messages.
   */
  constructor(host: AttendanceHost, settings: StaySettings, welcome: Welcome, uid: number, arrivals: Arrivals) {
    this.#host = host;
    this.#settings = settings;
    this.#welcome = welcome;
    // Where it was not let in at all, nobody waits for that yet.
    this.#over.promise.catch(() => {});
    this.#stream = new Stream(welcome, uid, {
      arrivals,
      resume: (next) => this.#resume(next),
      drain: () => this.#ear?.drain(),
      acknowledge: (next) => {
        if (this.#ear !== undefined) this.#host.acknowledge(welcome.port, welcome.stream, this.#settings.id, next);
      },
      closed: () => this.#over.resolve("closed"),
    });
  }

  /** Number of the next message. */
  get next(): number {
    return this.#stream.next;
  }

  /**
   * Takes messages until the end.
   *
   * @param signal Aborts when the member leaves.
   * @param joined Told when the owner sends messages.
   * @returns Why it has ended.
   * @throws {Error} If the owner did not let the member in.
   */
  async run(signal: AbortSignal, joined: () => void): Promise<End> {
    const { streams } = this.#host;
    const stream = this.#stream;
    const { port, multicast } = this.#welcome;
    this.#signal = signal;
    // Now, and not when others have their turn: the peer may be closing.
    const left = () => {
      this.#watched?.close();
      this.#host.leave(port, stream.name, this.#settings.id);
      this.#over.resolve("left");
    };
    signal.addEventListener("abort", left);
    // From now on what comes is taken: the owner may send at once when it is told from where on.
    streams.add(stream);
    try {
      signal.throwIfAborted();
      this.#ear = this.#host.hear(multicast, port, {
        lost: () => stream.lost(),
        failed: () => {
          this.#ear = undefined;
          stream.lost();
        },
      });
      this.#watched = this.#host.watch(stream.owner, () => {
        this.#ear?.drain();
        this.#over.resolve(new PeerGoneError(port, "answering"));
      });
      await this.#resume(this.#welcome.next);
      stream.acknowledges((this.#ear?.capacity ?? Infinity) * ACKNOWLEDGED_SHARE);
      joined();
      return await this.#over.promise;
    } catch (error) {
      // It may be a member all the same, or become one: where the owner has taken longer than it was waited for.
      if (!signal.aborted) this.#host.leave(port, stream.name, this.#settings.id);
      throw error;
    } finally {
      signal.removeEventListener("abort", left);
      stream.end();
      this.#watched?.close();
      this.#ear?.close();
      streams.delete(stream);
    }
  }

  /** Tells the owner from which number on messages are wanted. */
  async #resume(next: number): Promise<void> {
    const { group, id } = this.#settings;
    const { port, stream } = this.#welcome;
    try {
      await this.#host.ask(port, { group, stream, id, next, hears: this.#ear?.capacity ?? 0 }, this.#signal!);
    } catch (error) {
      // Of a group that was closed and opened anew, the end may have passed by.
      if (error instanceof JSONRPCError && error.code === GROUP_NOT_FOUND) this.#over.resolve("closed");
      // What was lost it will never get: that must not be silent. Of an owner that ends its watch tells.
      else if (!isEnding(error)) this.#over.reject(error);
      throw error;
    }
  }
}

/** Tells whether an error says that the owner is gone, or is about to be. */
function isEnding(error: unknown): boolean {
  return error instanceof PeerGoneError || (error instanceof JSONRPCError && error.code === PEER_CLOSED);
}
