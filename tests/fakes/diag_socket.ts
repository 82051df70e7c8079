/**
 * What the fake kernel tells about its netlink sockets, as sock_diag(7) does.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { AF_NETLINK, NETLINK_USERSOCK, SOCK_DIAG_BY_FAMILY } from "../../ffi/constants.ts";
import {
  NLM_F_DUMP,
  NLM_F_MULTI,
  NLM_F_REQUEST,
  NLMSG_DONE,
  NLMSGHDR_SIZE,
  readNlmsghdr,
  writeNlmsghdr,
} from "../../src/wire/nlmsghdr.ts";
import { viewOf } from "../../src/wire/view.ts";
import { Failure } from "./script.ts";

const REQUEST_SIZE = 20;
const MESSAGE_SIZE = 28;
/** Of `struct netlink_diag_msg`. */
const [PORT, COOKIE] = [4, 20];

/** A socket that is told which ports are held in its network namespace, once it has asked. */
export class FakeDiagSocket {
  readonly kind = "diag";
  /** The network namespace that it was opened in. */
  readonly namespace: string;
  /** What has been told and not read. */
  readonly #datagrams: Uint8Array[] = [];

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get ready(): boolean {
    return this.#datagrams.length > 0;
  }

  /** Takes a request: one for all sockets of the protocol, or none. */
  ask(request: Uint8Array, answer: readonly Uint8Array[]): void {
    if (this.ready) throw new AssertionError("It asks again before it has read the last answer");
    const view = viewOf(request);
    const size = NLMSGHDR_SIZE + REQUEST_SIZE;
    if (request.length !== size) throw new Failure("EINVAL");
    const { nlmsgLen, nlmsgType, nlmsgFlags } = readNlmsghdr(view, 0);
    const [family, protocol] = request.subarray(NLMSGHDR_SIZE);
    const asked = [nlmsgLen, nlmsgType, nlmsgFlags, family, protocol];
    const known = [size, SOCK_DIAG_BY_FAMILY, NLM_F_REQUEST | NLM_F_DUMP, AF_NETLINK, NETLINK_USERSOCK];
    if (asked.join() !== known.join()) throw new Failure("EINVAL");
    this.#datagrams.push(...answer);
  }

  /** Reads a datagram; what does not fit is lost. */
  read(buffer: Uint8Array): number {
    const datagram = this.#datagrams.shift();
    if (datagram === undefined) throw new Failure("EAGAIN");
    const fits = datagram.subarray(0, buffer.length);
    buffer.set(fits);
    return fits.length;
  }
}

/** A message of the answer to a dump. The length that is given stands, true or not. */
export function diagMessage(type: number, payload: Uint8Array, nlmsgLen = NLMSGHDR_SIZE + payload.length): Uint8Array {
  const bytes = new Uint8Array(NLMSGHDR_SIZE + payload.length);
  writeNlmsghdr(viewOf(bytes), 0, { nlmsgLen, nlmsgType: type, nlmsgFlags: NLM_F_MULTI, nlmsgSeq: 0, nlmsgPid: 0 });
  bytes.set(payload, NLMSGHDR_SIZE);
  return bytes;
}

/** The message about the socket of a port; the cookie is what no other socket has had. */
export function portMessage(port: number, cookie: bigint = BigInt(port)): Uint8Array {
  const payload = new Uint8Array(MESSAGE_SIZE);
  payload[0] = AF_NETLINK;
  viewOf(payload).setUint32(PORT, port, true);
  viewOf(payload).setBigUint64(COOKIE, cookie, true);
  return diagMessage(SOCK_DIAG_BY_FAMILY, payload);
}

/** The message about the socket of a port, with an attribute that nobody has asked for, and its flags. */
export function flagsMessage(port: number, flags: number): Uint8Array {
  const [MEMINFO, FLAGS] = [0, 4];
  const payload = new Uint8Array(MESSAGE_SIZE + 16);
  const view = viewOf(payload);
  payload[0] = AF_NETLINK;
  view.setUint32(PORT, port, true);
  for (
    const [offset, type, value] of [[MESSAGE_SIZE, MEMINFO, 0xffff_ffff], [MESSAGE_SIZE + 8, FLAGS, flags]] as const
  ) {
    view.setUint16(offset, 8, true);
    view.setUint16(offset + 2, type, true);
    view.setUint32(offset + 4, value, true);
  }
  return diagMessage(SOCK_DIAG_BY_FAMILY, payload);
}

/** The message about the socket of a port, with its flags behind how much memory it takes. */
export function memoryMessage(port: number, flags: number, memory: readonly number[]): Uint8Array {
  const [MEMINFO, FLAGS] = [0, 4];
  const payload = new Uint8Array(MESSAGE_SIZE + 4 + memory.length * 4 + 8);
  const view = viewOf(payload);
  payload[0] = AF_NETLINK;
  view.setUint32(PORT, port, true);
  let offset = MESSAGE_SIZE;
  for (const [type, numbers] of [[MEMINFO, memory], [FLAGS, [flags]]] as const) {
    view.setUint16(offset, 4 + numbers.length * 4, true);
    view.setUint16(offset + 2, type, true);
    for (const [index, number] of numbers.entries()) view.setUint32(offset + 4 + index * 4, number, true);
    offset += 4 + numbers.length * 4;
  }
  return diagMessage(SOCK_DIAG_BY_FAMILY, payload);
}

/** What ends the answer. */
export function doneMessage(): Uint8Array {
  return diagMessage(NLMSG_DONE, new Uint8Array(4));
}

/** The answer of the kernel: ports in as many datagrams as are said, and its end in one of its own. */
export function dumpOf(...datagrams: readonly (readonly number[])[]): Uint8Array[] {
  const told = datagrams.filter((ports) => ports.length > 0);
  return [...told.map((ports) => new Uint8Array(ports.flatMap((port) => [...portMessage(port)]))), doneMessage()];
}
