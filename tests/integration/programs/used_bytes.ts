// What a program needs of its memory, for those that are started with --v8-flags=--expose-gc.

/** How many bytes are in use, without what is garbage. */
export async function usedBytes(): Promise<number> {
  const { gc } = globalThis as unknown as { gc(): void };
  for (let round = 0; round < 3; round++) {
    gc();
    // What lies outside of the heap is freed by another thread.
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { heapUsed, external } = Deno.memoryUsage();
  return heapUsed + external;
}
