/**
 * What groups need of a peer: those that it owns, and those of others that it is a member of.
 *
 * @module
 */
import { type PeerClosedError, ReceiverFullError } from "../errors.ts";
import type { Batch } from "../groups/batch.ts";
import { Arrivals } from "../groups/arrivals.ts";
import { Attendance } from "../groups/attendance.ts";
import { Feed } from "../groups/feed.ts";
import type { Group } from "../groups/group.ts";
import { JoinedStreams } from "../groups/joined_streams.ts";
import type { Membership } from "../groups/membership.ts";
import { JOIN_METHOD, LEAVE_METHOD, PUBLISH_METHOD } from "../groups/messages.ts";
import { type OwnedGroupOptions, OwnedGroups, type OwnedGroupsHost } from "../groups/owned_groups.ts";
import type { AttendanceHost, Ear, EarListener } from "../groups/stay.ts";
import { encodeRequest } from "../jsonrpc/encode.ts";
import type { Delivery } from "../link/delivery.ts";
import type { GroupEar } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import type { GroupSink } from "../watch/feed.ts";
import { NATIVE } from "../wire/dialect.ts";
import type { Access, AccessRule } from "./access.ts";
import type { CallOptions } from "./options.ts";
import { runOutsideOfCalls } from "./current_call.ts";
import { randomId } from "./isolate.ts";
import type { Parts } from "./parts.ts";
import { PortWatch } from "./port_watch.ts";
import type { Target } from "./target.ts";
import type { Tap } from "./tap.ts";
import { Tracer } from "./tracer.ts";

/** What groups need of the other parts of their peer. */
export interface GroupPartsHost extends
  Pick<
    Parts,
    | "link"
    | "links"
    | "methods"
    | "outbox"
    | "client"
    | "contacts"
    | "pending"
    | "legacy"
    | "receiving"
    | "dispatcher"
  > {
  /** Who may call. */
  readonly access: Access;
  /** Checks a rule for who may, and brings it into the form in which it is asked. */
  readonly compile: (rule: AccessRule) => Access;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;
  /** The largest message, in bytes, both headers included. */
  readonly maxMessageSize: number;
  /** Whether calls are told of to whoever traces the peer. */
  readonly isTraceable: boolean;
  /** Tells of datagrams, where that is allowed. */
  readonly tap: Tap | undefined;
}

/** How a group is joined, with nothing left out. */
export interface JoinSettings {
  /** Port or name of the owner. */
  readonly owner: Target;
  /** The group. */
  readonly group: string;
  /** Whether to wait for both. */
  readonly wait: boolean;
  /** How many bytes may wait for the loop. */
  readonly maxQueuedBytes: number;
  /** How the owner is called. */
  readonly call: Pick<CallOptions, "timeout" | "trust">;
  /** Whether to hear the multicast of the owner, which takes a socket. */
  readonly hears: boolean;
}

/** A message that waits although there is no room for others: it is small, and ends something. */
const LAST_WORD: Delivery = { reserved: true, delivered() {}, undelivered() {} };

/** The groups of a peer. */
export class GroupParts {
  /** The streams that the peer is a member of. */
  readonly streams: JoinedStreams = new JoinedStreams();
  /** The groups that it owns. */
  readonly owned: OwnedGroups;

  readonly #parts: GroupPartsHost;
  readonly #attendances = new Set<Attendance>();
  /** Begins at random: a port may have had another owner a moment ago. */
  #lastId = randomId();

  /**
   * @param parts The other parts of the peer.
   */
  constructor(parts: GroupPartsHost) {
    this.#parts = parts;
    this.owned = new OwnedGroups(this.#ownedGroupsHost());
  }

  /**
   * Opens a group, or finds the one that is open.
   *
   * @param name Its name.
   * @param options How it is opened, where that is said.
   * @returns The group.
   */
  open(name: string, options?: { access?: AccessRule | undefined; maxQueuedBytes?: number | undefined }): Group {
    if (options === undefined) return this.owned.open(name, undefined);
    const { access: rule, maxQueuedBytes } = options;
    const owned: OwnedGroupOptions = { maxQueuedBytes, ...(rule !== undefined && { mayJoin: this.#mayJoin(rule) }) };
    const group = this.owned.open(name, owned);
    if (rule !== undefined) this.#parts.methods.noteOwnRule();
    return group;
  }

  /**
   * Joins a group.
   *
   * @param settings What is joined, and how.
   * @returns The parts of the membership.
   */
  join(settings: JoinSettings): ConstructorParameters<typeof Membership>[0] {
    const { owner, group, wait, maxQueuedBytes, call, hears } = settings;
    const { links } = this.#parts;
    const arrivals = new Arrivals(maxQueuedBytes);
    links.hold();
    const ended = () => {
      this.#attendances.delete(attendance);
      links.release();
    };
    const host = this.#attendanceHost(call);
    let attendance!: Attendance;
    // A membership outlasts the handler that has joined: nothing that it does is part of that call.
    runOutsideOfCalls(() => {
      const joined = { owner, group, id: ++this.#lastId, wait, ended };
      attendance = new Attendance(hears ? host : { ...host, hear: () => undefined }, joined, arrivals);
    });
    this.#attendances.add(attendance);
    return { arrivals, attendance };
  }

  /**
   * Follows the groups of another peer, whoever has it.
   *
   * @param port Its port.
   * @param sink Told of the groups.
   * @returns What is to be closed.
   */
  follow(port: number, sink: GroupSink): Feed {
    const host = this.#attendanceHost({ timeout: Infinity, trust: "anyone" });
    const { contacts } = this.#parts;
    const ask: AttendanceHost["ask"] = (...asked) => contacts.once(port, () => host.ask(...asked));
    return new Feed({ ...host, ask }, port, ++this.#lastId, sink);
  }

  /**
   * Closes the groups that the peer owns, and leaves the others.
   *
   * @param error Why; it has a cause where the peer was not meant to end.
   */
  close(error: PeerClosedError): void {
    this.owned.close();
    for (const attendance of [...this.#attendances]) {
      attendance.leave(error.cause === undefined ? undefined : { reason: error });
    }
  }

  #mayJoin(rule: AccessRule): OwnedGroupsHost["mayJoin"] {
    const access = this.#parts.compile(rule);
    return (caller) => access.allows(caller, JOIN_METHOD);
  }

  #ownedGroupsHost(): OwnedGroupsHost {
    const { link, links, access, client, trouble, maxMessageSize, isTraceable, tap } = this.#parts;
    return {
      port: link.port,
      bounds: { datagram: link.maxDatagram, message: maxMessageSize },
      prepare: (bodies) => this.#parts.outbox.fanOut.prepare(bodies),
      send: (to, batch, delivery) => this.#send(to, batch, delivery),
      flush: () => this.#parts.outbox.flush(),
      multicast: link.multicast && ((group, datagram) => this.#parts.outbox.fanOut.multicast(group, datagram)),
      watch: ({ port }, gone) => new PortWatch(this.#parts, port, gone),
      ask: (port, stream, number, options) =>
        client.call(port, PUBLISH_METHOD, [stream, number], { ...options, trust: "anyone", dialect: NATIVE }),
      mayJoin: (caller) => access.allows(caller, JOIN_METHOD),
      denied: (reason, port) => trouble("denied", reason, port),
      farewell: (to, stream, next) => this.#say(to, LEAVE_METHOD, { stream, next }),
      hold: () => links.hold(),
      release: () => links.release(),
      traced: isTraceable ? (publish) => this.#trace(publish) : undefined,
      tapped: tap && ((listeners) => void (tap.listeners = listeners)),
    };
  }

  /** Has calls told of, or not any more. */
  #trace(publish: ((text: string) => void) | undefined): void {
    const { dispatcher, maxMessageSize } = this.#parts;
    if (publish === undefined) dispatcher.tracer = undefined;
    else dispatcher.tracer ??= new Tracer({ publish, maxMessageSize });
  }

  #attendanceHost(call: Pick<CallOptions, "timeout" | "trust">): AttendanceHost {
    const { client } = this.#parts;
    return {
      streams: this.streams,
      ask: (owner, params, signal) => client.ask(owner, JOIN_METHOD, params, { ...call, signal, dialect: NATIVE }),
      acknowledge: (port, stream, id, next) => this.#say(port, PUBLISH_METHOD, [stream, next, id]),
      leave: (port, stream, id) => this.#say(port, LEAVE_METHOD, { stream, id }),
      watch: ({ port }, gone) => new PortWatch(this.#parts, port, gone),
      hear: (group, from, listener) => this.#hear(group, from, listener),
    };
  }

  #send(to: number, { datagram, text }: Batch, delivery: Delivery): void {
    const { outbox, pending, legacy } = this.#parts;
    // Whoever waits there takes anything for its answer: it gets this after that.
    if (legacy.isWaiting(to)) return delivery.undelivered(new ReceiverFullError(to, 0, 0));
    if (datagram !== undefined) return outbox.fanOut.send(to, datagram, delivery);
    try {
      outbox.request(to, pending.nextId(), text!, delivery);
    } catch (error) {
      delivery.undelivered(error as Error);
    }
  }

  #say(to: number, method: string, params: object): void {
    const { outbox, pending, legacy } = this.#parts;
    if (legacy.isWaiting(to)) return;
    outbox.request(to, pending.nextId(), encodeRequest(undefined, method, params), LAST_WORD);
  }

  #hear(group: number, from: number, { lost, failed }: EarListener): Ear | undefined {
    const { link, links, receiving, trouble } = this.#parts;
    // What a peer tells itself as a member would look like what it says as the owner.
    if (from === link.port) return undefined;
    const close = (ear: GroupEar) => {
      links.delete(ear);
      ear.close();
    };
    const ear = link.hear?.(group, from, {
      receive: (bytes, length, sender) => receiving.take(bytes, length, sender),
      trouble: (kind, reason, port) => {
        trouble(kind, reason, port);
        if (kind === "overrun") lost();
      },
      failed: () => {
        links.delete(ear!);
        failed();
      },
    });
    if (ear === undefined) return undefined;
    try {
      links.add(ear);
    } catch {
      ear.close();
      return undefined;
    }
    return { capacity: ear.capacity, drain: () => ear.drain(), close: () => close(ear) };
  }
}
