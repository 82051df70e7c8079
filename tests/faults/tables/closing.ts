/**
 * What is seen where a peer closes and a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable, NOTHING } from "../fault.ts";

/** Who is not told that the peer closes finds out: by its timeout here, which comes before a look at the port. */
const UNTOLD = ["close: done", "the port again: a peer"];
const LATE = 'did not answer "ping" within 50 ms';
const LATE_SLOW = 'call: CallTimeoutError: Port 20 did not answer "slow" within 50 ms';
const OVERRUN = "trouble: overrun: The kernel dropped messages that were not read in time";

/** Closing never fails: nobody could do anything about it, and Linux has closed the descriptor in any case. */
function closed(...kinds: string[]): readonly Fault[] {
  return kinds.map((of) => ({ call: "close", of, errno: ANY_OTHER, seen: NOTHING }));
}

/** What cannot be taken out of the epoll set leaves it with its descriptor. */
function unwatched(...kinds: string[]): readonly Fault[] {
  return kinds.map((of) => ({ call: "epollDelete", of, errno: ANY_OTHER, seen: NOTHING }));
}

export const CLOSING = {
  "a peer is closed": [
    ...closed("client", "unix", "pidfd"),
    ...unwatched("client", "unix", "pidfd"),
    { call: "recvmsg", of: "client", errno: "ENOBUFS", seen: ["call: pong", `client ${OVERRUN}`, ...UNTOLD] },
    { call: "recvmsg", of: "client", errno: ANY_OTHER, seen: NOTHING },
    { call: "createReceiveSlot", errno: "ENOMEM", seen: NOTHING },
  ],
  "the last peer of a process is closed": [
    ...closed("server", "unix", "epoll", "eventfd"),
    ...unwatched("server", "unix"),
    { call: "eventfdRead", errno: ANY_OTHER, seen: NOTHING },
    { call: "eventfdWrite", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a server is closed with a request in hand": [
    { call: "sendto", of: "server", errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    {
      call: "sendto",
      of: "server",
      errno: ["ENOBUFS", "ENOMEM", "EPERM"],
      seen: ["server trouble: undelivered: An answer could not be sent: {reason}", ...UNTOLD, LATE_SLOW],
    },
  ],
  "a server is closed with a request unread": [
    { call: "recvmsg", of: "server", errno: "EINTR", seen: NOTHING },
    {
      call: "recvmsg",
      of: "server",
      errno: "ENOBUFS",
      seen: [`server ${OVERRUN}`, "close: done", "call: ServerError: The peer is closed", "the port again: a peer"],
    },
    { call: "recvmsg", of: "server", errno: ANY_OTHER, seen: [...UNTOLD, `call: CallTimeoutError: Port 20 ${LATE}`] },
    { call: "createReceiveSlot", errno: "ENOMEM", seen: [...UNTOLD, `call: CallTimeoutError: Port 20 ${LATE}`] },
  ],
  "a server is drained": [
    { call: "sendto", of: "server", errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    { call: "close", of: "server", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a peer that nobody has read is drained": [
    { call: "epollCreate", errno: ANY_OTHER, seen: NOTHING },
    { call: "eventfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "epollAdd", of: "eventfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "epollAdd", of: "server", errno: ANY_OTHER, seen: NOTHING },
    { call: "createEventList", errno: "ENOMEM", seen: NOTHING },
  ],
  "a peer is closed while a thread sends": closed("client"),
  "the isolate ends": [
    ...closed("server", "unix", "epoll", "eventfd"),
    ...unwatched("server", "unix"),
    { call: "eventfdWrite", errno: "EINTR", seen: NOTHING },
  ],
} as const satisfies FaultTable;
