/**
 * A peer from its opening to its end.
 *
 * @module
 */
import { PeerClosedError } from "../errors.ts";
import { Capture } from "../link/capture.ts";
import { CapturingLink } from "../link/capturing_link.ts";
import type { Link } from "../link/link.ts";
import { NetlinkLink } from "../link/netlink_link.ts";
import type { ReportTrouble, TroubleKind } from "../link/trouble.ts";
import type { WatchOptions } from "../watch/events.ts";
import type { Watch } from "../watch/watch.ts";
import { NATIVE } from "../wire/dialect.ts";
import { type AccessRule, compileAccess } from "./access.ts";
import type { Client } from "./client.ts";
import type { Timed } from "./deadlines.ts";
import { type Entrance, readLast } from "./entrance.ts";
import type { GroupParts } from "./group_parts.ts";
import type { HeldLinks } from "./held_links.ts";
import { isolateDeadlines, isolateLooks, isolateSendBuffer } from "./isolate.ts";
import type { Methods } from "./methods.ts";
import type { Names } from "./names.ts";
import {
  checkPeerOptions,
  DEFAULT_BUSY_POLL,
  DEFAULT_MAX_MESSAGE_SIZE,
  DEFAULT_MAX_QUEUED_BYTES,
  type RPCPeerOptions,
} from "./options.ts";
import { Parts } from "./parts.ts";
import { listPeers, type PeerInfo } from "./peer_list.ts";
import { completeQuotas } from "./quotas.ts";
import type { Server } from "./server.ts";
import type { PeerStats } from "./stats.ts";
import { Tap } from "./tap.ts";

/** A peer from its opening to its end. */
export class Conversation {
  /** What carries it. */
  readonly link: Link;

  readonly #parts: Parts;
  #drained: Promise<void> | undefined;
  #closeError: PeerClosedError | undefined;

  /**
   * Opens a link, and has what arrives on it taken.
   *
   * @param options How it is opened.
   * @param trouble Reports what belongs to no call.
   */
  constructor(options: RPCPeerOptions, trouble: ReportTrouble) {
    const { port, fd, netns, timeout, link, access = "same-user", trust = "same-user", quotas: given = {} } = options;
    const { maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE, maxQueuedBytes = DEFAULT_MAX_QUEUED_BYTES } = options;
    const { busyPoll = DEFAULT_BUSY_POLL, name, capture, discover = true, trace = true } = options;
    checkPeerOptions(options);
    const quotas = completeQuotas(given, maxMessageSize);
    // Before anything is opened: they throw where they are none.
    for (const [name, rule] of [["access", access], ["trust", trust]] as const) {
      compileAccess(name, rule, { uid: 0 }, () => {});
    }
    // The buffer first: when the isolate ends, it is flushed before the sockets are closed.
    isolateSendBuffer();
    const opened = link ?? new NetlinkLink({ port, fd, netns, busyPoll });
    const tap = trace === "datagrams" ? new Tap() : undefined;
    const tapped = tap === undefined
      ? opened
      : new CapturingLink(opened, new Capture(tap, trouble, () => tap.isWanted));
    this.link = capture === undefined ? tapped : new CapturingLink(tapped, new Capture(capture, trouble));
    const isTrustGiven = options.trust !== undefined;
    const { onConnect, onDisconnect } = options;
    const hooks = onConnect === undefined && onDisconnect === undefined ? undefined : { onConnect, onDisconnect };
    if (hooks !== undefined && this.link.sockets === undefined) {
      throw new TypeError("This link cannot tell who comes and goes: pass no onConnect and no onDisconnect with it");
    }
    const settings = {
      maxMessageSize,
      maxQueuedBytes,
      timeout,
      quotas,
      access,
      trust,
      isTrustGiven,
      hooks,
      discover,
      trace: trace !== false,
      tap,
    };
    const parts = this.#parts = new Parts(this.link, settings, trouble);
    this.link.start({
      receive: (bytes, length, sender) => parts.receiving.take(bytes, length, sender),
      trouble,
      failed: (error) => this.close(new PeerClosedError({ cause: error })),
    });
    if (name !== undefined) this.#claim(name);
  }

  /** The methods that are offered. */
  get methods(): Methods {
    return this.#parts.methods;
  }

  /** The names of the peer. */
  get names(): Names {
    return this.#parts.names;
  }

  /** The groups of the peer. */
  get groups(): GroupParts {
    return this.#parts.groups;
  }

  /**
   * Lists the peers that can be reached.
   *
   * @param timeout How long an answer is waited for, in milliseconds.
   * @returns The peers.
   */
  async list(timeout: number): Promise<PeerInfo[]> {
    const sockets = this.link.sockets?.(true);
    if (sockets === undefined) throw new TypeError("This link cannot tell which peers there are");
    const { client, contacts, legacy } = this.#parts;
    const ask = async (port: number) => {
      this.assertOpen(); // It may have ended since the first ports were asked.
      return await client.identify(contacts.at(port, NATIVE), timeout, false);
    };
    return await listPeers(sockets.filter(({ port, isPeer }) => isPeer && !legacy.isWaiting(port)), ask);
  }

  /**
   * Watches who comes and goes.
   *
   * @param options What is watched.
   * @returns The watch.
   */
  watch(options: WatchOptions): Watch {
    return this.#parts.watching.watch(options);
  }

  /** What keeps it reading, and the process running. */
  get links(): HeldLinks {
    return this.#parts.links;
  }

  /** Who gets the requests that arrive. */
  get server(): Server {
    return this.#parts.server;
  }

  /** Who makes calls. */
  get client(): Client {
    return this.#parts.client;
  }

  /**
   * Tells what it has done.
   *
   * @param trouble How much trouble there was of each kind.
   * @returns The figures.
   */
  stats(trouble: Readonly<Record<TroubleKind, number>>): PeerStats {
    const { malformed, denied, refused, overrun } = trouble;
    return {
      ...this.#parts.traffic,
      malformed,
      denied,
      refused,
      overruns: overrun,
      trouble: { ...trouble },
      ...this.#parts.load,
    };
  }

  /**
   * Checks a rule for whom calls of a remote object trust.
   *
   * @param trust The rule.
   */
  checkTrust(trust: AccessRule): void {
    this.client.terms.access(trust);
  }

  /**
   * Throws where it has ended.
   *
   * @throws {PeerClosedError} If it has.
   */
  assertOpen(): void {
    if (this.#closeError !== undefined) throw this.#closeError;
  }

  /**
   * Claims a name, unless nothing new is taken.
   *
   * @param name The name.
   * @throws {PeerClosedError} If it has ended, or is about to.
   */
  claim(name: string): void {
    this.assertOpen();
    if (this.#drained !== undefined) throw new PeerClosedError();
    this.names.claim(name);
  }

  /**
   * Takes no requests any more, and waits until those in hand are answered and the answers have left.
   *
   * @param milliseconds How long that may take.
   * @returns Resolves then, or when the time is up.
   */
  drain(milliseconds: number): Promise<void> {
    if (this.#closeError !== undefined) return Promise.resolve();
    return this.#drained ??= this.#drain(milliseconds);
  }

  /**
   * Ends it: answers what is in hand, refuses what has arrived and is not read, sends what can be sent at once, frees the port,
   * rejects what is pending. Twice is fine.
   *
   * @param error Why; it has a cause where it was not meant to end.
   */
  close(error: PeerClosedError): void {
    if (this.#closeError !== undefined) return;
    this.#closeError = error;
    const { dispatcher, entrances, server } = this.#parts;
    let freed: Promise<void> | undefined;
    try {
      this.#parts.endGroups(error);
      dispatcher.stop(error);
      for (const { receiving } of entrances) receiving.postponed.close();
      if (error.cause === undefined) { for (const entrance of entrances) readLast(entrance); }
      for (const { receiving } of entrances) {
        receiving.postponed.close();
        receiving.unpacker.close();
      }
      dispatcher.close(error);
      for (const { outbox } of entrances) outbox.close(error);
    } finally {
      // Whatever a listener throws there: the ports are freed, and nobody is left waiting.
      for (const { receiving } of entrances) receiving.unpacker.close();
      freed = this.#free(entrances);
      this.#parts.endCalls(error);
      server.close(freed, error.cause === undefined ? undefined : error);
      isolateDeadlines.rest();
      isolateLooks.rest();
    }
  }

  async #drain(milliseconds: number): Promise<void> {
    const { dispatcher, entrances, links, server } = this.#parts;
    dispatcher.stop(new PeerClosedError(), server.stop());
    // Answers must find their way out, and handlers may make calls; also where nothing else holds the link.
    try {
      links.hold();
    } catch {
      return; // Nobody can wait: it closes at once.
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer: Timed = { deadline: performance.now() + milliseconds, heapIndex: -1, expire: resolve };
    if (milliseconds !== Infinity) isolateDeadlines.add(timer);
    const look = () => {
      if (
        this.#closeError !== undefined || (dispatcher.size === 0 && entrances.every(({ outbox }) => outbox.isEmpty))
      ) resolve();
    };
    dispatcher.idle = look;
    for (const { outbox } of entrances) outbox.idle = look;
    look();
    await promise;
    isolateDeadlines.delete(timer);
    links.release();
  }

  #claim(name: string): void {
    try {
      this.names.claim(name);
    } catch (error) {
      this.close(new PeerClosedError());
      throw error;
    }
  }

  /** Frees the ports; tells when that is done, where it is not at once. */
  #free(entrances: readonly Entrance[]): Promise<void> | undefined {
    const freed = entrances.map((entrance) => {
      if (entrance.name !== undefined) this.names.forget(entrance);
      return entrance.link.close();
    });
    return freed.every((freed) => freed === undefined) ? undefined : Promise.all(freed).then(() => {});
  }
}
