// As tests/fakes/property.ts, for properties that take time. PROCSLINK_SEED=<seed> deno test … runs a failure again.
import fc from "fast-check";

/**
 * Checks a property with the seed in PROCSLINK_SEED where that can be read, and with a random one otherwise.
 *
 * @param property The property.
 * @param runs How many values to try.
 */
export async function checkAsync<Values>(property: fc.IAsyncProperty<Values>, runs = 300): Promise<void> {
  const { state } = Deno.permissions.querySync({ name: "env", variable: "PROCSLINK_SEED" });
  const given = state === "granted" ? Deno.env.get("PROCSLINK_SEED") : undefined;
  const seed = given === undefined ? Math.floor(Math.random() * 0x7fff_ffff) : Number(given);
  await fc.assert(property, { seed, numRuns: runs });
}
