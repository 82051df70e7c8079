/**
 * The time of day in fractions of a millisecond.
 *
 * @module
 */

let offset = Date.now() - performance.now();

/**
 * Tells the time of day more finely than `Date.now()`.
 *
 * `performance.now()` is fine but stands still while the machine sleeps and knows nothing of a clock that is set; so it
 * only fills in the fraction, and follows `Date.now()` where the two part.
 *
 * @returns Milliseconds since the Unix epoch, with a fraction.
 */
export function epochMilliseconds(): number {
  const now = Date.now();
  const fine = performance.now() + offset;
  if (fine >= now && fine < now + 1) return fine;
  offset += now - fine;
  return now;
}
