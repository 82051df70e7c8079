/**
 * A network of sockets that a watch looks at, as a test has it.
 *
 * @module
 */
import { portOfName } from "../../src/naming/name.ts";
import type { ListedSocket } from "../../src/link/link.ts";
import { Census } from "../../src/watch/census.ts";
import type { Holding, LifecycleEvent, WatchOptions } from "../../src/watch/events.ts";
import type { GroupFeed, GroupSink } from "../../src/watch/feed.ts";
import { type Answer, Questions } from "../../src/watch/questions.ts";
import { checkWatchOptions, PeerWatch, type Watch } from "../../src/watch/watch.ts";
import { settled } from "../fakes/time.ts";

/** How a socket answers: with what, by a failure, or not at all. */
export type Reply = Answer | Error | undefined;

/** A question that was asked. */
export interface AskedQuestion {
  readonly port: number;
  readonly signal: AbortSignal;
  readonly outcome: PromiseWithResolvers<Answer>;
}

/** A feed of groups that a test speaks for. */
export class FakeFeed implements GroupFeed {
  /** Those who are told, by port. */
  readonly sinks = new Map<number, GroupSink>();
  /** Ports that are followed no longer. */
  readonly closed: number[] = [];

  follow(port: number, sink: GroupSink): { close(): void } {
    this.sinks.set(port, sink);
    return { close: () => void this.closed.push(port) };
  }

  /** Who is told of the groups of a port. */
  at(port: number): GroupSink {
    return this.sinks.get(port)!;
  }
}

/** The network, and those who watch it. */
export class World {
  readonly #sockets = new Map<number, ListedSocket>();
  readonly #replies = new Map<number, Reply>();
  /** Sockets that looks pass over. */
  readonly missed = new Set<number>();
  /** Whether looks tell anything. */
  canLook = true;
  /** How often it was said that looks tell nothing. */
  blinded = 0;
  /** How often somebody looked. */
  looks = 0;
  /** Ports that were probed. */
  readonly probed: number[] = [];
  /** Users in the words of lifelines. */
  readonly users = new Map<number, number>();
  readonly asked: AskedQuestion[] = [];
  readonly tooMany: number[] = [];
  readonly ended: PeerWatch[] = [];
  readonly feed: FakeFeed = new FakeFeed();
  readonly census: Census = new Census({
    sockets: () => {
      this.looks++;
      return this.canLook ? [...this.#sockets.values()].filter(({ port }) => !this.missed.has(port)) : undefined;
    },
    isGone: (port) => {
      this.probed.push(port);
      return !this.#sockets.has(port);
    },
    blinded: () => void this.blinded++,
  });
  readonly questions: Questions = new Questions((port, signal) => this.#ask(port, signal));
  #lastCookie = 0n;

  /** Opens a socket that answers so, or not at all. */
  open(port: number, reply: Reply, isPeer = true): void {
    this.#sockets.set(port, { port, cookie: ++this.#lastCookie, isPeer });
    this.reply(port, reply);
  }

  /** Opens the sockets of a peer with names. */
  peer(port: number, names: readonly string[] = [], uid = 10): void {
    const incarnation = `peer ${port}`;
    this.open(port, { uid, identity: { incarnation, port, name: undefined, names } });
    for (const name of names) this.name(port, name, uid);
  }

  /** Opens the socket of a name. */
  name(port: number, name: string, uid = 10): void {
    const identity = { incarnation: `peer ${port}`, port, name, names: [name] };
    this.open(portOfName(name), { uid, identity });
  }

  /** Has a socket answer so from now on; whoever has asked and waits is answered too. */
  reply(port: number, reply: Reply): void {
    this.#replies.set(port, reply);
    for (const asked of this.asked) if (asked.port === port && !asked.signal.aborted) this.#answer(asked, reply);
  }

  /** Closes sockets. */
  close(...ports: readonly number[]): void {
    for (const port of ports) this.#sockets.delete(port);
  }

  /** The socket that holds a port, as the kernel has it. */
  socketAt(port: number): bigint | null {
    return this.#sockets.get(port)?.cookie ?? null;
  }

  /** Begins a watch. */
  async watch(options: WatchOptions = {}, isFed = false): Promise<PeerWatch> {
    this.census.look();
    const { census, questions, feed, users } = this;
    const watch = new PeerWatch({
      ...{ census, questions, groups: isFed ? feed : undefined },
      userOf: (port) => users.get(port),
      tooMany: (port) => void this.tooMany.push(port),
      ended: (watch) => void this.ended.push(watch),
    }, checkWatchOptions(options));
    await settled();
    return watch;
  }

  #ask(port: number, signal: AbortSignal): Promise<Answer> {
    const asked = { port, signal, outcome: Promise.withResolvers<Answer>() };
    this.asked.push(asked);
    signal.addEventListener("abort", () => asked.outcome.reject(signal.reason));
    this.#answer(asked, this.#replies.get(port));
    return asked.outcome.promise;
  }

  #answer({ outcome }: AskedQuestion, reply: Reply): void {
    if (reply instanceof Error) outcome.reject(reply);
    else if (reply !== undefined) outcome.resolve(reply);
  }
}

/** Takes the events of a watch, and shows them as texts. */
export class Reader {
  readonly #watch: Watch;
  #next: Promise<IteratorResult<LifecycleEvent, undefined>> | undefined;

  constructor(watch: Watch) {
    this.#watch = watch;
  }

  /** Takes what waits; "end" is the end, and the message of an error that is thrown. */
  async read(): Promise<string[]> {
    const shown: string[] = [];
    for (;;) {
      this.#next ??= this.#watch.next();
      const step = await Promise.race([this.#next.catch((error: Error) => error.message), settled(3)]);
      if (step === undefined) return shown;
      this.#next = undefined;
      if (typeof step === "string") return [...shown, `throws ${step}`];
      if (step.done) return [...shown, "end"];
      shown.push(shownAs(step.value));
    }
  }
}

/** Shows an event: its type, group, name, port, user, and owner. */
export function shownAs(event: LifecycleEvent): string {
  if (event.type === "ready" || event.type === "restart") return event.type;
  const of = ({ name, port, uid }: Holding) => `${name ?? "-"} ${port} ${uid ?? "-"}`;
  const group = "group" in event ? `${event.group}: ` : "";
  return `${event.type} ${group}${of(event)}${"owner" in event ? ` of ${of(event.owner)}` : ""}`;
}
