/**
 * The parts of a peer, put together on a link.
 *
 * @module
 */
import { PeerClosedError } from "../errors.ts";
import type { Link } from "../link/link.ts";
import { NetlinkLink } from "../link/netlink_link.ts";
import { Outbox } from "../link/outbox.ts";
import { isGone } from "../link/probe.ts";
import { Traffic } from "../link/traffic.ts";
import type { ReportTrouble, TroubleKind } from "../link/trouble.ts";
import { type AccessRule, compileAccess } from "./access.ts";
import { CancelledCalls } from "./cancelled_calls.ts";
import { Client } from "./client.ts";
import { Contacts } from "./contacts.ts";
import { DeafCallers } from "./deaf_callers.ts";
import type { Timed } from "./deadlines.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Inbox } from "./inbox.ts";
import { Intake } from "./intake.ts";
import { isolateDeadlines, isolateLooks, isolateSendBuffer, randomId } from "./isolate.ts";
import { Methods } from "./methods.ts";
import {
  checkPeerOptions,
  DEFAULT_BUSY_POLL,
  DEFAULT_MAX_MESSAGE_SIZE,
  DEFAULT_MAX_QUEUED_BYTES,
  type RPCPeerOptions,
} from "./options.ts";
import { PendingCalls } from "./pending_calls.ts";
import { PostponedRequests } from "./postponed_requests.ts";
import { completeQuotas, type Quotas } from "./quotas.ts";
import { reserveMethods } from "./reserved_methods.ts";
import { Server } from "./server.ts";
import type { PeerStats } from "./stats.ts";
import { SyncClient } from "./sync_client.ts";
import { Unpacker } from "./unpacker.ts";
import { UserQuota } from "./user_quota.ts";

/** What is noted of messages that are put together, beside their bytes: 512 bytes of each of the 16 that a port may have. */
const REASSEMBLY_NOTES = 8_192;
/** Fragments are waited for in ticks of so many milliseconds. */
const TICK_MILLISECONDS = 1_000;

/** What is read and refused before a peer closes: datagrams at most, and for how long, in milliseconds. */
const LAST_READ = { datagrams: 8_192, milliseconds: 50 } as const;

/** What a peer consists of, and how it ends. */
export class Conversation {
  /** What carries it. */
  readonly link: Link;
  /** The methods that are offered. */
  readonly methods: Methods;
  /** Who gets the requests that arrive. */
  readonly server: Server;
  /** Who makes calls. */
  readonly client: Client;

  readonly #trouble: ReportTrouble;
  readonly #traffic = new Traffic();
  readonly #outbox: Outbox;
  readonly #dispatcher: Dispatcher;
  readonly #pending: PendingCalls;
  readonly #contacts: Contacts;
  readonly #unpacker: Unpacker;
  readonly #postponed: PostponedRequests;
  #drained: Promise<void> | undefined;
  #closeError: PeerClosedError | undefined;

  /**
   * Opens a link, and puts the parts together on it.
   *
   * @param options How it is opened.
   * @param trouble Reports what belongs to no call.
   */
  constructor(options: RPCPeerOptions, trouble: ReportTrouble) {
    const { port, fd, netns, timeout, link, access = "same-user", trust = "same-user", quotas: given = {} } = options;
    const { maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE, maxQueuedBytes = DEFAULT_MAX_QUEUED_BYTES } = options;
    const { busyPoll = DEFAULT_BUSY_POLL } = options;
    checkPeerOptions(options);
    const quotas = completeQuotas(given, maxMessageSize);
    // Before anything is opened: they throw where they are none.
    for (const [name, rule] of [["access", access], ["trust", trust]] as const) {
      compileAccess(name, rule, { uid: 0 }, () => {});
    }
    // The buffer first: when the isolate ends, it is flushed before the sockets are closed.
    const sendBuffer = isolateSendBuffer();
    this.link = link ?? new NetlinkLink({ port, fd, netns, busyPoll });
    this.#trouble = trouble;
    this.methods = new Methods((rule) => this.#compile("access", rule));
    const outbox = this.#outbox = new Outbox(this.link, sendBuffer, { maxMessageSize, maxQueuedBytes }, this.#traffic);
    const requests = new UserQuota(this.link, quotas.requestsPerUser);
    const dispatcher = this.#dispatcher = new Dispatcher({
      methods: this.methods,
      trouble,
      isGone: (port) => isGone(this.link, port),
    });
    const intake = new Intake({
      dispatcher,
      methods: this.methods,
      access: this.#compile("access", access),
      outbox,
      trouble,
      requests,
      answers: new UserQuota(this.link, quotas.answerBytesPerUser),
      deaf: new DeafCallers(),
      maxRequests: quotas.requests,
      maxBatchMembers: quotas.batchMembers,
    });
    reserveMethods(this.methods, dispatcher);
    this.server = new Server(this.link, dispatcher);
    const cancelled = new CancelledCalls((port, id) => this.client.cancel(port, id));
    const pending = this.#pending = new PendingCalls(this.link, isolateDeadlines, randomId(), cancelled);
    const awaits = (port: number) => this.#contacts.awaits(port);
    const limits = { maxBatchMembers: quotas.batchMembers, maxDepth: quotas.depth, awaits };
    const inbox = new Inbox(intake, pending, trouble, limits);
    const postponed = this.#postponed = new PostponedRequests(inbox, trouble);
    const unpacker = this.#unpacker = this.#createUnpacker(inbox, maxMessageSize, quotas, requests);
    const contacts = this.#contacts = new Contacts(
      this.link,
      isolateLooks,
      (contact, timeout) => this.client.identify(contact, timeout),
    );
    const parts = {
      link: this.link,
      outbox,
      unpacker,
      intake,
      inbox,
      postponed,
      contacts,
      limits,
      cancelled,
      trouble,
    };
    this.client = new Client({
      outbox,
      pending,
      sync: new SyncClient(parts),
      contacts,
      trust: this.#compile("trust", trust),
      compile: (rule) => this.#compile("trust", rule),
      timeout,
    });
    this.link.start({
      receive: (bytes, length, sender) => {
        const before = postponed.size;
        if (before === 0) return unpacker.take(bytes, length, sender);
        // Behind those that wait; and before one of them makes a synchronous call, which would read what has come later.
        unpacker.take(bytes, length, sender, postponed);
        postponed.flush(postponed.size - before);
      },
      trouble,
      failed: (error) => this.close(new PeerClosedError({ cause: error })),
    });
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
      ...this.#traffic,
      malformed,
      denied,
      refused,
      overruns: overrun,
      trouble: { ...trouble },
      callsInFlight: this.#pending.size,
      requestsInFlight: this.#dispatcher.size,
      queuedBytes: this.#outbox.queuedBytes,
      reassemblyBytes: this.#unpacker.bytes,
    };
  }

  /**
   * Checks a rule for whom calls of a remote object trust.
   *
   * @param trust The rule.
   */
  checkTrust(trust: AccessRule): void {
    this.client.access(trust);
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
    let freed: Promise<void> | undefined;
    try {
      this.#dispatcher.stop(error);
      this.#postponed.close();
      if (error.cause === undefined) this.#readLast();
      this.#postponed.close();
      this.#unpacker.close();
      this.#dispatcher.close(error);
      this.#outbox.close(error);
    } finally {
      // Whatever a listener throws there: the port is freed, and nobody is left waiting.
      this.#unpacker.close();
      freed = this.link.close();
      this.#contacts.close(error);
      this.#pending.rejectAll(error);
      this.server.close(freed, error.cause === undefined ? undefined : error);
      isolateDeadlines.rest();
      isolateLooks.rest();
    }
  }

  #compile(name: string, rule: AccessRule): ReturnType<typeof compileAccess> {
    return compileAccess(name, rule, this.link, (error, { port }, method) => {
      const shown = JSON.stringify(method.slice(0, 100));
      this.#trouble("handler", `The ${name} function has thrown, which is a no, for ${shown}`, port, error);
    });
  }

  #createUnpacker(inbox: Inbox, maxMessageSize: number, quotas: Quotas, users: UserQuota): Unpacker {
    const limits = {
      maxMessageSize,
      perUser: quotas.reassemblyBytesPerUser + REASSEMBLY_NOTES,
      total: quotas.reassemblyBytes + REASSEMBLY_NOTES,
      isForeign: (uid: number) => users.isForeign(uid),
      idleTicks: Math.ceil(quotas.fragmentTimeout / TICK_MILLISECONDS),
    };
    return new Unpacker(inbox, this.#trouble, (port) => isGone(this.link, port), limits, this.#traffic);
  }

  async #drain(milliseconds: number): Promise<void> {
    const error = new PeerClosedError();
    this.#dispatcher.stop(error, this.server.stop());
    // Answers must find their way out, and handlers may make calls; also where nothing else holds the link.
    try {
      this.link.hold();
    } catch {
      return; // Nobody can wait: it closes at once.
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer: Timed = { deadline: performance.now() + milliseconds, heapIndex: -1, expire: resolve };
    if (milliseconds !== Infinity) isolateDeadlines.add(timer);
    const look = () => {
      if (this.#closeError !== undefined || (this.#dispatcher.size === 0 && this.#outbox.isEmpty)) resolve();
    };
    this.#dispatcher.idle = this.#outbox.idle = look;
    look();
    await promise;
    isolateDeadlines.delete(timer);
    this.link.release();
  }

  /** Who has called, and was not read yet, must not wait for what will not come. */
  #readLast(): void {
    this.#unpacker.finish();
    const { blocking } = this.link;
    const receiver = {
      receive: (...datagram: Parameters<Unpacker["take"]>) => this.#unpacker.take(...datagram),
      trouble: this.#trouble,
    };
    const deadline = performance.now() + LAST_READ.milliseconds;
    try {
      for (let datagrams = 0; datagrams < LAST_READ.datagrams && blocking?.receive(receiver, 0); datagrams++) {
        if (performance.now() > deadline) return;
      }
    } catch {
      // The link has failed: there is nothing more to be read.
    }
  }
}
