/**
 * Keeps its core busy for so many seconds, the first argument.
 *
 * @module
 */
const seconds = Number(Deno.args[0]);
console.log("busy");
const end = performance.now() + 1_000 * seconds;
while (performance.now() < end);
