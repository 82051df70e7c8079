/**
 * Options of a peer and of its calls, and their checks.
 *
 * @module
 */
import type { Link } from "../link/link.ts";

/** How long a call waits where nothing else is said, in milliseconds. */
export const DEFAULT_TIMEOUT = 30_000;

/** Options of a call. */
export interface CallOptions {
  /**
   * How long to wait for the answer, in milliseconds; `Infinity` for ever.
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
}

/** Options of a peer. */
export interface RPCPeerOptions {
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
   * How long calls wait for their answer, in milliseconds; `Infinity` for ever.
   *
   * @default 30,000
   */
  timeout?: number | undefined;
  /**
   * What carries the messages, instead of a netlink socket.
   *
   * @default a netlink socket
   */
  link?: Link | undefined;
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
 * Checks a port.
 *
 * @param name What it is, for the message of the error.
 * @param port The port.
 * @returns The port.
 * @throws {TypeError} If it is not a number.
 * @throws {RangeError} If it is not an integer from 1 to 0xffffffff.
 */
export function checkPort(name: string, port: unknown): number {
  if (typeof port !== "number") throw new TypeError(`${name} must be a port, which is a number, not ${typeof port}`);
  if (!Number.isInteger(port) || port < 1 || port > 0xffff_ffff) {
    throw new RangeError(`${name} must be a port, an integer from 1 to 4294967295, not ${port}`);
  }
  return port;
}

/**
 * Checks the options of a peer.
 *
 * @param options The options.
 * @throws {TypeError} If one is of the wrong type, or a link comes with a port or a descriptor.
 * @throws {RangeError} If the port, the descriptor or the timeout is out of range.
 */
export function checkPeerOptions({ port, fd, timeout, link }: RPCPeerOptions): void {
  if (link !== undefined && (port !== undefined || fd !== undefined)) {
    throw new TypeError("A link has its own port: pass neither port nor fd with it");
  }
  if (port !== undefined) checkPort("port", port);
  if (fd !== undefined && (!Number.isInteger(fd) || fd < 0)) {
    throw new RangeError(`fd must be a file descriptor, an integer from 0 on, not ${fd}`);
  }
  if (timeout !== undefined) checkTimeout(timeout);
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
