// Options of a peer: each is checked, before anything is opened, and says what it takes.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { MessageTooLargeError, RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import { checkPeerOptions } from "../../src/rpc/options.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers } from "../fakes/peers.ts";

const NETNS_FD = "A socket stays in its network namespace: pass no netns with fd";
const LINK = "A link has its own port, place and way to wait: pass no port, fd, netns or busyPoll with it";

const refused: [options: unknown, error: typeof TypeError | typeof RangeError, message: string][] = [
  [{ port: "1" }, TypeError, "port must be a port, which is a number, not string"],
  [{ port: 0 }, RangeError, "port must be a port, an integer from 1 to 4294967295, not 0"],
  [{ port: 2 ** 32 }, RangeError, "port must be a port, an integer from 1 to 4294967295, not 4294967296"],
  [{ fd: -1 }, RangeError, "fd must be a file descriptor, an integer from 0 to 2147483647, not -1"],
  [{ fd: 1.5 }, RangeError, "fd must be a file descriptor, an integer from 0 to 2147483647, not 1.5"],
  [{ fd: 2 ** 31 }, RangeError, "fd must be a file descriptor, an integer from 0 to 2147483647, not 2147483648"],
  [{ fd: "3" }, RangeError, "fd must be a file descriptor, an integer from 0 to 2147483647, not 3"],
  [{ fd: 3, netns: "/run/netns/blue" }, TypeError, NETNS_FD],
  [{ fd: 3, netns: 1 }, TypeError, NETNS_FD],
  [{ netns: 0 }, RangeError, "netns must be a path or a process id, an integer from 1 to 2147483647, not 0"],
  [{ netns: NaN }, RangeError, "netns must be a path or a process id, an integer from 1 to 2147483647, not NaN"],
  [{ netns: 1.5 }, RangeError, "netns must be a path or a process id, an integer from 1 to 2147483647, not 1.5"],
  [
    { netns: 2 ** 31 },
    RangeError,
    "netns must be a path or a process id, an integer from 1 to 2147483647, not 2147483648",
  ],
  [{ netns: "" }, TypeError, 'netns must be a path, not ""'],
  [{ netns: "/run/netns/\0" }, TypeError, String.raw`netns must be a path, not "/run/netns/\u0000"`],
  [{ netns: null }, TypeError, "netns must be a path or a process id, not object"],
  [{ netns: new URL("file:///run/netns/blue") }, TypeError, "netns must be a path or a process id, not object"],
  [{ netns: 1n }, TypeError, "netns must be a path or a process id, not bigint"],
  [{ busyPoll: -1 }, RangeError, "busyPoll must be a number of microseconds, an integer from 0 to 1000, not -1"],
  [{ busyPoll: 1_001 }, RangeError, "busyPoll must be a number of microseconds, an integer from 0 to 1000, not 1001"],
  [{ busyPoll: .5 }, RangeError, "busyPoll must be a number of microseconds, an integer from 0 to 1000, not 0.5"],
  [{ busyPoll: "50" }, RangeError, "busyPoll must be a number of microseconds, an integer from 0 to 1000, not 50"],
  [{ busyPoll: null }, RangeError, "busyPoll must be a number of microseconds, an integer from 0 to 1000, not null"],
  [{ timeout: 0 }, RangeError, "timeout must be more than 0 milliseconds, or Infinity, not 0"],
  [{ timeout: NaN }, RangeError, "timeout must be more than 0 milliseconds, or Infinity, not NaN"],
  [{ timeout: "1" }, RangeError, "timeout must be more than 0 milliseconds, or Infinity, not 1"],
  [
    { maxMessageSize: 1_023 },
    RangeError,
    "maxMessageSize must be a number of bytes, an integer from 1024 to 536870888, not 1023",
  ],
  [
    { maxMessageSize: 536_870_889 },
    RangeError,
    "maxMessageSize must be a number of bytes, an integer from 1024 to 536870888, not 536870889",
  ],
  [
    { maxMessageSize: 5e3 + .5 },
    RangeError,
    "maxMessageSize must be a number of bytes, an integer from 1024 to 536870888, not 5000.5",
  ],
  [
    { maxMessageSize: Infinity },
    RangeError,
    "maxMessageSize must be a number of bytes, an integer from 1024 to 536870888, not Infinity",
  ],
  [
    { maxMessageSize: "5000" },
    RangeError,
    "maxMessageSize must be a number of bytes, an integer from 1024 to 536870888, not 5000",
  ],
  [
    { maxMessageSize: null },
    RangeError,
    "maxMessageSize must be a number of bytes, an integer from 1024 to 536870888, not null",
  ],
  [
    { maxQueuedBytes: -1 },
    RangeError,
    "maxQueuedBytes must be a number of bytes, an integer from 0 to 9007199254740991, not -1",
  ],
  [
    { maxQueuedBytes: .5 },
    RangeError,
    "maxQueuedBytes must be a number of bytes, an integer from 0 to 9007199254740991, not 0.5",
  ],
  [
    { maxQueuedBytes: Infinity },
    RangeError,
    "maxQueuedBytes must be a number of bytes, an integer from 0 to 9007199254740991, not Infinity",
  ],
];

for (const [options, error, message] of refused) {
  const [[name, value]] = Object.entries(options as object).slice(-1) as [[string, unknown]];
  Deno.test(`${name}: ${typeof value === "bigint" ? "1n" : JSON.stringify(value) ?? value} is refused: ${message}`, () => {
    assertEquals(assertThrows(() => new RPCPeer(options as RPCPeerOptions), error).message, message);
  });
}

Deno.test("a link has its own place and way to wait, and takes no port, descriptor, namespace or busy poll", () => {
  const network = new MemoryNetwork();
  for (const options of [{ port: 1 }, { fd: 3 }, { netns: 1 }, { netns: "/run/netns/blue" }, { busyPoll: 0 }]) {
    const link = network.open(7);
    assertThrows(() => new RPCPeer({ ...options, link }), TypeError, LINK);
    assertEquals(link.holds, 0);
  }
});

Deno.test("the bounds of each option are taken", () => {
  const options: RPCPeerOptions[] = [
    { port: 1 },
    { port: 0xffff_ffff },
    { fd: 0 },
    { fd: 0x7fff_ffff },
    { netns: 1 },
    { netns: 0x7fff_ffff },
    { netns: "blue" },
    { timeout: Number.MIN_VALUE },
    { timeout: Infinity },
    { maxMessageSize: 1_024 },
    { maxMessageSize: 536_870_888 },
    { maxQueuedBytes: 0 },
    { busyPoll: 0 },
    { busyPoll: 1_000 },
    { maxQueuedBytes: Number.MAX_SAFE_INTEGER },
  ];
  for (const option of options) checkPeerOptions(option);
  checkPeerOptions({
    port: undefined,
    fd: undefined,
    netns: undefined,
    timeout: undefined,
    maxMessageSize: undefined,
    maxQueuedBytes: undefined,
    link: undefined,
  });
});

Deno.test("without a bound messages have at most 64 MiB", async () => {
  await using peers = openPeers();
  const text = "x".repeat(67_108_864);
  const error = await assertRejects(() => peers.client.notify(100, "log", [text]), MessageTooLargeError);
  assertEquals(error.maximum, 67_108_864);
  assertEquals(peers.clientLink.sent, []);
});
