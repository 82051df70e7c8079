/**
 * What a peer knows of others that come and go. Nothing of it exists until somebody watches.
 *
 * @module
 */
import { TooManyRequestsError } from "../jsonrpc/errors.ts";
import type { Link } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { isName } from "../naming/name.ts";
import { type CallerHooks, Callers } from "../watch/callers.ts";
import { Census } from "../watch/census.ts";
import type { WatchOptions } from "../watch/events.ts";
import type { GroupFeed } from "../watch/feed.ts";
import { type Answer, type PeerIdentity, Questions } from "../watch/questions.ts";
import { checkWatchOptions, PeerWatch, type Watch, type WatchHost } from "../watch/watch.ts";
import type { HeldLinks } from "./held_links.ts";
import { type Answerer, isIdentity } from "./identity.ts";

/** What watching needs of its peer. */
export interface WatchingParts {
  /** What carries the peer. */
  readonly link: Link;
  /** Held while somebody watches. */
  readonly links: HeldLinks;
  /** Who is told of callers. */
  readonly hooks: CallerHooks | undefined;
  /** Tells of the groups of other peers, where something does. */
  readonly groups: GroupFeed | undefined;
  /** Asks a port who holds it, until the signal aborts. */
  readonly identify: (port: number, signal: AbortSignal) => Promise<Answerer>;
  /** Tells whether it is sure that nobody holds a port. */
  readonly isGone: (port: number) => boolean;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;
}

/** The longest text that tells one peer from another, in characters; this project makes shorter ones. */
const LONGEST_INCARNATION = 256;

/** Names of a peer that are looked at, of those that it says it has: each costs a hash. */
const LOOKED_AT = 16;

/** The watches of a peer, and those who are told of its callers. */
export class Watching implements WatchHost {
  readonly census: Census;
  readonly questions: Questions;
  readonly groups: GroupFeed | undefined;
  /** Who has called, where somebody is told of it. */
  readonly callers: Callers | undefined;
  readonly #parts: WatchingParts;
  readonly #watches = new Set<PeerWatch>();

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: WatchingParts) {
    const { link, hooks, groups, identify, isGone, trouble } = parts;
    this.#parts = parts;
    this.groups = groups;
    const blinded = () =>
      trouble("refused", "The kernel does not tell which sockets there are: nobody is seen to come or go");
    this.census = new Census({ sockets: () => link.sockets?.(), isGone, blinded });
    this.questions = new Questions(async (port, signal) => answerOf(await identify(port, signal)));
    const host = { census: this.census, socketAt: (port: number) => link.socketAt?.(port), isGone, trouble };
    this.callers = hooks && new Callers(host, hooks);
  }

  /**
   * Begins a watch.
   *
   * @param options What it is about.
   * @returns The watch.
   * @throws {TypeError} If the link cannot tell which peers there are, or an option is of the wrong type.
   * @throws {RangeError} If a name cannot be one.
   */
  watch(options: WatchOptions): Watch {
    const filter = checkWatchOptions(options);
    if (!this.census.look()) throw new TypeError("This link cannot tell which peers there are");
    this.#parts.links.hold();
    const watch = new PeerWatch(this, filter);
    this.#watches.add(watch);
    return watch;
  }

  userOf(port: number): number | undefined {
    const lifeline = this.#parts.link.openLifeline?.(port, () => {});
    lifeline?.close();
    return lifeline?.uid;
  }

  tooMany(port: number): void {
    this.#parts.trouble("refused", "A peer has more groups and members than are watched", port);
  }

  ended(watch: PeerWatch): void {
    if (this.#watches.delete(watch)) this.#parts.links.release();
  }

  /**
   * Ends all watches.
   *
   * @param failure Why, where the peer was not meant to be closed.
   */
  close(failure: Error | undefined): void {
    this.callers?.close();
    for (const watch of [...this.#watches]) watch.close(failure);
  }
}

/** What an answer tells, as far as it may be believed to be one. */
function answerOf({ caller: { uid }, identity, refusal }: Answerer): Answer {
  return { uid, identity: identityOf(identity), isForNow: refusal instanceof TooManyRequestsError };
}

function identityOf(value: unknown): PeerIdentity | undefined {
  if (!isIdentity(value) || value.incarnation.length > LONGEST_INCARNATION) return undefined;
  const { incarnation, port, names } = value;
  const { name } = value as { name?: unknown };
  return {
    incarnation,
    port,
    // What cannot be a name is one that nobody has.
    name: name === undefined ? undefined : isName(name) ? name : "",
    names: names.slice(0, LOOKED_AT).filter(isName),
  };
}
