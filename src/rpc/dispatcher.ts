/**
 * The way of a request through a peer: from a message to the method, and from its result to an answer.
 *
 * @module
 */
import { encodeError } from "../jsonrpc/encode.ts";
import {
  AccessDeniedError,
  InvalidRequestError,
  type JSONRPCError,
  MethodNotFoundError,
  ServerError,
  TooManyRequestsError,
} from "../jsonrpc/errors.ts";
import { isId, isRequest, type JSONRPCId } from "../jsonrpc/guards.ts";
import type { Caller } from "../link/link.ts";
import type { Access } from "./access.ts";
import { CallerWatch } from "./caller_watch.ts";
import { runAsCurrentCall, runOutsideOfCalls } from "./current_call.ts";
import { BatchExchange, type Exchange, type ExchangeHost, SingleExchange } from "./exchange.ts";
import type { Method, Methods } from "./methods.ts";
import { beginRequest, closeRequest, dropRequest, handAnswer, type RequestHost, RPCRequest } from "./request.ts";
import { RequestSignals } from "./request_signals.ts";
import { RequestsInHand } from "./requests_in_hand.ts";

/** Made once: rubbish costs no more than it must. */
const NO_REQUEST = new InvalidRequestError("The body is not a JSON-RPC 2.0 request");

/** Code of the error that answers what a closing peer has in hand. */
const PEER_CLOSED = -32000;

/** The longest id that an expendable answer repeats; beyond it the number of the message tells which call it is for. */
const LONGEST_ID = 256;

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
export interface DispatcherParts extends ExchangeHost {
  /** The methods of the peer. */
  readonly methods: Methods;
  /** Who may call them, where they do not say so themselves. */
  readonly access: Access;
  /** Requests of all callers together that are in hand at once; beyond it the caller is refused. */
  readonly maxRequests: number;
  /** Members of a batch at most; beyond it the caller is refused. */
  readonly maxBatchMembers: number;
  /** Tells whether nobody holds a port any more. */
  readonly isGone: (port: number) => boolean;
}

/** Takes requests and has them answered. */
export class Dispatcher implements RequestHost {
  /** Takes the requests instead of having them carried out here: a `for await` loop. */
  taker: ((request: RPCRequest) => void) | undefined;
  /** Told whenever the last request in hand is done with. */
  idle: () => void = () => {};

  readonly #parts: DispatcherParts;
  readonly #signals = new RequestSignals((request, reason) => this.#end(request, reason));
  readonly #inHand = new RequestsInHand();
  readonly #callers: CallerWatch;
  /** Why nothing new is taken. */
  #stopReason: Error | undefined;
  #isClosed = false;
  #refusing = false;

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

  /**
   * Tells whether somebody may call nothing here, whatever the method is.
   *
   * @param caller Who.
   * @returns Whether that is sure.
   */
  denies(caller: Caller): boolean {
    const { access, methods } = this.#parts;
    return access.isFixed && !methods.hasOwnRules && access.allows(caller, "") === false;
  }

  /**
   * Takes what is in a message: a request, a notification, or a batch of them.
   *
   * @param payload The value that the body holds.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param caller Who sent it.
   */
  take(payload: unknown, nlmsgSeq: number, caller: Caller): void {
    const { maxBatchMembers } = this.#parts;
    if (!Array.isArray(payload)) {
      const exchange = new SingleExchange(this.#parts, caller, nlmsgSeq, readableId(payload));
      this.#takeMembers([payload], exchange, nlmsgSeq);
    } else if (payload.length === 0) {
      this.refuse(new InvalidRequestError("A batch has at least one member"), nlmsgSeq, caller);
    } else if (payload.length > maxBatchMembers) {
      this.#parts.trouble("refused", `A batch of ${payload.length} members`, caller.port);
      this.refuse(new TooManyRequestsError(`A batch has at most ${maxBatchMembers} members`), nlmsgSeq, caller);
    } else {
      const exchange = new BatchExchange(this.#parts, caller, nlmsgSeq, payload.length);
      this.#takeMembers(payload, exchange, nlmsgSeq);
    }
  }

  /**
   * Answers a message that holds no request, or none that is taken.
   *
   * @param error Why not.
   * @param nlmsgSeq Number of the message.
   * @param caller Who sent it.
   * @param id Id of its request, where it is known.
   */
  refuse(error: JSONRPCError, nlmsgSeq: number, caller: Caller, id: JSONRPCId = null): void {
    const exchange = new SingleExchange(this.#parts, caller, nlmsgSeq, id);
    exchange.answer(encodeError(shortId(id), error), this.#isForeign(caller));
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
        return request.fail(
          new MethodNotFoundError(`There is no method ${JSON.stringify(request.method.slice(0, 100))}`),
        );
      }
      const result = runAsCurrentCall(request, method, method.parameters.bind(request.params));
      if (!isThenable(result)) return respond(request, result);
      return Promise.resolve(result).then((value) => respond(request, value), (error) => fail(request, error));
    } catch (error) {
      fail(request, error);
    }
  }

  done(request: RPCRequest, answer: string | undefined): void {
    this.#inHand.delete(request);
    this.#signals.delete(request);
    handAnswer(request, answer, this.#refusing);
    if (this.#inHand.size === 0) this.idle();
  }

  failed(request: RPCRequest, error: unknown, sent: JSONRPCError): void {
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
    if (this.#inHand.size === 0) this.idle();
  }

  /**
   * Ends a request that its caller waits for no longer.
   *
   * @param caller Who says so.
   * @param id Id of the request.
   */
  cancel({ port, uid }: Caller, id: JSONRPCId): void {
    const request = this.#inHand.find(port, id);
    // Somebody else may hold the port by now.
    if (request === undefined || request.caller.uid !== uid) return;
    this.#end(request, new DOMException("The caller waits no longer", "AbortError"));
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

  #takeMembers(members: readonly unknown[], exchange: SingleExchange, nlmsgSeq: number): void {
    const { caller } = exchange;
    if (!exchange.admit(members.length)) {
      const isNotification = members.length === 1 && isRequest(members[0]) && members[0].id === undefined;
      const reason = `User ${caller.uid} has too many requests at once`;
      this.#parts.trouble("refused", reason, caller.port);
      if (!isNotification) {
        const id = members.length === 1 ? readableId(members[0]) : null;
        this.refuse(new TooManyRequestsError(reason), nlmsgSeq, caller, id);
      }
      return;
    }
    // All are in hand before the first begins: where it closes the peer, the others are answered with the rest.
    const requests = members.map((member) => this.#admit(member, exchange));
    for (const [index, request] of requests.entries()) this.#hand(request, members[index], exchange);
  }

  /** Takes a request into hand; of what is none nothing is made. */
  #admit(member: unknown, exchange: Exchange): RPCRequest | undefined {
    if (!isRequest(member)) return undefined;
    const request = new RPCRequest(member, exchange, this);
    this.#inHand.add(request);
    return request;
  }

  /** Hands a request to a loop, or carries it out; what is none, or one too many, is answered at once. */
  #hand(request: RPCRequest | undefined, member: unknown, exchange: Exchange): void {
    const { maxRequests, methods } = this.#parts;
    if (request === undefined) {
      exchange.answer(encodeError(shortId(readableId(member)), NO_REQUEST), this.#isForeign(exchange.caller));
    } else if (request.isAnswered) {
      // The peer was closed by a request of the same batch, and has answered this one too.
    } else if (this.#stopReason !== undefined) {
      this.#refuse(request, closedError(this.#stopReason));
    } else if (this.#inHand.size > maxRequests) {
      this.#refuse(request, new TooManyRequestsError(`At most ${maxRequests} at once`));
      this.#parts.trouble("refused", `More than ${maxRequests} requests at once`, request.caller.port);
    } else {
      const method = methods.get(request.method);
      const allowed = (method?.access ?? this.#parts.access).allows(request.caller, request.method);
      if (typeof allowed === "boolean") return this.#decided(request, method, allowed);
      allowed.then((allowed) => this.#decided(request, method, allowed));
      this.#callers.start();
    }
  }

  /** Goes on with a request, once it is known whether its caller may. */
  #decided(request: RPCRequest, method: Method | undefined, allowed: boolean): void {
    if (request.isAnswered) return;
    if (!allowed) {
      const reason = `User ${request.caller.uid} may not call ${nameOf(request)}`;
      this.#parts.trouble("denied", reason, request.caller.port);
      return this.#refuse(request, new AccessDeniedError(reason));
    }
    if (this.#stopReason !== undefined) return this.#refuse(request, closedError(this.#stopReason));
    // What nobody waits for any more is not begun, and not answered either.
    if (request.deadline !== undefined && request.deadline <= Date.now() && !request.isNotification) {
      return dropRequest(request);
    }
    if (this.taker === undefined || method?.isReserved) this.start(request);
    else this.taker(request);
    if (!request.isAnswered) this.#callers.start();
  }

  /** Tells a caller that its request is not taken. What another user does not read of that does not wait. */
  #refuse(request: RPCRequest, error: JSONRPCError): void {
    if (request.isNotification) return dropRequest(request);
    this.#refusing = this.#isForeign(request.caller);
    request.fail(error);
    this.#refusing = false;
  }

  /** Ends a request without an answer. */
  #end(request: RPCRequest, reason: Error): void {
    if (this.#isClosed) return;
    runOutsideOfCalls(() => this.#signals.abort(request, reason));
    dropRequest(request);
  }

  #isForeign({ uid }: Caller): boolean {
    return this.#parts.requests.isForeign(uid);
  }
}

function nameOf({ method }: RPCRequest): string {
  return JSON.stringify(method.slice(0, 100));
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" || typeof value === "function") && value !== null &&
    typeof (value as { then?: unknown }).then === "function";
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

/** The id of what is no request, where it has one that can be told. */
function readableId(member: unknown): JSONRPCId {
  const id = typeof member === "object" && member !== null ? (member as { id?: unknown }).id : null;
  return isId(id) ? id : null;
}

function shortId(id: JSONRPCId): JSONRPCId {
  return typeof id === "string" && id.length > LONGEST_ID ? null : id;
}
