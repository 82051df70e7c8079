// What a peer that lives on does with a name that it gives back, and what its callers make of that.
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { mock } from "node:test";
import {
  AccessDeniedError,
  currentCall,
  NameNotFoundError,
  NameTakenError,
  PeerGoneError,
  ServerError,
} from "../../mod.ts";
import { portOfName } from "../../src/naming/name.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle, Stranger } from "../fakes/stranger.ts";
import { fakeTime } from "../fakes/time.ts";
import { CLOCK, CLOCK_PORT, lastNamed, openNamed, TWIN_PORT, TWINS } from "./named.ts";
import { bodyOf, methodsSentBy } from "./wire.ts";

const NAME = "com.example.clock";
const PORT = portOfName(NAME);

/** Has `performance.now()` run ahead. */
function mockNow(ahead: () => number): Disposable {
  const now = performance.now.bind(performance);
  const { mock: mocked } = mock.method(performance, "now", () => now() + ahead());
  return { [Symbol.dispose]: () => mocked.restore() };
}

Deno.test("the signal of a request aborts when the name that it came by is released", async () => {
  await using peers = openPeers({}, { server: { name: NAME } });
  const { client, server } = peers;
  const signals: AbortSignal[] = [];
  server.registerFunction(() => new Promise(() => signals.push(currentCall()!.signal)), "wait");
  server.runServerForever();
  const call = assertRejects(() => client.call(NAME, "wait"), ServerError, "was released");
  await settle();
  const other = client.call(100, "wait").catch(() => {});
  await settle();
  await server.release(NAME);
  await call;
  assertEquals(signals.map(({ aborted }) => aborted), [true, false]);
  await server.close();
  await other;
});

Deno.test("what has arrived by a name and was not read is refused when that is released, and not begun", async () => {
  await using peers = openPeers({}, { server: { name: NAME } });
  const { client, server, serverLink } = peers;
  const begun: unknown[] = [];
  server.registerFunction((number) => void begun.push(number), "begin");
  server.runServerForever();
  await client.call(NAME, "begin", [1]);
  const named = serverLink.opened[0]!;
  named.release(); // It is not read for a moment.
  const call = assertRejects(() => client.call(NAME, "begin", [2]), ServerError, "was released");
  await settle();
  assertEquals(named.queued, 1);
  await server.release(NAME);
  named.hold();
  await call;
  assertEquals(begun, [1]);
});

Deno.test("a name is asked for anew after a second, also where the same process holds its port", async () => {
  for (const isSync of [false, true]) {
    await using peers = openPeers();
    let ahead = 0;
    using _now = mockNow(() => ahead);
    const { client, clientLink } = peers;
    const other = peers.stranger(TWIN_PORT, { uid: 10 });
    let name: string | undefined = TWINS[0];
    const answer = () => {
      for (const received of other.readNow()) {
        other.answer(200, received, bodyOf(received).method === "rpc.identity" ? { name } : "done");
      }
    };
    clientLink.blocking!.whileReceiving = answer;
    const call = async () => {
      if (isSync) return client.callSync(TWINS[0], "m");
      const outcome = client.call(TWINS[0], "m");
      outcome.catch(() => {});
      for (let turn = 0; turn < 3; turn++) {
        await settle();
        answer();
      }
      return await outcome;
    };
    assertEquals([await call(), await call()], ["done", "done"]);
    assertEquals(methodsSentBy(clientLink), ["rpc.identity", "m", "m"]);
    name = TWINS[1];
    ahead = 1_500;
    const error = await assertRejects(call, NameNotFoundError);
    assertEquals(error.message.includes(TWINS[1]), true);
    assertEquals(methodsSentBy(clientLink), ["rpc.identity", "m", "m", "rpc.identity"]);
  }
});

Deno.test("a synchronous call trusts whoever says to have the name, and not only the lifeline beside its port", async () => {
  await using peers = openPeers({ trust: undefined });
  const { client, clientLink, network, serverLink } = peers;
  const link = network.open(PORT, { uid: 1_000 });
  // That of who held the port a moment ago.
  link.lifelineOwner = serverLink.self;
  const thief = new Stranger(link);
  clientLink.blocking!.whileReceiving = () => {
    for (const received of thief.readNow()) thief.answer(200, received, { name: NAME });
  };
  const error = assertThrows(() => client.callSync(NAME, "m", ["secret"]), AccessDeniedError);
  assertEquals([error.uid, methodsSentBy(clientLink)], [1_000, ["rpc.identity"]]);
});

Deno.test("whoever takes the port of a name while a rule takes its time is not sent the call", async () => {
  await using peers = openNamed();
  const { server, serverLink, client, network } = peers;
  server.runServerForever();
  const asked = Promise.withResolvers<void>();
  const decided = Promise.withResolvers<boolean>();
  // First about whoever listens beside the port, then about whoever has told the name.
  let times = 0;
  const trust = () => {
    if (++times === 1) return true;
    asked.resolve();
    return decided.promise;
  };
  const gone = assertRejects(() => client.call(CLOCK, "via", ["secret"], { trust }), PeerGoneError);
  await asked.promise;
  // By a process that lives on: nothing tells of that.
  lastNamed(serverLink).close();
  const heir = new Stranger(network.open(CLOCK_PORT, { uid: 66 }));
  decided.resolve(true);
  await gone;
  assertEquals(heir.unread, []);
});

Deno.test("a lifeline that is there only after the question tells nothing of the name: that is asked again", async () => {
  for (const trust of ["anyone", "same-user"] as const) {
    using time = fakeTime();
    await using peers = openPeers({ trust });
    const { client, clientLink } = peers;
    const owner = peers.stranger(CLOCK_PORT, { uid: 10 });
    owner.link.hasLifeline = false;
    let outcome: unknown;
    client.call(CLOCK, "m").then((value) => outcome = value, (error) => outcome = error);
    await time.pass(10);
    owner.link.hasLifeline = true;
    await time.pass(400);
    assertEquals([outcome, methodsSentBy(clientLink)], [undefined, ["rpc.identity", "rpc.identity"]]);
    for (const received of owner.readNow()) owner.answer(200, received, { name: CLOCK });
    await time.pass(1);
    for (const received of owner.readNow()) owner.answer(200, received, "done");
    await time.pass(1);
    assertEquals(outcome, "done");
  }
});

Deno.test("what cannot be the name of the port that says so is none, and is not shown", async () => {
  const lies = ["x".repeat(100_000), "com.example.other", "\u0000", ""];
  for (const name of lies) {
    for (const isSync of [false, true]) {
      await using peers = openPeers();
      const { client, clientLink } = peers;
      const liar = peers.stranger(CLOCK_PORT, { uid: 10 });
      const lie = () => {
        for (const received of liar.readNow()) liar.answer(200, received, { name });
      };
      clientLink.blocking!.whileReceiving = lie;
      const call = async () => {
        if (isSync) return client.callSync(CLOCK, "m");
        const outcome = client.call(CLOCK, "m");
        outcome.catch(() => {});
        await settle();
        lie();
        return await outcome;
      };
      const error = await assertRejects(call, NameNotFoundError, "whoever holds it has no name");
      assertEquals(error.message.length < 200, true);
      const taken = assertThrows(() => client.claim(CLOCK), NameTakenError, "is taken by port");
      assertEquals([taken.holder, taken.uid], [undefined, 10]);
    }
  }
});
