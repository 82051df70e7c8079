/**
 * The message groups of a peer, as a watch sees them.
 *
 * @module
 */
import type { Holding, LifecycleEvent } from "./events.ts";
import type { GroupChange, GroupFeed, GroupSink, PresentGroup } from "./feed.ts";

/** Groups and members of one peer that are kept at most. */
export const MOST_MEMBERS = 65_536;

/** Looks after which a member is told of that nothing is known of: one finds its socket, and the next comes when that is silent. */
const MOST_LOOKS = 2;

/** A member of a group. */
interface Member {
  readonly group: string;
  readonly port: number;
  /** Who it was told of as; undefined while it waits for that. */
  told: Holding | undefined;
  /** Looks for which it has waited. */
  looks: number;
}

/** What groups need of their watch. */
export interface GroupsHost {
  /** Whether a group is watched. */
  isWatched(group: string): boolean;
  /** Whether no more will be known of who holds a port. */
  isKnown(port: number): boolean;
  /** Tells who is known of a port. */
  memberAt(port: number): Holding;
  /** Tells an event. */
  tell(event: LifecycleEvent): void;
  /** All that is there has been told, or nothing will be. */
  settled(): void;
  /** A peer has more than is kept. */
  tooMany(port: number): void;
}

/** Compares what a peer tells of its groups with what was told before. */
export class Groups implements GroupSink {
  readonly #host: GroupsHost;
  readonly #owner: () => Holding;
  /** Members by group. */
  readonly #groups = new Map<string, Map<number, Member>>();
  /** Members that are told of when it is known who they are. */
  readonly #waiting = new Set<Member>();
  #size = 0;
  #following: { close(): void } | undefined;
  #isClosed = false;
  /** Whether the peer has told what is there, or will not. */
  #hasTold = false;
  /** Whether all that was there at first has been told, or nothing will be. */
  isSettled = false;

  /**
   * @param host The watch.
   * @param owner Who the peer is.
   */
  constructor(host: GroupsHost, owner: () => Holding) {
    this.#host = host;
    this.#owner = owner;
  }

  /**
   * Begins.
   *
   * @param feed What tells.
   * @param port Port of the peer.
   */
  follow(feed: GroupFeed, port: number): void {
    this.#following = feed.follow(port, this);
    if (this.#isClosed) this.#following.close();
  }

  present(groups: readonly PresentGroup[]): void {
    if (this.#isClosed) return;
    const there = new Map<string, Set<number>>();
    for (const { group, members } of groups) {
      if (this.#host.isWatched(group)) there.set(group, new Set(members));
    }
    for (const [group, members] of [...this.#groups]) {
      const left = there.get(group);
      if (left === undefined) this.#remove(group);
      else for (const member of [...members.keys()]) if (!left.has(member)) this.#leave(group, member);
    }
    for (const [group, members] of there) {
      this.#add(group);
      for (const member of members) this.#join(group, member);
    }
    this.#hasTold = true;
    this.#settle();
  }

  changed({ type, group, member }: GroupChange): void {
    if (this.#isClosed || !this.#host.isWatched(group)) return;
    if (type === "group-added") this.#add(group);
    else if (type === "group-removed") this.#remove(group);
    else if (member === undefined) return;
    else if (type === "member-left") this.#leave(group, member);
    else {
      this.#add(group);
      this.#join(group, member);
    }
  }

  ended(): void {
    if (this.#isClosed) return;
    this.clear();
    this.#hasTold = true;
    this.#settle();
  }

  /**
   * The socket of a member is gone. Its groups may learn it later.
   *
   * @param port Its port.
   */
  gone(port: number): void {
    for (const group of this.#groups.keys()) this.#leave(group, port);
  }

  /** More is known of who holds ports. */
  known(): void {
    for (const member of [...this.#waiting]) if (this.#host.isKnown(member.port)) this.#tellOf(member);
    this.#settle();
  }

  /** Somebody has looked which sockets there are: members that are not among them are not waited for any longer. */
  looked(): void {
    for (const member of [...this.#waiting]) if (++member.looks >= MOST_LOOKS) this.#tellOf(member);
    this.#settle();
  }

  /** All groups are gone. */
  clear(): void {
    for (const group of [...this.#groups.keys()]) this.#remove(group);
  }

  /** Tells nothing any more. */
  close(): void {
    this.#isClosed = true;
    this.#following?.close();
  }

  /**
   * Tells all that is there.
   *
   * @param tell Told each.
   */
  tellAll(tell: (event: LifecycleEvent) => void): void {
    const owner = this.#owner();
    for (const [group, members] of this.#groups) {
      tell({ type: "group-added", group, ...owner });
      for (const { told } of members.values()) if (told) tell({ type: "member-joined", group, ...told, owner });
    }
  }

  #add(group: string): void {
    if (this.#groups.has(group) || !this.#hasRoom()) return;
    this.#size++;
    this.#groups.set(group, new Map());
    this.#host.tell({ type: "group-added", group, ...this.#owner() });
  }

  #remove(group: string): void {
    const members = this.#groups.get(group);
    if (members === undefined) return;
    for (const member of [...members.keys()]) this.#leave(group, member);
    this.#size--;
    this.#groups.delete(group);
    this.#host.tell({ type: "group-removed", group, ...this.#owner() });
  }

  #join(group: string, port: number): void {
    const members = this.#groups.get(group);
    if (members === undefined || members.has(port) || !this.#hasRoom()) return;
    const member: Member = { group, port, told: undefined, looks: 0 };
    this.#size++;
    members.set(port, member);
    if (this.#host.isKnown(port)) this.#tellOf(member);
    else this.#waiting.add(member);
  }

  /** Tells that a member has joined, unless that was told. */
  #tellOf(member: Member): void {
    if (member.told !== undefined) return;
    this.#waiting.delete(member);
    const { group, port } = member;
    member.told = this.#host.memberAt(port);
    this.#host.tell({ type: "member-joined", group, ...member.told, owner: this.#owner() });
  }

  #leave(group: string, port: number): void {
    const members = this.#groups.get(group);
    const member = members?.get(port);
    if (member === undefined) return;
    this.#tellOf(member);
    this.#size--;
    members!.delete(port);
    // More may be known of it by now.
    const { name, uid } = this.#host.memberAt(port);
    const holding = { port, name: name ?? member.told!.name, uid: uid ?? member.told!.uid };
    this.#host.tell({ type: "member-left", group, ...holding, owner: this.#owner() });
  }

  /** Whether there is room for one more; else nothing of the peer is told any more. */
  #hasRoom(): boolean {
    if (this.#isClosed) return false;
    if (this.#size < MOST_MEMBERS) return true;
    this.close();
    this.clear();
    this.#host.tooMany(this.#owner().port);
    this.#hasTold = true;
    this.#settle();
    return false;
  }

  #settle(): void {
    if (this.isSettled || !this.#hasTold || this.#waiting.size > 0) return;
    this.isSettled = true;
    this.#host.settled();
  }
}
