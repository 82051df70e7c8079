/**
 * The links of a peer: that of its own port, and one for each of its names.
 *
 * @module
 */
import type { Link } from "../link/link.ts";

/** A link, as far as it is held. */
export type HeldLink = Pick<Link, "hold" | "release" | "ref" | "unref">;

/** Whatever holds a peer has all of its links read. */
export class HeldLinks {
  readonly #links = new Set<HeldLink>();
  #holds = 0;
  #isRef = true;

  /**
   * @param link The first one.
   */
  constructor(link: HeldLink) {
    this.#links.add(link);
  }

  /**
   * Begins to read all links, and keeps the process running. Counts: each hold needs its release.
   *
   * @throws {Error} If one of them cannot be read. Then none is held.
   */
  hold(): void {
    holdAll([...this.#links]);
    this.#holds++;
  }

  /** Takes one hold back. */
  release(): void {
    this.#holds--;
    for (const link of this.#links) link.release();
  }

  /** Lets holds keep the process running, as they do from the start. */
  ref(): void {
    this.#isRef = true;
    for (const link of this.#links) link.ref();
  }

  /** Lets holds no longer keep the process running. */
  unref(): void {
    this.#isRef = false;
    for (const link of this.#links) link.unref();
  }

  /**
   * Adds a link, which is read while the others are.
   *
   * @param link The link.
   * @throws {Error} If it cannot be read. Then it is not added.
   */
  add(link: HeldLink): void {
    if (!this.#isRef) link.unref();
    for (let holds = 0; holds < this.#holds; holds++) link.hold();
    this.#links.add(link);
  }

  /**
   * Takes a link away.
   *
   * @param link The link.
   */
  delete(link: HeldLink): void {
    if (!this.#links.delete(link)) return;
    for (let holds = 0; holds < this.#holds; holds++) link.release();
  }
}

/** Holds all, or none. */
function holdAll(links: readonly HeldLink[]): void {
  for (const [index, link] of links.entries()) {
    try {
      link.hold();
    } catch (error) {
      for (const held of links.slice(0, index)) held.release();
      throw error;
    }
  }
}
