/**
 * The parts of a peer, put together on a link.
 *
 * @module
 */
import { PeerClosedError } from "../errors.ts";
import type { Link } from "../link/link.ts";
import { NetlinkLink } from "../link/netlink_link.ts";
import { Outbox } from "../link/outbox.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { Client } from "./client.ts";
import { Dispatcher } from "./dispatcher.ts";
import { Inbox } from "./inbox.ts";
import { isolateDeadlines, isolateSendBuffer, randomId } from "./isolate.ts";
import { Methods } from "./methods.ts";
import { checkPeerOptions, DEFAULT_TIMEOUT, type RPCPeerOptions } from "./options.ts";
import { PendingCalls } from "./pending_calls.ts";
import { Server } from "./server.ts";

/** What a peer consists of, and how it ends. */
export class Conversation {
  /** What carries it. */
  readonly link: Link;
  /** The methods that are offered. */
  readonly methods = new Methods();
  /** Who gets the requests that arrive. */
  readonly server: Server;
  /** Who makes calls. */
  readonly client: Client;

  readonly #outbox: Outbox;
  readonly #dispatcher: Dispatcher;
  readonly #pending: PendingCalls;
  readonly #inbox: Inbox;
  #closeError: PeerClosedError | undefined;

  /**
   * Opens a link, and puts the parts together on it.
   *
   * @param options How it is opened.
   * @param trouble Reports what belongs to no call.
   */
  constructor(options: RPCPeerOptions, trouble: ReportTrouble) {
    const { port, fd, timeout = DEFAULT_TIMEOUT, link } = options;
    checkPeerOptions(options);
    // The buffer first: when the isolate ends, it is flushed before the sockets are closed.
    const sendBuffer = isolateSendBuffer();
    this.link = link ?? new NetlinkLink({ port, fd });
    this.#outbox = new Outbox(this.link, sendBuffer);
    this.#dispatcher = new Dispatcher(this.methods, this.#outbox, trouble);
    this.server = new Server(this.link, this.#dispatcher);
    this.#pending = new PendingCalls(this.link, isolateDeadlines, randomId());
    this.client = new Client(this.#outbox, this.#pending, timeout);
    this.#inbox = new Inbox(this.#dispatcher, this.#pending, trouble);
    this.link.start({
      receive: (bytes, length, sender) => this.#inbox.receive(bytes, length, sender),
      trouble,
      failed: (error) => this.close(new PeerClosedError({ cause: error })),
    });
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
   * Ends it: answers what is in hand, sends what waits, frees the port, rejects what is pending. Twice is fine.
   *
   * @param error Why; it has a cause where it was not meant to end.
   */
  close(error: PeerClosedError): void {
    if (this.#closeError !== undefined) return;
    this.#closeError = error;
    this.#inbox.close();
    try {
      this.#dispatcher.close(error);
      this.#outbox.flush();
    } finally {
      // Whatever a listener throws there: the port is freed, and nobody is left waiting.
      this.link.close();
      this.#pending.rejectAll(error);
      this.server.close(error.cause === undefined ? undefined : error);
      isolateDeadlines.rest();
    }
  }
}
