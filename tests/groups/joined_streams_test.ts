import { assertEquals, assertRejects } from "@std/assert";
import { JSONRPCError } from "../../src/jsonrpc/errors.ts";
import { JoinedStreams } from "../../src/groups/joined_streams.ts";
import type { Stream } from "../../src/groups/stream.ts";
import { callerAt } from "./members.ts";

/** A stream that notes what it is told, and answers as a test says. */
function fakeStream(name: string, port: number, answer: () => Promise<boolean> = () => Promise.resolve(true)) {
  const told: unknown[] = [];
  const stream = {
    name,
    owner: { port, uid: 10 },
    take: ({ number }: { number: number }, bytes: number) => void told.push([number, bytes]),
    close: (next: number) => void told.push(`closed ${next}`),
    ask: answer,
  } as unknown as Stream;
  return { stream, told };
}

const OWNER = callerAt(20);
/** Who is not: at another port, or another user. */
const OTHERS = [callerAt(21), callerAt(20, 77)];

Deno.test("a message reaches all memberships of its stream, where it comes from the owner", () => {
  const streams = new JoinedStreams();
  const [first, again, other] = [fakeStream("a", 20), fakeStream("a", 20), fakeStream("b", 20)];
  for (const { stream } of [first, again, other]) streams.add(stream);
  assertEquals(streams.take("rpc.publish", ["a", 1, "x"], 9, OWNER), true);
  assertEquals(streams.take("rpc.leave", { stream: "b", next: 5 }, 9, OWNER), true);
  for (const sender of OTHERS) {
    assertEquals(streams.take("rpc.publish", ["a", 2, "x"], 9, sender), false);
    assertEquals(streams.take("rpc.leave", { stream: "a", next: 2 }, 9, sender), false);
  }
  assertEquals([first.told, again.told, other.told], [[[1, 9]], [[1, 9]], ["closed 5"]]);
});

Deno.test("what is no message of an owner is somebody else's to take", () => {
  const streams = new JoinedStreams();
  const { stream, told } = fakeStream("a", 20);
  streams.add(stream);
  for (const params of [null, ["a"], ["b", 1, 1], { stream: "a" }, { stream: "a", id: 1 }, { stream: "b", next: 1 }]) {
    for (const method of ["rpc.publish", "rpc.leave", "rpc.join", "other"]) {
      assertEquals(streams.take(method, params, 9, OWNER), false, `${method} ${JSON.stringify(params)}`);
    }
  }
  assertEquals(told, []);
});

Deno.test("owners are known as long as one of their streams is joined", () => {
  const streams = new JoinedStreams();
  const [first, second, again] = [fakeStream("a", 20), fakeStream("b", 20), fakeStream("a", 20)];
  assertEquals(streams.knows(OWNER), false);
  for (const { stream } of [first, second, again]) streams.add(stream);
  assertEquals([OWNER, ...OTHERS].map((sender) => streams.knows(sender)), [true, false, false]);
  streams.delete(first.stream);
  streams.delete(first.stream);
  streams.delete(second.stream);
  assertEquals(streams.knows(OWNER), true);
  streams.delete(again.stream);
  assertEquals(streams.knows(OWNER), false);
});

Deno.test("what comes late is taken, and reaches nobody; what was left long ago is forgotten", () => {
  const streams = new JoinedStreams();
  const all = Array.from({ length: 65 }, (_, number) => fakeStream(`s${number}`, 20));
  for (const { stream } of all) streams.add(stream);
  for (const { stream } of all.slice(0, 64)) streams.delete(stream);
  assertEquals(streams.take("rpc.publish", ["s0", 1, 1], 9, OWNER), true);
  assertEquals(streams.take("rpc.leave", { stream: "s1", next: 1 }, 9, OWNER), true);
  streams.delete(all[64]!.stream);
  assertEquals([0, 1, 64].map((number) => streams.take("rpc.publish", [`s${number}`, 1, 1], 9, OWNER)), [
    false,
    true,
    true,
  ]);
  assertEquals(all.flatMap(({ told }) => told), []);
});

Deno.test("a message was taken where all memberships that go on have taken it", async () => {
  const ended = () => Promise.reject(new Error("ended"));
  const cases: [answers: (() => Promise<boolean>)[], taken: boolean][] = [
    [[() => Promise.resolve(true), () => Promise.resolve(true)], true],
    [[() => Promise.resolve(true), () => Promise.resolve(false)], false],
    [[ended, () => Promise.resolve(true)], true],
    [[() => Promise.resolve(false), ended], false],
  ];
  for (const [answers, taken] of cases) {
    const streams = new JoinedStreams();
    for (const answer of answers) streams.add(fakeStream("a", 20, answer).stream);
    assertEquals(await streams.ask(OWNER, ["a", 1]), taken);
  }
  const streams = new JoinedStreams();
  streams.add(fakeStream("a", 20, ended).stream);
  await assertRejects(() => streams.ask(OWNER, ["a", 1]), Error, "ended");
});

Deno.test("whoever is no owner is told of no stream", async () => {
  const streams = new JoinedStreams();
  streams.add(fakeStream("a", 20).stream);
  for (const sender of OTHERS) await assertRejects(() => streams.ask(sender, ["a", 1]), JSONRPCError);
  for (const params of [null, ["a"], ["b", 1]]) await assertRejects(() => streams.ask(OWNER, params), JSONRPCError);
});
