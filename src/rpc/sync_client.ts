/**
 * Calls that have the whole thread wait for their answer: no handler, no timer, nothing else runs on it meanwhile.
 *
 * @module
 */
import { CallTimeoutError, PeerGoneError } from "../errors.ts";
import { encodeRequest } from "../jsonrpc/encode.ts";
import type { BlockingLink, Caller, Link } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import type { SendDatagram } from "../link/send_now.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { inWordsOf } from "../naming/errors.ts";
import { LEGACY } from "../wire/dialect.ts";
import { ANYONE } from "./access.ts";
import type { CancelledCalls } from "./cancelled_calls.ts";
import type { Contacts } from "./contacts.ts";
import { type Answerer, IDENTITY_METHOD, nameIn } from "./identity.ts";
import { type Awaited, Inbox } from "./inbox.ts";
import { isolateDeadlines } from "./isolate.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import { type CallTerms, timeoutOf } from "./pending_call.ts";
import { PendingCalls } from "./pending_calls.ts";
import type { Receiving } from "./receiving.ts";
import type { MessageSink } from "./unpacker.ts";

/** How long a datagram waits for room before what has arrived is read, in milliseconds. */
const SEND_WAIT_MILLISECONDS = 2;
/** Datagrams that are read before sending is tried again. */
const READS_BETWEEN_SENDS = 64;

/** How long nothing comes before the other side is looked for, in milliseconds. */
const LOOK_MILLISECONDS = {
  /** At first a read alone waits, which is cheapest: most answers come soon. */
  first: 100,
  /** Then the end of the other side ends the wait too. */
  watched: 1_000,
  /** Where nothing tells its end. */
  blind: 200,
} as const;

/** An answer that has been in the queue for longer comes too late. */
const LATE_MILLISECONDS = 1_000;

/** Nothing has to be held: the thread waits by itself. */
const NO_HOST = { hold() {}, release() {} };

/** What a synchronous call needs of its peer. */
export interface SyncClientParts {
  /** What carries messages. */
  readonly link: Link;
  /** Where requests leave. */
  readonly outbox: Outbox;
  /** Calls that wait with the event loop. */
  readonly pending: PendingCalls;
  /** Who speaks the legacy dialect. */
  readonly legacy: LegacyPorts;
  /** Takes datagrams apart, requests, and the responses to other calls. */
  readonly receiving: Receiving;
  /** Makes sure that whoever holds a port is trusted. */
  readonly contacts: Contacts;
  /** Calls whose answers are not wanted any more. */
  readonly cancelled: CancelledCalls;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;
}

/** What has become of a call, and who said so. */
type Outcome = ({ value: unknown } | { error: unknown }) & { readonly sender: Caller | undefined };

/** Makes synchronous calls. */
export class SyncClient implements MessageSink {
  readonly #parts: SyncClientParts;
  readonly #pending: PendingCalls;
  readonly #inbox: Inbox;
  readonly #receiver: {
    receive(bytes: Uint8Array, length: number, sender: Caller): void;
    readonly trouble: ReportTrouble;
  };

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: SyncClientParts) {
    this.#parts = parts;
    this.#pending = new PendingCalls(NO_HOST, isolateDeadlines, 0, parts.cancelled);
    const { intake, unpacker, limits } = parts.receiving;
    this.#inbox = new Inbox(intake, eitherOf(this.#pending, parts.pending), parts.trouble, limits);
    this.#receiver = {
      receive: (bytes, length, sender) => unpacker.take(bytes, length, sender, this),
      trouble: parts.trouble,
    };
  }

  /**
   * Calls a method, and has the thread wait for the answer.
   *
   * @param id Id of the call.
   * @param terms What it is, and how long it waits.
   * @param params Arguments of the method.
   * @param deadline When nobody waits for the answer any more, in milliseconds since the epoch.
   * @returns What the method returned.
   * @throws {TypeError} If the port is held by this thread, the link cannot wait, or the function that it trusts is async.
   * @throws {AccessDeniedError} If whoever holds the port is not trusted.
   * @throws {CallTimeoutError} If no answer came in time.
   * @throws {PeerGoneError} If nobody holds the port, or nobody does any more.
   */
  call(id: number, terms: CallTerms, params: object | undefined, deadline: number | undefined): unknown {
    const { port, method, timeout, dialect } = terms;
    const blocking = blockingLinkTo(port, this.#parts.link);
    const end = performance.now() + timeout;
    const late = () => timeoutOf(terms);
    if (dialect !== LEGACY) {
      return this.#ask(id, terms, encodeRequest(id, method, params, deadline), blocking, end, late);
    }
    const body = encodeRequest(id, method, params);
    this.#parts.outbox.checkLegacySize(body);
    return this.#inTurn(id, terms, blocking, end, late, () => this.#ask(id, terms, body, blocking, end, late));
  }

  /**
   * Asks a port who holds it, and has the thread wait for the answer.
   *
   * @param id Id of the question.
   * @param terms What it is, and how long it waits.
   * @returns Who has answered, whatever the answer is.
   * @throws {TypeError | CallTimeoutError | PeerGoneError} As {@linkcode SyncClient.call}.
   */
  identify(id: number, terms: CallTerms): Answerer {
    const blocking = blockingLinkTo(terms.port, this.#parts.link);
    return this.#identify(id, terms, blocking, performance.now() + terms.timeout, () => timeoutOf(terms));
  }

  request(...[body, nlmsgSeq, sender, dialect]: Parameters<MessageSink["request"]>): void {
    this.#parts.receiving.postponed.add(body, nlmsgSeq, sender, dialect);
  }

  response(...response: Parameters<MessageSink["response"]>): void {
    this.#inbox.response(...response);
  }

  badRequest(...request: Parameters<MessageSink["badRequest"]>): void {
    this.#parts.receiving.inbox.badRequest(...request);
  }

  badResponse(...response: Parameters<MessageSink["badResponse"]>): void {
    this.#inbox.badResponse(...response);
  }

  expects(nlmsgSeq: number, sender: Caller): boolean {
    return this.#inbox.expects(nlmsgSeq, sender);
  }

  isLate(nlmsgSeq: number, sender: Caller): boolean {
    return this.#inbox.isLate(nlmsgSeq, sender);
  }

  ignores(sender: Caller): boolean {
    return this.#parts.receiving.inbox.ignores(sender);
  }

  denies(sender: Caller): boolean {
    return this.#parts.receiving.inbox.denies(sender);
  }

  /** Sends a request to a legacy peer once nothing else is under way to it: what was sent before is answered, or given up. */
  #inTurn(
    id: number,
    { port, contact }: CallTerms,
    blocking: BlockingLink,
    end: number,
    late: () => Error,
    run: () => unknown,
  ): unknown {
    const { legacy, outbox } = this.#parts;
    // It may wait for no more than the end of this turn.
    outbox.flush();
    if (legacy.isWaiting(port)) {
      throw new TypeError(
        `Port ${port} waits for an answer, which cannot be given while this thread waits: use call()`,
      );
    }
    const lane = legacy.lane(port);
    let isNext = false;
    const turn = { deadline: end, start: () => void (isNext = true) };
    lane.enter(turn, true);
    try {
      // A message that waits for what its trust says would do so in vain: the event loop stands still, and nothing is under way.
      for (lane.next(); !isNext && lane.isAwaiting; lane.next()) {
        const now = performance.now();
        if (now >= end) throw late();
        if (now >= lane.deadline) {
          lane.dismiss();
          continue;
        }
        const longest = Math.min(end - now, lane.deadline - now, LOOK_MILLISECONDS.blind);
        if (blocking.receive(this.#receiver, longest) || !contact.isGone()) continue;
        if (!blocking.receive(this.#receiver, 0)) throw new PeerGoneError(port, "answering");
      }
      return run();
    } finally {
      lane.givenUp(id);
      lane.leave(turn);
    }
  }

  /** Makes sure that the receiver of a request is trusted, sends it, and waits for its answer. */
  #ask(id: number, terms: CallTerms, body: string, blocking: BlockingLink, end: number, late: () => Error): unknown {
    const { contact, trust, method, asks, name } = terms;
    const identify = (longest: number) =>
      this.#identify(id, terms, blocking, Math.min(end, performance.now() + longest), late);
    const { contacts } = this.#parts;
    if (asks || contact.holder !== undefined) contacts.assertTrusted(contact, trust, method, identify);
    if (name !== undefined) contacts.assertNamed(contact, name, trust, method, identify);
    return valueOf(this.#exchange(id, terms, body, blocking, end, late));
  }

  /** Asks a port who holds it, and waits for its answer, whatever that is. */
  #identify(id: number, terms: CallTerms, blocking: BlockingLink, end: number, late: () => Error): Answerer {
    const question = { ...terms, method: IDENTITY_METHOD, trust: ANYONE };
    const body = encodeRequest(id, IDENTITY_METHOD, undefined);
    const outcome = this.#exchange(id, question, body, blocking, end, late);
    const { sender: caller } = outcome;
    if (caller === undefined) return valueOf(outcome) as never;
    return "value" in outcome
      ? { caller, name: nameIn(outcome.value, terms.port) }
      : { caller, name: null, refusal: outcome.error };
  }

  /** Sends a request, and waits for its answer. */
  #exchange(
    id: number,
    terms: CallTerms,
    body: string,
    blocking: BlockingLink,
    end: number,
    late: () => Error,
  ): Outcome {
    const { port } = terms;
    let outcome: Outcome | undefined;
    const call = this.#pending.add(
      id,
      { ...terms, timeout: Infinity, signal: undefined },
      (value, sender) => outcome = { value, sender },
      (error, sender) => outcome = { error, sender },
    );
    try {
      this.#sendNow(terms, id, body, (bytes, length) => {
        // Where it is answered before all has left, nobody wants the rest.
        while (outcome === undefined && !blocking.send(port, bytes, length, SEND_WAIT_MILLISECONDS)) {
          // Where the other side sends to this one just now, both must read, or neither ever finds room.
          for (let reads = 0; reads < READS_BETWEEN_SENDS && blocking.receive(this.#receiver, 0); reads++);
          if (outcome === undefined && performance.now() >= end) throw late();
        }
        return outcome === undefined;
      });
      call.delivered();
      const { lifeline } = terms.contact;
      for (let isFirst = true; outcome === undefined; isFirst = false) {
        const rest = end - performance.now();
        const watched = lifeline?.isWatched && !isFirst ? lifeline : undefined;
        const look = LOOK_MILLISECONDS[watched !== undefined ? "watched" : isFirst ? "first" : "blind"];
        const hasRead = blocking.receive(this.#receiver, Math.max(0, Math.min(rest, look)), watched);
        // What has arrived in time counts, also where it is read too late.
        if (hasRead && rest > -LATE_MILLISECONDS) continue;
        if (rest <= 0) throw late();
        // What it sent as its last is here by then.
        const isOver = lifeline === undefined
          ? terms.contact.isGone() || terms.contact.isReplaced()
          : !lifeline.isHeld();
        if (isOver && !blocking.receive(this.#receiver, 0)) throw new PeerGoneError(port, "answering");
      }
    } catch (error) {
      if (error instanceof CallTimeoutError) call.cancel();
      else terms.contact.unreached(error as Error);
      throw inWordsOf(terms.name, error);
    } finally {
      this.#pending.delete(call);
    }
    return outcome;
  }

  #sendNow({ port, dialect }: CallTerms, id: number, body: string, send: SendDatagram): void {
    const { outbox, legacy } = this.#parts;
    if (dialect !== LEGACY) return outbox.requestNow(port, id, body, send);
    legacy.lane(port).sent(id);
    outbox.legacyRequestNow(port, body, send);
  }
}

/** What has come is the answer to this call, or to one that waits with the event loop. */
function eitherOf(these: PendingCalls, those: PendingCalls): Awaited {
  return {
    settle: (...answer) => these.settle(...answer) || those.settle(...answer),
    rejectMessage: (...answer) => these.rejectMessage(...answer) || those.rejectMessage(...answer),
    expects: (...answer) => these.expects(...answer) || those.expects(...answer),
    isLate: (...answer) => these.isLate(...answer),
  };
}

function blockingLinkTo(port: number, { blocking }: Link): BlockingLink {
  if (blocking === undefined) throw new TypeError("This link cannot wait without the event loop: use call()");
  if (blocking.isOwn(port)) {
    throw new TypeError(`Port ${port} is held by this very thread, which cannot answer while it waits: use call()`);
  }
  return blocking;
}

function valueOf(outcome: { value: unknown } | { error: unknown }): unknown {
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}
