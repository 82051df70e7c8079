/**
 * The way of a request through a peer: to the method, and from its result to an answer.
 *
 * @module
 */
import { type JSONRPCError, MethodNotFoundError, ServerError } from "../jsonrpc/errors.ts";
import type { JSONRPCId, JSONRPCRequestObject } from "../jsonrpc/guards.ts";
import type { Caller } from "../link/link.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { CallerWatch } from "./caller_watch.ts";
import { runAsCurrentCall, runOutsideOfCalls } from "./current_call.ts";
import type { Exchange } from "./exchange.ts";
import type { Method, Methods } from "./methods.ts";
import {
  beginRequest,
  closeRequest,
  dropRequest,
  handAnswer,
  handResult,
  keepCounted,
  letGo,
  type RequestHost,
  RPCRequest,
} from "./request.ts";
import { nameOf } from "./request_name.ts";
import { RequestSignals } from "./request_signals.ts";
import { RequestsInHand } from "./requests_in_hand.ts";
import { isThenable } from "./thenable.ts";
import type { Tracer } from "./tracer.ts";

/** Code of the error that answers what a closing peer has in hand. */
const PEER_CLOSED = -32000;

/**
 * What a closing peer answers.
 *
 * @param reason Why it closes.
 * @returns The error.
 */
export function closedError(reason: Error): ServerError {
  return new ServerError(PEER_CLOSED, reason.message);
}

/** What a dispatcher needs of its peer. */
export interface DispatcherParts {
  /** The methods of the peer. */
  readonly methods: Methods;
  /** Reports what belongs to no call. */
  readonly trouble: ReportTrouble;
  /** Tells whether nobody holds a port any more. */
  readonly isGone: (port: number) => boolean;
}

/** Has requests carried out and answered. */
export class Dispatcher implements RequestHost {
  /** Takes the requests instead of having them carried out here: a `for await` loop. */
  taker: ((request: RPCRequest) => void) | undefined;
  /** Told whenever the last request in hand is done with. */
  idle: () => void = () => {};
  /** Told of requests, while somebody traces the peer. */
  tracer: Tracer | undefined;

  readonly #parts: DispatcherParts;
  readonly #signals = new RequestSignals((request, reason) => this.#end(request, reason));
  readonly #inHand = new RequestsInHand();
  readonly #callers: CallerWatch;
  /** Why nothing new is taken. */
  #stopReason: Error | undefined;
  #isClosed = false;
  #refusing = false;
  /** Requests whose handlers take longer. */
  readonly #running = new WeakSet<RPCRequest>();
  /** Those of them that nobody waits for. */
  readonly #abandoned = new WeakSet<RPCRequest>();

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: DispatcherParts) {
    this.#parts = parts;
    this.#callers = new CallerWatch(this.#inHand, parts.isGone, (request, reason) => this.#end(request, reason));
  }

  /** How many requests are in hand: in a handler, on their way to a loop, or waiting for a decision on their access. */
  get size(): number {
    return this.#inHand.size;
  }

  /** Why nothing new is taken, once that is so. */
  get stopReason(): Error | undefined {
    return this.#stopReason;
  }

  /**
   * Takes a request into hand.
   *
   * @param message The request as it came.
   * @param exchange The message that it came in.
   * @returns The request.
   */
  admit(message: JSONRPCRequestObject, exchange: Exchange): RPCRequest {
    const request = new RPCRequest(message, exchange, this);
    this.#inHand.add(request);
    if (this.tracer !== undefined) this.tracer.began(request);
    return request;
  }

  /**
   * Hands a request to a loop, or carries it out.
   *
   * @param request The request.
   * @param method The method, where there is one.
   */
  hand(request: RPCRequest, method: Method | undefined): void {
    if (this.taker === undefined || method?.isReserved) this.start(request);
    else this.taker(request);
    if (!request.isAnswered) this.keep(request);
  }

  /**
   * Lets the caller of a request give up on it, and looks whether it still lives, since the request takes longer.
   *
   * @param request The request.
   */
  keep(request: RPCRequest): void {
    this.#inHand.keep(request);
    if (!this.#isClosed) this.#callers.start();
  }

  /**
   * Tells a caller that its request is not taken.
   *
   * @param request The request.
   * @param error Why.
   * @param expendable Whether the answer does not wait for room.
   */
  refuse(request: RPCRequest, error: JSONRPCError, expendable: boolean): void {
    if (request.isNotification) {
      this.tracer?.failed(request, error);
      return dropRequest(request);
    }
    this.#refusing = expendable;
    request.fail(error);
    this.#refusing = false;
  }

  /**
   * Carries out a request that nobody has begun with.
   *
   * @param request The request.
   */
  start(request: RPCRequest): void {
    beginRequest(request);
    this.carryOut(request);
  }

  carryOut(request: RPCRequest): Promise<void> | void {
    try {
      const method = this.#parts.methods.get(request.method);
      if (method === undefined) {
        return request.fail(new MethodNotFoundError(`There is no method ${nameOf(request)}`));
      }
      const result = runAsCurrentCall(request, method, method.parameters.bind(request.params));
      if (!isThenable(result)) return respond(request, result);
      this.#running.add(request);
      return Promise.resolve(result).then(
        (value) => (this.#ran(request), respond(request, value)),
        (error) => (this.#ran(request), fail(request, error)),
      );
    } catch (error) {
      fail(request, error);
    }
  }

  done(request: RPCRequest, answer: string | undefined, isResult: boolean): void {
    this.#signals.delete(request);
    // A notification that a loop has taken was done with then.
    if (!this.#inHand.delete(request)) return;
    if (this.tracer !== undefined) this.tracer.ended(request, answer !== undefined, this.#inHand.size);
    // One that nobody waits for is still carried out: what it takes up is given back when that is over.
    if (answer === undefined && this.#running.has(request)) {
      this.#abandoned.add(request);
      keepCounted(request);
    }
    if (isResult) handResult(request, answer!);
    else handAnswer(request, answer, this.#refusing);
    if (this.#inHand.size === 0) this.idle();
  }

  failed(request: RPCRequest, error: unknown, sent: JSONRPCError): void {
    if (this.tracer !== undefined) this.tracer.failed(request, sent);
    // An error that is meant for the caller, and reaches it, is no trouble.
    if (error === sent && !request.isNotification) return;
    const name = nameOf(request);
    const details = typeof sent.data === "string" ? `: ${sent.data}` : "";
    const [kind, what] = request.isNotification
      ? ["notification", "notification"] as const
      : ["handler", "method"] as const;
    this.#parts.trouble(kind, `The ${what} ${name} failed: ${sent.message}${details}`, request.caller.port, error);
  }

  createSignal(request: RPCRequest): AbortSignal {
    return this.#signals.create(request);
  }

  /**
   * Notes that a loop has taken a request. What a loop does with a notification is nobody's business any more.
   *
   * @param request The request.
   */
  taken(request: RPCRequest): void {
    if (!request.isNotification) return;
    this.#inHand.delete(request);
    if (this.tracer !== undefined) this.tracer.ended(request, false, this.#inHand.size);
    handAnswer(request, undefined, false);
    if (this.#inHand.size === 0) this.idle();
  }

  /**
   * Ends a request that its caller waits for no longer.
   *
   * @param caller Who says so.
   * @param id Id of the request.
   */
  cancel({ port, uid }: Caller, id: JSONRPCId): void {
    for (const request of this.#inHand.of(port, id)) {
      // Somebody else may hold the port by now.
      if (request.caller.uid === uid) this.#end(request, new DOMException("The caller waits no longer", "AbortError"));
    }
  }

  /**
   * Takes nothing new: whoever calls from now on is told why.
   *
   * @param reason Why.
   * @param unbegun Requests that nobody has begun with.
   */
  stop(reason: Error, unbegun: readonly RPCRequest[] = []): void {
    this.#stopReason ??= reason;
    for (const request of unbegun) closeRequest(request, closedError(reason));
  }

  /**
   * Tells those who have called the peer by a name that no answer will come, since it has that no longer, and aborts what is being
   * carried out for them.
   *
   * @param name The name.
   * @param reason Why.
   */
  closeThoseTo(name: string, reason: Error): void {
    const error = closedError(reason);
    const those = () => [...this.#inHand].filter(({ calledName }) => calledName === name);
    // Who is told to stop may still answer.
    runOutsideOfCalls(() => those().forEach((request) => this.#signals.abort(request, reason)));
    for (const request of those()) closeRequest(request, error);
  }

  /**
   * Tells the callers of all requests in hand that no answer will come, and aborts what is being carried out.
   *
   * @param reason Why.
   */
  close(reason: Error): void {
    this.stop(reason);
    this.#isClosed = true;
    this.#callers.close();
    // Who is told to stop may still answer.
    runOutsideOfCalls(() => this.#signals.close(reason));
    const error = closedError(reason);
    for (const request of [...this.#inHand]) closeRequest(request, error);
  }

  #ran(request: RPCRequest): void {
    this.#running.delete(request);
    if (this.#abandoned.delete(request)) letGo(request);
  }

  /** Ends a request without an answer. */
  #end(request: RPCRequest, reason: Error): void {
    if (this.#isClosed) return;
    runOutsideOfCalls(() => this.#signals.abort(request, reason));
    dropRequest(request);
  }
}

/** Answers, unless the handler has answered by itself. */
function respond(request: RPCRequest, result: unknown): void {
  if (request.isAnswered) return;
  try {
    request.respond(result);
  } catch {
    // JSON cannot hold the result: the caller has been told.
  }
}

function fail(request: RPCRequest, error: unknown): void {
  if (!request.isAnswered) request.fail(error);
}
