import { AsyncLocalStorage } from "node:async_hooks";
import { assertEquals } from "@std/assert";
import { Reactor } from "../../src/netlink/reactor.ts";
import { FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { settled } from "../fakes/time.ts";

// Timers are real here: those of node:test do not carry the async context on.

const storage = new AsyncLocalStorage<string>();

/** Something that keeps the process running while a test waits for a timer that does not. */
function keepRunning(): Disposable {
  const timer = setInterval(() => {}, 1_000);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

/** Sees in which async context a source is called, `times` times. */
function watch(source: FakeSource, times: number): { stores: Promise<(string | undefined)[]> } {
  const { promise, resolve } = Promise.withResolvers<(string | undefined)[]>();
  const stores: (string | undefined)[] = [];
  source.onReadable = source.onFailed = () => {
    stores.push(storage.getStore());
    if (stores.length === times) resolve(stores);
  };
  return { stores: promise };
}

for (const { how, ref } of [{ how: "in a wait", ref: true }, { how: "in a look by timer", ref: false }]) {
  Deno.test(`what is read ${how} belongs to no async context, whoever held the socket`, async () => {
    using _ = keepRunning();
    const kernel = new FakeSyscalls();
    const source = new FakeSource(new Reactor(kernel));
    const { stores } = watch(source, 2);
    source.most = 1;
    storage.run("who holds", () => {
      source.registration.setRef(ref);
      source.hold();
    });
    storage.run("who sends", () => {
      kernel.arrive(source.port);
      kernel.arrive(source.port);
    });
    assertEquals(await stores, [undefined, undefined]);
    source.close();
    await settled();
    kernel.assertAllClosed();
  });

  Deno.test(`a failure ${how} belongs to no async context either`, async () => {
    using _ = keepRunning();
    const kernel = new FakeSyscalls();
    const source = new FakeSource(new Reactor(kernel));
    const { stores } = watch(source, 1);
    kernel.fail("epoll_wait", "EBADF", 2);
    storage.run("who holds", () => {
      source.registration.setRef(ref);
      source.hold();
    });
    assertEquals(await stores, [undefined]);
    await settled();
    kernel.assertAllClosed();
  });
}
