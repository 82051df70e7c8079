// What other users take up: counted for each, given back when its answer has left, and no concern of anybody else.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { TooManyRequestsError } from "../../mod.ts";
import { UserQuota } from "../../src/rpc/user_quota.ts";
import { openPeers, type Peers } from "../fakes/peers.ts";
import { settle, type Stranger } from "../fakes/stranger.ts";
import { settled } from "../fakes/time.ts";
import { bodyOf, notification, outcomeOf, request } from "./wire.ts";

const TOO_MANY = -32002;
const INTERNAL_ERROR = -32603;

Deno.test("a user may take so much, and gets it again when it is given back", () => {
  const quota = new UserQuota({ uid: 10 }, 3);
  assertEquals([quota.take(7, 2), quota.take(7, 2), quota.take(7, 1), quota.take(7, 1)], [true, false, true, false]);
  assertEquals([quota.take(8, 3), quota.take(8, 1)], [true, false]);
  quota.give(7, 1);
  assertEquals([quota.take(7, 2), quota.take(7, 1)], [false, true]);
  quota.give(7, 3);
  quota.give(8, 3);
  assertEquals([quota.take(7, 4), quota.take(7, 3), quota.take(8, 3)], [false, true, true]);
});

Deno.test("where nothing is taken, more than the bound may be, if that is said", () => {
  const quota = new UserQuota({ uid: 10 }, 3);
  assertEquals([quota.take(7, 100), quota.take(7, 100, true), quota.take(7, 1, true)], [false, true, false]);
  quota.give(7, 100);
  assertEquals([quota.take(7, 1, true), quota.take(7, 2, true), quota.take(7, 1, true)], [true, true, false]);
});

Deno.test("the own user is not counted, but where its id stands for others as well", () => {
  const own = new UserQuota({ uid: 10 }, 0);
  assertEquals([own.isForeign(10), own.isForeign(0), own.take(10, 1_000), own.take(0, 1)], [false, true, true, false]);
  own.give(10, 1_000);
  for (const [uid, isForeign] of [[10, true], [65_534, false], [undefined, false]] as const) {
    const side = { uid: 10, unmapped: { uid, gid: undefined } };
    assertEquals(new UserQuota(side, 0).isForeign(10), isForeign, `${uid}`);
  }
});

interface Setup extends Peers {
  /** Ends all that `wait` was called for so far. */
  end(): Promise<void>;
  ran: number;
}

/** A server of which each other user may have two requests in hand. */
function openCounting(...[options, own]: Parameters<typeof openPeers>): Setup {
  const peers = openPeers({ ...options, quotas: { requestsPerUser: 2, ...options?.quotas } }, own);
  const gates: (() => void)[] = [];
  const setup: Setup = {
    ...peers,
    ran: 0,
    async end() {
      for (const gate of gates.splice(0)) gate();
      await settle();
    },
  };
  peers.server.registerFunction((length = 1) => {
    setup.ran++;
    return new Promise((resolve) => gates.push(() => resolve("x".repeat(length))));
  }, "wait");
  peers.server.registerFunction((length: number) => "x".repeat(length), "repeat");
  peers.server.runServerForever();
  return setup;
}

/** The outcomes of so many calls, by name. */
async function ask(stranger: Stranger, method: string, ...lengths: number[]): Promise<void> {
  for (const length of lengths) stranger.send(100, request(length, method, [length]));
  await settle();
}

Deno.test("of one user just so many requests are in hand, from all of its ports; others do not notice", async () => {
  await using peers = openCounting({}, { clientUid: 20 });
  const { client, server } = peers;
  const [one, twin, other] = [peers.stranger(1), peers.stranger(2), peers.stranger(3, { uid: 7 })];
  await ask(one, "wait", 1);
  await ask(twin, "wait", 2, 3);
  await ask(other, "wait", 4, 5);
  const received = await twin.next();
  assertEquals([outcomeOf(received), bodyOf(received).id], [TOO_MANY, 3]);
  assertEquals(bodyOf(received).error?.data, "User 1000 has too many requests at once");
  const call = client.call(100, "wait");
  const notified = client.notify(100, "wait");
  await settle();
  await assertRejects(() => client.call(100, "wait"), TooManyRequestsError);
  // A notification beyond it is counted alone.
  one.send(100, notification("wait"));
  await settle();
  assertEquals([peers.ran, server.stats().refused, one.unread], [6, 3, []]);
  await peers.end();
  await Promise.all([call, notified]);
  await ask(twin, "wait", 6, 7);
  assertEquals(peers.ran, 8);
});

Deno.test("the own user has as many as all together", async () => {
  await using peers = openCounting({ quotas: { requestsPerUser: 2, requests: 5 } });
  const calls = Array.from({ length: 5 }, () => peers.client.call(100, "wait"));
  await settle();
  await assertRejects(() => peers.client.call(100, "wait"), TooManyRequestsError);
  assertEquals(peers.ran, 5);
  await peers.end();
  await Promise.all(calls);
});

Deno.test("each member of a batch counts, until the whole has been answered", async () => {
  await using peers = openCounting();
  const mallory = peers.stranger();
  const batch = (...members: ReturnType<typeof request>[]) => ({ body: members.map(({ body }) => body) });
  mallory.send(100, batch(request(1, "repeat", [1]), request(2, "wait")));
  await ask(mallory, "repeat", 3);
  assertEquals(outcomeOf(await mallory.next()), TOO_MANY);
  await peers.end();
  assertEquals((await mallory.next()).body, [1, 2].map((id) => ({ jsonrpc: "2.0", id, result: "x" })));
  mallory.send(100, batch(request(1, "repeat", [1]), notification("wait"), request(2, "repeat", [1])));
  const { id, error } = bodyOf(await mallory.next());
  assertEquals([id, error?.code, peers.ran], [null, TOO_MANY, 1]);
  await ask(mallory, "repeat", 4, 5);
  assertEquals(mallory.unread.map(outcomeOf), ["xxxx", "xxxxx"]);
});

Deno.test("whatever becomes of a request, it is counted no longer than it takes", async () => {
  await using peers = openCounting({ access: ({ uid }, method) => uid === 10 || method !== "denied" });
  const { server } = peers;
  server.registerFunction(() => {
    throw new Error("no luck");
  }, "fail");
  server.registerFunction(() => 1n, "big");
  const mallory = peers.stranger();
  const bodies = [
    request(1, "missing"),
    request(1, "fail"),
    request(1, "big"),
    request(1, "denied"),
    request(1, "repeat", [1, 2, 3]),
    request(1, "repeat", [1], { deadline: 1 }),
    notification("missing"),
    notification("denied"),
    notification("fail"),
    { body: 5 },
    { body: [] },
    { body: [5, 6] },
    { body: "{" },
    { body: [notification("fail").body, notification("fail").body] },
  ];
  for (const body of [...bodies, ...bodies, ...bodies]) {
    mallory.send(100, body);
    await settle();
  }
  assertEquals(
    mallory.unread.flatMap(({ body }) => body).some((body) => outcomeOf({ body } as never) === TOO_MANY),
    false,
  );
  assertEquals([server.stats().refused, server.stats().requestsInFlight], [0, 0]);
});

Deno.test("a request counts until its answer has left", async () => {
  await using peers = openCounting();
  const idle = peers.stranger();
  idle.link.release();
  idle.link.queueLimit = 0;
  await ask(idle, "repeat", 1, 2, 3);
  assertEquals([peers.server.stats().requestsInFlight, peers.server.stats().refused], [0, 1]);
  idle.link.queueLimit = Infinity;
  idle.link.giveUp();
  await settled(5);
  idle.link.hold();
  await settle();
  assertEquals(idle.unread.map(outcomeOf).filter((outcome) => outcome !== TOO_MANY), ["x", "xx"]);
  await ask(idle, "repeat", 4);
  assertEquals(outcomeOf(idle.unread.at(-1)!), "xxxx");
});

Deno.test("a caller that goes gives back what its answers took", async () => {
  await using peers = openCounting();
  const idle = peers.stranger(1);
  idle.link.release();
  idle.link.queueLimit = 0;
  await ask(idle, "repeat", 1, 2);
  idle.link.kill();
  await settled(5);
  const twin = peers.stranger(2);
  await ask(twin, "repeat", 1, 2);
  assertEquals(twin.unread.map(outcomeOf), ["x", "xx"]);
});

for (const length of [900, 150_000]) {
  Deno.test(`answers of ${length} bytes that one user does not read are bounded, and one of any size may wait`, async () => {
    const quotas = { requestsPerUser: 100, answerBytesPerUser: 2_000 + (length > 1_000 ? length : 0) };
    await using peers = openCounting({ quotas }, { clientUid: 20 });
    const { client, server, serverTroubles } = peers;
    const idle = peers.stranger();
    idle.link.release();
    idle.link.queueLimit = 0;
    await ask(idle, "repeat", length, length + 1, length + 2);
    await settled(2);
    const undelivered = "undelivered: An answer could not be sent: More answers than may wait are not read";
    assertEquals(serverTroubles, Array(2).fill(undelivered));
    assert(server.stats().queuedBytes < 2_000 + length);
    // It takes nothing from others.
    assertEquals(await client.call(100, "repeat", [1_500]), "x".repeat(1_500));
    idle.link.queueLimit = Infinity;
    idle.link.giveUp();
    await settled(5);
    await ask(idle, "repeat", length + 3);
    idle.link.hold();
    await settled(5);
    const lengths = idle.unread.map((received) => bodyOf(received).id);
    assertEquals(lengths, [length, length + 3]);
    assertEquals(serverTroubles.length, 2);
  });
}

Deno.test("refusals are no answers: they are not counted as such", async () => {
  const quotas = { requestsPerUser: 100, answerBytesPerUser: 1_000 };
  await using peers = openCounting({ quotas, access: (_caller, method) => method !== "denied" });
  const [idle, twin] = [peers.stranger(1), peers.stranger(2)];
  idle.link.release();
  idle.link.queueLimit = 0;
  await ask(idle, "repeat", 800);
  await ask(twin, "denied", 1);
  assertEquals(outcomeOf(await twin.next()), -32001);
});

Deno.test("who has room for an error learns that its answer does not come", async () => {
  await using peers = openCounting({ quotas: { requestsPerUser: 100, answerBytesPerUser: 1_000 } });
  const [idle, twin] = [peers.stranger(1), peers.stranger(2)];
  idle.link.release();
  idle.link.queueLimit = 0;
  await ask(idle, "repeat", 800);
  // The same user, and another port, which reads.
  await ask(twin, "repeat", 10);
  const { error, id } = bodyOf(await twin.next());
  assertEquals([error?.code, id], [INTERNAL_ERROR, 10]);
  // The own user's answers wait as ever.
  const own = peers.stranger(3, { uid: 10 });
  own.link.release();
  own.link.queueLimit = 0;
  await ask(own, "repeat", 5_000, 5_001);
  own.link.queueLimit = Infinity;
  own.link.giveUp();
  own.link.hold();
  await settled(5);
  assertEquals(own.unread.map((received) => bodyOf(received).id), [5_000, 5_001]);
});
