/**
 * Asks the kernel whether somebody holds a port.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import { NLMSG_NOOP, NLMSGHDR_SIZE, writeNlmsghdr } from "../wire/nlmsghdr.ts";
import { viewOf } from "../wire/view.ts";
import type { Link } from "./link.ts";

/**
 * Tells whether nobody holds a port any more. It is sent a NOOP, which a peer ignores; where its queue is full, somebody has one.
 *
 * @param link What sends it.
 * @param port The port.
 * @returns Whether nobody holds it.
 */
export function isGone(link: Link, port: number): boolean {
  const noop = new Uint8Array(NLMSGHDR_SIZE);
  const fields = { nlmsgLen: NLMSGHDR_SIZE, nlmsgType: NLMSG_NOOP, nlmsgFlags: 0, nlmsgSeq: 0, nlmsgPid: link.port };
  writeNlmsghdr(viewOf(noop), 0, fields);
  try {
    link.send(port, noop, noop.length);
    return false;
  } catch (error) {
    return error instanceof PeerGoneError;
  }
}
