// Runs a fast-check property with a known seed. A failure prints it: PROCSLINK_SEED=<seed> deno test … runs it again.
import fc from "fast-check";

/**
 * Checks a property with the seed in PROCSLINK_SEED where that can be read, and with a random one otherwise.
 *
 * @param property The property.
 * @param runs How many values to try.
 */
export function check<Values>(property: fc.IRawProperty<Values>, runs = 300): void {
  fc.assert(property as fc.IProperty<Values>, { seed: chooseSeed(), numRuns: runs });
}

/**
 * Checks a property that takes time, likewise.
 *
 * @param property The property.
 * @param runs How many values to try.
 */
export async function checkAsync<Values>(property: fc.IAsyncProperty<Values>, runs = 300): Promise<void> {
  await fc.assert(property, { seed: chooseSeed(), numRuns: runs });
}

function chooseSeed(): number {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "PROCSLINK_SEED" });
  const given = state === "granted" ? Deno.env.get("PROCSLINK_SEED") : undefined;
  if (given === undefined) return Math.floor(Math.random() * 0x7fff_ffff);
  if (!/^-?\d+$/.test(given)) throw new TypeError(`PROCSLINK_SEED must be an integer, not ${JSON.stringify(given)}`);
  return Number(given);
}
