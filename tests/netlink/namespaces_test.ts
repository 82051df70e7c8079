import {
  assertEquals,
  assertInstanceOf,
  AssertionError,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import type { ErrnoName } from "../../ffi/errno.ts";
import { SyscallError } from "../../src/errors.ts";
import { inNetworkNamespace, namespaceOf, type NetworkNamespace } from "../../src/netlink/namespaces.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";

const BLUE = "/run/netns/blue";
const OWN = "/proc/thread-self/ns/net";

/** A kernel with a second namespace, which has a file and a process, and a file that is none. */
function openKernel(): FakeSyscalls {
  const kernel = new FakeSyscalls();
  kernel.namespaceFiles.set(BLUE, "blue");
  kernel.namespaceFiles.set("/proc/4711/ns/net", "blue");
  kernel.namespaceFiles.set("/etc/hostname", undefined);
  return kernel;
}

/** Closes the way to one namespace, and no other: its file cannot be opened, or not be entered. */
function close(kernel: FakeSyscalls, syscall: "open" | "setns", closed: string, errno: ErrnoName): void {
  const [open, setns] = [kernel.open.bind(kernel), kernel.setns.bind(kernel)];
  const paths = new Map<number, string>();
  kernel.open = (path) => {
    if (syscall === "open" && path === closed) kernel.fail("open", errno);
    const fd = open(path);
    paths.set(fd, path);
    return fd;
  };
  kernel.setns = (fd) => {
    if (syscall === "setns" && paths.get(fd) === closed) kernel.fail("setns", errno);
    return setns(fd);
  };
}

/** Nothing may be done: the way there has failed. */
function doNothing(): never {
  throw new AssertionError("It was done");
}

function goOn(): never {
  throw new AssertionError("The program was given up");
}

for (const netns of [BLUE, 4_711]) {
  Deno.test(`something is done in the namespace of ${netns}, and then the thread is back`, () => {
    const kernel = openKernel();
    const result = inNetworkNamespace(kernel, netns, () => `done in ${kernel.namespace}`, goOn);
    assertEquals([result, kernel.namespace], ["done in blue", "own"]);
    kernel.assertAllClosed();
  });

  Deno.test(`the thread is back from the namespace of ${netns} where what is done there throws`, () => {
    const kernel = openKernel();
    const thrown = new Error("on purpose");
    const act = () => {
      assertEquals(kernel.namespace, "blue");
      throw thrown;
    };
    assertStrictEquals(assertThrows(() => inNetworkNamespace(kernel, netns, act, goOn)), thrown);
    assertEquals(kernel.namespace, "own");
    kernel.assertAllClosed();
  });
}

Deno.test("while something is done there, only the way back is open", () => {
  const kernel = openKernel();
  inNetworkNamespace(kernel, BLUE, () => assertEquals(kernel.ledger.open.length, 1), goOn);
});

Deno.test("a way there that is closed: nothing is done, the thread is where it was, and the error says what to do", async (t) => {
  const root = "run as root";
  const cases: { netns: NetworkNamespace; syscall: "open" | "setns"; errno: ErrnoName; hint: string }[] = [
    { netns: BLUE, syscall: "open", errno: "ENOENT", hint: `There is no ${BLUE}` },
    {
      netns: "red",
      syscall: "open",
      errno: "ENOENT",
      hint: 'There is no red: of "ip netns" it would be /run/netns/red',
    },
    {
      netns: BLUE,
      syscall: "open",
      errno: "EACCES",
      hint: `This user may not open ${BLUE}: ${root}, with CAP_SYS_PTRACE`,
    },
    { netns: BLUE, syscall: "open", errno: "EMFILE", hint: "" },
    { netns: 4_711, syscall: "open", errno: "ENOENT", hint: "There is no process 4711" },
    {
      netns: 4_711,
      syscall: "open",
      errno: "EACCES",
      hint: `Process 4711 is another user's: ${root}, with CAP_SYS_PTRACE`,
    },
    {
      netns: 4_711,
      syscall: "open",
      errno: "EPERM",
      hint: `Process 4711 is another user's: ${root}, with CAP_SYS_PTRACE`,
    },
    { netns: 4_711, syscall: "open", errno: "EMFILE", hint: "" },
    { netns: BLUE, syscall: "setns", errno: "EINVAL", hint: `${BLUE} is not a network namespace` },
    { netns: 4_711, syscall: "setns", errno: "EINVAL", hint: "/proc/4711/ns/net is not a network namespace" },
    {
      netns: BLUE,
      syscall: "setns",
      errno: "EPERM",
      hint:
        `To enter a network namespace, CAP_SYS_ADMIN is needed in its user namespace and in this process's own: ${root}`,
    },
    { netns: BLUE, syscall: "setns", errno: "ENOMEM", hint: "" },
  ];
  for (const { netns, syscall, errno, hint } of cases) {
    await t.step(`${syscall} of ${netns}: ${errno}`, () => {
      const kernel = openKernel();
      close(kernel, syscall, typeof netns === "number" ? `/proc/${netns}/ns/net` : netns, errno);
      const error = assertThrows(() => inNetworkNamespace(kernel, netns, doNothing, goOn), SyscallError);
      assertEquals([error.syscall, error.code, kernel.namespace], [syscall, errno, "own"]);
      assertEquals(error.message.split(`(${errno})`)[1], hint === "" ? "" : `. ${hint}`);
      kernel.assertAllClosed();
    });
  }
});

Deno.test("what is there but is no namespace is named, and there is no process or file that is not there", () => {
  const kernel = openKernel();
  for (
    const [netns, code] of [["/etc/hostname", "EINVAL"], ["/run/netns/red", "ENOENT"], [4_712, "ENOENT"]] as const
  ) {
    assertEquals(assertThrows(() => inNetworkNamespace(kernel, netns, doNothing), SyscallError).code, code);
  }
  assertEquals(kernel.namespace, "own");
  kernel.assertAllClosed();
});

Deno.test("where /proc is that of another pid namespace, a process id is refused, and a path is not", () => {
  const kernel = openKernel();
  // This thread has another number there.
  kernel.thread = 12;
  const error = assertThrows(() => inNetworkNamespace(kernel, 4_711, doNothing, goOn), SyscallError);
  assertEquals([error.code, kernel.namespace, kernel.count("setns")], ["ENOENT", "own", 0]);
  assertStringIncludes(error.message, "/proc is that of another pid namespace, or not mounted: pass the path");
  assertEquals(inNetworkNamespace(kernel, BLUE, () => kernel.namespace, goOn), "blue");
  kernel.assertAllClosed();
});

Deno.test("descriptor 0 is one like others: a program may have closed its standard input", () => {
  for (const closed of [OWN, BLUE]) {
    const kernel = openKernel();
    const numbers = new Map<number, number>();
    const real = (fd: number) => numbers.get(fd) ?? fd;
    const [open, setns, close] = [kernel.open.bind(kernel), kernel.setns.bind(kernel), kernel.close.bind(kernel)];
    kernel.open = (path) => {
      const fd = open(path);
      if (path !== closed) return fd;
      numbers.set(0, fd);
      return 0;
    };
    kernel.setns = (fd) => setns(real(fd));
    kernel.close = (fd) => close(real(fd));
    assertEquals(inNetworkNamespace(kernel, BLUE, () => kernel.namespace, goOn), "blue");
    assertEquals(kernel.namespace, "own");
    kernel.assertAllClosed();
  }
});

Deno.test("without /proc there is no way back, and so nobody goes", () => {
  const kernel = openKernel();
  kernel.namespaceFiles.delete(OWN);
  const error = assertThrows(() => inNetworkNamespace(kernel, BLUE, doNothing, goOn), SyscallError);
  assertEquals([error.syscall, error.code, kernel.count("setns")], ["open", "ENOENT", 0]);
  assertStringIncludes(error.message, "The way back is there: /proc must be mounted");
  kernel.assertAllClosed();
});

for (const how of ["returns", "throws"] as const) {
  Deno.test(`where the thread cannot come back the program is given up, once, also where what was done ${how}`, () => {
    const kernel = openKernel();
    const reasons: SyscallError[] = [];
    const given = new Error("given up");
    const act = () => {
      kernel.fail("setns", "EPERM", Infinity);
      if (how === "throws") throw new Error("on purpose");
      return "a result that nobody may have";
    };
    const abandon = (error: SyscallError): never => {
      reasons.push(error);
      throw given;
    };
    assertStrictEquals(assertThrows(() => inNetworkNamespace(kernel, BLUE, act, abandon)), given);
    assertEquals(reasons.map(({ syscall, code }) => [syscall, code]), [["setns", "EPERM"]]);
    assertStringIncludes(
      reasons[0]!.message,
      "cannot come back from another network namespace, and must not go on in it",
    );
    kernel.assertAllClosed();
  });
}

Deno.test("where the way back is closed already, nobody goes: the program is told, and lives", () => {
  const kernel = openKernel();
  // As for root of a user namespace: it may enter what was made in there, and not the namespace that it came from.
  close(kernel, "setns", OWN, "EPERM");
  const error = assertThrows(() => inNetworkNamespace(kernel, BLUE, doNothing, goOn));
  assertInstanceOf(error, SyscallError);
  assertEquals([error.code, kernel.namespace], ["EPERM", "own"]);
  assertStringIncludes(error.message, "and come back, CAP_SYS_ADMIN is needed in the user namespace of this one");
  kernel.assertAllClosed();
});

Deno.test("a socket is opened in the namespace that is asked for, and bound there", () => {
  const kernel = openKernel();
  const own = new NetlinkSocket(kernel, { port: 77 });
  const blue = new NetlinkSocket(kernel, { port: 77, netns: BLUE });
  assertEquals([kernel.socketOf(own.fd).namespace, kernel.socketOf(blue.fd).namespace], ["own", "blue"]);
  const error = assertThrows(() => new NetlinkSocket(kernel, { port: 77, netns: 4_711 }), SyscallError);
  assertEquals([error.code, kernel.namespace], ["EADDRINUSE", "own"]);
  own.close();
  blue.close();
  kernel.assertAllClosed();
});

Deno.test("a socket that cannot be opened there is told, and the thread is back", () => {
  const kernel = openKernel();
  kernel.fail("socket", "EMFILE");
  const error = assertThrows(() => new NetlinkSocket(kernel, { netns: BLUE }), SyscallError);
  assertEquals([error.syscall, error.code, kernel.namespace], ["socket", "EMFILE", "own"]);
  kernel.assertAllClosed();
});

Deno.test("sockets of one namespace have the same, and of two namespaces another", () => {
  const kernel = openKernel();
  const [first, second] = [new NetlinkSocket(kernel), new NetlinkSocket(kernel)];
  const blue = new NetlinkSocket(kernel, { netns: BLUE });
  const names = [first, second, blue].map(({ fd }) => namespaceOf(kernel, fd));
  assertEquals([names[0] === names[1], names[0] === names[2]], [true, false]);
  assertEquals(names.includes(""), false);
});

Deno.test("namespaces are told apart by both halves of their number", () => {
  const kernel = openKernel();
  const names = ["AAAAaaaa", "AAAAbbbb", "BBBBaaaa"].map((namespace) => {
    kernel.namespace = namespace;
    return namespaceOf(kernel, new NetlinkSocket(kernel).fd);
  });
  assertEquals(new Set(names).size, 3);
});

Deno.test("a kernel that does not tell the namespace of a socket has all in one", () => {
  const kernel = openKernel();
  const { fd } = new NetlinkSocket(kernel);
  kernel.fail("getsockopt", "ENOPROTOOPT");
  assertEquals(namespaceOf(kernel, fd), "");
});
