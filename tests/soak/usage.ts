// Descriptors and memory of processes that run for long: the first third of a run against the last.
import { descriptorsOf, residentBytesOf } from "../integration/proc_files.ts";

const MIB = 1_048_576;

/** What a process has had in one third of the run: the median of what was looked up. */
export interface Third {
  readonly files: number;
  readonly mebibytes: number;
}

/** Looks at processes every now and then. */
export class UsageWatch {
  readonly #pids: Readonly<Record<string, number>>;
  readonly #samples = new Map<string, { files: number; bytes: number }[]>();

  /** @param pids The processes, by name. */
  constructor(pids: Readonly<Record<string, number>>) {
    this.#pids = pids;
  }

  /** Looks once. */
  async look(): Promise<void> {
    for (const [name, pid] of Object.entries(this.#pids)) {
      const files = await descriptorsOf(pid);
      const bytes = residentBytesOf(pid);
      if (files === undefined || bytes === undefined) throw new Error(`The process ${name} has ended`);
      const samples = this.#samples.get(name) ?? [];
      this.#samples.set(name, [...samples, { files, bytes }]);
    }
  }

  /** The first third and the last, by process. */
  thirds(): Record<string, { first: Third; last: Third }> {
    const thirds: Record<string, { first: Third; last: Third }> = {};
    for (const [name, samples] of this.#samples) {
      const length = Math.max(1, Math.floor(samples.length / 3));
      thirds[name] = { first: third(samples.slice(0, length)), last: third(samples.slice(-length)) };
    }
    return thirds;
  }
}

function third(samples: readonly { files: number; bytes: number }[]): Third {
  return {
    files: median(samples.map(({ files }) => files)),
    mebibytes: Math.round(median(samples.map(({ bytes }) => bytes)) / MIB),
  };
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
