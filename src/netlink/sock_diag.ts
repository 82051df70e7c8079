/**
 * Which socket holds a port, in the words of the kernel: sock_diag(7). It needs no privilege, and nobody notices.
 *
 * @module
 */
import {
  AF_NETLINK,
  NDIAG_FLAG_CAP_ACK,
  NDIAG_SHOW_FLAGS,
  NDIAG_SHOW_MEMINFO,
  NETLINK_DIAG_FLAGS,
  NETLINK_DIAG_MEMINFO,
  NETLINK_SOCK_DIAG,
  NETLINK_USERSOCK,
  SK_MEMINFO_DROPS,
  SK_MEMINFO_RMEM_ALLOC,
  SOCK_CLOEXEC,
  SOCK_DIAG_BY_FAMILY,
  SOCK_NONBLOCK,
  SOCK_RAW,
} from "../../ffi/constants.ts";
import {
  findAttribute,
  NETLINK_DIAG_MSG_SIZE,
  NETLINK_DIAG_REQ_SIZE,
  readNetlinkDiagCookie,
  readNetlinkDiagPort,
  writeNetlinkDiagReq,
} from "../../ffi/structs/netlink_diag.ts";
import { SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { nlmsgAlign } from "../wire/align.ts";
import { NLM_F_DUMP, NLM_F_REQUEST, NLMSG_DONE, NLMSGHDR_SIZE, readNlmsghdr, writeNlmsghdr } from "../wire/nlmsghdr.ts";
import { viewOf } from "../wire/view.ts";
import { openBeside, type SocketPlace } from "./socket_place.ts";

/** The largest datagram of a dump, in bytes: the kernel makes none that is larger (`netlink_recvmsg` in net/netlink/af_netlink.c). */
const DUMP_SIZE = 32_768;
/** Looks at most, and how many must say the same. */
const LOOKS = { most: 3, agreeing: 2 } as const;

const KERNEL = new Uint8Array(SOCKADDR_NL_SIZE);
writeSockaddrNl(viewOf(KERNEL), 0, 0);

/**
 * Finds the socket that holds a port.
 *
 * A dump of more than one datagram may pass over a socket at each of its seams, and a first one has small datagrams. So only dumps
 * of one datagram count, and a single one does not: between two, the kernel may sort its table anew.
 *
 * @param syscalls The way to the kernel.
 * @param place A socket of the same network namespace.
 * @param port The port.
 * @returns What no other socket has had; null where it is sure that there is none; undefined where that cannot be told, such as
 * beside more than 700 sockets.
 */
export function socketAt(syscalls: Syscalls, place: SocketPlace, port: number): bigint | null | undefined {
  const fd = openDiag(syscalls, place);
  if (fd < 0) return undefined;
  try {
    const sockets = new Map<number, NetlinkSocketInfo>();
    let agreeing = 0;
    for (let look = 0; look < LOOKS.most; look++) {
      const datagrams = dump(syscalls, fd, 0, sockets);
      const socket = sockets.get(port);
      if (socket !== undefined) return socket.cookie;
      // Of a dump that failed some may be left to be read: it would be taken for the beginning of the next one.
      if (datagrams === 0) return undefined;
      if (datagrams === 1 && ++agreeing === LOOKS.agreeing) return null;
    }
    return undefined;
  } finally {
    syscalls.close(fd);
  }
}

/** A socket that holds a port. */
export interface NetlinkSocketInfo {
  /** The port. */
  readonly port: number;
  /** What no other socket has had. */
  readonly cookie: bigint;
  /** Whether it carries the mark of a peer. */
  readonly isPeer: boolean;
  /** Memory that waits to be read, in bytes, as the kernel counts it; only where that was asked for. */
  readonly queue?: number | undefined;
  /** How many messages it had no room for; likewise. */
  readonly drops?: number | undefined;
}

/**
 * Lists the sockets that hold a port.
 *
 * @param syscalls The way to the kernel.
 * @param place A socket of the same network namespace.
 * @param withQueues Whether to tell what waits in their queues too: then each message of the dump is twice as long.
 * @returns The sockets; undefined where they cannot be told. What one dump passes over at a seam is in another, whose seams are
 * elsewhere.
 */
export function listSockets(
  syscalls: Syscalls,
  place: SocketPlace,
  withQueues: boolean = false,
): NetlinkSocketInfo[] | undefined {
  const show = withQueues ? NDIAG_SHOW_FLAGS | NDIAG_SHOW_MEMINFO : NDIAG_SHOW_FLAGS;
  const fd = openDiag(syscalls, place);
  if (fd < 0) return undefined;
  try {
    // Of a port that has changed hands meanwhile the last one counts.
    const sockets = new Map<number, NetlinkSocketInfo>();
    let agreeing = 0;
    for (let look = 0; look < LOOKS.most && agreeing < LOOKS.agreeing; look++) {
      const datagrams = dump(syscalls, fd, show, sockets);
      if (datagrams === 0) return undefined;
      // Where there is no seam, the second one is for what the kernel sorts anew.
      if (datagrams === 1) agreeing++;
    }
    sockets.delete(0);
    return [...sockets.values()];
  } finally {
    syscalls.close(fd);
  }
}

/** Opens a socket that asks the kernel about others; -1 where there is none to be had. */
function openDiag(syscalls: Syscalls, place: SocketPlace): number {
  const type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
  return openBeside(syscalls, place, () => syscalls.socket(AF_NETLINK, type, NETLINK_SOCK_DIAG));
}

/** Adds the sockets by port, and says in how many datagrams they were told; in none where the kernel does not tell. */
function dump(syscalls: Syscalls, fd: number, show: number, sockets: Map<number, NetlinkSocketInfo>): number {
  const request = dumpRequest(show);
  if (syscalls.sendto(fd, request, request.length, 0, KERNEL) === -1) return 0;
  const buffer = new Uint8Array(DUMP_SIZE);
  const view = viewOf(buffer);
  for (let datagrams = 0;;) {
    const length = syscalls.read(fd, buffer);
    if (length <= 0) return 0;
    let hasPorts = false;
    for (let offset = 0; offset + NLMSGHDR_SIZE <= length;) {
      const { nlmsgLen, nlmsgType } = readNlmsghdr(view, offset);
      if (nlmsgType === NLMSG_DONE) return datagrams + (hasPorts ? 1 : 0);
      if (nlmsgType !== SOCK_DIAG_BY_FAMILY || nlmsgLen < NLMSGHDR_SIZE + NETLINK_DIAG_MSG_SIZE) return 0;
      if (nlmsgLen > length - offset) return 0;
      const message = offset + NLMSGHDR_SIZE;
      const port = readNetlinkDiagPort(view, message);
      const cookie = readNetlinkDiagCookie(view, message);
      if (sockets.get(port)?.cookie !== cookie) {
        const attributes = message + NETLINK_DIAG_MSG_SIZE;
        const end = offset + nlmsgLen;
        const flags = findAttribute(view, attributes, end, NETLINK_DIAG_FLAGS) ?? 0;
        const socket = { port, cookie, isPeer: (flags & NDIAG_FLAG_CAP_ACK) !== 0 };
        sockets.set(
          port,
          (show & NDIAG_SHOW_MEMINFO) === 0 ? socket : {
            ...socket,
            queue: findAttribute(view, attributes, end, NETLINK_DIAG_MEMINFO, SK_MEMINFO_RMEM_ALLOC),
            drops: findAttribute(view, attributes, end, NETLINK_DIAG_MEMINFO, SK_MEMINFO_DROPS),
          },
        );
      }
      hasPorts = true;
      offset += nlmsgAlign(nlmsgLen);
    }
    datagrams++;
  }
}

function dumpRequest(show: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(NLMSGHDR_SIZE + NETLINK_DIAG_REQ_SIZE);
  const view = viewOf(bytes);
  const nlmsgFlags = NLM_F_REQUEST | NLM_F_DUMP;
  const header = { nlmsgLen: bytes.length, nlmsgType: SOCK_DIAG_BY_FAMILY, nlmsgFlags, nlmsgSeq: 0, nlmsgPid: 0 };
  writeNlmsghdr(view, 0, header);
  writeNetlinkDiagReq(view, NLMSGHDR_SIZE, AF_NETLINK, NETLINK_USERSOCK, show);
  return bytes;
}
