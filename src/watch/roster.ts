/**
 * Who is there, as one watch sees it.
 *
 * @module
 */
import type { ListedSocket } from "../link/link.ts";
import { portOfName } from "../naming/name.ts";
import { inRootContext } from "../netlink/root_context.ts";
import { type Timer, unrefTimer } from "../netlink/unref_timer.ts";
import type { Census, CensusChange, CensusSink } from "./census.ts";
import type { Holding, LifecycleEvent } from "./events.ts";
import type { GroupFeed } from "./feed.ts";
import { Groups, type GroupsHost } from "./groups.ts";
import type { Answer, Questions } from "./questions.ts";
import { Resident } from "./resident.ts";

/** For how long the mark waits for the groups that are there, in milliseconds. */
export const FEED_MILLISECONDS = 250;

/** What a roster needs of its peer. */
export interface RosterHost {
  /** Which sockets there are. */
  readonly census: Census;
  /** Asks them. */
  readonly questions: Questions;
  /** Tells of their groups, where something does. */
  readonly groups: GroupFeed | undefined;
  /** Tells which user holds a port, without asking there; undefined where that cannot be told. */
  userOf(port: number): number | undefined;
  /** Reports that a peer has more groups and members than are kept. */
  tooMany(port: number): void;
}

/** What is watched; all, where it is undefined. */
export interface Filter {
  /** Names. */
  readonly names: ReadonlySet<string> | undefined;
  /** Groups. */
  readonly groups: ReadonlySet<string> | undefined;
}

/** Keeps who is there, and tells what changes. */
export class Roster implements CensusSink, GroupsHost {
  readonly #host: RosterHost;
  readonly #filter: Filter;
  readonly #ports: ReadonlySet<number> | undefined;
  readonly #told: (event: LifecycleEvent) => void;
  readonly #residents = new Map<number, Resident>();
  /** Those who have answered, or are silent, and wait for others before they are told of. */
  readonly #untold = new Set<Resident>();
  /** Those whose groups are followed. */
  readonly #followed = new Set<Resident>();
  /** Those who are waited for before the mark; none after it. */
  #first: Set<Resident> | undefined = new Set();
  #feedTimer: Timer | undefined;
  #isFeedTimeOver = false;

  /**
   * @param host The peer.
   * @param filter What is watched.
   * @param told Told of each event.
   */
  constructor(host: RosterHost, filter: Filter, told: (event: LifecycleEvent) => void) {
    this.#host = host;
    this.#filter = filter;
    this.#told = told;
    this.#ports = filter.names && new Set([...filter.names].map(portOfName));
  }

  /** Begins with who is there now. */
  start(): void {
    const { census } = this.#host;
    for (const socket of census.sockets) this.#arrived(socket, true);
    census.add(this);
    this.#feedTimer = inRootContext(() => unrefTimer(this.#feedTimeOver, FEED_MILLISECONDS));
    this.#tellUntold();
  }

  looked({ left, arrived }: CensusChange): void {
    this.#leave(left.flatMap(({ port }) => this.#residents.get(port) ?? []));
    for (const socket of arrived) this.#arrived(socket, false);
    this.#tellUntold();
    for (const { groups } of this.#followed) groups!.looked();
  }

  /**
   * Tells all that is known to be there.
   *
   * @returns The events, and the mark where that has been told.
   */
  all(): LifecycleEvent[] {
    const events: LifecycleEvent[] = [];
    const tell = (event: LifecycleEvent) => void events.push(event);
    const residents = [...this.#residents.values()];
    for (const { told, holding } of residents) if (told === "peer") tell({ type: "peer-added", ...holding });
    for (const { told, name, port, uid } of residents) {
      if (told === "name") tell({ type: "name-added", name: name!, port, uid });
    }
    for (const { groups } of residents) groups?.tellAll(tell);
    if (this.#first === undefined) tell({ type: "ready" });
    return events;
  }

  /** Asks nobody, and tells nothing any more. */
  close(): void {
    clearTimeout(this.#feedTimer);
    this.#host.census.delete(this);
    // Backwards: whose turn to be asked has not come must not be asked now.
    for (const resident of [...this.#residents.values()].reverse()) resident.close();
  }

  isWatched(group: string): boolean {
    return this.#filter.groups?.has(group) ?? true;
  }

  isKnown(port: number): boolean {
    const resident = this.#residents.get(port);
    if (resident !== undefined) return resident.isSettled && !this.#untold.has(resident);
    // Who was not asked for is not asked; nor is who is no peer.
    return this.#ports !== undefined || this.#host.census.at(port) !== undefined;
  }

  memberAt(port: number): Holding {
    const resident = this.#residents.get(port);
    if (resident?.told !== undefined) return resident.holding;
    return { name: undefined, port, uid: resident?.answer?.uid ?? this.#host.userOf(port) };
  }

  tell(event: LifecycleEvent): void {
    this.#told(event);
  }

  settled(): void {
    this.#markIfReady();
  }

  tooMany(port: number): void {
    this.#host.tooMany(port);
  }

  #arrived(socket: ListedSocket, isFirst: boolean): void {
    if (socket.isPeer && this.#isWanted(socket.port)) this.#ask(socket, isFirst);
  }

  /** Whether a port is one of those that were asked for, or the own port of a peer that has one of them. */
  #isWanted(port: number): boolean {
    if (this.#ports === undefined || this.#ports.has(port)) return true;
    return [...this.#residents.values()].some(({ identity, ownName }) => {
      return identity?.port === port && ownName !== undefined;
    });
  }

  #ask(socket: ListedSocket, isFirst: boolean): void {
    const resident = new Resident(socket);
    this.#residents.set(socket.port, resident);
    if (isFirst) this.#first?.add(resident);
    resident.question = this.#host.questions.ask(socket.port, {
      answered: (answer) => this.#answered(resident, answer),
      silent: () => {
        resident.isSettled = true;
        this.#untold.add(resident);
        this.#tellUntold();
      },
    });
  }

  #answered(resident: Resident, answer: Answer): void {
    resident.answered(answer);
    this.#untold.add(resident);
    // Of those who were not asked for, the own ports of peers that have a name which was.
    const { identity, ownName } = resident;
    if (this.#ports !== undefined && identity !== undefined && ownName !== undefined) {
      const owner = this.#host.census.at(identity.port);
      const known = this.#residents.get(identity.port);
      if (known === undefined && owner?.isPeer) this.#ask(owner, this.#first?.has(resident) ?? false);
      if (known?.isSettled && known.told === undefined) this.#untold.add(known);
    }
    this.#tellUntold();
  }

  /** Those who are gone: first members, groups and names, then peers. */
  #leave(gone: readonly Resident[]): void {
    for (const { groups } of this.#followed) for (const { port } of gone) groups!.gone(port);
    for (const { groups } of gone) groups?.clear();
    for (const resident of gone) {
      this.#residents.delete(resident.port);
      this.#untold.delete(resident);
      this.#followed.delete(resident);
      this.#first?.delete(resident);
      resident.close();
    }
    for (const resident of gone) {
      if (resident.told !== "name") continue;
      const { name, port, uid } = resident;
      this.#told({ type: "name-removed", name: name!, port, uid });
      const owner = this.#ownerOf(resident);
      if (owner?.name === name) owner!.name = this.#nameOf(owner!);
    }
    for (const { told, holding } of gone) if (told === "peer") this.#told({ type: "peer-removed", ...holding });
  }

  /** Tells of those who need to wait for others no longer. */
  #tellUntold(): void {
    const before = this.#untold.size;
    for (let isOneTold = true; isOneTold;) {
      isOneTold = false;
      for (const resident of this.#untold) {
        if (!this.#canTell(resident)) continue;
        this.#untold.delete(resident);
        this.#first?.delete(resident);
        this.#tellOf(resident);
        isOneTold = true;
      }
    }
    if (this.#untold.size < before) { for (const { groups } of this.#followed) groups!.known(); }
    this.#markIfReady();
  }

  /** A peer comes before its names, and knows which of those are its. */
  #canTell({ identity, claims, claimsName }: Resident): boolean {
    if (identity === undefined) return true;
    if (!claimsName) return claims.every((name) => this.#residents.get(portOfName(name))?.isSettled ?? true);
    const owner = this.#residents.get(identity.port);
    return owner === undefined || (owner.isSettled && (!this.#untold.has(owner) || owner.claimsName));
  }

  #tellOf(resident: Resident): void {
    const { answer, claimsName, identity, isNamed, ownName, port } = resident;
    const { names } = this.#filter;
    if (answer !== undefined) resident.uid = answer.uid;
    if (claimsName) {
      // Who says to have a name that its port does not stand for has none.
      if (ownName === undefined || (names !== undefined && !names.has(ownName)) || resident.told !== undefined) return;
      resident.told = "name";
      resident.name = ownName;
      this.#told({ type: "name-added", name: ownName, port, uid: answer!.uid });
      const owner = this.#ownerOf(resident);
      if (owner !== undefined) owner.name ??= ownName;
      return;
    }
    if (resident.told === undefined) {
      // The port of a name may be somebody's own; who does not say so is most likely a name's.
      if (identity === undefined && isNamed) return;
      const watched = names && this.#watchedNameOf(resident);
      if (names !== undefined && watched === undefined) return;
      resident.told = "peer";
      resident.uid ??= this.#host.userOf(port);
      resident.name = this.#nameOf(resident) ?? watched;
      this.#told({ type: "peer-added", ...resident.holding });
    }
    if (identity === undefined) return;
    resident.name ??= this.#nameOf(resident);
    this.#follow(resident);
  }

  /** The first of the names that are watched which a peer has, as both say. */
  #watchedNameOf(owner: Resident): string | undefined {
    return this.#residents.values().find(({ ownName, identity, answer }) => {
      return ownName !== undefined && this.#filter.names!.has(ownName) && identity!.port === owner.port &&
        owner.isSame({ answer, identity });
    })?.ownName;
  }

  /** The first of the names that a peer says it has, and nobody else does. */
  #nameOf(owner: Resident): string | undefined {
    return owner.claims.find((name) => {
      const port = portOfName(name);
      const resident = this.#residents.get(port);
      if (resident !== undefined) return resident.ownName === name && resident.isSame(owner);
      return this.#host.census.at(port) === undefined;
    });
  }

  /** The peer that has a name, where both say so. */
  #ownerOf(named: Resident): Resident | undefined {
    const owner = named.identity && this.#residents.get(named.identity.port);
    return owner?.told === "peer" && owner.isSame(named) ? owner : undefined;
  }

  #follow(resident: Resident): void {
    const feed = this.#host.groups;
    if (feed === undefined || this.#filter.groups?.size === 0) return;
    resident.groups = new Groups(this, () => resident.holding);
    this.#followed.add(resident);
    resident.groups.follow(feed, resident.port);
  }

  readonly #feedTimeOver = (): void => {
    this.#isFeedTimeOver = true;
    this.#markIfReady();
  };

  #markIfReady(): void {
    if (this.#first === undefined || this.#first.size > 0) return;
    if (!this.#isFeedTimeOver && ![...this.#followed].every(({ groups }) => groups!.isSettled)) return;
    this.#first = undefined;
    clearTimeout(this.#feedTimer);
    this.#told({ type: "ready" });
  }
}
