/** How long calls took, in milliseconds. */
export interface Latencies {
  readonly calls: number;
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** Sums up how long calls took. */
export function summary(milliseconds: number[]): Latencies {
  const sorted = milliseconds.toSorted((a, b) => a - b);
  const at = (share: number) => {
    const value = sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
    return value === undefined ? Infinity : Math.round(value * 1_000) / 1_000;
  };
  return { calls: sorted.length, p50: at(0.5), p99: at(0.99), max: at(1) };
}
