/**
 * Parts of what others have sent, which may be anything.
 *
 * @module
 */

/**
 * Finds the members of a value.
 *
 * @param value The value.
 * @returns Its members; none where it has none.
 */
export function fieldsOf(value: unknown): Record<string, unknown> {
  return (value ?? {}) as Record<string, unknown>;
}

/**
 * Tells whether a value is a u32.
 *
 * @param value The value.
 * @returns Whether.
 */
export function isCount(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 0xffff_ffff;
}
