/**
 * An owner of groups and their members, on a network in memory.
 *
 * @module
 */
import { type Group, GroupGap, type Membership, RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import type { MemoryEar } from "../fakes/memory_groups.ts";
import { type MemoryLink, MemoryNetwork } from "../fakes/memory_network.ts";
import { troublesOf } from "../fakes/peers.ts";
import { settle, Stranger } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { type Body, bodyOf, outcomeOf, request, sentBy } from "./wire.ts";

/** Port of the owner. Readers have 200 and those that follow. */
export const OWNER = 100;
/** User of all who are nobody else. */
export const USER = 10;

/** How members differ. */
export interface ReaderOptions {
  /** Whether they may hear multicast groups. */
  hears?: boolean;
  /** How many bytes may wait for a loop. */
  maxQueuedBytes?: number;
  wait?: boolean;
  uid?: number;
}

/** Somebody who is a member, or wants to be. */
export interface Reader {
  readonly peer: RPCPeer;
  readonly link: MemoryLink;
  readonly messages: Membership;
  /** What goes wrong. */
  readonly troubles: string[];
  /** What it hears the multicast group with. */
  readonly ear: MemoryEar;
}

/** An owner of a group "news", and whoever joins it. */
export class Newspaper implements AsyncDisposable {
  readonly network = new MemoryNetwork();
  link: MemoryLink;
  owner: RPCPeer;
  news: Group;
  /** What goes wrong on the owner's side. */
  readonly troubles: string[];
  readonly #peers: RPCPeer[] = [];
  readonly #options: RPCPeerOptions;
  #lastPort = 199;

  constructor(options: RPCPeerOptions = {}, group?: Parameters<RPCPeer["group"]>[1]) {
    this.#options = options;
    ({ link: this.link, owner: this.owner } = this.#open());
    this.troubles = troublesOf(this.owner);
    this.news = this.owner.group("news", group);
  }

  /** Opens a peer. */
  open(port: number, options: RPCPeerOptions = {}, uid = USER): { peer: RPCPeer; link: MemoryLink } {
    const link = this.network.open(port, { uid, gid: 11 });
    const peer = new RPCPeer({ access: "anyone", trust: "anyone", ...options, link });
    this.#peers.push(peer);
    return { peer, link };
  }

  /** Somebody who is about to join the group. */
  reader({ hears = false, uid, ...options }: ReaderOptions = {}): Reader {
    const { peer, link } = this.open(++this.#lastPort, {}, uid);
    link.mayHear = hears;
    const troubles = troublesOf(peer);
    const { ears } = this.network.groups;
    return {
      peer,
      link,
      troubles,
      messages: peer.join(OWNER, "news", options),
      get ear() {
        return [...ears].find(({ port }) => port === link.port)!;
      },
    };
  }

  /** Readers that have joined. */
  async readers(count: number, options: ReaderOptions = {}): Promise<Reader[]> {
    const readers = Array.from({ length: count }, () => this.reader(options));
    await Promise.all(readers.map(({ messages }) => messages.joined));
    return readers;
  }

  /** One reader that has joined. */
  async joined(options: ReaderOptions = {}): Promise<Reader> {
    return (await this.readers(1, options))[0]!;
  }

  /** Somebody who sends whatever bytes they like. */
  stranger(port = 666, uid = USER): Stranger {
    return new Stranger(this.network.open(port, { uid, gid: 11 }));
  }

  /** The process of the owner ends, and another has its port. */
  restart(group?: Parameters<RPCPeer["group"]>[1]): void {
    this.link.kill();
    ({ link: this.link, owner: this.owner } = this.#open());
    this.news = this.owner.group("news", group);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#peers.map((peer) => peer.close()));
  }

  #open(): { link: MemoryLink; owner: RPCPeer } {
    const { link, peer: owner } = this.open(OWNER, this.#options);
    return { link, owner };
  }
}

/** Takes so many messages; a gap is its number of missing ones, in brackets, with an "r" where the owner was restarted. */
export async function take(messages: Membership, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  for (; count > 0; count--) {
    const { done, value } = await messages.next();
    taken.push(done ? "end" : value instanceof GroupGap ? `[${value.missed}${value.isRestart ? "r" : ""}]` : value);
  }
  return taken;
}

/** What a loop has got when nothing more comes. It goes on. */
export function collect(messages: Membership): unknown[] {
  const taken: unknown[] = [];
  (async () => {
    for (;;) {
      const [message] = await take(messages, 1);
      taken.push(message);
      if (message === "end") return;
    }
  })().catch((error) => taken.push(error.name));
  return taken;
}

/** Lets everything happen that needs no time. */
export async function quiet(): Promise<void> {
  await settled(5);
  await settle();
}

/** Welcomes a stranger: what it is told of the group. */
export async function welcomed(stranger: Stranger, group = "news"): Promise<{ stream: string; next: number }> {
  stranger.send(OWNER, request("hello", "rpc.join", { group }));
  return outcomeOf(await stranger.next()) as { stream: string; next: number };
}

/** The requests and notifications of groups among what a link has sent. */
export function groupTalk(link: MemoryLink, to?: number): Body[] {
  return sentBy(link, to).filter(({ method }) => ["rpc.join", "rpc.leave", "rpc.publish"].includes(method ?? ""));
}

/** What a stranger has received of a method. */
export function paramsOf(stranger: Stranger, method: string): unknown[] {
  return stranger.unread.map(bodyOf).filter((body) => body.method === method).map(({ params }) => params);
}
