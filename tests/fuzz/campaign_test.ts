// A search gives each target its share, repeats itself with its seed, and keeps the smallest case that fails.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { campaign, type CampaignOptions } from "./campaign.ts";
import { keep, readCorpus } from "./corpus.ts";
import { BYTES, defineTarget, type Failure, scripts, type Target } from "./target.ts";

const QUIET = { runs: 400, seed: 7, seconds: Infinity, progress() {}, failed() {} };

/** A target that keeps a list of its cases, and fails where the number is this one or a larger one. */
function counting(name: string, share: number, limit = Infinity): { target: Target; cases: number[] } {
  const cases: number[] = [];
  const attempt = (value: number) => {
    cases.push(value);
    assert(value < limit, `${value} is too large`);
  };
  return { target: defineTarget({ name, share, format: scripts<number>(), cases: fc.nat(9_999), attempt }), cases };
}

async function search(targets: Target[], options: Partial<CampaignOptions> = {}) {
  const failures: Failure[] = [];
  const results = await campaign({ ...QUIET, targets, failed: (failure) => void failures.push(failure), ...options });
  return { results: results.map(({ target, cases, failures }) => [target, cases, failures]), failures };
}

Deno.test("each target has its share of the cases, whether one turn suffices or not", async () => {
  for (const runs of [4, 400, 4_000]) {
    const [one, other] = [counting("one", 30), counting("other", 10)];
    const { results } = await search([one.target, other.target], { runs });
    assertEquals(results, [["one", 3 * runs / 4, 0], ["other", runs / 4, 0]]);
    assertEquals([one.cases.length, other.cases.length], [3 * runs / 4, runs / 4]);
  }
});

Deno.test("the same seed leads to the same cases, another to others, and each turn has new ones", async () => {
  const casesOf = async (seed: number) => {
    const { target, cases } = counting("one", 1);
    await search([target], { seed, runs: 100 });
    return cases;
  };
  const cases = await casesOf(1);
  assertEquals(await casesOf(1), cases);
  assert(String(await casesOf(2)) !== String(cases));
  assert(String(cases.slice(0, 10)) !== String(cases.slice(10, 20)));
});

Deno.test("a target that fails is told once, with its smallest case and a seed that leads there; others go on", async () => {
  const [bad, good] = [counting("bad", 10, 5_000), counting("good", 10)];
  const { results, failures } = await search([bad.target, good.target]);
  assertEquals([results[0]![0], results[0]![2], results[1]], ["bad", 1, ["good", 200, 0]]);
  const [{ target, bytes, extension, error, seed }] = failures as [Failure];
  assertEquals([failures.length, target, new TextDecoder().decode(bytes), extension], [1, "bad", "5000\n", "json"]);
  assertEquals((error as Error).message, "5000 is too large");
  const again = await search([counting("bad", 10, 5_000).target], { seed, runs: 100 });
  assertEquals(again.failures.map(({ bytes }) => bytes), [bytes]);
});

Deno.test("a search ends when its time is over", async () => {
  const { target } = counting("one", 1);
  assertEquals((await search([target], { seconds: 0 })).results, [["one", 0, 0]]);
});

Deno.test("what is kept can be read, and tried again", async () => {
  const folder = new URL(`file://${Deno.makeTempDirSync()}/`);
  try {
    const target = defineTarget({
      name: "some-bytes",
      share: 1,
      format: BYTES,
      cases: fc.uint8Array().map((bytes) => new Uint8Array(bytes)),
      attempt: (bytes) => assert(!bytes.includes(7), "There is a 7"),
    });
    const { failures: [failure] } = await search([target], { runs: 5_000 });
    const path = await keep(failure!, folder);
    assert(/\/some-bytes-[0-9a-f]{12}\.bin$/.test(path), path);
    const [kept] = readCorpus([counting("some", 1).target, target], folder);
    assertEquals([kept?.target.name, kept?.bytes], ["some-bytes", new Uint8Array([7])]);
    const error = await target.replay(kept!.bytes).then(() => undefined, (error) => error);
    assertEquals(error?.message, "There is a 7");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
