/**
 * What is the same in each scene, whenever it is played: time, timers, ids; and the end of the program, which is only noted.
 *
 * @module
 */
import { mock } from "node:test";
import { type FakeTime, fakeTime } from "../fakes/time.ts";
import { Timers } from "./timers.ts";

/** Takes over what is the program's until it is disposed of. */
export class World implements Disposable {
  readonly time: FakeTime = fakeTime();
  /** On top of the time. */
  readonly timers: Timers = new Timers();
  /** Whether the program has ended. */
  hasEnded = false;
  readonly #mocks: readonly { mock: { restore(): void } }[];

  /**
   * @param note Notes what the program says as its last.
   */
  constructor(note: (line: string) => void) {
    const exit = (code: number): never => {
      note(`the program ends with ${code}`);
      this.hasEnded = true;
      throw new Error("Nothing runs after this");
    };
    this.#mocks = [
      // Requests carry the time until which they are waited for.
      mock.method(Date, "now", () => 1_700_000_000_000 + performance.now()),
      // Messages that name ids are as long, and say the same.
      mock.method(crypto, "getRandomValues", (ids: Uint32Array) => ids.fill(1_000)),
      mock.method(Deno, "exit", exit),
      mock.method(console, "error", note),
    ];
  }

  [Symbol.dispose](): void {
    for (const { mock } of this.#mocks) mock.restore();
    this.timers[Symbol.dispose]();
    this.time[Symbol.dispose]();
  }
}
