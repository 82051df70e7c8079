// Who may call whom, by user and by namespace, in both directions: with the rules that hold where nothing is said, and with others.
import { assertEquals, assertMatch } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import { currentCall, RPCPeer, type RPCPeerOptions } from "../../mod.ts";
import { asUser, Insider, reasonAgainstInside } from "./insiders.ts";
import { testUnless } from "./processes.ts";
import type { Outcome } from "./programs/inside.ts";

const [NOBODY, USER] = [65_534, 1_000];
const ANYONE = { trust: "anyone" } as const;
/** Root inside, and a user without privileges outside; and a user namespace in which everybody is 65534. */
const ROOT_INSIDE = [...asUser(USER), "unshare", "--user", "--map-root-user"];
const UNMAPPED = [...asUser(USER), "unshare", "--user"];
const PID = ["unshare", "--pid", "--fork", "--kill-child"];
/** Who becomes another user does not end with its parent any more, unless it says so again. */
const [SETPRIV, ...AS_NOBODY] = asUser(NOBODY);
const PID_OF_NOBODY = [...PID, SETPRIV!, "--pdeathsig=KILL", ...AS_NOBODY];
const NET = [...ROOT_INSIDE, "--net"];

const isRoot = Deno.permissions.querySync({ name: "ffi" }).state === "granted" && new LinuxSyscalls().getuid() === 0;
const onlyRoot = isRoot ? undefined : "only root becomes another user";
const noUser = onlyRoot ?? await reasonAgainstInside("no user namespaces", ROOT_INSIDE);
const noPid = onlyRoot ?? await reasonAgainstInside("no pid namespaces", PID_OF_NOBODY);
const noNet = onlyRoot ?? await reasonAgainstInside("no network namespaces", NET);

/** A peer of root, outside. */
class Host implements AsyncDisposable {
  readonly peer: RPCPeer;
  /** Users whose calls it has carried out. */
  readonly served: number[] = [];

  constructor(options: RPCPeerOptions = {}) {
    this.peer = new RPCPeer(options);
    this.peer.registerFunction(() => {
      this.served.push(currentCall()!.caller.uid);
      return this.served.at(-1);
    }, "who");
    this.peer.runServerForever();
  }

  get port(): number {
    return this.peer.nlPid;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.peer.close();
  }
}

/** What an outcome says, without its text. */
function short({ seenAs, error, uid }: Outcome): string {
  return error === undefined ? `seen as ${seenAs}` : uid === undefined ? error : `${error} of ${uid}`;
}

testUnless(onlyRoot, "another user trusts root, who lets it in only where it says so", async () => {
  await using host = new Host();
  await using open = new Host({ access: { uids: [NOBODY] } });
  await using insider = await Insider.start(asUser(NOBODY), [{ port: host.port }, { port: open.port }, { port: 0 }]);
  assertEquals(insider.outcomes.map(short), ["AccessDeniedError", `seen as ${NOBODY}`, `seen as ${NOBODY}`]);
  assertMatch(insider.outcomes[0]!.message!, /User 65534 may not call "who"/);
  assertEquals([host.served, open.served], [[], [NOBODY]]);
});

testUnless(onlyRoot, "root trusts no other user, and is let in by each", async () => {
  await using host = new Host();
  await using insider = await Insider.start(asUser(NOBODY));
  const refused = await insider.calledBy(host.peer);
  assertEquals(short(refused), `AccessDeniedError of ${NOBODY}`);
  assertEquals(
    refused.message,
    `Port ${insider.port} is held by user ${NOBODY} (in a user namespace, ${NOBODY} is anybody whom it does not map), whom this call does not trust: check the port, or set trust`,
  );
  // It has never heard of that.
  assertEquals(await host.peer.call(insider.port, "served", [], ANYONE), 0);
  for (const trust of ["anyone", { uids: [NOBODY] }, { gids: [NOBODY] }] as const) {
    assertEquals(short(await insider.calledBy(host.peer, { trust })), "seen as 0");
  }
});

testUnless(onlyRoot, "two other users have nothing to do with each other, unless both say so", async () => {
  await using one = await Insider.start(asUser(USER));
  await using open = await Insider.start(asUser(USER), [], { access: { gids: [NOBODY] } });
  const trust = { uids: [USER] };
  await using two = await Insider.start(asUser(NOBODY), [
    { port: one.port },
    { port: one.port, options: { trust } },
    { port: open.port },
    { port: open.port, options: { trust } },
  ]);
  assertEquals(two.outcomes.map(short), [
    `AccessDeniedError of ${USER}`,
    "AccessDeniedError",
    `AccessDeniedError of ${USER}`,
    `seen as ${NOBODY}`,
  ]);
});

testUnless(
  noUser,
  "root of a user namespace is the user that it is outside, and root outside is nobody to it",
  async () => {
    await using host = new Host();
    await using open = new Host({ access: { uids: [USER] } });
    await using outside = await Insider.start(asUser(USER));
    await using insider = await Insider.start(ROOT_INSIDE, [
      { port: host.port },
      { port: host.port, options: ANYONE },
      { port: open.port, options: ANYONE },
      // The same user outside, and itself.
      { port: outside.port },
      { port: 0 },
    ]);
    assertEquals(insider.outcomes.map(short), [
      `AccessDeniedError of ${NOBODY}`,
      "AccessDeniedError",
      `seen as ${USER}`,
      `seen as ${USER}`,
      "seen as 0",
    ]);
    assertMatch(insider.outcomes[1]!.message!, /User 1000 may not call "who"/);
    assertEquals(short(await insider.calledBy(host.peer)), `AccessDeniedError of ${USER}`);
    const refused = await insider.calledBy(host.peer, { trust: { uids: [USER] } });
    assertEquals(short(refused), "AccessDeniedError");
    assertMatch(refused.message!, /User 65534 may not call "who"/);
    await using openInsider = await Insider.start(ROOT_INSIDE, [], { access: "anyone" });
    assertEquals(short(await openInsider.calledBy(host.peer, { trust: { uids: [USER] } })), `seen as ${NOBODY}`);
  },
);

testUnless(
  noUser,
  "where no user is mapped, nobody is the same user, not even itself, and the error says so",
  async () => {
    await using host = new Host({ access: { uids: [USER] } });
    const trust = { uids: [0, NOBODY, USER] };
    await using insider = await Insider.start(UNMAPPED, [
      { port: host.port },
      { port: 0 },
      { port: host.port, options: { trust } },
      { port: 0, options: ANYONE },
      { port: host.port, options: ANYONE },
    ]);
    assertEquals(insider.outcomes.map(short), [
      `AccessDeniedError of ${NOBODY}`,
      `AccessDeniedError of ${NOBODY}`,
      `AccessDeniedError of ${NOBODY}`,
      "AccessDeniedError",
      `seen as ${USER}`,
    ]);
    const refused = await insider.calledBy(host.peer, { trust: { uids: [USER] } });
    assertEquals(short(refused), "AccessDeniedError");
    await using open = await Insider.start(UNMAPPED, [{ port: 0, options: ANYONE }], { access: "anyone" });
    assertEquals(open.outcomes.map(short), [`seen as ${NOBODY}`]);
    assertEquals(short(await open.calledBy(host.peer, { trust: { uids: [USER] } })), `seen as ${NOBODY}`);
    for (const { message } of [insider.outcomes[0]!, insider.outcomes[1]!, insider.outcomes[3]!, refused]) {
      assertMatch(message!, /65534.*user namespace/);
    }
  },
);

testUnless(noPid, "a pid namespace changes nothing: its root is root, in both directions", async () => {
  await using host = new Host();
  await using insider = await Insider.start(PID, [{ port: host.port }, { port: 0 }]);
  assertEquals(insider.outcomes.map(short), ["seen as 0", "seen as 0"]);
  assertEquals(short(await insider.calledBy(host.peer)), "seen as 0");
  await using other = await Insider.start(PID_OF_NOBODY, [{ port: host.port }, { port: insider.port }]);
  assertEquals(other.outcomes.map(short), ["AccessDeniedError", "AccessDeniedError"]);
  assertEquals(short(await other.calledBy(host.peer)), `AccessDeniedError of ${NOBODY}`);
  assertEquals(short(await other.calledBy(host.peer, ANYONE)), "seen as 0");
});

testUnless(noNet, "in another network namespace nobody is there, in both directions, whoever is trusted", async () => {
  await using host = new Host({ access: "anyone" });
  await using insider = await Insider.start(NET, [
    { port: host.port },
    { port: host.port, options: ANYONE },
    { port: 0 },
  ], { access: "anyone" });
  assertEquals(insider.outcomes.map(short), ["PeerGoneError", "PeerGoneError", "seen as 0"]);
  assertEquals(insider.outcomes[0]!.message, `No peer holds port ${host.port}`);
  for (const options of [{}, ANYONE]) {
    const gone = await insider.calledBy(host.peer, options);
    assertEquals([short(gone), gone.message], ["PeerGoneError", `No peer holds port ${insider.port}`]);
  }
  // Who can go there reaches it.
  await using there = new RPCPeer({ netns: insider.pid });
  assertEquals(short(await insider.calledBy(there, ANYONE)), `seen as ${NOBODY}`);
});
