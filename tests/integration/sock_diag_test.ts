// Whether nobody holds a port, in the words of the real kernel.
import { assert, assertEquals } from "@std/assert";
import { AF_NETLINK, NETLINK_USERSOCK, SOCK_CLOEXEC, SOCK_RAW } from "../../ffi/constants.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { inNetworkNamespace } from "../../src/netlink/namespaces.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { socketAt } from "../../src/netlink/sock_diag.ts";
import type { SocketPlace } from "../../src/netlink/socket_place.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { openFiles, Program, randomPort, reasonAgainst, testUnless } from "./processes.ts";

const syscalls = new LinuxSyscalls();

/** Whether nobody holds a port; undefined where that is not sure. */
function isAbsent(place: SocketPlace, port: number): boolean | undefined {
  const socket = socketAt(syscalls, place, port);
  return socket === undefined ? undefined : socket === null;
}

/** Beside more sockets than that nothing is sure. */
const MOST_SOCKETS = 700;

const isRoot = syscalls.getuid() === 0;
const noNet = isRoot
  ? await reasonAgainst("no network namespaces", "nsenter", "--net=/proc/self/ns/net", "unshare", "--net", "true")
  : "only root goes to another network namespace";
const tooMany = await socketsHere() < MOST_SOCKETS / 2
  ? undefined
  : "other programs have hundreds of netlink sockets here";

/** How many sockets of the protocol the network namespace has. */
async function socketsHere(): Promise<number> {
  // Deno itself reads no file of /proc without all permissions.
  const { stdout } = await new Deno.Command("cat", { args: ["/proc/net/netlink"] }).output();
  const lines = new TextDecoder().decode(stdout).split("\n");
  return lines.filter((line) => Number(line.trim().split(/\s+/)[1]) === NETLINK_USERSOCK).length;
}

/** A process in a network namespace of its own, which has no sockets. */
async function sleeper(): Promise<Program> {
  const program = new Program("unshare", ["--net", "sh", "-c", "echo there; exec sleep 600"]);
  await program.line();
  return program;
}

/** Opens sockets in a network namespace, each at a port that the kernel chooses. */
function openMany(netns: number, count: number): number[] {
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  writeSockaddrNl(new DataView(address.buffer), 0, 0);
  return inNetworkNamespace(syscalls, netns, () =>
    Array.from({ length: count }, () => {
      const fd = syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_USERSOCK);
      assert(fd >= 0 && syscalls.bind(fd, address) === 0, `errno ${syscalls.errno()}`);
      return fd;
    }));
}

/** Sockets of this process that are open. */
async function sockets(): Promise<number> {
  return (await openFiles()).filter((file) => file.startsWith("socket:")).length;
}

testUnless(
  tooMany,
  "a port that is held is not absent, one that nobody has held is, and so is one that was freed",
  async () => {
    const socket = new NetlinkSocket(syscalls);
    const place = { fd: socket.fd, netns: undefined };
    const port = randomPort();
    const before = await sockets();
    assertEquals([isAbsent(place, socket.port), isAbsent(place, port)], [false, true]);
    const other = new NetlinkSocket(syscalls, { port });
    assertEquals(isAbsent(place, port), false);
    other.close();
    assertEquals(isAbsent(place, port), true);
    assertEquals(await sockets(), before, "its own sockets are closed");
    socket.close();
  },
);

testUnless(tooMany, "a port's socket is the same as long as it is open, and the next one there is another", () => {
  const socket = new NetlinkSocket(syscalls);
  const place = { fd: socket.fd, netns: undefined };
  const port = randomPort();
  const [first, again, second] = [0, 1].flatMap((index) => {
    const other = new NetlinkSocket(syscalls, { port });
    const seen = [socketAt(syscalls, place, port), socketAt(syscalls, place, port)].slice(index);
    other.close();
    return seen;
  });
  assertEquals([typeof first, first === again, first === second], ["bigint", true, false]);
  socket.close();
  return Promise.resolve();
});

testUnless(tooMany, "a link tells whether nobody holds a port", async () => {
  const [link, other] = [new NetlinkLink({ port: randomPort() }), new NetlinkLink({ port: randomPort() })];
  const { port } = other;
  assertEquals([link.socketAt(link.port) === null, link.socketAt(port) === null], [false, false]);
  await other.close();
  assertEquals(link.socketAt(port) === null, true);
  await link.close();
});

testUnless(tooMany, "a port of another netlink protocol is another one", () => {
  const socket = new NetlinkSocket(syscalls);
  const place = { fd: socket.fd, netns: undefined };
  const port = randomPort();
  const address = new Uint8Array(new ArrayBuffer(SOCKADDR_NL_SIZE));
  writeSockaddrNl(new DataView(address.buffer), 0, port);
  const NETLINK_ROUTE = 0;
  const route = syscalls.socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  assertEquals(syscalls.bind(route, address), 0);
  assertEquals(isAbsent(place, port), true);
  syscalls.close(route);
  socket.close();
  return Promise.resolve();
});

testUnless(noNet, "the kernel is asked in the network namespace of the socket", async () => {
  await using blue = await sleeper();
  const port = randomPort();
  const here = new NetlinkSocket(syscalls, { port });
  const there = new NetlinkSocket(syscalls, { netns: blue.pid });
  const placeThere = { fd: there.fd, netns: blue.pid };
  assertEquals(isAbsent({ fd: here.fd, netns: undefined }, port), false);
  assertEquals([isAbsent(placeThere, port), isAbsent(placeThere, there.port)], [true, false]);
  // The same number in another namespace: whoever is asked here knows nothing of it.
  assertEquals(isAbsent({ fd: there.fd, netns: undefined }, port), undefined);
  here.close();
  there.close();
});

testUnless(noNet, "beside 700 sockets it is sure, and beside 800 it is not", async () => {
  await using blue = await sleeper();
  const before = await sockets();
  const socket = new NetlinkSocket(syscalls, { netns: blue.pid });
  const place = { fd: socket.fd, netns: blue.pid };
  const port = randomPort();
  const fds = openMany(blue.pid, MOST_SOCKETS - 1);
  try {
    assertEquals([isAbsent(place, port), isAbsent(place, socket.port)], [true, false]);
    fds.push(...openMany(blue.pid, 100));
    for (let times = 0; times < 10; times++) assertEquals(isAbsent(place, port), undefined);
  } finally {
    for (const fd of fds) syscalls.close(fd);
  }
  assertEquals(isAbsent(place, port), true);
  socket.close();
  assertEquals(await sockets(), before);
});
