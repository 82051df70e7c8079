/**
 * Which messages of a stream a loop has taken.
 *
 * @module
 */

/** Ranges of missed messages that are remembered: who asks does so soon. */
const MOST_RANGES = 64;

/** Messages that were missed, from the first to the last. */
interface Range {
  readonly first: number;
  last: number;
}

/** Remembers it, and tells who asks, once it is known. */
export class Taken {
  /** Number behind the last message that was taken or missed. */
  #passed: number;
  readonly #missed: Range[] = [];
  readonly #asked: { readonly number: number; readonly tell: PromiseWithResolvers<boolean> }[] = [];

  /**
   * @param next Number of the first message.
   */
  constructor(next: number) {
    this.#passed = next;
  }

  /**
   * Notes what has become of a message: in their order, and of each once.
   *
   * @param number Its number.
   * @param taken Whether it was taken.
   */
  note(number: number, taken: boolean): void {
    this.#passed = number + 1;
    if (!taken) return this.miss(number, number);
    if (this.#asked.length > 0) this.#tell();
  }

  /**
   * Notes that messages are missing.
   *
   * @param first Number of the first one.
   * @param last Number of the last one.
   */
  miss(first: number, last: number): void {
    const newest = this.#missed.at(-1);
    if (newest?.last === first - 1) newest.last = last;
    else if (this.#missed.push({ first, last }) > MOST_RANGES) this.#missed.shift();
    this.#tell();
  }

  /**
   * Tells whether a message was taken, once that is known.
   *
   * @param number Its number.
   * @returns Whether. Rejects where the membership ends before.
   */
  ask(number: number): Promise<boolean> {
    const answer = this.#answerTo(number);
    if (answer !== undefined) return Promise.resolve(answer);
    const tell = Promise.withResolvers<boolean>();
    this.#asked.push({ number, tell });
    return tell.promise;
  }

  /**
   * Ends it: nothing is taken any more.
   *
   * @param reason What those who have asked get.
   */
  close(reason: Error): void {
    for (const { tell } of this.#asked.splice(0)) tell.reject(reason);
  }

  #tell(): void {
    for (let index = 0; index < this.#asked.length;) {
      const { number, tell } = this.#asked[index]!;
      const answer = this.#answerTo(number);
      if (answer === undefined) index++;
      else {
        this.#asked.splice(index, 1);
        tell.resolve(answer);
      }
    }
  }

  #answerTo(number: number): boolean | undefined {
    if (this.#missed.some(({ first, last }) => number >= first && number <= last)) return false;
    return number < this.#passed ? true : undefined;
  }
}
