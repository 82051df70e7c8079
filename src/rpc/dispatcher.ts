/**
 * The way of a request through a peer: from a message to the method, and from its result to an answer.
 *
 * @module
 */
import { encodeError } from "../jsonrpc/encode.ts";
import {
  InvalidRequestError,
  type JSONRPCError,
  MethodNotFoundError,
  ServerError,
  TooManyRequestsError,
} from "../jsonrpc/errors.ts";
import { isId, isRequest, type JSONRPCId } from "../jsonrpc/guards.ts";
import type { Caller } from "../link/link.ts";
import type { Outbox } from "../link/outbox.ts";
import type { ReportTrouble } from "../link/trouble.ts";
import { runAsCurrentCall, runOutsideOfCalls } from "./current_call.ts";
import type { Methods } from "./methods.ts";
import { BatchExchange, type Exchange, SingleExchange } from "./exchange.ts";
import { beginRequest, closeRequest, handAnswer, type RequestHost, RPCRequest } from "./request.ts";

/** Requests of all callers together that a peer has in hand at once; beyond it the caller is refused. */
export const MAX_REQUESTS_IN_FLIGHT = 65_536;

/** Members of a batch at most; beyond it the caller is refused. */
export const MAX_BATCH_MEMBERS = 4_096;

/** Made once: rubbish costs no more than it must. */
const NO_REQUEST = new InvalidRequestError("The body is not a JSON-RPC 2.0 request");

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

/** Takes requests and has them answered. */
export class Dispatcher implements RequestHost {
  /** Takes the requests instead of having them carried out here: a `for await` loop. */
  taker: ((request: RPCRequest) => void) | undefined;

  readonly #methods: Methods;
  readonly #outbox: Outbox;
  readonly #trouble: ReportTrouble;
  readonly #controllers = new Map<RPCRequest, AbortController>();
  /** Requests that are not answered yet: in a handler, or on their way to a loop. */
  readonly #inHand = new Set<RPCRequest>();
  #closeReason: Error | undefined;

  /**
   * @param methods The methods of the peer.
   * @param outbox Where answers leave.
   * @param trouble Reports what belongs to no call.
   */
  constructor(methods: Methods, outbox: Outbox, trouble: ReportTrouble) {
    this.#methods = methods;
    this.#outbox = outbox;
    this.#trouble = trouble;
  }

  /**
   * Takes what is in a message: a request, a notification, or a batch of them.
   *
   * @param payload The value that the body holds.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param caller Who sent it.
   */
  take(payload: unknown, nlmsgSeq: number, caller: Caller): void {
    if (!Array.isArray(payload)) {
      const exchange = new SingleExchange(caller, nlmsgSeq, this.#outbox, this.#trouble, readableId(payload));
      this.#hand(this.#admit(payload, exchange), payload, exchange);
    } else if (payload.length === 0) {
      this.refuse(new InvalidRequestError("A batch has at least one member"), nlmsgSeq, caller);
    } else if (payload.length > MAX_BATCH_MEMBERS) {
      this.#trouble("refused", `A batch of ${payload.length} members`, caller.port);
      this.refuse(new TooManyRequestsError(`A batch has at most ${MAX_BATCH_MEMBERS} members`), nlmsgSeq, caller);
    } else {
      const exchange = new BatchExchange(caller, nlmsgSeq, this.#outbox, this.#trouble, payload.length);
      // All are in hand before the first begins: where it closes the peer, the others are answered with the rest.
      const requests = payload.map((member) => this.#admit(member, exchange));
      for (const [index, request] of requests.entries()) this.#hand(request, payload[index], exchange);
    }
  }

  /**
   * Answers a message that holds no request.
   *
   * @param error Why not.
   * @param nlmsgSeq Number of the message.
   * @param caller Who sent it.
   */
  refuse(error: JSONRPCError, nlmsgSeq: number, caller: Caller): void {
    new SingleExchange(caller, nlmsgSeq, this.#outbox, this.#trouble).answer(encodeError(null, error));
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
      const method = this.#methods.get(request.method);
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
    this.#controllers.delete(request);
    handAnswer(request, answer);
  }

  failed(request: RPCRequest, error: unknown, sent: JSONRPCError): void {
    // An error that is meant for the caller, and reaches it, is no trouble.
    if (error === sent && !request.isNotification) return;
    const name = JSON.stringify(request.method.slice(0, 100));
    const details = typeof sent.data === "string" ? `: ${sent.data}` : "";
    const [kind, what] = request.isNotification
      ? ["notification", "notification"] as const
      : ["handler", "method"] as const;
    this.#trouble(kind, `The ${what} ${name} failed: ${sent.message}${details}`, request.caller.port, error);
  }

  createSignal(request: RPCRequest): AbortSignal {
    if (this.#closeReason !== undefined) return AbortSignal.abort(this.#closeReason);
    const controller = new AbortController();
    if (!request.isAnswered) this.#controllers.set(request, controller);
    return controller.signal;
  }

  /**
   * Notes that a loop has taken a request. What a loop does with a notification is nobody's business any more.
   *
   * @param request The request.
   */
  taken(request: RPCRequest): void {
    if (request.isNotification) this.#inHand.delete(request);
  }

  /**
   * Tells the callers of all requests in hand that no answer will come, and aborts what is being carried out.
   *
   * @param reason Why.
   */
  close(reason: Error): void {
    this.#closeReason = reason;
    // Who is told to stop may still answer.
    runOutsideOfCalls(() => {
      for (const controller of [...this.#controllers.values()]) controller.abort(reason);
    });
    const error = closedError(reason);
    for (const request of [...this.#inHand]) closeRequest(request, error);
    this.#inHand.clear();
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
    if (request === undefined) {
      exchange.answer(encodeError(readableId(member), NO_REQUEST));
    } else if (request.isAnswered || this.#closeReason !== undefined) {
      // The peer was closed by a request of the same batch, and has answered this one too.
    } else if (this.#inHand.size > MAX_REQUESTS_IN_FLIGHT) {
      request.fail(new TooManyRequestsError(`At most ${MAX_REQUESTS_IN_FLIGHT} at once`));
      this.#trouble("refused", `More than ${MAX_REQUESTS_IN_FLIGHT} requests at once`, request.caller.port);
    } else if (this.taker === undefined) {
      this.start(request);
    } else {
      this.taker(request);
    }
  }
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
