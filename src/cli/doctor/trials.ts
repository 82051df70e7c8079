/**
 * What is found out by trying it: whether calls work here, and how well.
 *
 * @module
 */
import {
  AccessDeniedError,
  LibcUnavailableError,
  type RPCPeer,
  type RPCPeerOptions,
  SyscallError,
} from "../../../mod.ts";
import { Latencies, shownTime } from "../latencies.ts";
import type { Finding } from "./finding.ts";

/** How many calls are measured. */
const CALLS = 300;
/** A round trip within this process that takes longer is worth a warning, in milliseconds. */
const SLOW_MILLISECONDS = 2;
/** How long something is waited for, in milliseconds: it takes some microseconds. */
const PATIENCE_MILLISECONDS = 5_000;
/** How long those who are there may take to answer, in milliseconds. */
const ANSWER_MILLISECONDS = 300;
/** The id that stands for whoever is not mapped into a user namespace. */
const UNMAPPED = 65_534;
/** A small message takes up so much of a receive queue, in bytes, and the queue that is asked for has so much, doubled. */
const QUEUE = { message: 832, wanted: 425_984 } as const;

/** Where something else is tried than who may call whom, nobody is to be in its way: the peers here offer nothing. */
const ANYONE: RPCPeerOptions = { access: "anyone", trust: "anyone" };

/** Opens a peer. */
export type OpenPeer = (options?: RPCPeerOptions) => RPCPeer;

/**
 * Tries whether a peer can be opened.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryOpening(open: OpenPeer): Promise<Finding[]> {
  const libc = (level: Finding["level"], message: string, fix?: string) => finding("ffi", level, message, fix);
  try {
    await using _peer = open();
    return [
      libc("ok", "libc is loaded, with --allow-ffi"),
      finding("socket", "ok", "A netlink socket can be opened and bound"),
    ];
  } catch (error) {
    if (error instanceof LibcUnavailableError) {
      return [libc("problem", plain(error))];
    }
    return [
      libc("ok", "libc is loaded, with --allow-ffi"),
      finding("socket", "problem", plain(error), howToOpen(error)),
    ];
  }
}

function howToOpen(error: unknown): string | undefined {
  if (!(error instanceof SyscallError)) return undefined;
  switch (error.code) {
    case "EAFNOSUPPORT":
      return "Name AF_NETLINK in RestrictAddressFamilies= of the systemd service, or allow it in the seccomp profile";
    case "EPERM":
    case "EACCES":
      return "Allow sockets of AF_NETLINK in the seccomp profile, SELinux or AppArmor policy of this container or service";
    case "EPROTONOSUPPORT":
      return "The kernel has no NETLINK_USERSOCK, as in some sandboxes such as gVisor: use a real Linux kernel";
    case "EMFILE":
    case "ENFILE":
      return "Raise the limit of open files, such as with: ulimit -n 4096";
  }
  return undefined;
}

/**
 * Tries calls from one peer to another one of this process.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryCalls(open: OpenPeer): Promise<Finding> {
  try {
    return await callItself(open, {});
  } catch (error) {
    const message = `A call of this process to itself fails: ${plain(error)}`;
    if (!(error instanceof AccessDeniedError)) return finding("call", "problem", message);
    const works = await callItself(open, ANYONE).then(() => true, () => false);
    return finding("call", "problem", message, works ? 'With access and trust "anyone" it works' : undefined);
  }
}

async function callItself(open: OpenPeer, options: RPCPeerOptions): Promise<Finding> {
  await using server = open(options);
  await using client = open(options);
  server.runServerForever().catch(() => {});
  const ping = () => client.call(server.nlPid, "rpc.ping", undefined, { timeout: PATIENCE_MILLISECONDS });
  const latencies = new Latencies();
  await ping();
  for (let call = 0; call < CALLS; call++) {
    const start = performance.now();
    await ping();
    latencies.add(performance.now() - start);
  }
  const median = latencies.quantile(0.5)!;
  const message = `A call of this process to itself takes ${shownTime(median)}, and 99 of 100 at most ${
    shownTime(latencies.quantile(0.99))
  }`;
  if (median <= SLOW_MILLISECONDS) return finding("call", "ok", message);
  return finding("call", "warning", message, "That is slow: give this process more of the processor");
}

/**
 * Tries whether the kernel tells which sockets there are, and who holds them.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryLooking(open: OpenPeer): Promise<Finding[]> {
  await using peer = open();
  await using answering = open();
  answering.runServerForever().catch(() => {});
  let peers;
  try {
    peers = await peer.list({ timeout: ANSWER_MILLISECONDS });
  } catch (error) {
    return [
      finding(
        "sock_diag",
        "warning",
        `The kernel does not tell which sockets there are: ${plain(error)}`,
        "Load the module netlink_diag, with: modprobe netlink_diag",
      ),
    ];
  }
  const own = peers.find(({ port }) => port === answering.nlPid);
  if (own === undefined) {
    return [finding("sock_diag", "warning", "The kernel does not tell of a socket of this process")];
  }
  const others = peers.filter(({ port }) => port !== peer.nlPid && port !== answering.nlPid);
  const answered = others.filter(({ uid }) => uid !== undefined).length;
  return [
    finding("sock_diag", "ok", "The kernel tells which sockets there are: list and watch work"),
    finding("peers", "ok", company(others.length, answered)),
    user(own.uid),
  ];
}

function company(others: number, answered: number): string {
  if (others === 0) return "No other peer is here";
  const here = others === 1 ? "1 other peer is here" : `${others} other peers are here`;
  return answered === others
    ? `${here}, and ${others === 1 ? "answers" : "all answer"}`
    : `${here}; ${others - answered} without an answer`;
}

function user(uid: number | undefined): Finding {
  if (uid !== UNMAPPED) return finding("user", "ok", `The kernel says that this is user ${uid}`);
  return finding(
    "user",
    "warning",
    `This user is not mapped into its user namespace, and seen as ${UNMAPPED}: "same-user" lets nobody in`,
    "Map the user, such as with: unshare --map-root-user, or give access and trust in another form",
  );
}

/**
 * Tries whether it is told who holds a port that does not answer: by the unix socket beside it.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryLifelines(open: OpenPeer): Promise<Finding> {
  await using peer = open(ANYONE);
  await using silent = open(ANYONE);
  const timeout = setTimeout(() => peer.close(), PATIENCE_MILLISECONDS);
  try {
    for await (const event of peer.watch({ groups: [] })) {
      if (event.type !== "peer-added" || event.port !== silent.nlPid) continue;
      if (event.uid !== undefined) {
        return finding("lifeline", "ok", "Abstract unix sockets work: calls to a process that ends fail at once");
      }
      break;
    }
  } catch {
    // Nobody can be watched: that has been told.
  } finally {
    clearTimeout(timeout);
  }
  return finding(
    "lifeline",
    "warning",
    "Abstract unix sockets do not work: calls to a process that ends may wait for their timeouts",
    "Allow AF_UNIX, in RestrictAddressFamilies= of the systemd service, the seccomp profile, or the AppArmor policy",
  );
}

/**
 * Tries whether this process hears the kernel's multicast: whether one message is sent to two members, or two are.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryMulticast(open: OpenPeer): Promise<Finding> {
  await using owner = open(ANYONE);
  await using first = open(ANYONE);
  await using second = open(ANYONE);
  using group = owner.group("doctor");
  const members = [first, second].map((peer) =>
    peer.join(owner.nlPid, "doctor", { signal: AbortSignal.timeout(PATIENCE_MILLISECONDS) })
  );
  try {
    await Promise.all(members.map(({ joined }) => joined));
    // Until both have the first one, each gets its own.
    await group.publish("first", { sync: false });
    await Promise.all(members.map((member) => member.next()));
    const { messagesOut } = owner.stats();
    await group.publish("second");
    const sent = owner.stats().messagesOut - messagesOut;
    await Promise.all(members.map((member) => member.next()));
    if (sent < members.length) return finding("multicast", "ok", "This process hears the kernel's multicast");
    return finding(
      "multicast",
      "note",
      "This process does not hear the kernel's multicast: groups that it joins send it each message by itself",
      "That works too; with CAP_NET_ADMIN over the network namespace one system call reaches all members",
    );
  } catch (error) {
    return finding("groups", "problem", `A group of this process does not work: ${plain(error)}`);
  }
}

/**
 * Tries whether a peer can be opened in a network namespace by its path.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryEntering(open: OpenPeer): Promise<Finding> {
  try {
    await using _peer = open({ netns: "/proc/self/ns/net" });
    return finding("netns", "ok", "Peers can be opened in other network namespaces, by { netns }");
  } catch (error) {
    const isDenied = error instanceof SyscallError && error.code === "EPERM";
    return finding(
      "netns",
      "note",
      `Peers cannot be opened in other network namespaces${isDenied ? "" : `: ${plain(error)}`}`,
      isDenied ? "That needs CAP_SYS_ADMIN, as root has it, there and here" : undefined,
    );
  }
}

/**
 * Tries how many small messages wait for a peer that is not read.
 *
 * @param open Opens a peer.
 * @returns What was found.
 */
export async function tryQueue(open: OpenPeer): Promise<Finding> {
  await using receiver = open(ANYONE);
  await using sender = open(ANYONE);
  const enough = Math.floor(QUEUE.wanted / QUEUE.message);
  let messages = 0;
  while (messages < enough) {
    const sending = sender.notify(receiver.nlPid, "rpc.ping", undefined, { timeout: ANSWER_MILLISECONDS });
    // One that waits in this process is not in the queue.
    if (!await sending.then(() => true, () => false)) break;
    messages++;
  }
  const bytes = messages * QUEUE.message;
  const message = `${messages >= enough ? "At least " : ""}${messages} small messages wait for a peer that is busy`;
  if (bytes >= QUEUE.wanted / 2) return finding("queue", "ok", message);
  return finding(
    "queue",
    "warning",
    `${message}: its queue is smaller than it asked for`,
    "Raise the limit, as root with: sysctl -w net.core.rmem_max=212992",
  );
}

function finding(check: string, level: Finding["level"], message: string, fix?: string): Finding {
  return { check, level, message, ...(fix !== undefined && { fix }) };
}

function plain(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, "");
}
