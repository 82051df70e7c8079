/**
 * The owner's side of a group: its messages, and who gets them.
 *
 * @module
 */
import { PeerGoneError, ReceiverFullError } from "../errors.ts";
import { JSONRPCError } from "../jsonrpc/errors.ts";
import type { Delivery } from "../link/delivery.ts";
import type { SharedDatagram } from "../link/fan_out.ts";
import type { Caller } from "../link/link.ts";
import { type Timer, unrefTimer } from "../netlink/unref_timer.ts";
import { type Batch, Batches } from "./batch.ts";
import { GroupClosedError } from "./errors.ts";
import { GroupMember, type MemberHost } from "./group_member.ts";
import { encode, GroupLog } from "./log.ts";
import { type Acknowledging, GROUP_NOT_FOUND, publishText, type Resuming, type Welcome } from "./messages.ts";
import type { PublisherHost, PublisherSettings, WaitOptions } from "./publisher_host.ts";
import { Reach } from "./reach.ts";

/** How long a publication waits for a member that has no room, in milliseconds, and how many bytes give it one more. */
const GRACE = { milliseconds: 25, bytes: 16_384 } as const;
/** When a member that could not be sent anything is tried again, in milliseconds. */
const RETRY_MILLISECONDS = 50;
/** A multicast to one is nothing but a message that may be lost. */
const LEAST_HEARING = 2;

/** Nobody wants to know. */
const WHATEVER_BECOMES: Delivery = { delivered() {}, undelivered() {} };

/** Publishes messages to the members of a group. */
export class Publisher implements MemberHost {
  /** A text that no other group has, nor this one once it is opened anew. */
  readonly stream: string = crypto.randomUUID();
  readonly log: GroupLog;

  readonly #batches: Batches;
  readonly #host: PublisherHost;
  readonly #settings: PublisherSettings;
  /** By port and id. */
  readonly #members = new Map<string, GroupMember>();
  readonly #multicastGroup: number;
  readonly #multicastTo: PublisherHost["multicast"];
  /** Those whose outcome is not known yet, the oldest first. */
  #reaches: Reach[] = [];
  /** The one of this turn. */
  #turn: Reach | undefined;
  #retry: Timer | undefined;
  #isClosed = false;

  /**
   * @param host The peer.
   * @param settings How the group is opened.
   */
  constructor(host: PublisherHost, settings: PublisherSettings) {
    this.#host = host;
    this.#settings = settings;
    this.log = new GroupLog(settings.maxQueuedBytes);
    this.#batches = new Batches(this.log, host.prepare, host.bounds.datagram);
    if (!settings.isPrivate) this.#multicastTo = host.multicast;
    this.#multicastGroup = 1 + parseInt(this.stream.slice(0, 8), 16) % 32;
  }

  /** The members. */
  get members(): GroupMember[] {
    return [...this.#members.values()];
  }

  /** How many members there are. */
  get size(): number {
    return this.#members.size;
  }

  /** What somebody is told who asks for the group. */
  get welcome(): Welcome {
    const { port } = this.#host;
    const present = this.#settings.present?.();
    const welcome = { stream: this.stream, port, next: this.log.next, multicast: this.#multicastGroup };
    return present === undefined ? welcome : { ...welcome, present };
  }

  /**
   * Publishes a value at the end of this turn.
   *
   * @param value The value, as JSON text.
   * @returns How many members have it, once that is known of all that keep up.
   */
  publish(value: string): Promise<number> {
    this.#assertOpen();
    return this.#append(value).promise;
  }

  /**
   * Publishes a value, and waits until all members have taken it.
   *
   * @param value The value, as JSON text.
   * @param options How long to wait.
   * @returns How many have. Rejects with a {@linkcode ReceiverFullError} where one was too slow for it.
   */
  async publishSync(value: string, options: WaitOptions): Promise<number> {
    this.#assertOpen();
    const { members, log: { next: number } } = this;
    await this.#append(value).promise;
    const taken = await Promise.all(members.map((member) => this.#ask(member, number, options)));
    return taken.filter((taken) => taken).length;
  }

  /**
   * Tells whether somebody may be a member as far as numbers go.
   *
   * @param caller Who, in the kernel's words.
   * @param id Which of its memberships.
   * @param most How many there may be.
   * @returns Whether.
   */
  hasRoomFor({ port }: Caller, id: number, most: { readonly inAll: number; readonly ofOnePort: number }): boolean {
    if (this.#members.has(keyOf(port, id))) return true;
    const ofOnePort = this.members.filter(({ caller }) => caller.port === port).length;
    return this.size < most.inAll && ofOnePort < most.ofOnePort;
  }

  /**
   * Takes a member in, or notes from where on it wants messages.
   *
   * @param caller Who, in the kernel's words.
   * @param resuming What it wants.
   */
  admit(caller: Caller, { id, next, hears }: Resuming): void {
    const key = keyOf(caller.port, id);
    let member = this.#members.get(key);
    // The port may have changed hands since.
    if (member !== undefined && member.caller.uid !== caller.uid) {
      this.gone(member);
      member = undefined;
    }
    if (member === undefined) {
      member = new GroupMember(this, caller, id, (gone) => this.#host.watch(caller, gone));
      this.#members.set(key, member);
      this.#settings.changed("member-joined", caller);
    }
    member.resume(next, this.#multicastTo === undefined ? 0 : hears);
    member.pump();
  }

  /**
   * Notes that a member has messages.
   *
   * @param caller Who, in the kernel's words.
   * @param acknowledging Which.
   */
  acknowledge(caller: Caller, { id, next }: Acknowledging): void {
    const member = this.#members.get(keyOf(caller.port, id));
    if (member?.caller.uid !== caller.uid) return;
    member.acknowledge(next);
    this.changed(member);
  }

  /**
   * Lets a member go.
   *
   * @param caller Who, in the kernel's words.
   * @param id Which of its memberships.
   */
  leave(caller: Caller, id: number): void {
    const member = this.#members.get(keyOf(caller.port, id));
    if (member?.caller.uid === caller.uid) this.gone(member);
  }

  /** Resolves when all that was published has been sent to the members that keep up. */
  async settled(): Promise<void> {
    await Promise.all(
      [...this.#reaches, ...(this.#turn === undefined ? [] : [this.#turn])].map(({ promise }) => promise),
    );
  }

  /**
   * Ends the group: nobody waits any more.
   *
   * @returns Those who were members.
   */
  close(): GroupMember[] {
    if (this.#isClosed) return [];
    // What was published before is sent.
    this.#pump();
    this.#isClosed = true;
    clearTimeout(this.#retry);
    for (const reach of this.#reaches.splice(0)) reach.end();
    const { members } = this;
    for (const member of members) this.gone(member);
    return members;
  }

  batchAt(from: number): Batch {
    return this.#batches.at(from);
  }

  send(to: number, batch: Batch, delivery: Delivery): void {
    this.#host.send(to, batch, delivery);
  }

  skip(to: number, number: number): void {
    const { bytes } = encode(publishText(this.stream, number), this.#host.bounds);
    this.#host.send(to, { next: number, datagram: this.#host.prepare([bytes!]) }, WHATEVER_BECOMES);
  }

  changed(member: GroupMember): void {
    if (this.#reaches.length === 0) return;
    this.#reaches = this.#reaches.filter((reach) => !reach.decide(member));
  }

  gone(member: GroupMember): void {
    if (!this.#members.delete(keyOf(member.caller.port, member.id))) return member.close();
    member.close();
    member.isSlow = true;
    this.changed(member);
    this.#settings.changed("member-left", member.caller);
  }

  later(): void {
    // The group keeps the process running, where that is wanted.
    this.#retry ??= unrefTimer(() => {
      this.#retry = undefined;
      for (const member of this.#members.values()) member.retry();
    }, RETRY_MILLISECONDS);
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new GroupClosedError(this.#settings.name);
  }

  #append(value: string): Reach {
    const { log } = this;
    const message = encode(publishText(this.stream, log.next, value), this.#host.bounds);
    if (this.#turn === undefined) {
      this.#turn = new Reach(log.next);
      queueMicrotask(() => this.#pump());
    }
    log.append(message);
    this.#turn.add(message.size);
    return this.#turn;
  }

  /** Sends what was published in this turn. */
  #pump(): void {
    const turn = this.#turn;
    if (turn === undefined) return;
    this.#turn = undefined;
    turn.number = this.log.next - 1;
    // What was posted in this turn to members leaves before.
    this.#host.flush();
    this.#multicast(turn.first);
    for (const member of this.#members.values()) member.pump();
    this.#host.flush();
    this.#batches.clear();
    const { milliseconds, bytes } = GRACE;
    if (!turn.begin(this.#members.values(), milliseconds + turn.bytes / bytes)) this.#reaches.push(turn);
  }

  /** Sends what was published to all members at once that hear it, and have all that was before. */
  #multicast(first: number): void {
    const { log } = this;
    if (this.#multicastTo === undefined || first < log.first) return;
    const hearing = this.members.filter((member) => member.isHearing(first));
    if (hearing.length < LEAST_HEARING) return;
    const datagrams: SharedDatagram[] = [];
    for (let number = first; number < log.next;) {
      const { next, datagram } = this.#batches.at(number);
      // One that does not fit a datagram takes the other way, and so does what others would overtake.
      if (datagram === undefined) return;
      datagrams.push(datagram);
      number = next;
    }
    try {
      for (const datagram of datagrams) this.#multicastTo(this.#multicastGroup, datagram);
    } catch {
      return; // Each gets it in the other way; what it has twice, it passes over.
    }
    for (const member of hearing) member.reached(log.next);
  }

  /** Whether a member has taken a message; false also where it has left. */
  async #ask(member: GroupMember, number: number, options: WaitOptions): Promise<boolean> {
    const { port } = member.caller;
    let taken: unknown;
    try {
      taken = await this.#host.ask(port, this.stream, number, options);
    } catch (error) {
      if (this.#members.get(keyOf(port, member.id)) !== member || error instanceof PeerGoneError) return false;
      if (!(error instanceof JSONRPCError) || error.code !== GROUP_NOT_FOUND) throw error;
      // Its leaving was lost: there was no room for it.
      this.gone(member);
      return false;
    }
    if (taken === false) throw new ReceiverFullError(port, this.log.bytes, this.#settings.maxQueuedBytes);
    // Of two memberships of a peer one may have left, and the other has taken it.
    return taken === true && this.#members.get(keyOf(port, member.id)) === member;
  }
}

function keyOf(port: number, id: number): string {
  return `${port} ${id}`;
}
