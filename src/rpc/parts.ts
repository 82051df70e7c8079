/**
 * What a peer consists of. Each part is made when it is first needed: a process may have many peers, of which most are idle.
 *
 * @module
 */
import type { PeerClosedError } from "../errors.ts";
import type { JoinedStreams } from "../groups/joined_streams.ts";
import type { Link } from "../link/link.ts";
import { Outbox } from "../link/outbox.ts";
import { isGone } from "../link/probe.ts";
import { Traffic } from "../link/traffic.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import type { Callers } from "../watch/callers.ts";
import { type Access, type AccessRule, compileAccess } from "./access.ts";
import { CancelledCalls } from "./cancelled_calls.ts";
import { Client } from "./client.ts";
import { Contacts } from "./contacts.ts";
import { DeafCallers } from "./deaf_callers.ts";
import { Dispatcher } from "./dispatcher.ts";
import { closeEntrance, type Entrance, openEntrance } from "./entrance.ts";
import type { Shares } from "./exchange.ts";
import { GroupParts } from "./group_parts.ts";
import { HeldLinks } from "./held_links.ts";
import { askHolder } from "./holder.ts";
import { isolateDeadlines, isolateLooks, isolateSendBuffer, randomId } from "./isolate.ts";
import { LegacyPorts } from "./legacy_ports.ts";
import { Methods } from "./methods.ts";
import { Names } from "./names.ts";
import type { PartsSettings } from "./parts_settings.ts";
import { PendingCalls } from "./pending_calls.ts";
import { Receiving, type ReceivingSettings } from "./receiving.ts";
import { reserveMethods } from "./reserved_methods.ts";
import { Server } from "./server.ts";
import type { PeerStats } from "./stats.ts";
import { SyncClient } from "./sync_client.ts";
import { UserQuota } from "./user_quota.ts";
import { Watching } from "./watching.ts";

/** The figures that the parts of a peer have as of now. */
export type Load = Pick<PeerStats, "callsInFlight" | "requestsInFlight" | "queuedBytes" | "reassemblyBytes">;

/** The parts of a peer. */
export class Parts {
  /** What carries it. */
  readonly link: Link;
  /** The methods that are offered. */
  readonly methods: Methods;
  /** All links of the peer. */
  readonly links: HeldLinks;
  /** What has been carried. */
  readonly traffic: Traffic = new Traffic();

  readonly #settings: PartsSettings;
  readonly #trouble: ReportTrouble;
  readonly #access: Access;
  readonly #trust: Access;
  #legacy: LegacyPorts | undefined;
  #names: Names | undefined;
  #groups: GroupParts | undefined;
  #shares: Shares | undefined;
  #outbox: Outbox | undefined;
  #dispatcher: Dispatcher | undefined;
  #server: Server | undefined;
  #receiving: Receiving | undefined;
  #cancelled: CancelledCalls | undefined;
  #pending: PendingCalls | undefined;
  #contacts: Contacts | undefined;
  #client: Client | undefined;
  #sync: SyncClient | undefined;
  #watching: Watching | undefined;

  /**
   * @param link What carries the peer.
   * @param settings How it is set up.
   * @param trouble Reports what belongs to no call.
   */
  constructor(link: Link, settings: PartsSettings, trouble: ReportTrouble) {
    this.link = link;
    this.links = new HeldLinks(link);
    this.#settings = settings;
    this.#trouble = trouble;
    // At once: whoever has given a list may change it afterwards.
    this.#access = this.#compile("access", settings.access);
    this.#trust = this.#compile("trust", settings.trust);
    this.methods = new Methods(
      (rule) => this.#compile("access", rule),
      (methods) =>
        reserveMethods(methods, this.dispatcher, {
          port: link.port,
          names: () => this.#names?.all ?? [],
          groups: () => this.groups,
          discover: settings.discover,
        }),
    );
  }

  /** Who speaks the legacy dialect. */
  get legacy(): LegacyPorts {
    return this.#legacy ??= new LegacyPorts();
  }

  /** Where messages leave. */
  get outbox(): Outbox {
    return this.#outbox ??= new Outbox(this.link, isolateSendBuffer(), this.#settings, this.traffic);
  }

  /** Has requests carried out. */
  get dispatcher(): Dispatcher {
    return this.#dispatcher ??= new Dispatcher({
      methods: this.methods,
      trouble: this.#trouble,
      isGone: (port) => this.isGone(port),
    });
  }

  /** Who gets the requests that arrive. */
  get server(): Server {
    return this.#server ??= new Server(this.links, this.dispatcher);
  }

  /** Takes what arrives. */
  get receiving(): Receiving {
    return this.#receiving ??= new Receiving(this, this.#receivingSettings);
  }

  /** What others take up. */
  get shares(): Shares {
    const { requestsPerUser, answerBytesPerUser } = this.#settings.quotas;
    return this.#shares ??= {
      requests: new UserQuota(this.link, requestsPerUser),
      answers: new UserQuota(this.link, answerBytesPerUser),
      deaf: new DeafCallers(),
    };
  }

  /** The names of the peer. */
  get names(): Names {
    return this.#names ??= new Names({
      link: this.link,
      open: (name, link) => this.#open(name, link),
      close: (entrance) => this.#close(entrance),
      ask: (port) => askHolder(this.link, this.client, port),
    });
  }

  /** The groups of the peer. */
  get groups(): GroupParts {
    return this.#groups ??= new GroupParts({
      ...{ link: this.link, links: this.links, methods: this.methods, outbox: this.outbox, client: this.client },
      ...{ contacts: this.contacts, pending: this.pending, legacy: this.legacy, receiving: this.receiving },
      ...{ trouble: this.#trouble, access: this.#access, dispatcher: this.dispatcher },
      compile: (rule) => this.#compile("access", rule),
      ...{ maxMessageSize: this.#settings.maxMessageSize, isTraceable: this.#settings.trace, tap: this.#settings.tap },
    });
  }

  /** The streams that the peer is a member of, where there may be any. */
  get streams(): JoinedStreams | undefined {
    return this.#groups?.streams;
  }

  /** Where requests come in: the own port, and the names. */
  get entrances(): Entrance[] {
    return [this, ...this.#names?.entrances ?? []];
  }

  /** The calls that wait. */
  get pending(): PendingCalls {
    return this.#pending ??= new PendingCalls(this.links, isolateDeadlines, randomId(), this.#cancelledCalls());
  }

  /** Who holds the ports that are called. */
  get contacts(): Contacts {
    return this.#contacts ??= new Contacts({
      link: this.link,
      looks: isolateLooks,
      identify: (contact, timeout) => this.client.identify(contact, timeout, true),
      isGone: (port) => this.isGone(port),
    });
  }

  /** Makes calls. */
  get client(): Client {
    return this.#client ??= new Client({
      outbox: this.outbox,
      pending: this.pending,
      contacts: this.contacts,
      legacy: this.legacy,
      sync: () => this.#syncClient(),
      trust: this.#trust,
      isTrustGiven: this.#settings.isTrustGiven,
      compile: (rule) => this.#compile("trust", rule),
      timeout: this.#settings.timeout,
    });
  }

  /** Who comes and goes. */
  get watching(): Watching {
    return this.#watching ??= new Watching({
      link: this.link,
      links: this.links,
      hooks: this.#settings.hooks,
      groups: { follow: (port, sink) => this.groups.follow(port, sink) },
      identify: (port, signal) => {
        return this.contacts.once(port, (contact) => this.client.identify(contact, Infinity, false, signal));
      },
      isGone: (port) => this.isGone(port),
      trouble: this.#trouble,
    });
  }

  /** Who has called, where somebody is told of it. */
  get callers(): Callers | undefined {
    return this.#settings.hooks && this.watching.callers;
  }

  /** What the parts have in hand. */
  get load(): Load {
    const named = this.entrances.slice(1);
    const ofNames = (size: (entrance: Entrance) => number) => named.reduce((sum, entrance) => sum + size(entrance), 0);
    return {
      callsInFlight: this.#pending?.size ?? 0,
      requestsInFlight: this.#dispatcher?.size ?? 0,
      queuedBytes: (this.#outbox?.queuedBytes ?? 0) + ofNames(({ outbox }) => outbox.queuedBytes),
      reassemblyBytes: (this.#receiving?.unpacker.bytes ?? 0) + ofNames(({ receiving }) => receiving.unpacker.bytes),
    };
  }

  /**
   * Tells whether nobody holds a port any more.
   *
   * @param port The port.
   * @param quietly Whether nothing may be sent there, as where somebody waits for an answer, and takes anything for it.
   * @returns Whether that is sure.
   */
  isGone(port: number, quietly: boolean = this.legacy.isWaiting(port)): boolean {
    return quietly ? this.link.socketAt?.(port) === null : isGone(this.link, port);
  }

  /**
   * Tells whether something is awaited from a port.
   *
   * @param port The port.
   * @returns Whether.
   */
  awaits(port: number): boolean {
    return this.#contacts?.awaits(port) ?? false;
  }

  /**
   * Ends all groups and memberships.
   *
   * @param reason Why; it has a cause where the peer was not meant to end.
   */
  endGroups(reason: PeerClosedError): void {
    this.#groups?.close(reason);
  }

  /**
   * Ends all calls and watches.
   *
   * @param reason What calls reject with; watches too, where it has a cause.
   */
  endCalls(reason: Error): void {
    this.#watching?.close(reason.cause === undefined ? undefined : reason);
    this.#contacts?.close(reason);
    this.#pending?.rejectAll(reason);
  }

  get #receivingSettings(): ReceivingSettings {
    const { maxMessageSize, quotas } = this.#settings;
    return { maxMessageSize, quotas, access: this.#access, trouble: this.#trouble };
  }

  /** Has requests taken that call the peer by a name. */
  #open(name: string, link: Link): Entrance {
    const { callers, dispatcher, legacy, methods, pending, shares, traffic, links } = this;
    const entrance = openEntrance(name, link, {
      ...{ callers, dispatcher, legacy, methods, pending, shares, traffic, links, limits: this.#settings },
      settings: this.#receivingSettings,
      isGone: (port) => this.isGone(port),
      failed: () => {
        this.#names?.forget(entrance);
        this.#close(entrance);
      },
    });
    return entrance;
  }

  #close(entrance: Entrance): Promise<void> | undefined {
    return closeEntrance(entrance, this);
  }

  #syncClient(): SyncClient {
    return this.#sync ??= new SyncClient({
      link: this.link,
      outbox: this.outbox,
      receiving: this.receiving,
      contacts: this.contacts,
      legacy: this.legacy,
      pending: this.pending,
      cancelled: this.#cancelledCalls(),
      trouble: this.#trouble,
    });
  }

  /** Calls whose answers are not wanted any more. */
  #cancelledCalls(): CancelledCalls {
    return this.#cancelled ??= new CancelledCalls((port, id) => this.client.cancel(port, id));
  }

  #compile(name: string, rule: AccessRule): Access {
    return compileAccess(name, rule, this.link, (error, { port }, method) => {
      const shown = JSON.stringify(method.slice(0, 100));
      this.#trouble("handler", `The ${name} function has thrown, which is a no, for ${shown}`, port, error);
    });
  }
}
