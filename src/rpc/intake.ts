/**
 * The way of a message's requests into a peer: who may not call, or has too many at once, is told so here.
 *
 * @module
 */
import { aboutUser } from "../errors.ts";
import { encodeError } from "../jsonrpc/encode.ts";
import { AccessDeniedError, InvalidRequestError, type JSONRPCError, TooManyRequestsError } from "../jsonrpc/errors.ts";
import { isId, isRequest, type JSONRPCId } from "../jsonrpc/guards.ts";
import type { Caller } from "../link/link.ts";
import type { Callers } from "../watch/callers.ts";
import { type Dialect, NATIVE } from "../wire/dialect.ts";
import type { Access } from "./access.ts";
import { closedError, type Dispatcher } from "./dispatcher.ts";
import { BatchExchange, type Exchange, type ExchangeHost, SingleExchange } from "./exchange.ts";
import type { Method, Methods } from "./methods.ts";
import { dropRequest, type RPCRequest } from "./request.ts";
import { nameOf } from "./request_name.ts";
import { CANCEL_METHOD } from "./reserved_methods.ts";

/** Made once: rubbish costs no more than it must. */
const NO_REQUEST = new InvalidRequestError("The body is not a JSON-RPC 2.0 request");

/** The longest id that an expendable answer repeats; beyond it the number of the message tells which call it is for. */
const LONGEST_ID = 256;

/** What an intake needs of its peer. */
export interface IntakeParts extends ExchangeHost {
  /** Carries requests out. */
  readonly dispatcher: Dispatcher;
  /** The methods of the peer. */
  readonly methods: Methods;
  /** Who may call them, where they do not say so themselves. */
  readonly access: Access;
  /** Who has called, where somebody is told of it. */
  readonly callers: Callers | undefined;
  /** Requests of all callers together that are in hand at once; beyond it the caller is refused. */
  readonly maxRequests: number;
  /** Members of a batch at most; beyond it the caller is refused. */
  readonly maxBatchMembers: number;
}

/** Takes requests in, and refuses those that are not to be taken. */
export class Intake {
  readonly #parts: IntakeParts;
  /** Why nothing new is taken here, although the peer takes it elsewhere. */
  #stopReason: Error | undefined;

  /**
   * @param parts What it needs of its peer.
   */
  constructor(parts: IntakeParts) {
    this.#parts = parts;
  }

  /**
   * Takes nothing new here: whoever calls from now on is told why.
   *
   * @param reason Why.
   */
  stop(reason: Error): void {
    this.#stopReason = reason;
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
   * Tells whether somebody does not read refusals: its requests are not worth being read either.
   *
   * @param caller Who.
   * @returns Whether its next request is dropped.
   */
  ignores({ port }: Caller): boolean {
    return this.#parts.deaf.drops(port);
  }

  /**
   * Takes what is in a message: a request, a notification, or a batch of them.
   *
   * @param payload The value that the body holds.
   * @param nlmsgSeq Number of the message; its answer carries it.
   * @param caller Who sent it.
   * @param dialect Its dialect; its answer has the same.
   */
  take(payload: unknown, nlmsgSeq: number, caller: Caller, dialect: Dialect): void {
    const { maxBatchMembers } = this.#parts;
    if (dialect === NATIVE) this.#parts.legacy.spokeNative(caller.port);
    if (isCancel(payload)) return this.#parts.dispatcher.cancel(caller, payload.params.id);
    if (!Array.isArray(payload)) {
      const exchange = new SingleExchange(this.#parts, caller, nlmsgSeq, dialect, readableId(payload));
      const isOne = isRequest(payload);
      const isAwaited = !isOne || payload.id !== undefined;
      if (!exchange.admit(1, isAwaited)) return this.#refuseOne(payload, nlmsgSeq, caller, dialect);
      const request = isOne ? this.#parts.dispatcher.admit(payload, exchange) : undefined;
      this.#hand(request, payload, exchange);
    } else if (payload.length === 0) {
      this.refuse(new InvalidRequestError("A batch has at least one member"), nlmsgSeq, caller, dialect);
    } else if (payload.length > maxBatchMembers) {
      this.#parts.trouble("refused", `A batch of ${payload.length} members`, caller.port);
      this.refuse(
        new TooManyRequestsError(`A batch has at most ${maxBatchMembers} members`),
        nlmsgSeq,
        caller,
        dialect,
      );
    } else {
      this.#takeBatch(payload, nlmsgSeq, caller, dialect);
    }
  }

  /**
   * Answers a message that holds no request, or none that is taken.
   *
   * @param error Why not.
   * @param nlmsgSeq Number of the message.
   * @param caller Who sent it.
   * @param dialect Its dialect.
   * @param id Id of its request, where it is known.
   */
  refuse(
    error: JSONRPCError,
    nlmsgSeq: number,
    caller: Caller,
    dialect: Dialect,
    id: JSONRPCId = null,
  ): void {
    const exchange = new SingleExchange(this.#parts, caller, nlmsgSeq, dialect, id);
    exchange.answer(encodeError(shortId(id), error), this.#isForeign(caller));
  }

  #takeBatch(members: readonly unknown[], nlmsgSeq: number, caller: Caller, dialect: Dialect): void {
    const exchange = new BatchExchange(this.#parts, caller, nlmsgSeq, dialect, members.length);
    const isAwaited = dialect === NATIVE || !members.every(isNotification);
    if (!exchange.admit(members.length, isAwaited)) {
      return this.refuse(this.#tooMany(caller), nlmsgSeq, caller, dialect);
    }
    // All are in hand before the first begins: where it closes the peer, the others are answered with the rest.
    const { dispatcher } = this.#parts;
    const requests = members.map((member) => isRequest(member) ? dispatcher.admit(member, exchange) : undefined);
    for (const [index, request] of requests.entries()) this.#hand(request, members[index], exchange);
  }

  /** Hands a request to a loop, or carries it out; what is none, or one too many, is answered at once. */
  #hand(request: RPCRequest | undefined, member: unknown, exchange: Exchange): void {
    const { dispatcher, maxRequests, methods } = this.#parts;
    const stopReason = dispatcher.stopReason ?? this.#stopReason;
    if (request === undefined) {
      exchange.answer(encodeError(shortId(readableId(member)), NO_REQUEST), this.#isForeign(exchange.caller));
    } else if (request.isAnswered) {
      // The peer was closed by a request of the same batch, and has answered this one too.
    } else if (stopReason !== undefined) {
      this.#refuse(request, closedError(stopReason));
    } else if (dispatcher.size > maxRequests) {
      this.#refuse(request, new TooManyRequestsError(`At most ${maxRequests} at once`));
      this.#parts.trouble("refused", `More than ${maxRequests} requests at once`, request.caller.port);
    } else {
      const method = methods.get(request.method);
      const allowed = (method?.access ?? this.#parts.access).allows(request.caller, request.method);
      if (typeof allowed === "boolean") return this.#decided(request, method, allowed);
      dispatcher.keep(request);
      allowed.then((allowed) => this.#decided(request, method, allowed));
    }
  }

  /** Goes on with a request, once it is known whether its caller may. */
  #decided(request: RPCRequest, method: Method | undefined, allowed: boolean): void {
    if (request.isAnswered) return;
    if (!allowed) {
      const { uid } = request.caller;
      const reason = `User ${uid} may not call ${nameOf(request)}${aboutUser(uid)}`;
      this.#parts.trouble("denied", reason, request.caller.port);
      return this.#refuse(request, new AccessDeniedError(reason));
    }
    const { callers, dispatcher } = this.#parts;
    if (dispatcher.stopReason !== undefined) return this.#refuse(request, closedError(dispatcher.stopReason));
    // What nobody waits for any more is not begun, and not answered either.
    if (request.deadline !== undefined && request.deadline <= Date.now() && !request.isNotification) {
      return dropRequest(request);
    }
    this.#parts.deaf.delete(request.caller.port);
    // Who only asks who is there, as whoever lists peers or watches them does, has not called.
    if (callers !== undefined && !method?.isReserved) {
      callers.called(request.caller);
      if (request.isAnswered) return; // Who was told has closed the peer.
    }
    dispatcher.hand(request, method);
  }

  #refuseOne(member: unknown, nlmsgSeq: number, caller: Caller, dialect: Dialect): void {
    const error = this.#tooMany(caller);
    if (!isNotification(member)) this.refuse(error, nlmsgSeq, caller, dialect, readableId(member));
  }

  #tooMany({ uid, port }: Caller): TooManyRequestsError {
    const reason = `User ${uid} has too many requests at once`;
    this.#parts.trouble("refused", reason, port);
    return new TooManyRequestsError(reason);
  }

  #refuse(request: RPCRequest, error: JSONRPCError): void {
    this.#parts.dispatcher.refuse(request, error, this.#isForeign(request.caller));
  }

  /** Whether a refusal is to another user: what that does not read does not wait. */
  #isForeign({ uid }: Caller): boolean {
    return this.#parts.requests.isForeign(uid);
  }
}

/** A notification that its caller waits for a request no longer: it takes up nothing, and is taken in any case. */
function isCancel(payload: unknown): payload is { params: { id: JSONRPCId } } {
  return isRequest(payload) && payload.method === CANCEL_METHOD && payload.id === undefined &&
    isId((payload.params as { id?: unknown } | undefined)?.id);
}

function isNotification(member: unknown): boolean {
  return isRequest(member) && member.id === undefined;
}

/** The id of what is no request, where it has one that can be told. */
function readableId(member: unknown): JSONRPCId {
  const id = typeof member === "object" && member !== null ? (member as { id?: unknown }).id : null;
  return isId(id) ? id : null;
}

function shortId(id: JSONRPCId): JSONRPCId {
  return typeof id === "string" && id.length > LONGEST_ID ? null : id;
}
