/**
 * The time of day.
 *
 * @module
 */

/**
 * Writes the time of day, as clocks here show it.
 *
 * @param time The time.
 * @returns The text, such as `17:05:09.123`.
 */
export function clock(time: Date): string {
  const [hours, minutes, seconds] = [time.getHours(), time.getMinutes(), time.getSeconds()].map((part) =>
    String(part).padStart(2, "0")
  );
  return `${hours}:${minutes}:${seconds}.${String(time.getMilliseconds()).padStart(3, "0")}`;
}
