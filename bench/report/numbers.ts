/**
 * Figures as text.
 *
 * @module
 */
import type { Unit } from "../driver/results.ts";

/**
 * Writes a number with three digits that count, and commas between thousands.
 *
 * @param value The number.
 * @returns Its text.
 */
export function rounded(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString("en", { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/**
 * Writes a ratio.
 *
 * @param value The ratio.
 * @returns Its text.
 */
export function times(value: number): string {
  return `${value.toFixed(2)} x`;
}

/**
 * Writes a figure; of many calls a second only the thousands.
 *
 * @param value The figure.
 * @param unit Its unit.
 * @returns Its text, without the unit.
 */
export function figureText(value: number, unit: Unit): string {
  return unit === "calls/s" && value >= 10_000 ? `${rounded(value / 1_000)}k` : rounded(value);
}
