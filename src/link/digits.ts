/**
 * Numbers as text.
 *
 * @module
 */

/** A u32 has at most so many digits. */
export const MOST_DIGITS = 10;

const ZERO = 0x30;
const NINE = 0x39;

/** Writes numbers that most often follow each other: the last one is counted on, which takes half as long as dividing does. */
export class Digits {
  /** The last number, at the end. */
  readonly #digits = new Uint8Array(MOST_DIGITS).fill(ZERO);
  #start = MOST_DIGITS;
  #last = -1;

  /**
   * Writes a number.
   *
   * @param bytes Where to write.
   * @param offset Where it begins.
   * @param value The number, a u32.
   * @returns Where it ends.
   */
  write(bytes: Uint8Array, offset: number, value: number): number {
    if (value !== this.#last + 1 || value === 0) this.#divide(value);
    else this.#count();
    this.#last = value;
    const digits = this.#digits;
    for (let index = this.#start; index < MOST_DIGITS; index++) bytes[offset++] = digits[index]!;
    return offset;
  }

  #count(): void {
    const digits = this.#digits;
    let index = MOST_DIGITS - 1;
    while (digits[index] === NINE) digits[index--] = ZERO;
    digits[index]!++;
    // In front of the first digit there is a zero, which becomes a one.
    if (index < this.#start) this.#start = index;
  }

  #divide(value: number): void {
    this.#start = MOST_DIGITS;
    this.#digits.fill(ZERO);
    do {
      const rest = Math.floor(value / 10);
      this.#digits[--this.#start] = ZERO + value - 10 * rest;
      value = rest;
    } while (value > 0);
  }
}
