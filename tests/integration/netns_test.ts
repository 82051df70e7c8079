// Sockets in other network namespaces.
import {
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { PeerGoneError, RPCPeer, SyscallError } from "../../mod.ts";
import { namespaceOf } from "../../src/netlink/namespaces.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { openFiles, Program, randomPort, reasonAgainst, start, testUnless } from "./processes.ts";

const SLEEP = ["sh", "-c", "echo there; exec sleep 600"];
const USER = ["unshare", "--user", "--map-root-user"];
const PID = ["unshare", "--pid", "--fork", "--kill-child"];
const NOBODY = 65_534;

const isRoot = Deno.permissions.querySync({ name: "ffi" }).state === "granted" && new LinuxSyscalls().getuid() === 0;
const noNet = isRoot
  // Root of a user namespace may not come back.
  ? await reasonAgainst("no network namespaces", "nsenter", "--net=/proc/self/ns/net", "unshare", "--net", "true")
  : "only root goes to another network namespace";
const noUser = await reasonAgainst("no user namespaces", USER[0]!, ...USER.slice(1), "--net", "true");

/** A process in a network namespace of its own. */
async function sleeper(...before: string[]): Promise<Program> {
  const [command, ...args] = [...before.length > 0 ? before : ["unshare"], "--net", ...SLEEP];
  const program = new Program(command!, args);
  await program.line();
  return program;
}

/** Sockets that are closed at the end. */
class Sockets implements Disposable {
  readonly syscalls = new LinuxSyscalls();
  readonly #open: NetlinkSocket[] = [];

  open(options?: ConstructorParameters<typeof NetlinkSocket>[1]): NetlinkSocket {
    const socket = new NetlinkSocket(this.syscalls, options);
    this.#open.push(socket);
    return socket;
  }

  namespaceOf(socket: NetlinkSocket): string {
    return namespaceOf(this.syscalls, socket.fd);
  }

  [Symbol.dispose](): void {
    for (const socket of this.#open) socket.close();
  }
}

testUnless(noNet, "a socket is opened in the network namespace of a process, and the thread is back", async () => {
  await using blue = await sleeper();
  using sockets = new Sockets();
  const before = sockets.open();
  const byPid = sockets.open({ netns: blue.pid });
  const byPath = sockets.open({ netns: `/proc/${blue.pid}/ns/net` });
  const after = sockets.open();
  const names = [before, byPid, byPath, after].map((socket) => sockets.namespaceOf(socket));
  assertEquals([names[0] === names[3], names[1] === names[2], names[0] === names[1]], [true, true, false]);
  assertMatch(names[0]!, /^-?\d+,-?\d+$/);
});

testUnless(noNet, "the thread is back also where the socket could not be opened", async () => {
  await using blue = await sleeper();
  using sockets = new Sockets();
  const before = sockets.open();
  const port = randomPort();
  sockets.open({ netns: blue.pid, port });
  for (const netns of [blue.pid, "/etc", "/no/such/file"]) {
    assertThrows(() => sockets.open({ netns, port }), SyscallError);
    assertEquals(sockets.namespaceOf(sockets.open()), sockets.namespaceOf(before));
  }
});

testUnless(
  noNet,
  "two sockets hold the same port in two network namespaces, and each is reached from its own",
  async () => {
    await using blue = await sleeper();
    using sockets = new Sockets();
    const port = randomPort();
    const [here, there] = [sockets.open({ port }), sockets.open({ port, netns: blue.pid })];
    assertEquals([here.port, there.port], [port, port]);
    const [sender, senderThere] = [sockets.open(), sockets.open({ netns: blue.pid })];
    const slot = sockets.syscalls.createReceiveSlot(64, 0);
    assertEquals(senderThere.send(port, new Uint8Array(2), 2), true);
    assertEquals([here.receive(slot), there.receive(slot), slot.port], [-1, 2, senderThere.port]);
    assertEquals(sender.send(port, new Uint8Array(3), 3), true);
    assertEquals([there.receive(slot), here.receive(slot), slot.port], [-1, 3, sender.port]);
  },
);

testUnless(noNet, "what is sent in one network namespace does not reach the other", async () => {
  await using blue = await sleeper();
  using sockets = new Sockets();
  const [here, there] = [sockets.open(), sockets.open({ netns: blue.pid, port: randomPort() })];
  assertThrows(() => here.send(there.port, new Uint8Array(1), 1), PeerGoneError);
  assertEquals(there.receive(sockets.syscalls.createReceiveSlot(64, 0)), -1);
});

testUnless(noNet, "peers of one namespace call each other, and not those of another", async () => {
  await using blue = await sleeper();
  await using server = new RPCPeer({ netns: blue.pid, port: randomPort() });
  server.registerFunction(() => "from the blue namespace", "where");
  server.runServerForever();
  await using client = new RPCPeer({ netns: `/proc/${blue.pid}/ns/net` });
  assertEquals(await client.call(server.nlPid, "where"), "from the blue namespace");
  await using stranger = new RPCPeer();
  await assertRejects(() => stranger.call(server.nlPid, "where"), PeerGoneError);
});

testUnless(
  noNet,
  "a port of one's own in another namespace is somebody else's here: a call that waits is not refused",
  async () => {
    await using blue = await sleeper();
    const port = randomPort();
    await using here = new RPCPeer({ port });
    await using there = new RPCPeer({ port, netns: blue.pid });
    await using client = new RPCPeer();
    // There nobody but this very thread holds the port: it could never answer itself.
    assertThrows(() => client.callSync(port, "where", [], { timeout: 1 }), TypeError, "is held by this very thread");
    await here.close();
    assertThrows(() => client.callSync(port, "where", [], { timeout: 1 }), PeerGoneError);
    assertEquals(there.nlPid, port);
  },
);

testUnless(noNet, "what is no network namespace is told, with what is wrong", async () => {
  await using blue = await sleeper();
  await using gone = await sleeper();
  await gone.kill();
  const folder = await Deno.makeTempDir();
  try {
    const fifo = `${folder}/fifo`;
    await new Deno.Command("mkfifo", { args: [fifo] }).output();
    const uts = `/proc/${blue.pid}/ns/uts`;
    const cases = [
      { netns: `${folder}/none`, syscall: "open", code: "ENOENT", message: `There is no ${folder}/none` },
      { netns: gone.pid, syscall: "open", code: "ENOENT", message: `There is no process ${gone.pid}` },
      {
        netns: "/proc/self/status",
        syscall: "setns",
        code: "EINVAL",
        message: "/proc/self/status is not a network namespace",
      },
      { netns: uts, syscall: "setns", code: "EINVAL", message: `${uts} is not a network namespace` },
      { netns: folder, syscall: "setns", code: "EINVAL", message: `${folder} is not a network namespace` },
      // Opening it must not wait for a writer.
      { netns: fifo, syscall: "setns", code: "EINVAL", message: `${fifo} is not a network namespace` },
    ];
    for (const { netns, syscall, code, message } of cases) {
      const error = assertThrows(() => new RPCPeer({ netns }), SyscallError);
      assertEquals([error.syscall, error.code], [syscall, code], message);
      assertStringIncludes(error.message, message);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

testUnless(noNet, "nothing is left open, whether the socket could be opened or not", async () => {
  await using blue = await sleeper();
  using sockets = new Sockets();
  const { port: taken } = sockets.open({ netns: blue.pid });
  const before = (await openFiles()).filter((file) => /^(net|socket):/.test(file)).length;
  for (let round = 0; round < 10; round++) {
    sockets.open({ netns: blue.pid }).close();
    assertThrows(() => sockets.open({ netns: `/proc/${blue.pid}/ns/net`, port: taken }), SyscallError);
    assertThrows(() => sockets.open({ netns: "/etc/passwd" }), SyscallError);
  }
  const after = await openFiles();
  assertEquals(after.filter((file) => /^(net|socket):/.test(file)).length, before);
  assertEquals(after.filter((file) => file === "/etc/passwd"), []);
});

const noOther = await reasonAgainst("no other user", "setpriv", `--reuid=${NOBODY}`, "--clear-groups", "true");

testUnless(noNet ?? noOther, "who may not go there is told what is missing", async () => {
  await using blue = await sleeper();
  const cases = [
    {
      name: "the process of another user",
      netns: blue.pid,
      message: /another user's: run as root|CAP_SYS_ADMIN is needed/,
    },
    {
      name: "a file of another user",
      netns: `/proc/${blue.pid}/ns/net`,
      message: /may not open .*: run as root|CAP_SYS_ADMIN is needed/,
    },
    {
      name: "one's own, without the capability",
      netns: "/proc/thread-self/ns/net",
      message: /CAP_SYS_ADMIN is needed .*: run as root/,
    },
  ];
  for (const { name, netns, message } of cases) {
    // Another user may not write down what has been covered, and would say so.
    await using program = start("netns", [netns, NOBODY], { before: ["env", "-u", "DENO_COVERAGE_DIR"] });
    const { code, lines, errors } = await program.ended();
    assertEquals([code, errors, lines.length], [0, "", 2], name);
    assertMatch(lines[0]!, /^(open EACCES|open EPERM|setns EPERM)$/, name);
    assertMatch(lines[1]!, message, name);
  }
});

for (const where of ["the program", "its Worker"]) {
  testUnless(
    noNet,
    `a thread that cannot come back ends ${where}: nothing goes on in the wrong namespace`,
    async () => {
      await using blue = await sleeper();
      const args = where === "the program" ? [blue.pid] : [blue.pid, "worker"];
      await using program = start("lost_thread", args, { flags: ["--allow-ffi", "--allow-read"] });
      const { code, lines, errors } = await program.ended();
      assertStringIncludes(errors, "error: setns failed: bad file descriptor (EBADF)");
      assertStringIncludes(errors, "This thread cannot come back from another network namespace");
      if (where === "the program") assertEquals([code, lines], [71, ["there"]]);
      else assertEquals([code, lines], [0, ["there", "the others end as they like"]]);
    },
  );
}

testUnless(
  noUser ?? await reasonAgainst("no nsenter", "nsenter", "--version"),
  "root of a user namespace, who could go but not come back, is told so and lives",
  async () => {
    await using blue = await sleeper(...USER);
    await using program = start("netns", [blue.pid], {
      before: ["nsenter", "--user", "--preserve-credentials", "--target", String(blue.pid)],
    });
    const { code, lines, errors } = await program.ended();
    assertEquals([code, errors, lines[0]], [0, "", "setns EPERM"]);
  },
);

testUnless(
  noNet ?? await reasonAgainst("no pid namespaces", PID[0]!, ...PID.slice(1), "true"),
  "a process id is this program's, also where /proc is that of another pid namespace",
  async () => {
    // There /proc/7 is not the child with process id 7: a socket must not be opened in the namespace of whoever that is.
    await using program = start("foreign_proc", [], { flags: ["--allow-ffi", "--allow-run=unshare"], before: PID });
    const { code, lines } = await program.ended();
    assertEquals(code, 0);
    assertNotEquals(lines[0], "its own");
  },
);
