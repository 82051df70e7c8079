/**
 * Whom a call goes to.
 *
 * @module
 */
import { checkName, portOfName } from "../naming/name.ts";

/** A port in a text is a mistake, and no name. */
const DIGITS = /^\d+$/;

/** Names whose ports are kept: to find one takes longer than to send a call. */
const KEPT_NAMES = 256;
const ports = new Map<string, number>();

/** Whom a call goes to: a port, or a name. */
export type Target = number | string;

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
 * Checks whom a call goes to.
 *
 * @param target A port, or a name.
 * @returns The port, or that of the name.
 * @throws {TypeError} If it is neither.
 * @throws {RangeError} If it is out of range, or cannot be a name.
 */
export function portOf(target: Target): number {
  if (typeof target !== "string") return checkPort("target", target);
  const known = ports.get(target);
  if (known !== undefined) return known;
  if (DIGITS.test(target)) return checkPort("target", target);
  const port = portOfName(checkName(target));
  if (ports.size === KEPT_NAMES) ports.clear();
  ports.set(target, port);
  return port;
}
