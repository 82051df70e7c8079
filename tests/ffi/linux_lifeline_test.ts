// Listening and connecting at an abstract address, and who is on the other side.
import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { EPOLL_CLOEXEC, EPOLLIN, O_CLOEXEC, O_NONBLOCK, SO_PEERCRED, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { abstractAddress } from "../../ffi/structs/sockaddr_un.ts";
import { start, testUnless } from "../integration/processes.ts";
import { openSocket, syscalls, using } from "./sockets.ts";
import {
  flagsOf,
  openUnixSocket,
  reasonAgainstPidfd,
  uniqueName,
  withConnection,
  withListener,
} from "./unix_sockets.ts";

const noPidfd = await reasonAgainstPidfd();

/** pid, uid and gid of the process on the other side. */
function peerOf(fd: number): number[] {
  const ucred = new Int32Array(3);
  assertEquals(syscalls.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred), 0, `errno ${syscalls.errno()}`);
  return [...ucred];
}

/** Runs something with another process that listens. */
async function withProcess(
  run: (address: Uint8Array<ArrayBuffer>, program: ReturnType<typeof start>) => Promise<void>,
): Promise<void> {
  const name = uniqueName();
  await using program = start("listener", [name]);
  assertEquals(await program.line(), "listening");
  await run(abstractAddress(name), program);
}

Deno.test("Whoever connects to this process learns who it is, before anybody accepts", async () => {
  await withListener(async (_, address) => {
    await withConnection(address, (fd) => {
      assertEquals(peerOf(fd), [Deno.pid, syscalls.getuid(), syscalls.getgid()]);
    });
  });
});

Deno.test("Whoever connects to another process learns who that is", async () => {
  await withProcess(async (address, program) => {
    await withConnection(address, (fd) => {
      assertEquals(peerOf(fd), [program.pid, syscalls.getuid(), syscalls.getgid()]);
    });
  });
});

Deno.test("A connection is accepted once, and nobody waits for one", async () => {
  await withListener(async (listener, address) => {
    assertEquals([syscalls.accept(listener), syscalls.errno()], [-1, ERRNO.EAGAIN]);
    await withConnection(address, async (fd) => {
      await using(syscalls.accept(listener), (accepted) => assertNotEquals(accepted, fd));
      assertEquals([syscalls.accept(listener), syscalls.errno()], [-1, ERRNO.EAGAIN]);
    });
  });
});

Deno.test("A connection is for no child, and makes nobody wait", async () => {
  await withListener(async (listener, address) => {
    await withConnection(address, () => {
      // Without numbers that this thread keeps: they have the flag by themselves.
      const fresh = new LinuxSyscalls();
      const accepted = fresh.accept(listener);
      assertEquals(flagsOf(accepted) & (O_CLOEXEC | O_NONBLOCK), O_CLOEXEC | O_NONBLOCK);
      assertEquals(fresh.close(accepted), 0);
    });
  });
});

Deno.test("A connection that has hung up before it is accepted is accepted all the same", async () => {
  await withListener(async (listener, address) => {
    await withConnection(address, () => {});
    await using(syscalls.accept(listener), () => {});
  });
});

Deno.test("There is room for many connections that nobody accepts", async () => {
  await withListener(async (_, address) => {
    // Linux gives 4,096 places, a container may have 128.
    for (let count = 0; count < 100; count++) await withConnection(address, () => {});
  });
});

Deno.test("Nobody listens: before listen, after close, and at another name", async () => {
  const address = abstractAddress(uniqueName());
  const connect = () =>
    using(openUnixSocket(), (fd) => {
      assertEquals([syscalls.connect(fd, address), syscalls.errno()], [-1, ERRNO.ECONNREFUSED]);
    });
  await connect();
  await using(openUnixSocket(), async (fd) => {
    assertEquals(syscalls.bind(fd, address), 0);
    await connect();
    assertEquals(syscalls.listen(fd), 0);
    await withConnection(address, () => {});
  });
  await connect();
});

Deno.test("A name is held by one, and belongs to whole names only", async () => {
  await withListener(async (_, address) => {
    await using(openUnixSocket(), (fd) => {
      assertEquals([syscalls.bind(fd, address), syscalls.errno()], [-1, ERRNO.EADDRINUSE]);
      assertEquals([syscalls.connect(fd, address.slice(0, -1)), syscalls.errno()], [-1, ERRNO.ECONNREFUSED]);
      assertEquals(syscalls.bind(fd, new Uint8Array([...address, 0])), 0, "a zero behind it is part of it");
    });
  });
});

Deno.test("A listening socket tells its name, and what is behind it stays as it was", async () => {
  await withListener((fd, address) => {
    const longer = new Uint8Array(address.length + 2).fill(0xaa);
    assertEquals(syscalls.getsockname(fd, longer), 0);
    assertEquals(longer, new Uint8Array([...address, 0xaa, 0xaa]));
  });
});

Deno.test("What is no unix socket neither listens nor connects nor accepts, and errno says why", async () => {
  await using(openSocket(), (fd) => {
    assertEquals([syscalls.listen(fd), syscalls.errno()], [-1, ERRNO.EOPNOTSUPP]);
    assertEquals([syscalls.accept(fd), syscalls.errno()], [-1, ERRNO.EOPNOTSUPP]);
    assertEquals([syscalls.peerPidfd(fd), syscalls.errno() !== 0], [-1, true]);
  });
  assertEquals([syscalls.connect(-1, abstractAddress("x")), syscalls.errno()], [-1, ERRNO.EBADF]);
  assertEquals([syscalls.peerPidfd(-1), syscalls.errno()], [-1, ERRNO.EBADF]);
});

testUnless(noPidfd, "A descriptor of the other process can be read once it was killed, and not before", async () => {
  await withProcess(async (address, program) => {
    await withConnection(address, async (fd) => {
      await using(syscalls.peerPidfd(fd), async (pidfd) => {
        assertEquals(flagsOf(pidfd) & O_CLOEXEC, O_CLOEXEC);
        assertEquals([syscalls.poll([pidfd], 0), syscalls.poll([fd, pidfd], 1)], [0, 0]);
        program.signal("SIGKILL");
        // So long that the test would rather fail than wait for it.
        assertEquals(syscalls.poll([pidfd], 60_000), 1);
        await program.kill();
        assertEquals(syscalls.poll([pidfd], 0), 1, "it stays so");
      });
    });
  });
});

testUnless(noPidfd, "An epoll set tells the end of another process", async () => {
  await withProcess(async (address, program) => {
    await withConnection(address, async (fd) => {
      await using(syscalls.peerPidfd(fd), async (pidfd) => {
        await using(syscalls.epollCreate(EPOLL_CLOEXEC), async (epfd) => {
          const events = syscalls.createEventList(4);
          try {
            assertEquals(syscalls.epollAdd(epfd, pidfd, EPOLLIN), 0);
            assertEquals(syscalls.epollPoll(epfd, events, 4), 0);
            const waiting = syscalls.epollWait(epfd, events, 4);
            program.signal("SIGKILL");
            assertEquals([await waiting, events.fd(0)], [1, pidfd]);
          } finally {
            events.free();
          }
        });
      });
    });
  });
});

testUnless(noPidfd, "A descriptor of this process cannot be read", async () => {
  await withListener(async (_, address) => {
    await withConnection(address, async (fd) => {
      await using(syscalls.peerPidfd(fd), (pidfd) => assertEquals(syscalls.poll([pidfd], 0), 0));
    });
  });
});

Deno.test("poll tells how many can be read, of one descriptor or two, and looks at none of an earlier call", async () => {
  await withListener(async (first, address) => {
    await withListener(async (second, other) => {
      assertEquals(syscalls.poll([first, second], 0), 0);
      await withConnection(other, () => {});
      assertEquals([[first, second], [second, first], [first], [second]].map((fds) => syscalls.poll(fds, 0)), [
        1,
        1,
        0,
        1,
      ]);
      await withConnection(address, () => {});
      assertEquals([syscalls.poll([first, second], 0), syscalls.poll([first], 60_000)], [2, 1]);
      assertEquals(syscalls.poll([-1, first], 0), 1, "no descriptor is none that can be read");
      // Where nothing comes, the wait ends by itself.
      await using(syscalls.accept(first), () => assert(syscalls.poll([first], 1) === 0));
    });
  });
});
