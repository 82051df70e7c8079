/**
 * Checks of header fields.
 *
 * @module
 */

/** Largest value of a u16. */
export const UINT16_MAX = 0xffff;
/** Largest value of a u32. */
export const UINT32_MAX = 0xffff_ffff;
/** Largest value of a u64. */
export const UINT64_MAX = 0xffff_ffff_ffff_ffffn;

/**
 * Checks that a value fits an unsigned field of a header.
 *
 * @param name Name of the field, for the message of the error.
 * @param value The value.
 * @param maximum Largest value of the field.
 * @returns The value.
 * @throws {RangeError} If it is not an integer from 0 to the maximum.
 */
export function checkUint(name: string, value: number, maximum: number): number {
  if (!Number.isInteger(value) || value < 0 || value > maximum) {
    throw new RangeError(`${name} must be an integer from 0 to ${maximum}, not ${value}`);
  }
  return value;
}

/**
 * Checks that a value fits a u64 field of a header.
 *
 * @param name Name of the field, for the message of the error.
 * @param value The value.
 * @returns The value.
 * @throws {RangeError} If it is not an integer from 0 to 2^64 - 1.
 */
export function checkUint64(name: string, value: bigint): bigint {
  if (typeof value !== "bigint" || value < 0n || value > UINT64_MAX) {
    throw new RangeError(`${name} must be a bigint from 0n to ${UINT64_MAX}n, not ${value}`);
  }
  return value;
}
