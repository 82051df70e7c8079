// Errors that the real kernel gives, as whoever uses a peer sees them.
import { assert, assertEquals, assertInstanceOf, assertRejects, assertThrows } from "@std/assert";
import { AF_NETLINK, NETLINK_USERSOCK, SO_SNDBUF, SOCK_CLOEXEC, SOCK_RAW, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { CallTimeoutError, MessageTooLargeError, PeerGoneError, RPCPeer, SyscallError } from "../../mod.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { NLMSG_NOOP, NLMSGHDR_SIZE, writeNlmsghdr } from "../../src/wire/nlmsghdr.ts";
import { troublesOf } from "../fakes/peers.ts";
import { openFiles, randomPort, reasonAgainst, start, testUnless } from "../integration/processes.ts";

const syscalls = new LinuxSyscalls();
const isRoot = syscalls.getuid() === 0;
const NOBODY = 65_534;
/** Offset of `nl_groups` in a `struct sockaddr_nl`. */
const GROUPS = 8;
const GROUP = 1 << 30;

/** A socket that is closed at the end. */
class RawSocket implements Disposable {
  readonly fd = syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
  /** Whether somebody else closes it. */
  isTaken = false;

  /** Binds it to a port that the kernel chooses, and to a multicast group; tells which port that is, or -1 and errno. */
  bind(groups = 0): number {
    const address = addressOf(0, groups);
    if (syscalls.bind(this.fd, address) === -1 || syscalls.getsockname(this.fd, address) === -1) return -1;
    return readSockaddrNlPort(new DataView(address.buffer), 0);
  }

  [Symbol.dispose](): void {
    if (!this.isTaken) syscalls.close(this.fd);
  }
}

function addressOf(port: number, groups = 0): Uint8Array<ArrayBuffer> {
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  const view = new DataView(address.buffer);
  writeSockaddrNl(view, 0, port);
  view.setUint32(GROUPS, groups, true);
  return address;
}

/** A message that a peer ignores. */
function noop(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(new ArrayBuffer(NLMSGHDR_SIZE));
  const fields = { nlmsgLen: NLMSGHDR_SIZE, nlmsgType: NLMSG_NOOP, nlmsgFlags: 0, nlmsgSeq: 0, nlmsgPid: 0 };
  writeNlmsghdr(new DataView(bytes.buffer), 0, fields);
  return bytes;
}

function serve(options?: ConstructorParameters<typeof RPCPeer>[0]): RPCPeer {
  const server = new RPCPeer(options);
  server.registerFunction((text: string) => text.length, "length");
  server.runServerForever();
  return server;
}

/** Sockets of this process that are open. */
async function sockets(): Promise<number> {
  return (await openFiles()).filter((file) => file.startsWith("socket:")).length;
}

Deno.test("EADDRINUSE: a second peer at a port throws, and the first is called on", async () => {
  await using server = serve({ port: randomPort() });
  await using client = new RPCPeer();
  const before = await sockets();
  for (let times = 0; times < 3; times++) {
    const error = assertThrows(() => new RPCPeer({ port: server.nlPid }), SyscallError);
    assertEquals([error.syscall, error.errno, error.code], ["bind", ERRNO.EADDRINUSE, "EADDRINUSE"]);
  }
  assertEquals(await sockets(), before);
  assertEquals(await client.call(server.nlPid, "length", ["four"]), 4);
});

Deno.test("ECONNREFUSED: whoever calls a port that nobody holds learns it at once, in each way to call", async () => {
  await using client = new RPCPeer({ timeout: Infinity });
  const port = randomPort();
  const gone = `No peer holds port ${port}`;
  await assertRejects(() => client.call(port, "length"), PeerGoneError, gone);
  await assertRejects(() => client.notify(port, "length"), PeerGoneError, gone);
  await assertRejects(() => client.call(port, "length", ["x".repeat(1_000_000)]), PeerGoneError, gone);
  assertThrows(() => client.callSync(port, "length"), PeerGoneError, gone);
  const [outcome] = await client.batch(port, [{ method: "length" }]);
  assertInstanceOf((outcome as PromiseRejectedResult).reason, PeerGoneError);
});

Deno.test("EAGAIN: what a full queue has no room for waits, and goes as soon as there is some", async () => {
  using idle = new RawSocket();
  const port = idle.bind();
  const slot = syscalls.createReceiveSlot(65_536, 0);
  await using client = new RPCPeer({ trust: "anyone" });
  let fitting = 0;
  const notify = (timeout: number) => client.notify(port, "length", ["x".repeat(50_000)], { timeout });
  // Nobody reads: the last one waits in vain.
  await assertRejects(async () => {
    for (;; fitting++) await notify(50);
  }, CallTimeoutError);
  assert(fitting >= 2, `${fitting} fit`);
  const waiting = notify(10_000);
  for (let count = 0; count < fitting; count++) assert(syscalls.recvmsg(idle.fd, slot, 0) > 50_000);
  await waiting;
  slot.free();
});

Deno.test("EMSGSIZE: a datagram that is larger than the socket sends is refused with both sizes", () => {
  using socket = Object.assign(new NetlinkSocket(syscalls), {
    [Symbol.dispose](this: NetlinkSocket) {
      this.close();
    },
  });
  const size = 2 * socket.maxDatagram + 1_000;
  const error = assertThrows(() => socket.send(socket.port, new Uint8Array(size), size), MessageTooLargeError);
  assertEquals([error.size, error.maximum], [size, socket.maxDatagram]);
});

const wrongLimit = "EMSGSIZE of a datagram is blamed on maxMessageSize, which it is smaller than";
testUnless(wrongLimit, "EMSGSIZE: whoever else has a socket can make it send less, and the peer says so", async () => {
  await using server = serve();
  using inherited = new RawSocket();
  await using client = new RPCPeer({ fd: inherited.fd });
  inherited.isTaken = true;
  assertEquals(syscalls.setsockopt(inherited.fd, SOL_SOCKET, SO_SNDBUF, 4_096), 0);
  const error = await assertRejects(() => client.call(server.nlPid, "length", ["x".repeat(20_000)]), SyscallError);
  assertEquals([error.syscall, error.code], ["sendto", "EMSGSIZE"]);
  assertEquals(await client.call(server.nlPid, "length", ["four"]), 4);
});

/** Why nobody may join a multicast group here: nothing else has the kernel drop what is sent to a program. */
function reasonAgainstGroups(): string | undefined {
  using socket = new RawSocket();
  return socket.bind(GROUP) === -1 ? "only root joins a multicast group" : undefined;
}

testUnless(reasonAgainstGroups(), "ENOBUFS: what the kernel drops is trouble, and the peer is called on", async () => {
  using member = new RawSocket();
  member.bind(GROUP);
  await using server = new RPCPeer({ fd: member.fd });
  member.isTaken = true;
  const troubles = troublesOf(server);
  server.registerFunction((text: string) => text.length, "length");

  using flood = new RawSocket();
  const [bytes, address] = [noop(), addressOf(0, GROUP)];
  // It is sent to the group, and then to port 0, which nobody holds.
  for (let count = 0; count < 10_000; count++) syscalls.sendto(flood.fd, bytes, bytes.length, 0, address);
  server.runServerForever();
  await using client = new RPCPeer();
  assertEquals(await client.call(server.nlPid, "length", ["four"]), 4);
  assertEquals(troubles, ["overrun: The kernel dropped messages that were not read in time"]);
  assertEquals(server.stats().overruns, 1);
});

Deno.test({
  name: `EPERM: a user without privileges joins no group${isRoot ? " [left out: root may]" : ""}`,
  ignore: isRoot,
  fn() {
    using socket = new RawSocket();
    assertEquals([socket.bind(GROUP), syscalls.errno()], [-1, ERRNO.EPERM]);
  },
});

testUnless(
  isRoot ? undefined : "only root becomes another user",
  "EPERM: whoever may not go to a network namespace is told so, and the peers that it has live on",
  async () => {
    // Another user may not write down what has been covered, and would say so.
    const before = ["env", "-u", "DENO_COVERAGE_DIR"];
    const url = new URL("programs/no_privileges.ts", import.meta.url).href;
    await using program = start(url, [NOBODY], { before });
    assertEquals(await program.ended(), { code: 0, lines: ["setns EPERM", "pong"], errors: "" });
  },
);

const PRLIMIT = ["prlimit", "--nofile=128"];
testUnless(
  await reasonAgainst("no prlimit", PRLIMIT[0]!, ...PRLIMIT.slice(1), "true"),
  "EMFILE: whichever descriptor is one too many, it is told, nothing is left open, and later all works",
  async () => {
    const url = new URL("programs/few_descriptors.ts", import.meta.url).href;
    await using program = start(url, [], { before: PRLIMIT });
    const { code, lines, errors } = await program.ended();
    assertEquals([code, errors, lines.at(-1)], [0, "", "then: pong"]);
    const outcomes = lines.slice(0, -1).map((line) => line.replace(/^\d+ left: /, ""));
    const refusals = ["socket", "epoll_create1"].map((syscall) => {
      return `${syscall} failed: too many open files in this process (EMFILE), 0 missing`;
    });
    assertEquals(refusals.filter((refusal) => !outcomes.includes(refusal)), []);
    // Lifelines are not worth a refusal.
    const first = outcomes.findIndex((outcome) => !refusals.includes(outcome));
    assertEquals(outcomes.slice(first), Array(outcomes.length - first).fill("pong, 0 missing"));
  },
);
