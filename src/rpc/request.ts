/**
 * A request that has arrived.
 *
 * @module
 */
import { InternalError, JSONRPCError } from "../jsonrpc/errors.ts";
import { encodeError } from "../jsonrpc/encode.ts";
import type { JSONRPCId, JSONRPCParams, JSONRPCRequestObject } from "../jsonrpc/guards.ts";
import { stringify } from "../jsonrpc/text.ts";
import type { Caller } from "../link/link.ts";
import type { Exchange } from "./exchange.ts";

/** What a request needs of the peer that received it. */
export interface RequestHost {
  /** Carries a request out; a promise where that takes longer. Never throws or rejects. */
  carryOut(request: RPCRequest): Promise<void> | void;
  /** A request is done with: its answer as JSON text, or only the result in it, or undefined for a notification. */
  done(request: RPCRequest, answer: string | undefined, isResult: boolean): void;
  /**
   * A request could not be carried out.
   *
   * @param request The request.
   * @param error What was thrown.
   * @param sent What the caller is told; a notification's caller is not.
   */
  failed(request: RPCRequest, error: unknown, sent: JSONRPCError): void;
  /** Makes the signal of a request. */
  createSignal(request: RPCRequest): AbortSignal;
}

/** The call that the running handler serves. */
export interface CurrentCall {
  /** Who called, as the kernel attests it. */
  readonly caller: Caller;
  /** Aborts when nobody waits for the answer any more: the caller has aborted, its time is up, it is gone, or this peer is closed. */
  readonly signal: AbortSignal;
  /** The request. */
  readonly request: RPCRequest;
}

// What the peer does with a request, and nobody else.

/** Notes that a request is being carried out. Throws a TypeError if it was before. */
export let beginRequest: (request: RPCRequest) => void;
/** Answers a request with an error, since the peer is closed; whatever comes later is ignored. */
export let closeRequest: (request: RPCRequest, error: JSONRPCError) => void;
/** Ends a request without an answer, since nobody waits for one; whatever comes later is ignored. */
export let dropRequest: (request: RPCRequest) => void;
/** Has what a request takes up of its caller's share counted on, although nobody waits for it any more. */
export let keepCounted: (request: RPCRequest) => void;
/** Takes that back. */
export let letGo: (request: RPCRequest) => void;
/** Hands an answer to the message that a request came in. Where it is expendable, it does not wait for room. */
export let handAnswer: (request: RPCRequest, answer: string | undefined, expendable: boolean) => void;
/** Hands a result to it, likewise: JSON text, too. */
export let handResult: (request: RPCRequest, result: string) => void;
/** Makes of a request what `currentCall()` returns in its handler. */
export let callOf: (request: RPCRequest) => CurrentCall;

/**
 * A request that has arrived, as a `for await` loop over a peer yields it. Answer it once: by `dispatch()`, which calls the
 * registered method, or by hand with `respond()` or `fail()`. Once the peer is closed, these do nothing.
 *
 * @example
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = new RPCPeer();
 * (async () => {
 *   for await (const request of server) {
 *     if (request.method === "ping") request.respond("pong");
 *     else await request.dispatch();
 *   }
 * })();
 *
 * await using client = new RPCPeer();
 * assertEquals(await client.call(server.nlPid, "ping"), "pong");
 * ```
 */
export class RPCRequest {
  /** Name of the method. */
  readonly method: string;
  /** Arguments: an array by position, an object by name, undefined for none. */
  readonly params: JSONRPCParams | undefined;
  /** The id that the answer will carry; undefined for a notification. */
  readonly id: JSONRPCId | undefined;
  /** When its caller waits no longer, in milliseconds since the epoch, as far as the caller has said so. */
  readonly deadline: number | undefined;
  /** The message that it came in. */
  readonly #exchange: Exchange;
  readonly #host: RequestHost;
  #state: "new" | "dispatched" | "answered" | "closed" = "new";
  #signal: AbortSignal | undefined;
  #call: CurrentCall | undefined;

  /**
   * Peers make requests.
   *
   * @param message The request as it came.
   * @param exchange The message that it came in.
   * @param host The peer's part.
   * @ignore
   */
  constructor(message: JSONRPCRequestObject, exchange: Exchange, host: RequestHost) {
    this.method = message.method;
    this.params = message.params;
    this.id = message.id;
    this.deadline = message.deadline;
    this.#exchange = exchange;
    this.#host = host;
  }

  /** Who sent the request, as the kernel attests it. */
  get caller(): Caller {
    return this.#exchange.caller;
  }

  /** The name by which its caller has called this peer; undefined where that was by its port. */
  get calledName(): string | undefined {
    return this.#exchange.name;
  }

  /** Whether nobody waits for an answer. */
  get isNotification(): boolean {
    return this.id === undefined;
  }

  /** Whether the request is done with: it is answered, also by the closing of the peer, or its caller waits no longer. */
  get isAnswered(): boolean {
    return this.#state === "answered" || this.#state === "closed";
  }

  /**
   * Aborts when nobody waits for the answer any more: with an `AbortError` where the caller has aborted, with a `TimeoutError` where
   * its time is up, with a `PeerGoneError` some seconds after it has ended, and with a `PeerClosedError` where
   * this peer is closed.
   */
  get signal(): AbortSignal {
    return this.#signal ??= this.#host.createSignal(this);
  }

  /**
   * Calls the registered method, and answers with what it returns or throws.
   *
   * @returns Resolves when the request is answered; never rejects.
   * @throws {TypeError} If the request was dispatched or answered before.
   */
  dispatch(): Promise<void> {
    if (this.#state === "closed") return Promise.resolve();
    this.#begin();
    return Promise.resolve(this.#host.carryOut(this));
  }

  /**
   * Answers with a result. For a notification nothing is sent.
   *
   * @param result What JSON can hold; undefined becomes null.
   * @throws {TypeError} If the request was answered before, or JSON cannot hold the result. In the second case the caller
   * gets an internal error.
   */
  respond(result?: unknown): void {
    if (this.#state === "closed") return;
    this.#assertOpen();
    if (this.id === undefined) return this.#finish(undefined);
    let text: string;
    try {
      text = stringify(result);
    } catch (error) {
      this.fail(error);
      throw error;
    }
    this.#finish(text, true);
  }

  /**
   * Answers with an error. For a notification nothing is sent. The peer has a `trouble` event, except for a {@linkcode JSONRPCError}
   * that the caller is told.
   *
   * @param error A {@linkcode JSONRPCError} is sent as it is. Of any other error its message is sent, as an internal error.
   * @throws {TypeError} If the request was answered before.
   */
  fail(error: unknown): void {
    if (this.#state === "closed") return;
    this.#assertOpen();
    const sent = toJSONRPCError(error);
    this.#host.failed(this, error, sent);
    if (this.id !== undefined) return this.#finish(encodeError(this.id, sent));
    this.#finish(undefined);
  }

  static {
    beginRequest = (request) => request.#begin();
    closeRequest = (request, error) => {
      if (request.isNotification) return dropRequest(request);
      request.fail(error);
      request.#state = "closed";
    };
    dropRequest = (request) => {
      if (request.isAnswered) return;
      request.#finish(undefined);
      request.#state = "closed";
    };
    keepCounted = (request) => request.#exchange.keep();
    letGo = (request) => request.#exchange.letGo();
    handAnswer = (request, answer, expendable) => request.#exchange.answer(answer, expendable);
    handResult = (request, result) => request.#exchange.result(request.id!, result);
    callOf = (request) => request.#call ??= new RequestCall(request);
  }

  #begin(): void {
    if (this.#state !== "new") throw new TypeError(`The request was ${this.#state} before`);
    this.#state = "dispatched";
  }

  #assertOpen(): void {
    if (this.#state === "answered") throw new TypeError("The request was answered before");
  }

  #finish(answer: string | undefined, isResult = false): void {
    this.#state = "answered";
    this.#host.done(this, answer, isResult);
  }
}

/** A request as the current call. */
class RequestCall implements CurrentCall {
  readonly request: RPCRequest;

  constructor(request: RPCRequest) {
    this.request = request;
  }

  get caller(): Caller {
    return this.request.caller;
  }

  get signal(): AbortSignal {
    return this.request.signal;
  }
}

/** What of an error goes to the caller: never its stack. What it says is read once, here: a getter or a proxy may throw. */
function toJSONRPCError(error: unknown): JSONRPCError {
  try {
    if (error instanceof JSONRPCError) return typeof error.message === "string" ? error : withoutMessage(error);
    if (error instanceof Error) return new InternalError(String(error.message), { cause: error });
    if (typeof error === "object" && error !== null) return new InternalError("What was thrown is not an Error");
    return new InternalError(String(error));
  } catch {
    return new InternalError("What was thrown has no message");
  }
}

function withoutMessage({ code, data }: JSONRPCError): JSONRPCError {
  return new JSONRPCError(code, "", data);
}
