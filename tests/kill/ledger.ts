// What becomes of calls: each ends once, with its right answer, or since the peer that it called is gone.
import { PeerGoneError } from "../../mod.ts";

/** Counts calls, and how they end. */
export class Ledger {
  begun = 0;
  answered = 0;
  /** When each call was rejected whose peer was gone, as `performance.now()` counts. */
  readonly goneAt: number[] = [];
  /** Ends of another kind. */
  readonly wrong: string[] = [];
  readonly #open: Promise<unknown>[] = [];

  /**
   * Follows a call.
   *
   * @param call The call.
   * @param isRight Whether an answer is the right one.
   * @returns Whether it was answered rightly.
   */
  follow<Value>(call: Promise<Value>, isRight: (answer: Value) => boolean): Promise<boolean> {
    this.begun++;
    const followed = call.then((answer) => {
      if (!isRight(answer)) this.#isWrong(`answered ${JSON.stringify(answer)?.slice(0, 100)}`);
      else this.answered++;
      return isRight(answer);
    }, (error) => {
      if (error instanceof PeerGoneError) this.goneAt.push(performance.now());
      else this.#isWrong(`ended with ${error}`);
      return false;
    });
    this.#open.push(followed);
    return followed;
  }

  /** Waits until all calls have ended, and checks that each did so once. */
  async ended(): Promise<void> {
    await Promise.all(this.#open);
    const ends = this.answered + this.goneAt.length + this.wrong.length;
    if (ends !== this.begun) this.wrong.push(`${this.begun} calls have ended ${ends} times`);
  }

  #isWrong(what: string): void {
    this.wrong.push(`A call ${what}`);
  }
}
