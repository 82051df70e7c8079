// Which sockets there are, and which of them are peers, by the mark that the kernel shows.
import { assertEquals } from "@std/assert";
import { NDIAG_FLAG_CAP_ACK } from "../../ffi/constants.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { listSockets, type NetlinkSocketInfo } from "../../src/netlink/sock_diag.ts";
import { diagMessage, doneMessage, flagsMessage, memoryMessage, portMessage } from "../fakes/diag_socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const NLMSG_ERROR = 2;
/** A flag that any socket may have. */
const OTHER_FLAG = 0x2;
const PEER = NDIAG_FLAG_CAP_ACK;

/** Asks a kernel that answers each look so; what is behind the last one is answered like it. */
function socketsOf(...looks: readonly (readonly Uint8Array[])[]): NetlinkSocketInfo[] | undefined {
  return ask(false, looks);
}

function ask(withQueues: boolean, looks: readonly (readonly Uint8Array[])[]): NetlinkSocketInfo[] | undefined {
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel, { port: 10 });
  let look = 0;
  kernel.tellPorts = () => looks[Math.min(look++, looks.length - 1)]!;
  try {
    return listSockets(kernel, { fd: socket.fd, netns: undefined }, withQueues);
  } finally {
    socket.close();
    kernel.assertAllClosed();
  }
}

/** A dump: the messages of each datagram, and the end. */
function dump(...datagrams: readonly (readonly Uint8Array[])[]): Uint8Array[] {
  return [...datagrams.map((messages) => new Uint8Array(messages.flatMap((bytes) => [...bytes]))), doneMessage()];
}

/** The ports that were told. */
function portsOf(...looks: readonly (readonly Uint8Array[])[]): number[] | undefined {
  return socketsOf(...looks)?.map(({ port }) => port).toSorted();
}

Deno.test("peers are the sockets with the mark; none without a port is told", () => {
  const all = dump([
    flagsMessage(30, PEER | OTHER_FLAG),
    flagsMessage(20, OTHER_FLAG),
    flagsMessage(0, PEER),
    flagsMessage(7, PEER),
    portMessage(40),
  ]);
  assertEquals(socketsOf(all), [
    { port: 30, cookie: 0n, isPeer: true },
    { port: 20, cookie: 0n, isPeer: false },
    { port: 7, cookie: 0n, isPeer: true },
    { port: 40, cookie: 40n, isPeer: false },
  ]);
});

Deno.test("what waits at a socket is told where it is asked for, as far as the kernel tells it", () => {
  // In the order of the SK_MEMINFO numbers: what waits comes first, and what was dropped last.
  const memory = [4_160, 212_992, 0, 212_992, 0, 0, 0, 0, 17];
  const all = dump([
    memoryMessage(30, PEER, memory),
    memoryMessage(20, PEER, [...memory, 5]),
    memoryMessage(7, PEER, memory.slice(0, 8)),
    portMessage(40),
  ]);
  assertEquals(ask(true, [all]), [
    { port: 30, cookie: 0n, isPeer: true, queue: 4_160, drops: 17 },
    { port: 20, cookie: 0n, isPeer: true, queue: 4_160, drops: 17 },
    { port: 7, cookie: 0n, isPeer: true, queue: 4_160, drops: undefined },
    { port: 40, cookie: 40n, isPeer: false, queue: undefined, drops: undefined },
  ]);
  assertEquals(socketsOf(all)![0], { port: 30, cookie: 0n, isPeer: true });
});

Deno.test("the kernel is asked for memory only where somebody wants to know: it makes the answer twice as long", () => {
  for (const [withQueues, show] of [[false, 0x8], [true, 0x9]] as const) {
    const kernel = new FakeSyscalls();
    const socket = new NetlinkSocket(kernel, { port: 10 });
    const asked: number[] = [];
    const { sendto } = kernel;
    kernel.sendto = (fd, bytes, ...rest) => {
      asked.push(bytes[16 + 8]!);
      return sendto.call(kernel, fd, bytes, ...rest);
    };
    listSockets(kernel, { fd: socket.fd, netns: undefined }, withQueues);
    assertEquals(asked, [show, show]);
    socket.close();
  }
});

Deno.test("of a port that changes hands between two looks, the last socket is told", () => {
  assertEquals(socketsOf(dump([portMessage(5, 1n)]), dump([portMessage(5, 2n)])), [{
    port: 5,
    cookie: 2n,
    isPeer: false,
  }]);
});

Deno.test("where there is no seam two looks are enough, else there are three", () => {
  const [a, b, c] = [1, 2, 3].map((port) => flagsMessage(port, PEER));
  assertEquals(portsOf(dump([a!]), dump([b!]), dump([c!])), [1, 2]);
  assertEquals(portsOf(dump([a!], [b!]), dump([a!]), dump([c!])), [1, 2, 3]);
});

Deno.test("what one dump passes over at a seam is in another", () => {
  const [a, b, c] = [1, 2, 3].map((port) => flagsMessage(port, PEER));
  assertEquals(portsOf(dump([a!], [c!]), dump([b!, c!])), [1, 2, 3]);
});

Deno.test("where the kernel does not tell, or stops in the middle, nothing is told", () => {
  assertEquals(portsOf([diagMessage(NLMSG_ERROR, new Uint8Array(20))]), undefined);
  assertEquals(portsOf(dump([flagsMessage(1, PEER)]), [diagMessage(NLMSG_ERROR, new Uint8Array(20))]), undefined);
  const kernel = new FakeSyscalls();
  const socket = new NetlinkSocket(kernel, { port: 10 });
  kernel.fail("socket", "EMFILE");
  assertEquals(listSockets(kernel, { fd: socket.fd, netns: undefined }), undefined);
  socket.close();
});

Deno.test("a socket is marked where the kernel has the mark, and opened all the same where it has not", () => {
  const kernel = new FakeSyscalls();
  const before = kernel.count("setsockopt");
  new NetlinkSocket(kernel, { port: 10 }).close();
  const options = kernel.count("setsockopt") - before;
  kernel.fail("setsockopt", "ENOPROTOOPT", 1, options - 1);
  new NetlinkSocket(kernel, { port: 10 }).close();
  kernel.assertAllClosed();
});
