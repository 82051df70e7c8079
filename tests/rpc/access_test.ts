// Who may call: rules by user and group, and what becomes of those who may not.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { AccessDeniedError, type AccessRule, MethodNotFoundError, RPCPeer } from "../../mod.ts";
import type { Caller, UnmappedIds } from "../../src/link/link.ts";
import { MemoryNetwork } from "../fakes/memory_network.ts";
import { openPeers, openServing } from "../fakes/peers.ts";
import { settle, Stranger } from "../fakes/stranger.ts";
import { bodyOf, notification, outcomeOf, request } from "./wire.ts";

const DENIED = -32001;

/** What becomes of a call by somebody, at a server of user 10 and group 11. */
async function called(
  access: AccessRule | undefined,
  caller: Partial<Caller>,
  unmapped?: UnmappedIds,
): Promise<unknown> {
  const network = new MemoryNetwork();
  const link = network.open(100, { uid: 10, gid: 11 });
  link.unmapped = unmapped;
  await using server = new RPCPeer({ link, access });
  server.registerFunction(() => "pong", "ping");
  server.runServerForever();
  const stranger = new Stranger(network.open(666, caller));
  stranger.send(100, request(1, "ping"));
  return outcomeOf(await stranger.next());
}

const lists: [name: string, rule: AccessRule | undefined, caller: Partial<Caller>, outcome: unknown][] = [
  ["by default the own user may", undefined, { uid: 10 }, "pong"],
  ["by default root may", undefined, { uid: 0 }, "pong"],
  ["by default another user may not", undefined, { uid: 1_000 }, DENIED],
  ["by default another user of the own group may not", undefined, { uid: 1_000, gid: 11 }, DENIED],
  ["by default another user of root's group may not", undefined, { uid: 1_000, gid: 0 }, DENIED],
  ["same-user is the default", "same-user", { uid: 1_000 }, DENIED],
  ["anyone may where anyone may", "anyone", { uid: 1_000 }, "pong"],
  ["a user of the list may", { uids: [1, 1_000] }, { uid: 1_000 }, "pong"],
  ["a user of a list in whose group nobody may, may", { uids: [1_000], gids: [7] }, { uid: 1_000 }, "pong"],
  ["who is not in the list may not", { uids: [1_000], gids: [7] }, { uid: 1_001, gid: 8 }, DENIED],
  ["a group of the list may", { gids: [7] }, { uid: 1_001, gid: 7 }, "pong"],
  ["a user is no group", { gids: [7] }, { uid: 7, gid: 8 }, DENIED],
  ["a group is no user", { uids: [7] }, { uid: 8, gid: 7 }, DENIED],
  ["the own user may not where the list has another", { uids: [1_000] }, { uid: 10 }, DENIED],
  ["root may not where the list has another", { uids: [1_000], gids: [1] }, { uid: 0, gid: 0 }, DENIED],
  ["an empty list lets nobody in", {}, { uid: 10 }, DENIED],
  ["empty lists let nobody in", { uids: [], gids: [] }, { uid: 0, gid: 0 }, DENIED],
  ["lists that are undefined let nobody in", { uids: undefined, gids: undefined }, { uid: 10 }, DENIED],
  ["the largest id may be in a list", { uids: [4_294_967_294] }, { uid: 4_294_967_294 }, "pong"],
];

for (const [name, rule, caller, outcome] of lists) {
  Deno.test(`access: ${name}`, async () => assertEquals(await called(rule, caller), outcome));
}

const NOBODY = 65_534;
const UNMAPPED: UnmappedIds = { uid: NOBODY, gid: NOBODY };

const unmapped: [name: string, rule: AccessRule, caller: Partial<Caller>, ids: UnmappedIds, outcome: unknown][] = [
  ["a user of that id", { uids: [NOBODY] }, { uid: NOBODY, gid: 7 }, UNMAPPED, DENIED],
  ["a group of that id", { gids: [NOBODY] }, { uid: 7, gid: NOBODY }, UNMAPPED, DENIED],
  ["a user who is listed, in such a group", { uids: [7] }, { uid: 7, gid: NOBODY }, UNMAPPED, "pong"],
  ["such a user, in a group that is listed", { gids: [7] }, { uid: NOBODY, gid: 7 }, UNMAPPED, "pong"],
  ["both ids listed", { uids: [NOBODY], gids: [NOBODY] }, { uid: NOBODY, gid: NOBODY }, UNMAPPED, DENIED],
  ["anyone", "anyone", { uid: NOBODY, gid: NOBODY }, UNMAPPED, "pong"],
  ["a function", ({ uid }) => uid === NOBODY, { uid: NOBODY }, UNMAPPED, "pong"],
  ["the own user, who has that id too", "same-user", { uid: 10 }, { uid: 10, gid: undefined }, DENIED],
  ["root where the own user has that id", "same-user", { uid: 0 }, { uid: 10, gid: 11 }, "pong"],
  ["that id where all users are mapped", { uids: [NOBODY] }, { uid: NOBODY }, { uid: undefined, gid: NOBODY }, "pong"],
  ["that id where all groups are mapped", { gids: [NOBODY] }, { gid: NOBODY }, { uid: NOBODY, gid: undefined }, "pong"],
];

for (const [name, rule, caller, ids, outcome] of unmapped) {
  Deno.test(`an id that stands for whoever is not mapped is nobody's: ${name}`, async () => {
    // Asked twice: what is found out at the first time holds.
    assertEquals([await called(rule, caller, ids), await called(rule, caller, ids)], [outcome, outcome]);
  });
}

Deno.test("who may not call gets an error that says so, nothing runs, and it is trouble", async () => {
  await using peers = openPeers({ access: "same-user" }, { clientUid: 20 });
  const { server, client } = peers;
  let ran = 0;
  server.registerFunction(() => ran++, "count");
  server.runServerForever();
  const error = await assertRejects(() => client.call(100, "count"), AccessDeniedError, "Access denied");
  assertEquals([error.code, error.data, error.uid], [DENIED, 'User 20 may not call "count"', undefined]);
  assertEquals([ran, peers.serverTroubles], [0, ['denied: User 20 may not call "count"']]);
  assertEquals([server.stats().denied, server.stats().requestsInFlight], [1, 0]);
});

Deno.test("whether a method is there, only those learn who may call it", async () => {
  await using peers = openServing({ access: { uids: [20] } }, { clientUid: 20 });
  await assertRejects(() => peers.client.call(100, "missing"), MethodNotFoundError);
  peers.mallory.send(100, request(1, "missing"));
  assertEquals(outcomeOf(await peers.mallory.next()), DENIED);
});

Deno.test("a notification that is refused is counted, and nobody is told", async () => {
  await using peers = openPeers({ access: "same-user" });
  const { server, serverLink, serverTroubles } = peers;
  let ran = 0;
  server.registerFunction(() => ran++, "count");
  server.runServerForever();
  const mallory = peers.stranger();
  mallory.send(100, notification("count"));
  mallory.send(100, { body: [notification("count").body, notification("missing").body] });
  await settle();
  assertEquals([ran, serverLink.sent, mallory.unread], [0, [], []]);
  assertEquals(serverTroubles.map((trouble) => trouble.split(":")[0]), ["denied", "denied", "denied"]);
  assertEquals([server.stats().denied, server.stats().requestsInFlight], [3, 0]);
});

Deno.test("each member of a batch has its own answer", async () => {
  await using peers = openPeers({ access: { uids: [1] } });
  const { server } = peers;
  server.registerFunction(() => "pong", "ping", { access: "anyone" });
  server.registerFunction(() => "the plan", "plan");
  server.runServerForever();
  const mallory = peers.stranger();
  mallory.send(100, { body: [1, 2, 3].map((id) => request(id, id === 2 ? "ping" : "plan").body) });
  const { body } = await mallory.next();
  const answers = body as { id: number; result?: unknown; error?: { code: number } }[];
  assertEquals(answers.map(({ id, result, error }) => [id, result ?? error?.code]), [[1, DENIED], [2, "pong"], [
    3,
    DENIED,
  ]]);
});

Deno.test("a list is read once: who changes it later changes nothing", async () => {
  const uids = [1_000];
  const rule = { uids, gids: [] as number[] };
  await using peers = openServing({ access: rule });
  uids[0] = 1_001;
  rule.gids.push(1_000);
  Object.assign(rule, { uids: [] });
  peers.mallory.send(100, request(1, "ping"));
  assertEquals(outcomeOf(await peers.mallory.next()), "pong");
  const other = peers.stranger(667, { uid: 1_001, gid: 1_000 });
  other.send(100, request(1, "ping"));
  assertEquals(bodyOf(await other.next()).error?.code, DENIED);
});

const refused: [rule: unknown, error: typeof TypeError | typeof RangeError, message: string][] = [
  ["everyone", TypeError, 'access must be "same-user", "anyone", { uids, gids } or a function, not "everyone"'],
  [null, TypeError, "or a function, not null"],
  [1_000, TypeError, "or a function, not 1000"],
  [true, TypeError, "or a function, not true"],
  [[1_000], TypeError, "or a function, not an array"],
  [{ uids: 1_000 }, TypeError, "access.uids must be an array of ids, not 1000"],
  [{ gids: "root" }, TypeError, 'access.gids must be an array of ids, not "root"'],
  [{ gids: null }, TypeError, "access.gids must be an array of ids, not null"],
  [{ uids: [-1] }, RangeError, "access.uids must hold ids, integers from 0 to 4294967294, not -1"],
  [{ uids: [1, 0xffff_ffff] }, RangeError, "not 4294967295"],
  [{ gids: [1.5] }, RangeError, "access.gids must hold ids"],
  [{ gids: ["0"] }, RangeError, "access.gids must hold ids"],
  [{ uids: [undefined] }, RangeError, "not undefined"],
];

for (const [rule, error, message] of refused) {
  Deno.test(`a rule that is none is refused before anything is opened: ${JSON.stringify(rule)}`, () => {
    const link = new MemoryNetwork().open(100);
    for (const name of ["access", "trust"] as const) {
      const told = message.replace("access", name);
      assertThrows(() => new RPCPeer({ link, [name]: rule as AccessRule }), error, told);
    }
    assertThrows(() => link.receiver, Error, "The link was not started");
  });
}

Deno.test("two peers of a process have each their own rule", async () => {
  await using peers = openPeers({}, { server: { access: { uids: [1] } }, client: { access: { uids: [1_000] } } });
  const mallory = peers.stranger();
  for (const peer of [peers.server, peers.client]) {
    peer.registerFunction(() => "pong", "ping");
    peer.runServerForever();
  }
  const outcomes: unknown[] = [];
  for (const port of [100, 200]) {
    mallory.send(port, request(1, "ping"));
    outcomes.push(outcomeOf(await mallory.next()));
  }
  assertEquals(outcomes, [DENIED, "pong"]);
});
