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
import type { ReportTrouble } from "../link/trouble.ts";
import { Client } from "./client.ts";
import { closedError, Dispatcher } from "./dispatcher.ts";
import { Inbox } from "./inbox.ts";
import { isolateDeadlines, isolateSendBuffer, randomId } from "./isolate.ts";
import { Methods } from "./methods.ts";
import {
  checkPeerOptions,
  DEFAULT_MAX_MESSAGE_SIZE,
  DEFAULT_MAX_QUEUED_BYTES,
  DEFAULT_TIMEOUT,
  type RPCPeerOptions,
} from "./options.ts";
import { PendingCalls } from "./pending_calls.ts";
import { PostponedRequests } from "./postponed_requests.ts";
import { Server } from "./server.ts";
import { SyncClient } from "./sync_client.ts";
import { Unpacker } from "./unpacker.ts";

/** What is put together at once has room for so many of the largest messages: of one other user, and of all together. */
const REASSEMBLED = { perUser: 1.5, total: 4 } as const;

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
  readonly #unpacker: Unpacker;
  readonly #postponed: PostponedRequests;
  #closeError: PeerClosedError | undefined;

  /**
   * Opens a link, and puts the parts together on it.
   *
   * @param options How it is opened.
   * @param trouble Reports what belongs to no call.
   */
  constructor(options: RPCPeerOptions, trouble: ReportTrouble) {
    const { port, fd, netns, timeout = DEFAULT_TIMEOUT, link } = options;
    const { maxMessageSize = DEFAULT_MAX_MESSAGE_SIZE, maxQueuedBytes = DEFAULT_MAX_QUEUED_BYTES } = options;
    checkPeerOptions(options);
    // The buffer first: when the isolate ends, it is flushed before the sockets are closed.
    const sendBuffer = isolateSendBuffer();
    this.link = link ?? new NetlinkLink({ port, fd, netns });
    const outbox = this.#outbox = new Outbox(this.link, sendBuffer, { maxMessageSize, maxQueuedBytes });
    const dispatcher = this.#dispatcher = new Dispatcher(this.methods, outbox, trouble);
    this.server = new Server(this.link, dispatcher);
    this.#pending = new PendingCalls(this.link, isolateDeadlines, randomId());
    const inbox = new Inbox(dispatcher, this.#pending, trouble);
    const postponed = this.#postponed = new PostponedRequests(inbox, trouble);
    const unpacker = this.#unpacker = new Unpacker(inbox, trouble, (port) => isGone(this.link, port), {
      maxMessageSize,
      perUser: REASSEMBLED.perUser * maxMessageSize,
      total: REASSEMBLED.total * maxMessageSize,
      ownUid: this.link.uid,
    });
    const sync = new SyncClient({ link: this.link, outbox, unpacker, dispatcher, inbox, postponed, trouble });
    this.client = new Client(outbox, this.#pending, sync, timeout);
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
   * Throws where it has ended.
   *
   * @throws {PeerClosedError} If it has.
   */
  assertOpen(): void {
    if (this.#closeError !== undefined) throw this.#closeError;
  }

  /**
   * Ends it: answers what is in hand, sends what can be sent at once, frees the port, rejects what is pending. Twice is fine.
   *
   * @param error Why; it has a cause where it was not meant to end.
   */
  close(error: PeerClosedError): void {
    if (this.#closeError !== undefined) return;
    this.#closeError = error;
    this.#unpacker.close();
    let freed: Promise<void> | undefined;
    try {
      this.#postponed.close(closedError(error));
      this.#dispatcher.close(error);
      this.#outbox.close(error);
    } finally {
      // Whatever a listener throws there: the port is freed, and nobody is left waiting.
      freed = this.link.close();
      this.#pending.rejectAll(error);
      this.server.close(freed, error.cause === undefined ? undefined : error);
      isolateDeadlines.rest();
    }
  }
}
