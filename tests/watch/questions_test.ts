// Ports that are asked: how many at once, how long, and until when.
import { assertEquals } from "@std/assert";
import { type Answer, ASKED_AT_ONCE, type AskPort, Questions } from "../../src/watch/questions.ts";
import { type FakeTime, fakeTime, settled } from "../fakes/time.ts";

const ANSWER: Answer = { uid: 1, identity: undefined };

/** Questions, what was asked, and what came of it. */
function openQuestions(ask: AskPort) {
  const asked: { port: number; signal: AbortSignal }[] = [];
  const told: string[] = [];
  const questions = new Questions((port, signal) => {
    asked.push({ port, signal });
    return ask(port, signal);
  });
  return {
    asked,
    told,
    ask: (port: number) =>
      questions.ask(port, {
        answered: () => void told.push(`${port} answered`),
        silent: () => void told.push(`${port} silent`),
      }),
  };
}

const never: AskPort = () => new Promise(() => {});

/** Passes time, and tells what was told in it. */
async function passed(time: FakeTime, milliseconds: number, told: string[]): Promise<string[]> {
  await time.pass(milliseconds);
  return told.splice(0);
}

Deno.test("no more than 64 ports are asked at once, and who does not answer soon holds up nobody", async () => {
  using time = fakeTime();
  const { ask, asked, told } = openQuestions(never);
  for (let port = 1; port <= 3 * ASKED_AT_ONCE; port++) ask(port);
  assertEquals(asked.length, ASKED_AT_ONCE);
  await time.pass(20);
  assertEquals(asked.length, 2 * ASKED_AT_ONCE);
  await time.pass(20);
  assertEquals(asked.length, 3 * ASKED_AT_ONCE);
  assertEquals((await passed(time, 60, told)).length, ASKED_AT_ONCE);
  assertEquals((await passed(time, 40, told)).length, 2 * ASKED_AT_ONCE);
});

Deno.test("who answers makes room at once", async () => {
  const { ask, asked, told } = openQuestions(() => Promise.resolve(ANSWER));
  for (let port = 1; port <= 1_000; port++) ask(port);
  await settled(3);
  assertEquals([asked.length, told.length], [1_000, 1_000]);
});

Deno.test("who answers after it was silent is told of all the same", async () => {
  using time = fakeTime();
  const late = Promise.withResolvers<Answer>();
  const { ask, told } = openQuestions(() => late.promise);
  ask(1);
  assertEquals(await passed(time, 99, told), []);
  assertEquals(await passed(time, 10_000, told), ["1 silent"]);
  late.resolve(ANSWER);
  await settled();
  assertEquals(told, ["1 answered"]);
});

Deno.test("a question that fails is asked again, less and less often", async () => {
  using time = fakeTime();
  let failures = 4;
  const { ask, asked, told } = openQuestions(() =>
    failures-- > 0 ? Promise.reject(new Error("no")) : Promise.resolve(ANSWER)
  );
  ask(1);
  await settled();
  const counts: number[] = [];
  for (const milliseconds of [19, 1, 40, 80]) {
    await time.pass(milliseconds);
    counts.push(asked.length);
  }
  assertEquals([counts, told], [[1, 2, 3, 4], ["1 silent"]]);
  await time.pass(160);
  assertEquals(told, ["1 silent", "1 answered"]);
});

Deno.test("a question that fails for ever is asked every five seconds in the end", async () => {
  using time = fakeTime();
  const { ask, asked } = openQuestions(() => Promise.reject(new Error("no")));
  ask(1);
  await time.pass(10_220);
  const { length } = asked;
  await time.pass(10_000);
  assertEquals(asked.length - length, 2);
});

Deno.test("a question that is closed is given up, told no more, and makes room; one that waits is never asked", async () => {
  using time = fakeTime();
  const late = Promise.withResolvers<Answer>();
  const { ask, asked, told } = openQuestions(() => late.promise);
  const questions = Array.from({ length: ASKED_AT_ONCE + 2 }, (_, index) => ask(index + 1));
  questions.at(-2)!.close();
  questions[0]!.close();
  questions[0]!.close();
  assertEquals([asked[0]!.signal.aborted, asked.length, asked.at(-1)!.port], [
    true,
    ASKED_AT_ONCE + 1,
    ASKED_AT_ONCE + 2,
  ]);
  for (const question of questions) question.close();
  late.resolve(ANSWER);
  await time.pass(10_000);
  assertEquals([told, asked.length], [[], ASKED_AT_ONCE + 1]);
});

Deno.test("a question that has failed, and is closed, is not asked again", async () => {
  using time = fakeTime();
  const { ask, asked, told } = openQuestions(() => Promise.reject(new Error("no")));
  const question = ask(1);
  await settled();
  question.close();
  await time.pass(10_000);
  assertEquals([asked.length, told], [1, []]);
});

Deno.test("timers of questions do not keep the process running", async () => {
  using time = fakeTime();
  const { ask } = openQuestions(never);
  ask(1).close();
  assertEquals(time.unrefTimers.length, 1);
  await settled();
});
