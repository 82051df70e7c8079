/**
 * Memory of large messages, used again for the next ones.
 *
 * Freshly allocated it must be cleared first, and a program that moves much would hold hundreds of megabytes between two
 * collections. Spare memory is referred to weakly: the next collection takes what is not in use.
 *
 * @module
 */

/** Smaller memory is not kept. */
const SMALLEST = 65_536;
/** Nor is larger. */
const LARGEST = 67_108_864;
/** From one power of two to the next there are so many sizes: what is taken is at most a quarter more than what is needed. */
const STEPS = 4;
/** Buffers of one size that are kept. */
const KEPT = 8;

/** Keeps memory that is not in use. */
export class SpareBuffers {
  readonly #spare = new Map<number, WeakRef<ArrayBuffer>[]>();

  /**
   * Takes memory. What is in it is left over from before.
   *
   * @param size How much is needed, in bytes.
   * @returns Memory of just this size, at the start of a buffer that may be larger.
   */
  take(size: number): Uint8Array<ArrayBuffer> {
    const capacity = capacityFor(size);
    const spare = this.#spare.get(capacity);
    for (let reference = spare?.pop(); reference !== undefined; reference = spare?.pop()) {
      const buffer = reference.deref();
      if (buffer !== undefined) return new Uint8Array(buffer, 0, size);
    }
    return new Uint8Array(new ArrayBuffer(capacity), 0, size);
  }

  /**
   * Gives memory back. It must not be used any more.
   *
   * @param bytes What {@linkcode SpareBuffers.take} returned, or a part of it.
   */
  give({ buffer }: Uint8Array<ArrayBuffer>): void {
    const capacity = buffer.byteLength;
    if (capacity < SMALLEST || capacity > LARGEST || capacity !== capacityFor(capacity)) return;
    const spare = this.#spare.get(capacity);
    if (spare === undefined) this.#spare.set(capacity, [new WeakRef(buffer)]);
    else if (spare.length < KEPT) spare.push(new WeakRef(buffer));
  }
}

function capacityFor(size: number): number {
  if (size < SMALLEST || size > LARGEST) return size;
  const step = 2 ** (31 - Math.clz32(size - 1)) / STEPS;
  return Math.ceil(size / step) * step;
}

/** The spare memory of the isolate. */
export const spareBuffers: SpareBuffers = new SpareBuffers();
