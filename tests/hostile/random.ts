// Random values from a seed. The same seed gives the same ones: PROCSLINK_SEED=<seed> deno test … runs a test again.

/** The seed in PROCSLINK_SEED where that can be read, and a random one otherwise. */
export function chooseSeed(): number {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "PROCSLINK_SEED" });
  const given = state === "granted" ? Deno.env.get("PROCSLINK_SEED") : undefined;
  return given === undefined ? Math.floor(Math.random() * 0x7fff_ffff) : Number(given);
}

/** Random values. */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0 || 1;
  }

  /** An integer from 0 on, below a limit. */
  below(limit: number): number {
    this.#state ^= this.#state << 13;
    this.#state ^= this.#state >>> 17;
    this.#state ^= this.#state << 5;
    return (this.#state >>> 0) % limit;
  }

  /** A text of up to so many characters, of one byte in UTF-8 and of more. */
  text(most: number): string {
    const units = Array.from({ length: this.below(most + 1) }, () => this.below(this.below(2) === 0 ? 0x80 : 0xd800));
    return String.fromCharCode(...units);
  }
}
