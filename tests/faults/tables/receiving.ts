/**
 * What is seen where a peer reads and a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable, NOTHING } from "../fault.ts";

const OVERRUN = "overrun: The kernel dropped messages that were not read in time";
/** A peer that cannot be read closes itself, and whoever uses it learns why. */
const CLOSED = "PeerClosedError: The peer is closed < {error}";
/** Its caller, of another process, looks after a second whether it still holds its port. */
const GONE = "call: PeerGoneError: The peer at port 20 was gone before it answered";
const REFUSED = "the next call afterwards: PeerGoneError: No peer holds port 20";

/** The kernel has dropped messages: that is told, and what is left is read. */
function overrun(name: string, told: string[], which: Partial<Fault> = {}): readonly Fault[] {
  const call = { call: "recvmsg", of: name, ...which } as const;
  return [
    { ...call, errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    { ...call, errno: "ENOBUFS", seen: [...Array(which.times ?? 1).fill(`${name} trouble: ${OVERRUN}`), ...told] },
  ];
}

export const RECEIVING = {
  "a server reads a request": [
    ...overrun("server", ["call: pong"]),
    ...overrun("server", ["call: pong"], { times: 3 }),
    { call: "recvmsg", of: "server", errno: ANY_OTHER, seen: [`server: ${CLOSED}`, GONE, REFUSED] },
  ],
  "a server reads a request while it carries out another": [
    ...overrun("server", ["call: pong", "slow call: slow"]),
    {
      call: "recvmsg",
      of: "server",
      errno: ANY_OTHER,
      seen: ["slow call: ServerError: The peer is closed", `server: ${CLOSED}`, GONE, REFUSED],
    },
  ],
  "a server in a loop reads a request": [
    ...overrun("server", ["call: by hand", "loop: done"]),
    { call: "recvmsg", of: "server", errno: ANY_OTHER, seen: [`loop: ${CLOSED}`, GONE] },
  ],
  "a client reads an answer": [
    ...overrun("client", ["call: pong"]),
    ...overrun("client", ["call: pong"], { times: 3 }),
    {
      call: "recvmsg",
      of: "client",
      errno: ANY_OTHER,
      seen: [`call: ${CLOSED}`, `the next call afterwards: ${CLOSED}`],
    },
    // The answer has been read already.
    { call: "recvmsg", of: "client", after: 1, errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    {
      call: "recvmsg",
      of: "client",
      after: 1,
      errno: "EBADF",
      seen: ["call: pong", `the next call afterwards: ${CLOSED}`],
    },
  ],
  "the first peer of a process is read": [
    {
      call: "createReceiveSlot",
      errno: "ENOMEM",
      seen: [`call: ${CLOSED}`, `neighbours: ${CLOSED}`, `the next call afterwards: ${CLOSED}`],
    },
  ],

  // Only the call fails: whether the peer can be read at other times is found out then.
  "a synchronous call reads its answer": [
    ...overrun("client", ["call: pong"]),
    { call: "recvmsg", of: "client", errno: ANY_OTHER, seen: ["call: {error}", "client trouble: unexpected"] },
    ...overrun("client", ["call: pong"], { of: "client waiting" }),
    // Signals that come again and again do not keep it from looking at the time, and at the other side.
    { call: "recvmsg", of: "client waiting", times: Infinity, errno: ["EINTR", "EAGAIN"], seen: NOTHING },
    {
      call: "recvmsg",
      of: "client waiting",
      errno: ANY_OTHER,
      seen: ["call: {error}", "client trouble: unexpected"],
    },
    {
      call: "setsockoptTime",
      of: "SO_RCVTIMEO",
      errno: ANY_OTHER,
      seen: ["call: {error}", "client trouble: unexpected"],
    },
    { call: "createReceiveSlot", errno: "ENOMEM", seen: ["call: {error}", "client trouble: unexpected"] },
  ],
} as const satisfies FaultTable;
