/**
 * What is seen where a system call fails that tells whether a peer of ProcsLink 0.1 is still there: nothing may be sent to it.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable } from "../fault.ts";

/** As long as the kernel does not tell, the call is awaited. */
const UNTOLD = ['call: CallTimeoutError: Port 20 did not answer "ping" within 1500 ms'];
const UNTOLD_THERE = [...UNTOLD, "the thread is in own"];

/** A thread that is in the wrong namespace must not go on. */
const LOST = [
  "error: {reason}. This thread cannot come back from another network namespace, and must not go on in it",
  "the program ends with 71",
];

const OWN = "/proc/thread-self/ns/net";
const BLUE = "/run/netns/blue";

const GONE = ["call: PeerGoneError: The peer at port 20 was gone before it answered"];
const ANSWERED = ["1 datagram has come", "call: pong"];

/** One look that fails is made up for by the next one. */
function once(seen: readonly string[]): readonly Fault[] {
  return [
    { call: "socket", of: "diag", errno: ANY_OTHER, seen },
    { call: "getsockopt", of: "SO_NETNS_COOKIE", errno: ANY_OTHER, seen },
    { call: "sendto", of: "diag", errno: ANY_OTHER, seen },
    { call: "read", of: "diag", errno: ANY_OTHER, seen },
    { call: "read", of: "diag", after: 1, errno: ANY_OTHER, seen },
    { call: "close", of: "diag", errno: ANY_OTHER, seen },
  ];
}

/** What it takes to ask in another network namespace. */
const JOURNEY: readonly Fault[] = [
  { call: "open", of: OWN, errno: ANY_OTHER, times: Infinity, seen: UNTOLD_THERE },
  { call: "setns", of: OWN, errno: ANY_OTHER, times: Infinity, seen: UNTOLD_THERE },
  { call: "open", of: BLUE, errno: ANY_OTHER, times: Infinity, seen: UNTOLD_THERE },
  { call: "setns", of: BLUE, errno: ANY_OTHER, times: Infinity, seen: UNTOLD_THERE },
  { call: "setns", of: OWN, after: 1, errno: ANY_OTHER, seen: LOST },
];

export const LEGACY = {
  "a peer of ProcsLink 0.1 ends, and its caller looks": [
    ...once(GONE),
    { call: "socket", of: "diag", errno: ANY_OTHER, times: Infinity, seen: UNTOLD },
    { call: "sendto", of: "diag", errno: ANY_OTHER, times: Infinity, seen: UNTOLD },
    { call: "read", of: "diag", errno: ANY_OTHER, times: Infinity, seen: UNTOLD },
  ],
  "a peer of ProcsLink 0.1 takes its time, and its caller looks": [
    ...once(ANSWERED),
    { call: "socket", of: "diag", errno: ANY_OTHER, times: Infinity, seen: ANSWERED },
    { call: "sendto", of: "diag", errno: ANY_OTHER, times: Infinity, seen: ANSWERED },
    { call: "read", of: "diag", errno: ANY_OTHER, times: Infinity, seen: ANSWERED },
  ],
  "a peer of ProcsLink 0.1 in another network namespace ends, and its caller looks": [
    ...JOURNEY,
    { call: "socket", of: "diag", errno: ANY_OTHER, times: Infinity, seen: UNTOLD_THERE },
  ],
} as const satisfies FaultTable;
