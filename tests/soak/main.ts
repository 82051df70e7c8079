// Soaks a few processes in calls for long. Run: deno task soak --minutes 10 --seed 1
import { readIntegers } from "../integration/arguments.ts";
import { soak } from "./soak.ts";

const USAGE = `deno task soak [options]

  --minutes N  for how long; 10 where nothing is said
  --seconds N  instead of minutes
  --seed S     an integer from 0 on: what is sent, to whom, and who is killed; when it happens is up to the machine
`;

/** How often the progress is told, in milliseconds. */
const PROGRESS_MILLISECONDS = 30_000;

const { minutes, seconds, seed } = readIntegers(USAGE, {
  minutes: { otherwise: 10, least: 1 },
  seconds: { otherwise: 0 },
  seed: { otherwise: Math.floor(Math.random() * 2 ** 31) },
});
const milliseconds = 1_000 * (seconds > 0 ? seconds : 60 * minutes);
let told = 0;
console.error(`--seed ${seed}`);
const { kinds, kills, restarts, usage, wrong } = await soak({
  milliseconds,
  seed,
  progress: (elapsed) => {
    if (elapsed < told + PROGRESS_MILLISECONDS) return;
    told = elapsed;
    console.error(`${Math.round(elapsed / 1_000)} of ${milliseconds / 1_000} s`);
  },
});

console.log(`${milliseconds / 1_000} s; servers were killed ${kills} times, and restarted ${restarts} times`);
console.table(kinds);
console.table(Object.fromEntries(
  Object.entries(usage).map(([name, { first, last }]) => [name, {
    "descriptors, first third": first.files,
    "last third": last.files,
    "MiB, first third": first.mebibytes,
    "last third ": last.mebibytes,
  }]),
));
console.log(wrong.length === 0 ? "every call has ended once, and rightly" : "WRONG:");
for (const what of wrong) console.log(`  ${what}`);
Deno.exit(wrong.length > 0 ? 1 : 0);
