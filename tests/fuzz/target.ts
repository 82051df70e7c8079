/**
 * What is tried with many cases: a decoder, or a peer as a whole.
 *
 * @module
 */
import fc from "fast-check";
import { checkAsync } from "../fakes/property.ts";

/** How cases are kept in files. */
export interface CaseFormat<Case> {
  /** How the names of the files end, without the dot. */
  readonly extension: "bin" | "json";
  /** Writes a case. */
  write(value: Case): Uint8Array<ArrayBuffer>;
  /** Reads a case. */
  read(bytes: Uint8Array<ArrayBuffer>): Case;
}

/** Cases that are bytes, kept as they are. */
export const BYTES: CaseFormat<Uint8Array<ArrayBuffer>> = {
  extension: "bin",
  write: (bytes) => bytes,
  read: (bytes) => bytes,
};

/** Cases that JSON can hold. */
export function scripts<Case>(): CaseFormat<Case> {
  return {
    extension: "json",
    write: (value) => new TextEncoder().encode(`${JSON.stringify(value, undefined, 2)}\n`),
    read: (bytes) => JSON.parse(new TextDecoder().decode(bytes)),
  };
}

/** A case that breaks a promise of the code, made as small as possible. */
export interface Failure {
  /** Name of the target. */
  readonly target: string;
  /** The case as it is kept in a file. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** How the name of that file ends. */
  readonly extension: string;
  /** What it threw. */
  readonly error: unknown;
  /** The seed that leads to it. */
  readonly seed: number;
}

/** Something that is tried with many cases. */
export interface Target {
  /** Its name. */
  readonly name: string;
  /** How many of a thousand cases are for it. */
  readonly share: number;
  /** How its cases are kept. */
  readonly extension: "bin" | "json";
  /** Tries so many cases within a test, which says with what seed it failed. */
  check(runs: number): Promise<void>;
  /** Tries so many cases; returns the smallest that fails, where there is one. */
  search(seed: number, runs: number): Promise<Failure | undefined>;
  /** Tries a case that is kept in a file. */
  replay(bytes: Uint8Array<ArrayBuffer>): Promise<void>;
}

/** What a target is made of. */
export interface TargetParts<Case> extends Pick<Target, "name" | "share"> {
  /** How its cases are kept. */
  readonly format: CaseFormat<Case>;
  /** Its cases. */
  readonly cases: fc.Arbitrary<Case>;
  /** Tries a case; throws where it breaks a promise. */
  attempt(value: Case): void | Promise<void>;
}

/** Makes a target; what its cases are is nobody else's business. */
export function defineTarget<Case>({ name, share, format, cases, attempt }: TargetParts<Case>): Target {
  const property = fc.asyncProperty(cases, async (value) => await attempt(value));
  return {
    name,
    share,
    extension: format.extension,
    check: (runs) => checkAsync(property, runs),
    async search(seed, runs) {
      const { counterexample, errorInstance } = await fc.check(property, { seed, numRuns: runs });
      if (counterexample === null) return undefined;
      const [value] = counterexample;
      return { target: name, bytes: format.write(value), extension: format.extension, error: errorInstance, seed };
    },
    replay: async (bytes) => await attempt(format.read(bytes)),
  };
}
