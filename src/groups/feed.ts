/**
 * What a peer tells of its groups to whoever follows them: a group of its own.
 *
 * @module
 */
import { TooManyRequestsError } from "../jsonrpc/errors.ts";
import type { GroupChange, GroupSink, PresentGroup } from "../watch/feed.ts";
import { Arrivals } from "./arrivals.ts";
import { GroupGap } from "./group_gap.ts";
import { FEED_GROUP } from "./group_name.ts";
import { isPort, readWelcome } from "./messages.ts";
import { pause } from "./pause.ts";
import { type AttendanceHost, Stay } from "./stay.ts";

/** How many bytes of changes may wait. Nobody lets them wait. */
const MAX_QUEUED_BYTES = 4_194_304;

/** When a peer is asked again that has too much in hand, in milliseconds. */
const BUSY_MILLISECONDS = 200;

/** The types of changes. */
const CHANGES: readonly unknown[] = ["group-added", "group-removed", "member-joined", "member-left"];

/** What following needs of its peer. */
export type FeedHost = Pick<AttendanceHost, "streams" | "ask" | "acknowledge" | "leave">;

/** Follows the groups of one peer. */
export class Feed {
  readonly #host: AttendanceHost;
  readonly #port: number;
  readonly #id: number;
  readonly #sink: GroupSink;
  readonly #closed = new AbortController();

  /**
   * @param host The peer that follows.
   * @param port The port of the other one.
   * @param id Which of the memberships of this peer it is.
   * @param sink Told of the groups.
   */
  constructor(host: FeedHost, port: number, id: number, sink: GroupSink) {
    // Whoever follows knows by itself when the peer is gone. And changes are few: a socket of their own would be too much.
    const { streams } = host;
    this.#host = {
      streams,
      ask: (...asked) => host.ask(...asked),
      acknowledge: () => {},
      leave: (...left) => host.leave(...left),
      watch: () => ({ isCurrent: true, close() {} }),
      hear: () => undefined,
    };
    this.#port = port;
    this.#id = id;
    this.#sink = sink;
    this.#run();
  }

  /** Follows no longer. Nothing is told any more. */
  close(): void {
    this.#closed.abort(new DOMException("Nobody follows any more", "AbortError"));
  }

  async #run(): Promise<void> {
    const { signal } = this.#closed;
    while (!signal.aborted) {
      try {
        if (!await this.#follow()) break;
      } catch (error) {
        // It does not let this user, or does not know what is asked; or it has too much in hand just now.
        if (!(error instanceof TooManyRequestsError)) break;
        await pause(BUSY_MILLISECONDS, signal);
      }
    }
    if (!signal.aborted) this.#sink.ended();
  }

  /** Takes what is there, and changes until some are missing. Tells whether that is so. */
  async #follow(): Promise<boolean> {
    const { signal } = this.#closed;
    const { value, caller } = await this.#host.ask(this.#port, { group: FEED_GROUP }, signal);
    const welcome = readWelcome(value);
    const groups = readGroups(welcome?.present);
    if (welcome === undefined || groups === undefined || signal.aborted) return false;
    this.#sink.present(groups);
    const arrivals = new Arrivals(MAX_QUEUED_BYTES);
    const stop = new AbortController();
    const stay = new Stay(this.#host, { group: FEED_GROUP, id: this.#id }, welcome, caller.uid, arrivals);
    const staying = stay.run(AbortSignal.any([signal, stop.signal]), () => {}).then(
      () => arrivals.end(),
      (reason) => arrivals.end({ reason }),
    );
    try {
      return await this.#take(arrivals);
    } finally {
      stop.abort();
      await staying;
    }
  }

  async #take(arrivals: Arrivals): Promise<boolean> {
    for (;;) {
      const { done, value } = await arrivals.take();
      if (done || this.#closed.signal.aborted) return false;
      if (value instanceof GroupGap) return true;
      const change = readChange(value);
      if (change !== undefined) this.#sink.changed(change);
    }
  }
}

function readGroups(value: unknown): PresentGroup[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter(isPresentGroup).map(({ group, members }) => ({ group, members }));
}

function isPresentGroup(value: unknown): value is PresentGroup {
  const { group, members } = (value ?? {}) as Partial<Record<keyof PresentGroup, unknown>>;
  return typeof group === "string" && Array.isArray(members) && members.every(isPort);
}

function readChange(value: unknown): GroupChange | undefined {
  const { type, group, member } = (value ?? {}) as Partial<Record<keyof GroupChange, unknown>>;
  if (!CHANGES.includes(type) || typeof group !== "string") return undefined;
  if (member === undefined) return { type: type as GroupChange["type"], group };
  return isPort(member) ? { type: type as GroupChange["type"], group, member } : undefined;
}
