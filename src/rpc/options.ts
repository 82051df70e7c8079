/**
 * Options of a peer and of its calls, and their checks.
 *
 * @module
 */
import type { CaptureSink } from "../link/capture.ts";
import type { Caller, Link } from "../link/link.ts";
import { checkName } from "../naming/name.ts";
import { checkDialect, type Dialect } from "../wire/dialect.ts";
import type { AccessRule } from "./access.ts";
import type { PeerQuotas } from "./quotas.ts";
import { checkPort } from "./target.ts";

/** How long a call waits where nothing else is said, in milliseconds. */
export const DEFAULT_TIMEOUT = 30_000;

/** For how long to look for what arrives where nothing else is said, and at most, in microseconds. */
export const DEFAULT_BUSY_POLL = 50;
const LONGEST_BUSY_POLL = 1_000;

/** The largest message that is sent and taken where nothing else is said, in bytes. */
export const DEFAULT_MAX_MESSAGE_SIZE = 67_108_864;

/** What may wait for one destination where nothing else is said, in bytes. */
export const DEFAULT_MAX_QUEUED_BYTES = 268_435_456;

/** Bounds of `maxMessageSize`, in bytes: room for an error that says what is wrong, and the longest string that V8 has. */
const MESSAGE_SIZE = { least: 1_024, most: 536_870_888 } as const;

/** Options of a call. */
export interface CallOptions {
  /**
   * How long to wait, in milliseconds; `Infinity` for ever. A call waits for its answer, a notification for room in the other
   * side's queue.
   *
   * @default the timeout of `talkTo()`, else of the peer, which is 30,000
   */
  timeout?: number | undefined;
  /**
   * Rejects the call with the signal's reason when it aborts.
   *
   * @default none
   */
  signal?: AbortSignal | undefined;
  /**
   * Who may hold the port that is called. Nothing is sent before that is known, and no other's answer counts. In the dialect
   * `"procslink-0.1"` only the answer is checked where nobody has said whom to trust, for the call or the peer.
   *
   * @default the trust of `talkTo()`, else of the peer, which is `"same-user"`: the user of this process, and root
   */
  trust?: AccessRule | undefined;
  /**
   * The dialect of the other side: `"native"`, or `"procslink-0.1"` where it uses the Python package up to version 0.1.2. A port is
   * not asked for it, since a peer of that package takes whatever arrives for the answer that it waits for. Such a peer gets
   * one call at a time, of 4,096 bytes at most; the timeout counts while a call waits for its turn too. It is not told that a call
   * is given up. It does not answer everything: without a timeout a call may keep all behind it waiting for ever.
   *
   * @default that in which the port has called here, else `"native"`
   */
  dialect?: Dialect | undefined;
}

/** Options of a peer. */
export interface RPCPeerOptions {
  /**
   * A name to claim, by which others can call the peer.
   *
   * @default none
   */
  name?: string | undefined;
  /**
   * The port to hold, from 1 to 0xffffffff. 0x00400001 to 0x7fffffff is never given out by itself.
   *
   * @default one that is free: the process id, or a random one from 0x80000000 on
   */
  port?: number | undefined;
  /**
   * A `NETLINK_USERSOCK` socket that was opened elsewhere, such as one that was inherited. The peer takes it over and closes it.
   *
   * @default a new socket
   */
  fd?: number | undefined;
  /**
   * The network namespace to open the socket in: the path of its file, such as `/run/netns/blue`, or the id of a process that is
   * in it. That needs CAP_SYS_ADMIN there and here.
   *
   * @default that of this thread
   */
  netns?: string | number | undefined;
  /**
   * Who may call: `"same-user"`, which is the user of this process and root, by real user id in the kernel's words; `"anyone"`;
   * `{ uids, gids }`; or a function of the caller and the method. {@linkcode RegisterOptions.access} is for one method.
   *
   * @default "same-user"
   */
  access?: AccessRule | undefined;
  /**
   * Who may hold the ports that are called, where calls do not say; in the same forms as `access`.
   *
   * @default "same-user"
   */
  trust?: AccessRule | undefined;
  /**
   * How much others may take up.
   *
   * @default those of {@linkcode PeerQuotas}
   */
  quotas?: PeerQuotas | undefined;
  /**
   * How long calls wait for their answer, in milliseconds; `Infinity` for ever.
   *
   * @default 30,000
   */
  timeout?: number | undefined;
  /**
   * The largest message that is sent and taken, in bytes, its headers of 40 bytes included.
   *
   * @default 67,108,864
   */
  maxMessageSize?: number | undefined;
  /**
   * How much may wait for a receiver that does not keep up, in bytes; for all such receivers together twice as much. It bounds what
   * waits behind something else: where nothing waits yet for a receiver, one message of any size may.
   *
   * @default 268,435,456
   */
  maxQueuedBytes?: number | undefined;
  /**
   * For how long to look again and again for what arrives before a thread is sent to wait for it, in microseconds, from 0, which is
   * not at all, to 1,000. It makes a round trip several times as fast, for some time of the processor: only where something is
   * awaited, and only while it pays. After large messages were sent it goes on for half a microsecond more for each kilobyte, and
   * twice as long at most. Peers of one isolate wait together: the longest counts. Without a netlink socket, as with `link`, it
   * cannot be given.
   *
   * @default 50
   */
  busyPoll?: number | undefined;
  /**
   * Told of each caller that is let in, before its first request or notification is carried out. Looking around, such as `list()` or
   * `watch()` of another peer, is no call. What it throws is trouble. It has no part in who may call: that is `access`.
   *
   * @default nobody is told, and nothing is kept of callers
   */
  onConnect?: ((caller: Caller) => void) | undefined;
  /**
   * Told of each caller that has called and is gone: closed, ended or killed, at most 250 milliseconds ago. Not of those who are
   * still there when this peer is closed. Callers are looked for while the process runs; they do not keep it running.
   *
   * @default nobody is told
   */
  onDisconnect?: ((caller: Caller) => void) | undefined;
  /**
   * Whether who may call this peer may ask it for a description of its methods, by `rpc.discover`.
   *
   * @default true
   */
  discover?: boolean | undefined;
  /**
   * Whether others may trace the calls of this peer, by {@linkcode TracingPeer.trace}: those who may call it, by its `access`. With
   * `"datagrams"` they may also have all datagrams that it sends and receives, with params and results, by
   * {@linkcode TracingPeer.traceDatagrams}.
   *
   * @default true
   */
  trace?: boolean | "datagrams" | undefined;
  /**
   * What carries the messages, instead of a netlink socket.
   *
   * @default a netlink socket
   */
  link?: Link | undefined;
  /**
   * Told of each datagram that the peer sends and receives, at its own port and those of its names: a {@linkcode PcapngWriter} makes
   * a file for Wireshark of them.
   *
   * @default none
   */
  capture?: CaptureSink | undefined;
}

/** One member of a batch. */
export interface BatchCall {
  /** Name of the method. */
  method: string;
  /** Arguments: an array by position, an object by name. */
  params?: object | undefined;
  /**
   * Whether nobody waits for an answer.
   *
   * @default false
   */
  notify?: boolean | undefined;
}

/**
 * Checks the options of a peer.
 *
 * @param options The options.
 * @throws {TypeError} If one is of the wrong type, or contradicts another.
 * @throws {RangeError} If a number is out of range.
 */
export function checkPeerOptions(options: RPCPeerOptions): void {
  const { name, port, fd, netns, timeout, link, maxMessageSize, maxQueuedBytes, busyPoll, capture, trace } = options;
  if (capture !== undefined && typeof capture?.capture !== "function") {
    throw new TypeError("capture must have a method capture(), as a PcapngWriter has");
  }
  if (link !== undefined && (port ?? fd ?? netns ?? busyPoll) !== undefined) {
    throw new TypeError("A link has its own port, place and way to wait: pass no port, fd, netns or busyPoll with it");
  }
  if (name !== undefined) checkName(name);
  if (trace !== undefined && typeof trace !== "boolean" && trace !== "datagrams") {
    throw new TypeError(`trace must be true, false or "datagrams", not ${JSON.stringify(trace) ?? typeof trace}`);
  }
  for (const hook of ["onConnect", "onDisconnect"] as const) {
    const given = typeof options[hook];
    if (given !== "undefined" && given !== "function") throw new TypeError(`${hook} must be a function, not ${given}`);
  }
  if (busyPoll !== undefined) checkInteger("busyPoll", "a number of microseconds", busyPoll, 0, LONGEST_BUSY_POLL);
  if (port !== undefined) checkPort("port", port);
  if (fd !== undefined) {
    if (netns !== undefined) throw new TypeError("A socket stays in its network namespace: pass no netns with fd");
    checkInteger("fd", "a file descriptor", fd, 0, 0x7fff_ffff);
  }
  if (netns !== undefined) checkNetns(netns);
  if (timeout !== undefined) checkTimeout(timeout);
  const { least, most } = MESSAGE_SIZE;
  if (maxMessageSize !== undefined) checkInteger("maxMessageSize", "a number of bytes", maxMessageSize, least, most);
  if (maxQueuedBytes !== undefined) {
    checkInteger("maxQueuedBytes", "a number of bytes", maxQueuedBytes, 0, Number.MAX_SAFE_INTEGER);
  }
}

/**
 * Checks an integer.
 *
 * @param name What it is, for the message of the error.
 * @param what What it counts.
 * @param value The integer.
 * @param least The least that it may be.
 * @param most The most.
 * @throws {RangeError} If it is none, or out of range.
 */
export function checkInteger(name: string, what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${name} must be ${what}, an integer from ${least} to ${most}, not ${value}`);
}

function checkNetns(netns: unknown): void {
  if (typeof netns === "number") return checkInteger("netns", "a path or a process id", netns, 1, 0x7fff_ffff);
  if (typeof netns !== "string") throw new TypeError(`netns must be a path or a process id, not ${typeof netns}`);
  if (netns === "" || netns.includes("\0")) throw new TypeError(`netns must be a path, not ${JSON.stringify(netns)}`);
}

/**
 * Checks a timeout.
 *
 * @param timeout The timeout, in milliseconds.
 * @returns The timeout.
 * @throws {RangeError} If it is not a number above 0.
 */
export function checkTimeout(timeout: number): number {
  if (typeof timeout !== "number" || !(timeout > 0)) {
    throw new RangeError(`timeout must be more than 0 milliseconds, or Infinity, not ${timeout}`);
  }
  return timeout;
}

/**
 * Checks options of a call as far as that can be done before it is made.
 *
 * @param options The options.
 * @throws {RangeError} If the timeout is not a number above 0.
 * @throws {TypeError} If the dialect is none.
 */
export function checkCallOptions({ timeout, dialect }: CallOptions): void {
  if (timeout !== undefined) checkTimeout(timeout);
  if (dialect !== undefined) checkDialect(dialect);
}

/**
 * Checks what a call asks for.
 *
 * @param method Name of the method.
 * @param params Its arguments.
 * @throws {TypeError} If the name is not a string, or the params are neither an array nor an object.
 */
export function checkCall(method: unknown, params: unknown): void {
  if (typeof method !== "string") throw new TypeError(`The name of a method must be a string, not ${typeof method}`);
  if (params !== undefined && (typeof params !== "object" || params === null)) {
    throw new TypeError(
      `params must be an array (by position) or an object (by name), not ${params === null ? "null" : typeof params}`,
    );
  }
}
