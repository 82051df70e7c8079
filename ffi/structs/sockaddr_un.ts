/**
 * `struct sockaddr_un`, the address of a unix socket, from `<linux/un.h>`: here an abstract one, which is no file (unix(7)).
 *
 * ```text
 *  0 u16 sun_family   AF_UNIX
 *  2 u8  sun_path     0, which makes it abstract; then the name, without a zero behind it
 * ```
 *
 * @module
 */
import { AF_UNIX } from "../constants.ts";

const SUN_PATH = 2;

/**
 * Writes the address of an abstract unix socket. Its length tells where the name ends.
 *
 * @param name The name, in ASCII.
 * @returns The address.
 */
export function abstractAddress(name: string): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(SUN_PATH + 1 + name.length);
  new DataView(address.buffer).setUint16(0, AF_UNIX, true);
  new TextEncoder().encodeInto(name, address.subarray(SUN_PATH + 1));
  return address;
}
