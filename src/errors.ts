/**
 * What goes wrong below JSON-RPC, as classes that a caller can catch.
 *
 * @module
 */
import { ERRNO, errnoDescription, errnoName } from "../ffi/errno.ts";

/**
 * A system call failed.
 *
 * @example
 * ```ts
 * import { RPCPeer, SyscallError } from "@procslink/procslink";
 * import { assertEquals, assertThrows } from "@std/assert";
 *
 * using first = new RPCPeer();
 * const error = assertThrows(() => new RPCPeer({ port: first.nlPid }), SyscallError);
 * assertEquals(error.code, "EADDRINUSE");
 * ```
 */
export class SyscallError extends Error {
  /** Name of the system call, such as `"bind"`. */
  readonly syscall: string;
  /** Number of the error, as errno(3) has it. */
  readonly errno: number;
  /** Name of the error, such as `"EADDRINUSE"`. */
  readonly code: string;

  /**
   * Makes the error.
   *
   * @param syscall Name of the system call.
   * @param errno Number of the error.
   * @param hint What the caller can do about it, where there is something to say.
   */
  constructor(syscall: string, errno: number, hint?: string) {
    const code = errnoName(errno);
    super(`${syscall} failed: ${errnoDescription(errno)} (${code})${hint === undefined ? "" : `. ${hint}`}`);
    this.name = "SyscallError";
    this.syscall = syscall;
    this.errno = errno;
    this.code = code;
  }
}

/**
 * Nobody holds the port that a message was for, or its holder was gone before it answered. Then the call may have run.
 *
 * @example
 * ```ts
 * import { PeerGoneError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * await using peer = new RPCPeer();
 * const gone = new RPCPeer();
 * await gone.close();
 * await assertRejects(() => peer.call(gone.nlPid, "hello"), PeerGoneError);
 * ```
 */
export class PeerGoneError extends Error {
  /** The port. */
  readonly port: number;
  /** Whether there was a holder, who was gone before it answered: then the call may have run. */
  readonly mayHaveRun: boolean;

  /**
   * Makes the error.
   *
   * @param port The port that nobody holds.
   * @param before What its holder was to do, where there was one.
   */
  constructor(port: number, before?: "answering") {
    super(before === undefined ? `No peer holds port ${port}` : `The peer at port ${port} was gone before it answered`);
    this.name = "PeerGoneError";
    this.port = port;
    this.mayHaveRun = before !== undefined;
  }
}

/**
 * The other side does not read as fast as it is sent to, and more waits for it already than may.
 *
 * @example
 * ```ts
 * import { ReceiverFullError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * await using idle = new RPCPeer(); // It neither serves nor waits, so it does not read.
 * await using peer = new RPCPeer({ maxQueuedBytes: 1_000_000 });
 * const line = "x".repeat(1_000);
 * const lines = Array.from({ length: 10_000 }, () => peer.notify(idle.nlPid, "log", [line], { timeout: 10 }));
 * await assertRejects(() => Promise.all(lines), ReceiverFullError);
 * await Promise.allSettled(lines);
 * ```
 */
export class ReceiverFullError extends Error {
  /** The port that does not keep up. */
  readonly port: number;
  /** How much waits to be sent, in bytes. */
  readonly queued: number;
  /** How much may wait, in bytes. */
  readonly maximum: number;

  /**
   * Makes the error.
   *
   * @param port The port that does not keep up.
   * @param queued How much waits to be sent, in bytes.
   * @param maximum How much may wait, in bytes.
   */
  constructor(port: number, queued: number, maximum: number) {
    super(
      `Port ${port} does not keep up: ${queued} bytes wait to be sent, and at most ${maximum} may. Send less at once, or raise maxQueuedBytes`,
    );
    this.name = "ReceiverFullError";
    this.port = port;
    this.queued = queued;
    this.maximum = maximum;
  }
}

/**
 * A call had no answer within its timeout; it may have run all the same. Or the other side had no room for a notification; a thread
 * that was just sending it may have found some all the same.
 *
 * @example
 * ```ts
 * import { CallTimeoutError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * await using server = new RPCPeer();
 * server.registerFunction(() => new Promise(() => {}), "never");
 * server.runServerForever();
 *
 * await using client = new RPCPeer();
 * await assertRejects(() => client.call(server.nlPid, "never", [], { timeout: 20 }), CallTimeoutError);
 * ```
 */
export class CallTimeoutError extends Error {
  /** The port that was called. */
  readonly port: number;
  /** The method that was called. */
  readonly method: string;
  /** How long the call waited, in milliseconds. */
  readonly timeout: number;

  /**
   * Makes the error.
   *
   * @param port The port that was called.
   * @param method The method that was called.
   * @param timeout How long the call waited, in milliseconds.
   * @param verb What the other side did not do: answer a call, or take a notification.
   * @param hint What the caller can do about it, where there is something to say.
   */
  constructor(port: number, method: string, timeout: number, verb: "answer" | "take" = "answer", hint?: string) {
    const more = hint === undefined ? "" : `. ${hint}`;
    super(`Port ${port} did not ${verb} ${JSON.stringify(method)} within ${timeout} ms${more}`);
    this.name = "CallTimeoutError";
    this.port = port;
    this.method = method;
    this.timeout = timeout;
  }
}

/**
 * A message is larger than what is sent, or taken: `maxMessageSize` of the peer, or the 4,096 bytes that ProcsLink 0.1 for Python
 * reads.
 *
 * @example
 * ```ts
 * import { MessageTooLargeError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * await using peer = new RPCPeer({ maxMessageSize: 1_000_000 });
 * await assertRejects(() => peer.call(peer.nlPid, "store", ["x".repeat(2_000_000)]), MessageTooLargeError);
 * ```
 */
export class MessageTooLargeError extends RangeError {
  /** Size of the message in bytes, headers included. */
  readonly size: number;
  /** The largest that is sent or taken, in bytes, headers included. */
  readonly maximum: number;

  /**
   * Makes the error.
   *
   * @param size Size of the message in bytes, headers included.
   * @param maximum The largest that is sent or taken, in bytes, headers included.
   * @param reader Who reads no more, where that is no limit of this side, which can be raised.
   */
  constructor(size: number, maximum: number, reader?: string) {
    super(
      reader === undefined
        ? `A message of ${size} bytes is larger than maxMessageSize, which is ${maximum}: split it, or raise the limit`
        : `A message of ${size} bytes is larger than ${reader} reads, which is ${maximum}: split it`,
    );
    this.name = "MessageTooLargeError";
    this.size = size;
    this.maximum = maximum;
  }
}

/**
 * Bytes are not the message that they should be.
 *
 * @example
 * ```ts
 * import { DecodeError, NetlinkMessage } from "@procslink/procslink";
 * import { assertThrows } from "@std/assert";
 *
 * assertThrows(() => NetlinkMessage.fromBytes(new Uint8Array(15)), DecodeError);
 * ```
 */
export class DecodeError extends RangeError {
  /**
   * Makes the error.
   *
   * @param message What is wrong with the bytes.
   * @param options `cause`, where another error led to this one.
   */
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = "DecodeError";
  }
}

/**
 * The peer was closed: it can no longer call, and what it waited for will not come.
 *
 * @example
 * ```ts
 * import { PeerClosedError, RPCPeer } from "@procslink/procslink";
 * import { assertRejects } from "@std/assert";
 *
 * const peer = new RPCPeer();
 * await peer.close();
 * await assertRejects(() => peer.call(4242, "hello"), PeerClosedError);
 * ```
 */
export class PeerClosedError extends Error {
  /**
   * Makes the error.
   *
   * @param options `cause`, where an error of the socket closed the peer.
   */
  constructor(options?: ErrorOptions) {
    super("The peer is closed", options);
    this.name = "PeerClosedError";
  }
}

/**
 * A method of this name is registered already.
 *
 * @example
 * ```ts
 * import { DuplicateMethodError, RPCPeer } from "@procslink/procslink";
 * import { assertThrows } from "@std/assert";
 *
 * using peer = new RPCPeer();
 * peer.registerFunction(() => "first", "hello");
 * assertThrows(() => peer.registerFunction(() => "second", "hello"), DuplicateMethodError);
 * ```
 */
export class DuplicateMethodError extends Error {
  /** The name. */
  readonly method: string;

  /**
   * Makes the error.
   *
   * @param method The name.
   */
  constructor(method: string) {
    super(`A method ${JSON.stringify(method)} is registered already: choose another name`);
    this.name = "DuplicateMethodError";
    this.method = method;
  }
}

/**
 * Turns an error number of a send into the error that the sender catches.
 *
 * @param errno Number of the error.
 * @param port The port that was sent to.
 * @param size Size of what was sent, in bytes.
 * @param maximum The largest that can be sent, in bytes.
 * @returns The error.
 */
export function sendError(errno: number, port: number, size: number, maximum: number): Error {
  switch (errno) {
    case ERRNO.ECONNREFUSED:
      return new PeerGoneError(port);
    case ERRNO.EMSGSIZE:
      return size > maximum ? new MessageTooLargeError(size, maximum) : new SyscallError("sendto", errno);
    default:
      return new SyscallError("sendto", errno);
  }
}

/** What a user namespace makes of users whom it does not map, most often. */
const OVERFLOW_UID = 65_534;

/**
 * Says what is special about a user, in a text for a person.
 *
 * @param uid The user id.
 * @returns The end of a sentence; nothing for most.
 */
export function aboutUser(uid: number): string {
  return uid === OVERFLOW_UID ? ` (in a user namespace, ${uid} is anybody whom it does not map)` : "";
}
