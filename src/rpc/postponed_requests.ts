/**
 * Requests that have arrived while a synchronous call waited. They have their turn when the event loop runs again.
 *
 * @module
 */
import { type JSONRPCError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { inRootContext } from "../netlink/root_context.ts";
import { type Dialect, LEGACY } from "../wire/dialect.ts";
import type { LegacyPorts } from "./legacy_ports.ts";
import type { MessageSink } from "./unpacker.ts";

/** Bytes of requests that wait at most. */
export const MAX_POSTPONED_BYTES = 67_108_864;
/** What the kernel takes for a message at least, in bytes. */
const LEAST_COST = 832;

/** How long requests are handed on before the rest of the program has its turn, in milliseconds. */
const TURN_MILLISECONDS = 5;

/** A request in memory of its own. */
interface PostponedRequest {
  readonly body: Uint8Array;
  readonly nlmsgSeq: number;
  readonly sender: Caller;
  readonly dialect: Dialect;
}

/** Keeps requests in order, and hands them on later. As a sink it takes what has come after them. */
export class PostponedRequests implements MessageSink {
  readonly #sink: MessageSink;
  readonly #trouble: ReportTrouble;
  readonly #legacy: LegacyPorts;
  readonly #requests = new Set<PostponedRequest>();
  #bytes = 0;
  #flushing = false;
  #immediate: ReturnType<typeof setImmediate> | undefined;

  /**
   * @param sink Takes them later.
   * @param trouble Reports what there is no room for.
   * @param legacy Who waits for an answer, and takes anything for it.
   */
  constructor(sink: MessageSink, trouble: ReportTrouble, legacy: LegacyPorts) {
    this.#legacy = legacy;
    this.#sink = sink;
    this.#trouble = trouble;
  }

  /** How many wait. */
  get size(): number {
    return this.#requests.size;
  }

  request(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    this.#bytes += costOf(body);
    if (dialect === LEGACY) this.#legacy.beginsToWait(sender.port);
    this.#requests.add({ body: body.slice(), nlmsgSeq, sender, dialect });
    this.#flushLater();
  }

  response(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    this.#sink.response(body, nlmsgSeq, sender, dialect);
  }

  badRequest(error: JSONRPCError, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    this.#sink.badRequest(error, nlmsgSeq, sender, dialect);
  }

  badResponse(error: Error, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    this.#sink.badResponse(error, nlmsgSeq, sender, dialect);
  }

  expects(nlmsgSeq: number, sender: Caller): boolean {
    return this.#sink.expects(nlmsgSeq, sender);
  }

  isLate(nlmsgSeq: number, sender: Caller): boolean {
    return this.#sink.isLate(nlmsgSeq, sender);
  }

  ignores(sender: Caller): boolean {
    return this.#sink.ignores(sender);
  }

  denies(sender: Caller): boolean {
    return this.#sink.denies(sender);
  }

  /**
   * Keeps a request; beyond what may wait, its caller is told.
   *
   * @param body Its bytes, which are copied.
   * @param nlmsgSeq Number of the message.
   * @param sender Who sent it.
   * @param dialect Its dialect.
   */
  add(body: Uint8Array, nlmsgSeq: number, sender: Caller, dialect: Dialect): void {
    if (this.#bytes + costOf(body) <= MAX_POSTPONED_BYTES) return this.request(body, nlmsgSeq, sender, dialect);
    const reason = `More than ${MAX_POSTPONED_BYTES} bytes of requests have arrived during a synchronous call`;
    this.#trouble("refused", reason, sender.port);
    this.badRequest(new TooManyRequestsError(reason), nlmsgSeq, sender, dialect);
  }

  /**
   * Hands on what waits, in order, for one turn; the rest follows in the next.
   *
   * @param least How many are handed on in any case, so that no more wait than before.
   */
  flush(least = 0): void {
    if (this.#flushing || this.#requests.size === 0) return;
    this.#flushing = true;
    const deadline = performance.now() + TURN_MILLISECONDS;
    // A handler may make a synchronous call itself: what comes meanwhile goes behind the others.
    for (let count = 0; count < least || performance.now() < deadline; count++) {
      const next = this.#take();
      if (next === undefined) break;
      this.#hand(next);
    }
    this.#flushing = false;
    if (this.#requests.size > 0) this.#flushLater();
  }

  /** Hands on all that wait, to a peer that takes nothing any more. */
  close(): void {
    clearImmediate(this.#immediate);
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      this.#hand(next);
    }
  }

  readonly #flushNow = (): void => {
    this.#immediate = undefined;
    this.flush();
  };

  #hand({ body, nlmsgSeq, sender, dialect }: PostponedRequest): void {
    this.#sink.request(body, nlmsgSeq, sender, dialect);
    if (dialect === LEGACY) this.#legacy.waitsNoLonger(sender.port);
  }

  #take(): PostponedRequest | undefined {
    const [next] = this.#requests;
    if (next === undefined) return undefined;
    this.#requests.delete(next);
    this.#bytes -= costOf(next.body);
    return next;
  }

  #flushLater(): void {
    if (this.#immediate !== undefined) return;
    // Not in the context of the synchronous call.
    this.#immediate = inRootContext(() => setImmediate(this.#flushNow));
  }
}

function costOf({ length }: Uint8Array): number {
  return Math.max(length, LEAST_COST);
}
