/**
 * What is seen where a peer is opened and a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Fault, type FaultTable, NOTHING } from "../fault.ts";

const SANDBOX = "A sandbox forbids netlink sockets here: of systemd, RestrictAddressFamilies= must name AF_NETLINK";
const TAKEN = "Another socket holds port 10: choose another, or none to get a free one";

/** The constructor throws, and what it had opened is closed: the same can be opened at once. */
const REFUSED = ["open: {error}", "open again: a peer"];

/** A port that is held by something of which nothing could be learned is another's. */
const HELD = [`open: SyscallError: bind failed: address already in use (EADDRINUSE). ${TAKEN}`, "open again: a peer"];

/** What a socket needs before it has its port, and to have it. */
const BINDING: readonly Fault[] = [
  { call: "getsockname", errno: ANY_OTHER, seen: REFUSED },
  { call: "bind", of: "netlink", errno: "EADDRINUSE", seen: [`open: {error}. ${TAKEN}`, "open again: a peer"] },
  { call: "bind", of: "netlink", errno: ANY_OTHER, seen: REFUSED },
  { call: "getsockname", after: 1, errno: ANY_OTHER, seen: REFUSED },
];

/** What it needs once it has it. */
const OPTIONS: readonly Fault[] = [
  { call: "setsockopt", of: "SO_PASSCRED", errno: ANY_OTHER, seen: REFUSED },
  { call: "setsockopt", of: "SO_RCVBUF", errno: ANY_OTHER, seen: REFUSED },
  { call: "setsockopt", of: "SO_SNDBUF", errno: ANY_OTHER, seen: REFUSED },
  { call: "getsockopt", of: "SO_SNDBUF", errno: ANY_OTHER, seen: REFUSED },
  { call: "setsockoptTime", of: "SO_SNDTIMEO", errno: ANY_OTHER, seen: REFUSED },
  // A kernel that does not have it: the peer is not listed, and all else works.
  { call: "setsockopt", of: "NETLINK_CAP_ACK", errno: ANY_OTHER, seen: NOTHING },
];

export const OPENING = {
  "a peer is opened": [
    {
      call: "socket",
      of: "netlink",
      errno: ["EAFNOSUPPORT", "EPROTONOSUPPORT", "EPERM", "EACCES"],
      seen: [`open: {error}. ${SANDBOX}`, "open again: a peer"],
    },
    { call: "socket", of: "netlink", errno: ANY_OTHER, seen: REFUSED },
    ...BINDING,
    ...OPTIONS,
    { call: "setsockopt", of: "SO_RCVLOWAT", errno: ANY_OTHER, seen: REFUSED },
  ],

  // It stays its owner's until all has worked: it can be handed in again.
  "a peer takes over a socket that was opened elsewhere": [
    { call: "getsockopt", of: "SO_DOMAIN", errno: ANY_OTHER, seen: REFUSED },
    { call: "getsockopt", of: "SO_PROTOCOL", errno: ANY_OTHER, seen: REFUSED },
    ...BINDING,
    ...OPTIONS,
    { call: "adopt", errno: ANY_OTHER, seen: REFUSED },
  ],

  "a peer is opened at the port of a dead isolate": [
    { call: "bind", of: "netlink", after: 1, errno: "EADDRINUSE", seen: HELD },
    { call: "bind", of: "netlink", after: 1, errno: ANY_OTHER, seen: REFUSED },
    { call: "socket", of: "netlink", after: 1, errno: "EMFILE", seen: REFUSED },
    { call: "getsockopt", of: "SO_DOMAIN", times: Infinity, errno: ANY_OTHER, seen: HELD },
    { call: "getsockopt", of: "SO_PROTOCOL", times: Infinity, errno: ANY_OTHER, seen: HELD },
    { call: "getsockopt", of: "SO_RCVLOWAT", times: Infinity, errno: ANY_OTHER, seen: HELD },
    { call: "getsockname", of: "netlink", after: 1, times: Infinity, errno: ANY_OTHER, seen: HELD },
    // A kernel that does not name network namespaces, before Linux 5.14.
    { call: "getsockopt", of: "SO_NETNS_COOKIE", times: Infinity, errno: "ENOPROTOOPT", seen: NOTHING },
    { call: "close", of: "unix", errno: ANY_OTHER, seen: NOTHING },
    { call: "close", of: "netlink", after: 1, errno: ANY_OTHER, seen: NOTHING },
  ],
} as const satisfies FaultTable;
