/**
 * What is seen of lifelines where a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable, NOTHING } from "../fault.ts";
import { MET } from "../met.ts";

/** What accept(2) goes on saying, for example until the program has closed a descriptor. Asked in a loop, it would be all that runs. */
const NOT_PASSING = ["EMFILE", "ENFILE", "ENOBUFS", "ENOMEM", "EPERM"] as const;

/** A peer without a lifeline works: it is asked who it is, and looked for. */
const UNHEARD = ["open: a peer", "it does not listen", "call: pong"];
const UNHEARD_THERE = ["open: a peer", "it does not listen", "the thread is in own", "call: pong"];
const NO_LIFELINE = ["no lifeline", "call: slow"];
const NO_LIFELINE_THERE = [...NO_LIFELINE, "the thread is in own"];

/** A thread that is in the wrong namespace must not go on. */
const LOST = [
  "error: {reason}. This thread cannot come back from another network namespace, and must not go on in it",
  "the program ends with 71",
];

/** What connect(2) says where somebody may listen all the same. */
const NOT_REFUSED = MET.connect.filter((errno) => errno !== "ECONNREFUSED");

const OWN = "/proc/thread-self/ns/net";
const BLUE = "/run/netns/blue";

/** What it takes to have a socket in another network namespace, after so many openings of the same before. */
function journey(seen: readonly string[], before: 0 | 1): readonly Fault[] {
  const times = Infinity;
  return [
    { call: "open", of: OWN, after: before, times, errno: ANY_OTHER, seen },
    // There and back: two each time.
    { call: "setns", of: OWN, after: 2 * before, times, errno: ANY_OTHER, seen },
    { call: "open", of: BLUE, after: before, times, errno: ANY_OTHER, seen },
    { call: "setns", of: BLUE, after: before, times, errno: ANY_OTHER, seen },
    { call: "setns", of: OWN, after: 2 * before + 1, errno: ANY_OTHER, seen: LOST },
  ];
}

/** What it takes to learn who holds a port, as long as that fails. */
const LEARNING: readonly Fault[] = [
  { call: "socket", of: "unix", times: Infinity, errno: ANY_OTHER, seen: NO_LIFELINE },
  { call: "connect", times: Infinity, errno: NOT_REFUSED, seen: NO_LIFELINE },
  { call: "getsockopt", of: "SO_PEERCRED", times: Infinity, errno: ANY_OTHER, seen: NO_LIFELINE },
  { call: "peerPidfd", times: Infinity, errno: ANY_OTHER, seen: ["it will be looked for", "call: slow"] },
];

/** What cannot be told says nothing: only where nobody listens any more, the port has been freed. */
const ASKING: readonly Fault[] = [
  {
    call: "connect",
    errno: "ECONNREFUSED",
    seen: ["call: PeerGoneError: The peer at port 20 was gone before it answered"],
  },
  { call: "connect", errno: ANY_OTHER, seen: NOTHING },
  { call: "socket", of: "unix", errno: ANY_OTHER, seen: NOTHING },
  { call: "getsockopt", of: "SO_NETNS_COOKIE", errno: ANY_OTHER, seen: NOTHING },
  { call: "getsockopt", of: "SO_PEERCRED", errno: ANY_OTHER, seen: NOTHING },
  { call: "close", of: "unix", errno: ANY_OTHER, seen: NOTHING },
];

export const LIFELINES = {
  "a peer begins to listen": [
    { call: "socket", of: "unix", errno: ANY_OTHER, seen: UNHEARD },
    { call: "getsockopt", of: "SO_NETNS_COOKIE", errno: ANY_OTHER, seen: UNHEARD },
    // A kernel before Linux 5.14 names no namespaces at all.
    { call: "getsockopt", of: "SO_NETNS_COOKIE", times: 2, errno: "ENOPROTOOPT", seen: NOTHING },
    { call: "bind", of: "unix", errno: ANY_OTHER, seen: UNHEARD },
    { call: "listen", errno: ANY_OTHER, seen: UNHEARD },
    { call: "epollAdd", of: "unix", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a peer in another network namespace begins to listen": [
    ...journey(UNHEARD_THERE, 1),
    { call: "socket", of: "unix", errno: ANY_OTHER, seen: UNHEARD_THERE },
  ],
  "a listener waits for its first caller, when its process begins to wait": [
    {
      call: "epollAdd",
      of: "unix",
      after: 2, // Those of the neighbours come first.
      errno: ANY_OTHER,
      seen: NOTHING,
    },
  ],
  "a listener has a caller": [
    { call: "accept", errno: ANY_OTHER, seen: NOTHING },
    { call: "accept", times: 3, errno: ANY_OTHER, seen: NOTHING },
    { call: "accept", times: Infinity, errno: NOT_PASSING, seen: NOTHING },
    { call: "close", of: "unix", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a listener has as many callers as may wait": [
    { call: "accept", times: Infinity, errno: NOT_PASSING, seen: NOTHING },
  ],

  "a caller learns who holds a port": LEARNING,
  // The other side is still the same then, and not taken for another one.
  "a caller that could not learn who holds a port can do so later": LEARNING,
  "a caller asks once more while it waits": [
    ...ASKING,
    { call: "poll", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a caller without a descriptor of the process asks once more": ASKING,
  "a caller looks whether the other side still lives": [
    { call: "poll", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a caller in another network namespace learns who holds a port": [
    ...journey(NO_LIFELINE_THERE, 0),
    { call: "socket", of: "unix", times: Infinity, errno: ANY_OTHER, seen: NO_LIFELINE_THERE },
    { call: "connect", times: Infinity, errno: NOT_REFUSED, seen: NO_LIFELINE_THERE },
    { call: "close", of: "namespace", errno: ANY_OTHER, seen: NOTHING },
  ],
  // What it has sent as its last is read first.
  "the process of the other side ends": [
    { call: "poll", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "epollDelete", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "close", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "recvmsg", of: "client", errno: ["EAGAIN", "EINTR"], seen: NOTHING },
    { call: "recvmsg", of: "client", errno: "EBADF", seen: ["call: PeerClosedError: The peer is closed < {error}"] },
  ],
} as const satisfies FaultTable;
