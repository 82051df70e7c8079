/**
 * Calls to peers that speak the legacy dialect.
 *
 * @module
 */
import { encodeRequest } from "../jsonrpc/encode.ts";
import type { Delivery } from "../link/delivery.ts";
import type { Outbox } from "../link/outbox.ts";
import type { Contacts } from "./contacts.ts";
import { currentCall } from "./current_call.ts";
import { isolateDeadlines } from "./isolate.ts";
import type { LegacyLane } from "./legacy_lane.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import type { BatchCall } from "./options.ts";
import type { CallTerms, PendingCall } from "./pending_call.ts";
import type { PendingCalls } from "./pending_calls.ts";
import { NOT_POSTED, PendingNotification } from "./pending_notification.ts";

/** What it needs of its peer. */
export interface LegacyClientParts {
  /** Where calls leave. */
  readonly outbox: Outbox;
  /** Where they wait for their answer. */
  readonly pending: PendingCalls;
  /** Who holds the ports that are called. */
  readonly contacts: Contacts;
  /** What goes to legacy peers. */
  readonly legacy: LegacyPorts;
}

/** A message that is to be sent. */
interface Outgoing extends Delivery {
  readonly isPending: boolean;
  reject(reason: unknown): void;
}

/** Sends calls to a legacy peer one by one, each in a datagram of its own. */
export class LegacyClient {
  readonly #parts: LegacyClientParts;

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: LegacyClientParts) {
    this.#parts = parts;
  }

  /**
   * Calls a method.
   *
   * @param terms What it is.
   * @param params Its arguments.
   * @returns What the method returned.
   * @throws {MessageTooLargeError} If it is larger than the other side reads.
   */
  call(terms: CallTerms, params: object | undefined): Promise<unknown> {
    const id = this.#parts.pending.nextId();
    // The other side knows no deadline.
    return this.#call(terms, id, encodeRequest(id, terms.method, params));
  }

  /**
   * Sends a notification.
   *
   * @param terms What it is.
   * @param params Its arguments.
   * @returns Resolves when it is in the other side's queue.
   * @throws {MessageTooLargeError} If it is larger than the other side reads.
   */
  notify(terms: CallTerms, params: object | undefined): Promise<void> {
    return this.#notify(terms, encodeRequest(undefined, terms.method, params));
  }

  /**
   * Makes calls one after the other: the other side knows no batch.
   *
   * @param terms What each of them is.
   * @param calls The calls, and notifications.
   * @returns What became of each.
   */
  async batch(terms: readonly CallTerms[], calls: readonly BatchCall[]): Promise<PromiseSettledResult<unknown>[]> {
    // First all are written: where JSON cannot hold one, none is sent.
    const outgoing = calls.map(({ method, params, notify }) => {
      const id = notify === true ? undefined : this.#parts.pending.nextId();
      return { id, body: encodeRequest(id, method, params) };
    });
    return await Promise.allSettled(outgoing.map(async ({ id, body }, index): Promise<unknown> => {
      return id === undefined ? await this.#notify(terms[index]!, body) : await this.#call(terms[index]!, id, body);
    }));
  }

  #call(terms: CallTerms, id: number, body: string): Promise<unknown> {
    const lane = this.#laneTo(terms, body);
    return new Promise((resolve, reject) => {
      const end = (isAnswered: boolean) => lane.leave(turn, call.isDelivered && !isAnswered);
      const call: PendingCall = this.#parts.pending.add(
        id,
        terms,
        (value, sender) => (end(sender !== undefined), resolve(value)),
        (reason, sender) => (end(sender !== undefined), reject(reason)),
      );
      const turn = {
        deadline: performance.now() + terms.timeout,
        start: () => {
          if (!isForHolder(terms)) return lane.leave(turn);
          this.#send(terms, call, body, () => lane.sent(id));
        },
      };
      lane.enter(turn);
    });
  }

  #notify(terms: CallTerms, body: string): Promise<void> {
    const lane = this.#laneTo(terms, body);
    return new Promise((resolve, reject) => {
      const delivered = () => (lane.sentNotification(), lane.leave(turn), resolve());
      const failed = (reason: unknown) => (lane.leave(turn), reject(reason));
      const { host } = this.#parts.pending;
      const notification = new PendingNotification(host, isolateDeadlines, terms, delivered, failed);
      let isPosted = false;
      const turn = {
        deadline: performance.now() + terms.timeout,
        start: () => {
          if (!isForHolder(terms)) return lane.leave(turn);
          this.#send(terms, notification, body, () => isPosted = true);
        },
      };
      lane.enter(turn);
      // Its timeout and its signal count from now on.
      if (!isPosted) notification.waits(NOT_POSTED);
    });
  }

  #laneTo({ port, signal }: CallTerms, body: string): LegacyLane {
    // A trust function may have aborted it, where it was asked for another call of the same batch.
    signal?.throwIfAborted();
    const { legacy, outbox } = this.#parts;
    const current = legacy.isWaiting(port) ? currentCall() : undefined;
    if (current?.caller.port === port && !current.request.isAnswered && !current.request.isNotification) {
      throw new TypeError(
        `Port ${port} waits for the answer of this very handler, and takes nothing else: answer first`,
      );
    }
    outbox.checkLegacySize(body);
    return legacy.lane(port);
  }

  /** Sends a message whose turn has come. */
  #send({ contact, trust, asks, name, method }: CallTerms, outgoing: Outgoing, body: string, posted: () => void): void {
    this.#parts.contacts.reach(contact, {
      trust,
      asks,
      name,
      methods: [method],
      get isWanted() {
        return outgoing.isPending;
      },
      send: () => {
        posted();
        try {
          this.#parts.outbox.legacyRequest(contact.port, body, outgoing);
        } catch (error) {
          outgoing.undelivered(error as Error);
        }
      },
      refuse: (error) => outgoing.reject(error),
    });
  }
}

/**
 * Tells whether the port is still held by whom a message was for. Where not, another may hold it by now: the message is not sent, and
 * is about to be rejected with all that was awaited there.
 */
function isForHolder({ contact }: CallTerms): boolean {
  return contact.isCurrent;
}
