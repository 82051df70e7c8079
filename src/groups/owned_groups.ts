/**
 * The groups that a peer owns.
 *
 * @module
 */
import { AccessDeniedError, InvalidParamsError, JSONRPCError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import { stringify } from "../jsonrpc/text.ts";
import type { Caller } from "../link/link.ts";
import type { GroupChange } from "../watch/feed.ts";
import { Group } from "./group.ts";
import { CALLS_GROUP, checkGroupName, DATAGRAMS_GROUP, FEED_GROUP } from "./group_name.ts";
import type { GroupMember } from "./group_member.ts";
import { GROUP_NOT_FOUND, readAcknowledging, readAsking, readLeaving } from "./messages.ts";
import { Publisher } from "./publisher.ts";
import type { PublisherHost, PublisherSettings } from "./publisher_host.ts";

/** What is kept for slow members where nothing else is said, in bytes. */
const DEFAULT_MAX_QUEUED_BYTES = 4_194_304;
/** Memberships of one group at most, and of one port in it. */
const MOST_MEMBERS = { inAll: 16_384, ofOnePort: 64 } as const;

/** Tells whether somebody may join. */
export type MayJoin = (caller: Caller) => boolean | Promise<boolean>;

/** How a group is opened. */
export interface OwnedGroupOptions {
  /** Who may join; whoever may call the peer where it is left out. */
  readonly mayJoin?: MayJoin | undefined;
  /** How many bytes are kept for members that are behind. */
  readonly maxQueuedBytes?: number | undefined;
}

/** What the groups of a peer need of it. */
export interface OwnedGroupsHost extends PublisherHost {
  /** Tells whether somebody may join where a group does not say. */
  readonly mayJoin: MayJoin;
  /** Reports who was not let in. */
  denied(reason: string, port: number): void;
  /** Tells a member that a group is closed, behind all that was sent to it. */
  farewell(to: number, stream: string, next: number): void;
  /** Something is open: it must be read. May throw. */
  hold(): void;
  /** One thing less is open. */
  release(): void;
  /**
   * Has calls told of, or not any more: while somebody wants to know. Left out where they never are.
   *
   * @param publish Publishes what is told, as JSON text; undefined where nobody wants to know any more.
   */
  readonly traced?: ((publish: ((text: string) => void) | undefined) => void) | undefined;
  /** The same of datagrams. They are not told to those who are told of them. */
  readonly tapped?:
    | ((listeners: { publish: (text: string) => void; ports: () => ReadonlySet<number> } | undefined) => void)
    | undefined;
}

/** Somebody of whom it is not yet known whether it may join. */
interface Joining {
  readonly caller: Caller;
  readonly stream: string;
  readonly id: number;
  /** Whether it does not want to any more. */
  hasLeft: boolean;
}

interface Owned {
  readonly group: Group;
  readonly publisher: Publisher;
  readonly mayJoin: MayJoin;
}

/** The groups of one peer. */
export class OwnedGroups {
  readonly #host: OwnedGroupsHost;
  readonly #groups = new Map<string, Owned>();
  readonly #joining = new Set<Joining>();
  /** Tells of all others; made when somebody first asks for it. */
  #feed: Publisher | undefined;
  /** Tells of calls; made when somebody first asks for it. */
  #calls: Publisher | undefined;
  /** Tells of datagrams, likewise. */
  #datagrams: Publisher | undefined;

  /**
   * @param host The peer.
   */
  constructor(host: OwnedGroupsHost) {
    this.#host = host;
  }

  /**
   * Opens a group, or finds the one that is open.
   *
   * @param name Its name.
   * @param options How it is opened.
   * @returns The group.
   * @throws {TypeError} If the name is not a string, or options are given for a group that is open.
   * @throws {RangeError} If it cannot be a name.
   */
  open(name: string, options: OwnedGroupOptions | undefined): Group {
    const open = this.#groups.get(checkGroupName(name));
    if (open !== undefined) {
      if (options === undefined) return open.group;
      throw new TypeError(`The group ${JSON.stringify(name)} is open: its options were given when it was opened`);
    }
    const { mayJoin = this.#host.mayJoin, maxQueuedBytes = DEFAULT_MAX_QUEUED_BYTES } = options ?? {};
    this.#host.hold();
    const changed: PublisherSettings["changed"] = (type, { port }) => this.#tell({ type, group: name, member: port });
    const publisher = new Publisher(this.#host, { name, maxQueuedBytes, changed });
    const group = new Group(name, publisher, () => this.#close(name, publisher));
    this.#groups.set(name, { group, publisher, mayJoin });
    this.#tell({ type: "group-added", group: name });
    return group;
  }

  /**
   * Answers who asks for a group, or says from where on it wants messages.
   *
   * @param caller Who, in the kernel's words.
   * @param params What it asks for, which may be anything.
   * @returns What it is told.
   * @throws {JSONRPCError} If it may not, or there is no such group.
   */
  async join(caller: Caller, params: unknown): Promise<object> {
    const asking = readAsking(params);
    if (asking === undefined) throw new InvalidParamsError("Expected { group }, or { group, stream, id, next, hears }");
    if (!("stream" in asking)) {
      await this.#assertMayJoin(caller, asking.group);
      return this.#publisherOf(asking.group).welcome;
    }
    const joining = { caller, stream: asking.stream, id: asking.id, hasLeft: false };
    this.#joining.add(joining);
    try {
      await this.#assertMayJoin(caller, asking.group);
    } finally {
      this.#joining.delete(joining);
    }
    const publisher = this.#publisherOf(asking.group);
    if (asking.stream !== publisher.stream || joining.hasLeft) throw notFound(asking.group);
    if (!publisher.hasRoomFor(caller, asking.id, MOST_MEMBERS)) {
      throw new TooManyRequestsError(
        `A group has at most ${MOST_MEMBERS.inAll} members, ${MOST_MEMBERS.ofOnePort} of a peer`,
      );
    }
    publisher.admit(caller, asking);
    return { next: publisher.log.next };
  }

  /**
   * Notes that a member has messages.
   *
   * @param caller Who, in the kernel's words.
   * @param params Which, which may be anything.
   * @returns Whether it is about a group of this peer.
   */
  acknowledge(caller: Caller, params: unknown): boolean {
    const acknowledging = readAcknowledging(params);
    if (acknowledging === undefined) return false;
    for (const publisher of this.#publishers()) {
      if (publisher.stream !== acknowledging.stream) continue;
      publisher.acknowledge(caller, acknowledging);
      return true;
    }
    return false;
  }

  /**
   * Lets a member go.
   *
   * @param caller Who, in the kernel's words.
   * @param params What it leaves, which may be anything.
   */
  leave(caller: Caller, params: unknown): void {
    const leaving = readLeaving(params);
    if (leaving?.id === undefined) return;
    for (const publisher of this.#publishers()) {
      if (publisher.stream === leaving.stream) publisher.leave(caller, leaving.id);
    }
    for (const joining of this.#joining) {
      const isSame = joining.caller.port === caller.port && joining.caller.uid === caller.uid;
      if (isSame && joining.stream === leaving.stream && joining.id === leaving.id) joining.hasLeft = true;
    }
  }

  /** Closes all of them. */
  close(): void {
    for (const [name, { publisher }] of [...this.#groups]) this.#close(name, publisher);
    for (const own of this.#own()) this.#dismiss(own, own.close());
  }

  async #assertMayJoin(caller: Caller, group: string): Promise<void> {
    const mayJoin = this.#groups.get(group)?.mayJoin ?? this.#host.mayJoin;
    const answer = mayJoin(caller);
    if (answer === true || (answer !== false && await this.#whileHeld(caller, group, answer))) return;
    const reason = `User ${caller.uid} may not join ${JSON.stringify(group.slice(0, 100))}`;
    this.#host.denied(reason, caller.port);
    throw new AccessDeniedError(reason);
  }

  /** Waits for an answer about somebody. By then another may hold the port, of whom nothing was asked. */
  async #whileHeld(caller: Caller, group: string, answer: Promise<boolean>): Promise<boolean> {
    const watched = this.#host.watch(caller, () => {});
    try {
      const mayJoin = await answer;
      if (!watched.isCurrent) throw notFound(group);
      return mayJoin;
    } finally {
      watched.close();
    }
  }

  *#publishers(): Iterable<Publisher> {
    for (const { publisher } of this.#groups.values()) yield publisher;
    yield* this.#own();
  }

  /** What the peer tells of itself. */
  #own(): Publisher[] {
    return [this.#feed, this.#calls, this.#datagrams].filter((publisher) => publisher !== undefined);
  }

  #publisherOf(group: string): Publisher {
    const publisher = this.#ownOf(group) ?? this.#groups.get(group)?.publisher;
    if (publisher === undefined) throw notFound(group);
    return publisher;
  }

  #ownOf(group: string): Publisher | undefined {
    if (group === FEED_GROUP) return this.#feed ??= this.#openFeed();
    if (group === CALLS_GROUP) return this.#calls ??= this.#openCalls();
    return group === DATAGRAMS_GROUP ? this.#datagrams ??= this.#openDatagrams() : undefined;
  }

  #openDatagrams(): Publisher | undefined {
    const { tapped } = this.#host;
    if (tapped === undefined) return undefined;
    let ports: ReadonlySet<number> = new Set();
    const listeners = { publish: (text: string) => void publisher.publish(text), ports: () => ports };
    const publisher = new Publisher(this.#host, {
      name: DATAGRAMS_GROUP,
      isPrivate: true,
      maxQueuedBytes: DEFAULT_MAX_QUEUED_BYTES,
      changed: () => {
        ports = new Set(portsOf(publisher.members));
        tapped(publisher.size > 0 ? listeners : undefined);
      },
    });
    return publisher;
  }

  #openCalls(): Publisher | undefined {
    const { traced } = this.#host;
    if (traced === undefined) return undefined;
    const publish = (text: string) => void publisher.publish(text);
    const publisher = new Publisher(this.#host, {
      name: CALLS_GROUP,
      isPrivate: true,
      maxQueuedBytes: DEFAULT_MAX_QUEUED_BYTES,
      changed: () => traced(publisher.size > 0 ? publish : undefined),
    });
    return publisher;
  }

  #openFeed(): Publisher {
    return new Publisher(this.#host, {
      name: FEED_GROUP,
      isPrivate: true,
      maxQueuedBytes: DEFAULT_MAX_QUEUED_BYTES,
      changed() {},
      present: () =>
        [...this.#groups].map(([group, { publisher }]) => ({ group, members: portsOf(publisher.members) })),
    });
  }

  #close(name: string, publisher: Publisher): void {
    if (this.#groups.get(name)?.publisher !== publisher) return;
    const members = publisher.close();
    this.#groups.delete(name);
    this.#dismiss(publisher, members);
    this.#tell({ type: "group-removed", group: name });
    this.#host.release();
  }

  #dismiss({ stream, log }: Publisher, members: readonly GroupMember[]): void {
    for (const port of new Set(portsOf(members))) this.#host.farewell(port, stream, log.next);
  }

  /** Tells those who follow the groups of this peer; most often nobody does. */
  #tell(change: GroupChange): void {
    if (this.#feed !== undefined && this.#feed.size > 0) this.#feed.publish(stringify(change));
  }
}

function portsOf(members: readonly GroupMember[]): number[] {
  return members.map(({ caller }) => caller.port);
}

function notFound(group: string): JSONRPCError {
  return new JSONRPCError(
    GROUP_NOT_FOUND,
    "Group not found",
    `There is no group ${JSON.stringify(group.slice(0, 100))}`,
  );
}
