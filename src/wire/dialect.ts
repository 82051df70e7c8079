/**
 * The two ways in which messages are framed.
 *
 * @module
 */

/**
 * How messages are framed: `"native"` is what this project speaks, and `"procslink-0.1"` what the Python package `procslink` does,
 * up to version 0.1.2.
 */
export type Dialect = "native" | "procslink-0.1";

/** What this project speaks. */
export const NATIVE = "native" satisfies Dialect;
/** What the Python package speaks. */
export const LEGACY = "procslink-0.1" satisfies Dialect;

/**
 * Checks a dialect.
 *
 * @param dialect The dialect.
 * @returns The dialect.
 * @throws {TypeError} If it is none.
 */
export function checkDialect(dialect: unknown): Dialect {
  if (dialect === NATIVE || dialect === LEGACY) return dialect;
  const given = typeof dialect === "string" ? JSON.stringify(dialect) : typeof dialect;
  throw new TypeError(`dialect must be "${NATIVE}" or "${LEGACY}", not ${given}`);
}
