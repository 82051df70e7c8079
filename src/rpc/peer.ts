/**
 * The peer: server and client at once, on one socket.
 *
 * @module
 */
import { PeerClosedError } from "../errors.ts";
import { checkDrain, type CloseOptions } from "./closing.ts";
import type { Conversation } from "./conversation.ts";
import { located } from "./located.ts";
import { conversationOf } from "./named_peer.ts";
import { OfferingPeer } from "./offering_peer.ts";
import { checkCallOptions } from "./options.ts";
import type { BatchCall, CallOptions, RPCPeerOptions } from "./options.ts";
import { createRemote } from "./remote.ts";
import type { Remote } from "./remote_types.ts";
import type { RPCRequest } from "./request.ts";
import type { PeerStats } from "./stats.ts";
import { portOf, type Target } from "./target.ts";

/**
 * A peer: it offers methods and calls those of others, on one netlink socket.
 *
 * What it awaits, serves or iterates keeps the process running; the peer alone does not. It is read while one of these goes
 * on, and requests that arrive then are carried out. At other times what arrives waits in the kernel's queue.
 *
 * @example A server and a client, which could be two processes.
 * ```ts
 * import { RPCPeer } from "@procslink/procslink";
 * import { assertEquals } from "@std/assert";
 *
 * class MyAPI {
 *   hello(name: string): string {
 *     return `Hello, ${name}!`;
 *   }
 * }
 *
 * await using server = new RPCPeer();
 * server.registerFunctionsInObject(new MyAPI());
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * assertEquals(await client.talkTo<MyAPI>(server.nlPid).hello("Rayson Zhu"), "Hello, Rayson Zhu!");
 * ```
 */
export class RPCPeer extends OfferingPeer implements AsyncIterable<RPCRequest>, AsyncDisposable, Disposable {
  readonly #conversation: Conversation;

  /**
   * Opens a peer.
   *
   * @param options How it is opened.
   * @throws {LibcUnavailableError} If this is not Linux on x86-64 or arm64, or the run has no bare `--allow-ffi`.
   * @throws {NameTakenError} If somebody has the name.
   * @throws {SyscallError} If the kernel refuses, such as EADDRINUSE for a port that is taken, or EPERM for a network namespace.
   * @throws {TypeError} If `fd` is a socket of another kind, or bound to another port than `port`, or options contradict each other.
   * @throws {RangeError} If a number among the options is out of range.
   */
  constructor(options: RPCPeerOptions = {}) {
    super(options, RPCPeer.prototype);
    this.#conversation = conversationOf(this);
  }

  /** The port of this peer: what others call it by. Python's name for it is kept, but it is not a process id. */
  get nlPid(): number {
    return this.#conversation.link.port;
  }

  /**
   * Carries out requests until the peer is closed, and keeps the process running.
   *
   * @returns Resolves when the peer is closed.
   * @throws {PeerClosedError} If the peer is closed already, or its socket fails; then it has a `cause`.
   */
  async runServerForever(): Promise<void> {
    this.#conversation.assertOpen();
    await this.#conversation.server.serve();
  }

  /**
   * The requests that arrive, one after the other, for a loop that answers them itself. While a loop is open, requests go to
   * it alone; several loops share them. What the last loop leaves over waits for the next one, or for `runServerForever()`. A
   * request that a loop neither answers nor dispatches leaves its caller waiting until the peer is closed.
   *
   * @returns Requests until the peer is closed. The loop throws a {@linkcode PeerClosedError} where its socket fails.
   * @throws {PeerClosedError} If the peer is closed.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<RPCRequest, undefined> {
    this.#conversation.assertOpen();
    return this.#conversation.server.iterate();
  }

  /**
   * Makes an object whose methods are calls to another peer.
   *
   * @typeParam T The class on the other side.
   * @param target Port of the other peer, or its name.
   * @param options Timeout and signal of every call, whom it trusts, and in which dialect it is.
   * @returns The remote object. Each of its methods returns a promise, and rejects as {@linkcode RPCPeer.call} does.
   * @throws {TypeError} If the port is not a number, the trust is no rule, or the dialect is none.
   * @throws {RangeError} If the port, the timeout or an id is out of range.
   */
  talkTo<T>(target: Target, options: CallOptions = {}): Remote<T> {
    portOf(target);
    checkCallOptions(options);
    if (options.trust !== undefined) this.#conversation.checkTrust(options.trust);
    return createRemote<T>(target, (method, args) => this.call(target, method, args, options));
  }

  /**
   * Calls a method of another peer.
   *
   * @typeParam Result What the method returns, after its way through JSON. Nothing checks it.
   * @param target Port of the other peer, or its name.
   * @param method Name of the method.
   * @param params Arguments: an array by position, an object by name.
   * @param options Timeout and signal, and whom it trusts.
   * @returns What the method returned. The promise rejects with the errors below.
   * @throws {JSONRPCError} If the other side answers with an error; each code of the specification has its class.
   * @throws {AccessDeniedError} If the other side does not let this user call; or, with a `uid`, if this call does not trust the
   * user who holds the port. Then the params have not left, unless the port has changed hands meanwhile.
   * @throws {PeerGoneError} If nobody holds the port; or its holder was gone before it answered, and the method may have run.
   * @throws {CallTimeoutError} If no answer came in time. The other side is told, unless it is a legacy peer; the method may have run.
   * @throws {MessageTooLargeError} If the params are larger than `maxMessageSize`, or than what the dialect of the other side allows,
   * and nothing was sent; or the answer is.
   * @throws {ReceiverFullError} If the other side does not keep up, and more than `maxQueuedBytes` waits. Nothing was sent.
   * @throws {DecodeError} If the other side's answer is none.
   * @throws {PeerClosedError} If this peer is closed, before the call or during it.
   * @throws {TypeError | RangeError} If JSON cannot hold the params, or an argument is of the wrong type or out of range.
   * @throws {unknown} The reason of the signal, if it aborts. The other side is told, as with a timeout.
   */
  async call<Result = unknown>(
    target: Target,
    method: string,
    params?: object,
    options: CallOptions = {},
  ): Promise<Result> {
    this.#conversation.assertOpen();
    try {
      return await this.#conversation.client.call(target, method, params, options) as Result;
    } catch (error) {
      throw located(error, options.signal);
    }
  }

  /**
   * Calls a method of another peer, and has the whole thread wait for the answer: no handler, timer or promise of this thread
   * runs meanwhile, only listeners of trouble. Requests that arrive have their turn afterwards; so two that call each other in this
   * way both wait in vain. It does not wait behind messages that wait for room.
   *
   * @typeParam Result What the method returns, after its way through JSON. Nothing checks it.
   * @param target Port of the other peer, or its name. It must not be held by this thread, which could not answer; a Worker's can be called.
   * @param method Name of the method.
   * @param params Arguments: an array by position, an object by name.
   * @param options Timeout; and a signal, which counts only where it has aborted before.
   * @returns What the method returned.
   * @throws {TypeError} If this thread holds the port. Otherwise everything as {@linkcode RPCPeer.call}.
   * @example
   * ```ts ignore
   * import { RPCPeer } from "@procslink/procslink";
   *
   * using client = new RPCPeer();
   * console.log(client.callSync(Number(Deno.args[0]), "hello", ["Rayson Zhu"], { timeout: 1_000 }));
   * ```
   */
  callSync<Result = unknown>(target: Target, method: string, params?: object, options: CallOptions = {}): Result {
    this.#conversation.assertOpen();
    try {
      return this.#conversation.client.callSync(target, method, params, options) as Result;
    } catch (error) {
      this.#conversation.assertOpen(); // A listener may have closed it meanwhile.
      throw located(error, options.signal);
    }
  }

  /**
   * Sends a notification: a call that nobody answers, not even where it fails.
   *
   * @param target Port of the other peer, or its name.
   * @param method Name of the method.
   * @param params Arguments: an array by position, an object by name.
   * @param options Timeout and signal, for as long as it waits for room. It is then taken back, unless a thread is just sending it.
   * @returns Resolves when the notification is in the other side's queue. The promise rejects with the errors below.
   * @throws {PeerGoneError} If nobody holds the port.
   * @throws {CallTimeoutError} If the other side had no room in time.
   * @throws {MessageTooLargeError | ReceiverFullError | PeerClosedError | TypeError | RangeError} As {@linkcode RPCPeer.call}.
   * @throws {unknown} The reason of the signal, if it aborts.
   */
  async notify(target: Target, method: string, params?: object, options: CallOptions = {}): Promise<void> {
    this.#conversation.assertOpen();
    try {
      await this.#conversation.client.notify(target, method, params, options);
    } catch (error) {
      throw located(error, options.signal);
    }
  }

  /**
   * Sends several calls in one message. The other side carries them out in any order, and answers when all are done. A legacy peer
   * gets them one by one.
   *
   * @param target Port of the other peer, or its name.
   * @param calls The calls, and notifications.
   * @param options Timeout and signal, for each of them.
   * @returns What became of each, in the order of the calls and in the form of `Promise.allSettled()`; a notification is fulfilled
   * with undefined. An empty list sends nothing.
   * @throws {PeerClosedError | TypeError | RangeError} As {@linkcode RPCPeer.call}; then nothing was sent.
   * @throws {Error} As {@linkcode RPCPeer.notify}, if there are only notifications, and they cannot be sent.
   * @throws {unknown} The reason of the signal, if it has aborted before.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = new RPCPeer();
   * server.registerFunction((a: number, b: number) => a + b, "add");
   * server.runServerForever();
   *
   * await using client = new RPCPeer();
   * const [sum, missing] = await client.batch(server.nlPid, [{ method: "add", params: [1, 2] }, { method: "divide" }]);
   * assertEquals([sum?.status, missing?.status], ["fulfilled", "rejected"]);
   * ```
   */
  async batch(
    target: Target,
    calls: readonly BatchCall[],
    options: CallOptions = {},
  ): Promise<PromiseSettledResult<unknown>[]> {
    this.#conversation.assertOpen();
    return await this.#conversation.client.batch(target, calls, options);
  }

  /**
   * Tells what the peer has done, and what it has in hand.
   *
   * @returns The figures.
   */
  stats(): PeerStats {
    return this.#conversation.stats(this.troubles);
  }

  /**
   * Closes the peer: aborts the signals of the requests in hand, answers those and what has arrived unread with an error, sends
   * what can be sent at once, frees the port, rejects pending calls and what still waits for room with a {@linkcode PeerClosedError},
   * and ends its loops. Twice is fine.
   *
   * With `drain` it first lets the requests in hand be answered, and refuses new ones; their handlers may still call others. Closed
   * once more without it, it does not wait any longer.
   *
   * @param options Whether to drain. Rejects with a RangeError if that is out of range.
   * @returns Resolves when the peer is closed, and its port free.
   */
  async close(options: CloseOptions = {}): Promise<void> {
    const milliseconds = checkDrain(options);
    if (milliseconds > 0) await this.#conversation.drain(milliseconds);
    this.#conversation.close(new PeerClosedError());
    await this.#conversation.server.closed;
  }

  /** Lets what the peer awaits, serves or iterates keep the process running, as it does from the start. */
  ref(): void {
    this.#conversation.links.ref();
  }

  /** Lets nothing of the peer keep the process running. While something else does, it is looked for what arrives up to 16 ms apart. */
  unref(): void {
    this.#conversation.links.unref();
  }

  /** Closes the peer at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  /** Closes the peer at the end of a `using` block. */
  [Symbol.dispose](): void {
    this.close();
  }
}
