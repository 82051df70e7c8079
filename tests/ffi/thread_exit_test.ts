import { assertEquals } from "@std/assert";
import { ThreadExitCloser, type ThreadExitSymbols } from "../../ffi/thread_exit.ts";

/** A libc whose descriptors are numbers with what is behind them. */
class FakeLibc {
  readonly open = new Map<number, string>();
  readonly destructors: number[] = [];
  readonly close = Deno.UnsafePointer.create(0x1000n);

  get symbols(): ThreadExitSymbols {
    const symbols = {
      dlsym: () => this.close,
      close: (fd: number) => this.open.delete(fd) ? 0 : -1,
      eventfd: () => this.descriptor("eventfd"),
      dup3: (from: number, to: number) => {
        const what = this.open.get(from);
        if (what === undefined) return -1;
        this.open.set(to, what);
        return to;
      },
      __cxa_thread_atexit_impl: (destructor: unknown, fd: Deno.PointerObject, library: unknown) => {
        assertEquals([destructor, library], [this.close, this.close]);
        this.destructors.push(Number(Deno.UnsafePointer.value(fd)));
        return 0;
      },
    };
    return symbols as unknown as ThreadExitSymbols;
  }

  descriptor(what: string): number {
    let fd = 3;
    while (this.open.has(fd)) fd++;
    this.open.set(fd, what);
    return fd;
  }

  /** The thread ends. */
  exit(): void {
    for (const fd of this.destructors.toReversed()) this.open.delete(fd);
  }
}

Deno.test("what is open when the thread ends is closed", () => {
  const libc = new FakeLibc();
  const closer = new ThreadExitCloser(libc.symbols);
  const fds = ["a", "b", "c"].map((name) => closer.own(libc.descriptor(name)));
  assertEquals(libc.destructors.slice(1), fds, "the first one is the placeholder");
  libc.exit();
  assertEquals([...libc.open], []);
});

Deno.test("a number is registered once, is nobody else's once it is closed, and serves again", () => {
  const libc = new FakeLibc();
  const closer = new ThreadExitCloser(libc.symbols);
  const first = closer.own(libc.descriptor("a"));
  assertEquals(closer.close(first), 0);
  assertEquals([...libc.open.values()], ["eventfd", "eventfd"], "the placeholder, twice");
  assertEquals(closer.close(first), -1, "twice");
  const foreign = libc.descriptor("somebody else's");
  assertEquals(foreign === first, false);
  const second = closer.own(libc.descriptor("b"));
  assertEquals([second, libc.open.get(second)], [first, "b"]);
  closer.close(second);
  closer.own(libc.descriptor("c"));
  assertEquals(libc.destructors.length, 2);
  libc.exit();
  assertEquals([...libc.open.values()], ["somebody else's"]);
});

Deno.test("a descriptor that was handed in keeps its number", () => {
  const libc = new FakeLibc();
  const closer = new ThreadExitCloser(libc.symbols);
  closer.close(closer.own(libc.descriptor("a")));
  const handed = libc.descriptor("handed in");
  assertEquals([closer.keep(handed), libc.open.get(handed)], [handed, "handed in"]);
});

Deno.test("where libc offers no destructors, descriptors are opened and closed as ever", () => {
  const libc = new FakeLibc();
  const closer = new ThreadExitCloser(
    { ...libc.symbols, __cxa_thread_atexit_impl: null } as unknown as ThreadExitSymbols,
  );
  const fd = closer.own(libc.descriptor("a"));
  assertEquals([closer.close(fd), closer.close(fd)], [0, -1]);
  assertEquals([...libc.open.values()], ["eventfd"]);
});

Deno.test("without a placeholder nothing is registered: a number that cannot be kept may be another's later", () => {
  const libc = new FakeLibc();
  const closer = new ThreadExitCloser({ ...libc.symbols, eventfd: () => -1 } as unknown as ThreadExitSymbols);
  const fd = closer.own(libc.descriptor("a"));
  assertEquals([libc.destructors, closer.close(fd), [...libc.open]], [[], 0, []]);
});
