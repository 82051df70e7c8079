/**
 * What is seen where a peer goes to another network namespace, or looks at its user namespace, and a system call fails.
 *
 * @module
 */
import { ANY_OTHER, type Errno, type Fault, type FaultTable, NOTHING } from "../fault.ts";

const OWN = "/proc/thread-self/ns/net";
const NO_PROC = "The way back is there: /proc must be mounted";
const NO_WAY_BACK =
  "To go to another network namespace and come back, CAP_SYS_ADMIN is needed in the user namespace of this one: run as root";
const OTHER_PROC = "/proc is that of another pid namespace, or not mounted: pass the path of a network namespace";
const NO_CAPABILITY =
  "To enter a network namespace, CAP_SYS_ADMIN is needed in its user namespace and in this process's own: run as root";

/** The constructor throws, with a hint where there is one; then it can be tried again. */
function refused(hint?: string): readonly string[] {
  return [`open: {error}${hint === undefined ? "" : `. ${hint}`}`, "open again: a peer", "call: pong"];
}

/** The way of a thread to a namespace and back, where its file is at a path. */
function journey(path: string, hints: Partial<Record<Errno, string>>): readonly Fault[] {
  return [
    { call: "open", of: OWN, errno: "ENOENT", seen: refused(NO_PROC) },
    { call: "open", of: OWN, errno: ANY_OTHER, seen: refused() },
    { call: "setns", of: OWN, errno: "EPERM", seen: refused(NO_WAY_BACK) },
    { call: "setns", of: OWN, errno: ANY_OTHER, seen: refused() },
    ...Object.entries(hints).map(([errno, hint]) => (
      { call: "open", of: path, errno: errno as Errno, seen: refused(hint) } as const
    )),
    { call: "open", of: path, errno: ANY_OTHER, seen: refused() },
    { call: "setns", of: path, errno: "EINVAL", seen: refused(`${path} is not a network namespace`) },
    { call: "setns", of: path, errno: "EPERM", seen: refused(NO_CAPABILITY) },
    { call: "setns", of: path, errno: ANY_OTHER, seen: refused() },
    // The thread is back, whatever is wrong with what it did there.
    { call: "socket", of: "netlink", errno: ["EMFILE", "ENFILE", "ENOMEM", "ENOBUFS"], seen: refused() },
    { call: "bind", of: "netlink", errno: ["EINVAL", "ENOMEM"], seen: refused() },
    { call: "close", of: "namespace", errno: ANY_OTHER, seen: NOTHING },
    { call: "close", of: "namespace", after: 1, errno: ANY_OTHER, seen: NOTHING },
    // A thread that cannot come back must not go on.
    {
      call: "setns",
      of: OWN,
      after: 1,
      errno: ANY_OTHER,
      seen: [
        "error: {reason}. This thread cannot come back from another network namespace, and must not go on in it",
        "the program ends with 71",
      ],
    },
  ];
}

/** A server that does not know whether an id is one user's lets nobody in by it, also not its own user. */
const DENIED = ["server trouble: denied", "call: AccessDeniedError"];
const DENIED_AGAIN = ["server trouble: denied", "second call: AccessDeniedError"];
const TRANSIENT = ["EMFILE", "ENFILE", "ENOMEM", "EINTR"] as const;

export const NAMESPACES = {
  "a peer is opened in the namespace of a file": journey("/run/netns/blue", {
    ENOENT: "There is no /run/netns/blue",
    EACCES: "This user may not open /run/netns/blue: run as root, with CAP_SYS_PTRACE",
  }),
  "a peer is opened in the namespace of a process": [
    { call: "open", of: "/proc/self/task/4711/ns/net", errno: "ENOENT", seen: refused(OTHER_PROC) },
    { call: "open", of: "/proc/self/task/4711/ns/net", errno: ANY_OTHER, seen: refused() },
    ...journey("/proc/55/ns/net", {
      ENOENT: "There is no process 55",
      EACCES: "Process 55 is another user's: run as root, with CAP_SYS_PTRACE",
      EPERM: "Process 55 is another user's: run as root, with CAP_SYS_PTRACE",
    }),
  ],

  "a server of nobody learns that every user has an id of its own": [
    {
      call: "open",
      of: "/proc/self/uid_map",
      times: Infinity,
      errno: TRANSIENT,
      seen: [...DENIED, "second call: pong"],
    },
    {
      call: "open",
      of: "/proc/self/uid_map",
      errno: ANY_OTHER,
      seen: [...DENIED, ...DENIED_AGAIN],
    },
    { call: "open", of: "/proc/self/gid_map", errno: ANY_OTHER, seen: NOTHING },
    {
      call: "read",
      errno: ANY_OTHER,
      seen: [...DENIED, ...DENIED_AGAIN],
    },
    { call: "close", of: "file", errno: ANY_OTHER, seen: NOTHING },
  ],
  "a server in a user namespace learns which id stands for nobody": [
    { call: "open", of: "/proc/self/uid_map", errno: ANY_OTHER, seen: NOTHING },
    { call: "open", of: "/proc/sys/kernel/overflowuid", errno: ANY_OTHER, seen: NOTHING },
    { call: "read", errno: ANY_OTHER, seen: NOTHING },
    { call: "read", after: 1, errno: ANY_OTHER, seen: NOTHING },
  ],
} as const satisfies FaultTable;
