import { assertEquals } from "@std/assert";
import type { LibcSymbols } from "../../ffi/libc.ts";
import { ThreadExitCloser } from "../../ffi/thread_exit.ts";

/** A libc that gives the keys that it is told to, or -1 for a failure, and writes down what is asked of it. */
function scriptedLibc(keys: number[]): { symbols: LibcSymbols; log: string[] } {
  const log: string[] = [];
  const symbols = {
    dlsym: (_handle: null, name: Uint8Array) => {
      log.push(`dlsym ${new TextDecoder().decode(name)}`);
      return null;
    },
    pthread_key_create: (key: Uint32Array) => {
      const next = keys.shift()!;
      if (next < 0) return 11;
      key[0] = next;
      return 0;
    },
    pthread_key_delete: (key: number) => {
      log.push(`delete ${key}`);
      return 0;
    },
    pthread_setspecific: (key: number, value: Deno.PointerValue) => {
      log.push(`set ${key} to ${Deno.UnsafePointer.value(value)}`);
      return 0;
    },
  };
  return { symbols: symbols as unknown as LibcSymbols, log };
}

Deno.test("A file descriptor is the value of a key whose destructor is close, until it is taken back", () => {
  const { symbols, log } = scriptedLibc([3, 4]);
  const closer = new ThreadExitCloser(symbols);
  closer.add(20);
  closer.add(21);
  closer.delete(20);
  closer.delete(20);
  closer.delete(99);
  assertEquals(log, ["dlsym close\0", "set 3 to 20", "set 4 to 21", "delete 3"]);
});

Deno.test("A file descriptor is left alone where there is no key for it, or only one of the last quarter", () => {
  const { symbols, log } = scriptedLibc([-1, 768, 767]);
  const closer = new ThreadExitCloser(symbols);
  for (const fd of [20, 21, 22]) closer.add(fd);
  for (const fd of [20, 21, 22]) closer.delete(fd);
  assertEquals(log.slice(1), ["delete 768", "set 767 to 22", "delete 767"]);
});
