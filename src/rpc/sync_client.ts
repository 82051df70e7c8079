/**
 * Calls that have the whole thread wait for their answer: no handler, no timer, nothing else runs on it meanwhile.
 *
 * @module
 */
import { CallTimeoutError, PeerGoneError } from "../errors.ts";
import { encodeRequest } from "../jsonrpc/encode.ts";
import type { BlockingLink, Caller, Link } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import { isGone } from "../link/probe.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import type { Dispatcher } from "./dispatcher.ts";
import { Inbox } from "./inbox.ts";
import { isolateDeadlines } from "./isolate.ts";
import { type CallTerms, PendingCalls } from "./pending_calls.ts";
import type { PostponedRequests } from "./postponed_requests.ts";
import type { MessageSink, Unpacker } from "./unpacker.ts";

/** How long a datagram waits for room before what has arrived is read, in milliseconds. */
const SEND_WAIT_MILLISECONDS = 2;
/** Datagrams that are read before sending is tried again. */
const READS_BETWEEN_SENDS = 64;

/** How long nothing comes before the other side is looked for, in milliseconds. */
const LOOK_MILLISECONDS = 1_000;

/** Nothing has to be held: the thread waits by itself. */
const NO_HOST = { hold() {}, release() {} };

/** What a synchronous call needs of its peer. */
export interface SyncClientParts {
  /** What carries messages. */
  readonly link: Link;
  /** Where requests leave. */
  readonly outbox: Outbox;
  /** Takes datagrams apart. */
  readonly unpacker: Unpacker;
  /** Takes requests. */
  readonly dispatcher: Dispatcher;
  /** Takes the responses to other calls. */
  readonly inbox: MessageSink;
  /** Keeps requests until the event loop runs again. */
  readonly postponed: PostponedRequests;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;
}

/** What has become of a call. */
type Outcome = { value: unknown } | { error: unknown };

/** Makes synchronous calls. */
export class SyncClient implements MessageSink {
  readonly #parts: SyncClientParts;
  readonly #pending = new PendingCalls(NO_HOST, isolateDeadlines, 0);
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
    this.#inbox = new Inbox(parts.dispatcher, this.#pending, parts.trouble);
    this.#receiver = {
      receive: (bytes, length, sender) => parts.unpacker.take(bytes, length, sender, this),
      trouble: parts.trouble,
    };
  }

  /**
   * Calls a method, and has the thread wait for the answer.
   *
   * @param id Id of the call.
   * @param terms What it is, and how long it waits.
   * @param params Arguments of the method.
   * @returns What the method returned.
   * @throws {TypeError} If the port is held by this thread, or the link cannot wait.
   * @throws {CallTimeoutError} If no answer came in time.
   * @throws {PeerGoneError} If nobody holds the port, or nobody does any more.
   */
  call(id: number, terms: CallTerms, params: object | undefined): unknown {
    const { link, outbox } = this.#parts;
    const { port, method, timeout } = terms;
    const blocking = blockingLinkTo(port, link);
    const body = encodeRequest(id, method, params);
    const deadline = performance.now() + timeout;
    const late = () => new CallTimeoutError(port, method, timeout);
    let outcome: Outcome | undefined;
    const call = this.#pending.add(
      id,
      { port, method, timeout: Infinity, signal: undefined },
      (value) => outcome = { value },
      (error) => outcome = { error },
    );
    const read = (milliseconds: number) => blocking.receive(this.#receiver, milliseconds);
    try {
      outbox.requestNow(port, id, body, (bytes, length) => {
        // Where it is answered before all has left, nobody wants the rest.
        while (outcome === undefined && !blocking.send(port, bytes, length, SEND_WAIT_MILLISECONDS)) {
          // Where the other side sends to this one just now, both must read, or neither ever finds room.
          for (let reads = 0; reads < READS_BETWEEN_SENDS && read(0); reads++);
          if (outcome === undefined && performance.now() >= deadline) throw late();
        }
        return outcome === undefined;
      });
      while (outcome === undefined) {
        const rest = deadline - performance.now();
        const hasRead = read(Math.max(0, Math.min(rest, LOOK_MILLISECONDS)));
        // What has arrived in time counts, also where it is read too late.
        if (hasRead && rest > -LOOK_MILLISECONDS) continue;
        if (rest <= 0) throw late();
        // What it sent as its last is here by then.
        if (isGone(link, port) && !read(0)) throw new PeerGoneError(port);
      }
    } finally {
      this.#pending.delete(call);
    }
    return valueOf(outcome);
  }

  request(body: Uint8Array, nlmsgSeq: number, sender: Caller): void {
    this.#parts.postponed.add(body, nlmsgSeq, sender);
  }

  response(body: Uint8Array, nlmsgSeq: number, sender: Caller): void {
    this.#inboxOf(nlmsgSeq, sender.port).response(body, nlmsgSeq, sender);
  }

  badRequest(...request: Parameters<MessageSink["badRequest"]>): void {
    this.#parts.inbox.badRequest(...request);
  }

  badResponse(error: Error, nlmsgSeq: number, port: number): void {
    this.#inboxOf(nlmsgSeq, port).badResponse(error, nlmsgSeq, port);
  }

  expects(nlmsgSeq: number, port: number): boolean {
    return this.#inboxOf(nlmsgSeq, port).expects(nlmsgSeq, port);
  }

  /** Who takes the response to a message: this call, or one that waits with the event loop. */
  #inboxOf(nlmsgSeq: number, port: number): MessageSink {
    return this.#pending.expects(nlmsgSeq, port) ? this.#inbox : this.#parts.inbox;
  }
}

function blockingLinkTo(port: number, { blocking }: Link): BlockingLink {
  if (blocking === undefined) throw new TypeError("This link cannot wait without the event loop: use call()");
  if (blocking.isOwn(port)) {
    throw new TypeError(`Port ${port} is held by this very thread, which cannot answer while it waits: use call()`);
  }
  return blocking;
}

function valueOf(outcome: Outcome): unknown {
  if ("error" in outcome) throw outcome.error;
  return outcome.value;
}
