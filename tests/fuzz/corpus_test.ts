// Every case that is kept passes; bytes are tried with all targets that take bytes.
import { assert } from "@std/assert";
import { readCorpus } from "./corpus.ts";
import { TARGETS } from "./targets.ts";

const CORPUS = readCorpus(TARGETS);

for (const target of TARGETS) {
  Deno.test(`kept cases: ${target.name}`, async () => {
    const kept = CORPUS.filter(({ target: { extension } }) => extension === target.extension)
      .filter((kept) => target.extension === "bin" || kept.target === target);
    assert(kept.some((kept) => kept.target === target), "There are none of its own");
    for (const { file, bytes } of kept) {
      try {
        await target.replay(bytes);
      } catch (cause) {
        throw new Error(`corpus/${file} fails`, { cause });
      }
    }
  });
}
