/**
 * What a client measures: the same code for all peers. All but a fixed number of calls goes on for a time, and where it is to
 * warm up, for so many calls at most.
 *
 * @module
 */
import type { PeerClient } from "../peers/peer.ts";

/** How many calls have been made at least, however little time there is. */
const LEAST_CALLS = 2;

/** How long calls took, in microseconds. */
export interface CallTimes {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/** The measurements of a client's process. */
export class Measurements {
  readonly #clients: readonly PeerClient[];
  readonly #commands: Readonly<Record<string, (...numbers: number[]) => object | Promise<object>>> = {
    latency: (milliseconds, most) => this.#latency(milliseconds!, most),
    turns: (milliseconds, most) => this.#latency(milliseconds!, most, this.#clients.length),
    sync: (milliseconds, most) => this.#sync(milliseconds!, most),
    rate: (inFlight, milliseconds, most) => this.#rate(inFlight!, milliseconds!, most),
    count: (inFlight, calls) => this.#count(inFlight!, calls!),
    echo: (bytes, milliseconds, most) => this.#echo(bytes!, milliseconds!, most),
    pace: (milliseconds) => this.#pace(milliseconds!),
  };

  /** @param clients The clients of this process; it may grow. All but `turns` use the first one. */
  constructor(clients: readonly PeerClient[]) {
    this.#clients = clients;
  }

  /**
   * Measures.
   *
   * @param command What.
   * @param numbers Its arguments.
   * @returns The figures.
   */
  async measure(command: string, numbers: readonly number[]): Promise<object> {
    const run = this.#commands[command];
    if (run === undefined) throw new Error(`${command} is no command`);
    return await run(...numbers);
  }

  /** One call at a time, by so many clients in turns. */
  async #latency(milliseconds: number, most: number = Infinity, clients: number = 1): Promise<CallTimes> {
    const times: number[] = [];
    const begun = performance.now();
    let before = begun;
    for (let index = 0; index < LEAST_CALLS || before < begun + milliseconds && index < most; index++) {
      check(await this.#clients[index % clients]!.call([index]), index);
      const after = performance.now();
      times.push(after - before);
      before = after;
    }
    return summary(times, before - begun);
  }

  #sync(milliseconds: number, most = Infinity): CallTimes {
    const client = this.#clients[0]!;
    const times: number[] = [];
    const begun = performance.now();
    let before = begun;
    for (let index = 0; index < LEAST_CALLS || before < begun + milliseconds && index < most; index++) {
      check(client.callSync!([index]), index);
      const after = performance.now();
      times.push(after - before);
      before = after;
    }
    return summary(times, before - begun);
  }

  /** So many calls in flight, for a time. */
  async #rate(inFlight: number, milliseconds: number, most = Infinity): Promise<{ perSecond: number }> {
    const client = this.#clients[0]!;
    const begun = performance.now();
    const end = begun + milliseconds;
    let calls = 0;
    await Promise.all(Array.from({ length: inFlight }, async () => {
      do {
        const index = calls++;
        check(await client.call([index]), index);
      } while (performance.now() < end && calls < most);
    }));
    return { perSecond: 1_000 * calls / (performance.now() - begun) };
  }

  /** So many calls, some in flight. */
  async #count(inFlight: number, calls: number): Promise<{ milliseconds: number }> {
    const client = this.#clients[0]!;
    const begun = performance.now();
    let left = calls;
    await Promise.all(Array.from({ length: inFlight }, async () => {
      while (left-- > 0) await client.call([1]);
    }));
    return { milliseconds: performance.now() - begun };
  }

  /** A text there and back, one call at a time. */
  async #echo(bytes: number, milliseconds: number, most = Infinity): Promise<{ megabytesPerSecond: number }> {
    const client = this.#clients[0]!;
    const text = "x".repeat(bytes);
    const begun = performance.now();
    let calls = 0;
    while (calls < LEAST_CALLS || performance.now() < begun + milliseconds && calls < most) {
      const { length } = await client.call([text]) as string;
      check(length, bytes);
      calls++;
    }
    return { megabytesPerSecond: 2 * bytes * calls / (performance.now() - begun) / 1_000 };
  }

  /** One call a millisecond; the thread sleeps in between, which is more exact than a timer. */
  #pace(milliseconds: number): { elapsed: number } {
    const client = this.#clients[0]!;
    const nothing = new Int32Array(new SharedArrayBuffer(4));
    const begun = performance.now();
    for (let index = 0; index < milliseconds; index++) {
      check(client.callSync!([index]), index);
      Atomics.wait(nothing, 0, 0, Math.max(0, begun + index + 1 - performance.now()));
    }
    return { elapsed: performance.now() - begun };
  }
}

function check(answer: unknown, expected: unknown): void {
  if (answer !== expected) throw new Error(`The answer is ${answer} instead of ${expected}`);
}

/** Sums up how long calls took, in milliseconds. */
function summary(times: number[], elapsed: number): CallTimes {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number) => 1_000 * sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;
  return { p50: at(0.5), p99: at(0.99), perSecond: 1_000 * times.length / elapsed };
}
