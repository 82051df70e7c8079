/**
 * What is seen where something is waited for and a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable, NOTHING } from "../fault.ts";

/** What poll(2) says where it cannot be asked at all. */
const NOT_INTERRUPTED = ["ENOMEM", "EFAULT", "EINVAL", "EPERM", "EACCES", "ENOSYS"] as const;
const NOT_INTERRUPTED_WAIT = ["EFAULT", "EINVAL", "EBADF"] as const;

/** A peer whose process cannot wait any more. */
const CLOSED = "PeerClosedError: The peer is closed < {error}";

/** What is opened with the first reason to wait. Where it fails, nothing is left of it, and the next reason is another try. */
function opening(seen: readonly string[]): readonly Fault[] {
  return [
    { call: "epollCreate", errno: ANY_OTHER, seen },
    { call: "eventfd", errno: ANY_OTHER, seen },
    { call: "epollAdd", of: "eventfd", errno: ANY_OTHER, seen },
    { call: "createEventList", errno: "ENOMEM", seen },
  ];
}

export const WAITING = {
  "the first peer of a process begins to serve": [
    ...opening(["serving: {error}", "call: pong"]),
    { call: "epollAdd", of: "server", errno: ANY_OTHER, seen: ["serving: {error}", "call: pong"] },
  ],
  "a peer begins to serve beside others": [
    { call: "epollAdd", of: "server", errno: ANY_OTHER, seen: ["serving: {error}", "call: pong"] },
  ],
  "a loop over requests begins": [
    ...opening(["loop: {error}"]),
    { call: "epollAdd", of: "server", errno: ANY_OTHER, seen: ["loop: {error}"] },
  ],
  "the first peer of a process makes a call": [
    ...opening(["call: {error}", "second call: pong"]),
    { call: "epollAdd", of: "client", errno: ANY_OTHER, seen: ["call: {error}", "second call: pong"] },
    // What accompanies others must not fail them: the other side is looked at instead.
    { call: "epollAdd", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "epollAdd", of: "unix", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a peer makes a call beside others": [
    { call: "epollAdd", of: "client", errno: ANY_OTHER, seen: ["call: {error}", "second call: pong"] },
    { call: "epollAdd", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
  ],
  "the first peer of a process sends a batch": [
    { call: "epollCreate", errno: ANY_OTHER, seen: ["batch: {error}"] },
    { call: "epollAdd", of: "client", errno: ANY_OTHER, seen: ["batch: {error}"] },
  ],
  "a notification waits for room": [
    ...opening(["notification: {error}"]),
    { call: "epollAdd", of: "client", errno: ANY_OTHER, seen: ["notification: {error}"] },
  ],

  "a thread waits": [
    { call: "epollWait", errno: ANY_OTHER, seen: NOTHING },
    { call: "epollWait", times: 3, errno: ANY_OTHER, seen: NOTHING },
  ],
  // Nobody of this process can wait any more: every peer of it closes, also those that wait for nothing.
  "a thread has come back too early, and the same call here says why": [
    { call: "epollPoll", errno: "EINTR", seen: NOTHING },
    {
      call: "epollPoll",
      errno: ANY_OTHER,
      seen: ["call: before", `server: ${CLOSED}`, `neighbours: ${CLOSED}`, `the next call afterwards: ${CLOSED}`],
    },
  ],
  "a thread has come back too early while requests are in hand": [
    { call: "epollPoll", errno: "EINTR", seen: NOTHING },
    {
      call: "epollPoll",
      errno: "EBADF",
      seen: ["call: ServerError: The peer is closed", `server: ${CLOSED}`, `neighbours: ${CLOSED}`],
    },
  ],
  "nobody can wait any more, and a new peer is opened as soon as that is told": [
    { call: "epollPoll", errno: NOT_INTERRUPTED_WAIT, seen: ["call: pong"] },
  ],
  "nobody can wait any more, and a handler that is told to stop opens a new peer": [
    { call: "epollPoll", errno: NOT_INTERRUPTED_WAIT, seen: ["call: pong"] },
  ],
  "a peer that is unref'd is looked at by timer": [
    { call: "epollPoll", errno: "EINTR", seen: NOTHING },
    { call: "epollPoll", times: 3, errno: "EINTR", seen: NOTHING },
    {
      call: "epollPoll",
      errno: ANY_OTHER,
      seen: [`call: ${CLOSED}`, `neighbours: ${CLOSED}`, `the next call afterwards: ${CLOSED}`],
    },
    { call: "epollCreate", errno: ANY_OTHER, seen: ["call: {error}"] },
    { call: "epollAdd", of: "client", errno: ANY_OTHER, seen: ["call: {error}"] },
  ],
  "nothing is left to wait for": [
    { call: "eventfdWrite", errno: "EINTR", seen: NOTHING },
    {
      call: "eventfdWrite",
      errno: ANY_OTHER,
      seen: [
        'call: CallTimeoutError: Port 20 did not answer "ping" within 5 ms',
        "a thread waits on, and keeps the process running",
      ],
    },
    { call: "eventfdRead", errno: ANY_OTHER, seen: NOTHING },
    { call: "eventfdRead", times: 3, errno: ANY_OTHER, seen: NOTHING },
    { call: "epollDelete", of: "client", errno: ANY_OTHER, seen: NOTHING },
  ],

  // As long as poll fails the socket alone is waited for, and the other side is looked at in between.
  "a synchronous call waits for an answer, and for the end of the other side": [
    { call: "poll", of: "client and pidfd", errno: ANY_OTHER, seen: NOTHING },
    { call: "poll", of: "client and pidfd", times: Infinity, errno: NOT_INTERRUPTED, seen: NOTHING },
    { call: "poll", of: "pidfd", errno: ANY_OTHER, seen: NOTHING },
  ],
} as const satisfies FaultTable;
