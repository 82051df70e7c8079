// How often a port is looked at while something is awaited from it, and what is found.
import { assertEquals, assertInstanceOf } from "@std/assert";
import { PeerGoneError, SyscallError } from "../../mod.ts";
import type { Caller, Lifeline } from "../../src/link/link.ts";
import { Contact } from "../../src/rpc/contact.ts";
import type { Member } from "../../src/rpc/members.ts";
import { Deadlines, type Timed } from "../../src/rpc/deadlines.ts";
import { isolateLooks } from "../../src/rpc/isolate.ts";
import { openPeers } from "../fakes/peers.ts";
import { settle } from "../fakes/stranger.ts";
import { type FakeTime, fakeTime, settled } from "../fakes/time.ts";
import { identify, openBlind } from "./blind.ts";

const HOLDER: Caller = { port: 500, uid: 10, gid: 11, pidHint: 0 };

/** Deadlines that come when a test says so. */
class Looks extends Deadlines {
  readonly waiting = new Set<Timed>();

  override add(timed: Timed): void {
    timed.heapIndex = 0;
    this.waiting.add(timed);
  }

  override delete(timed: Timed): void {
    timed.heapIndex = -1;
    this.waiting.delete(timed);
  }
}

/** A contact at a port whose lifeline, where it has one, does what a test says. */
function openContact(time: FakeTime, hasLifeline = true) {
  const looks = new Looks();
  const setup = {
    looks,
    asked: 0,
    ended: 0,
    isHeld: true,
    isWatched: true,
    closed: 0,
    broken: () => {},
    /** What was awaited, and has ended. */
    rejected: [] as unknown[],
    contact: undefined as unknown as Contact,
    member: (): Member => ({ reject: (reason) => void setup.rejected.push(reason), abort() {} }) as Member,
    /** Lets time pass until the next look, and looks; returns how long that was. */
    look(): number {
      const [timed] = looks.waiting;
      if (timed === undefined) throw new Error("Nobody looks");
      const milliseconds = timed.deadline - performance.now();
      time.busy(milliseconds);
      looks.delete(timed);
      timed.expire();
      return milliseconds;
    },
  };
  const ask = () => {
    setup.asked++;
    return setup.isHeld;
  };
  const lifeline: Lifeline = {
    uid: HOLDER.uid,
    gid: HOLDER.gid,
    get isWatched() {
      return setup.isWatched;
    },
    isHeld: () => setup.isHeld,
    ask,
    close: () => void setup.closed++,
  };
  const host = {
    looks,
    openLifeline: (_port: number, broken: () => void) => {
      setup.broken = broken;
      return hasLifeline ? lifeline : undefined;
    },
    isGone: () => !ask(),
    socketAt: () => undefined,
    ended: () => void setup.ended++,
    awaited() {},
  };
  setup.contact = new Contact(host, HOLDER.port);
  return setup;
}

Deno.test("where the end of a process is told, its port is looked at less and less often", () => {
  using time = fakeTime();
  const setup = openContact(time);
  setup.contact.join(setup.member());
  const intervals = Array.from({ length: 9 }, () => setup.look() / 1_000);
  assertEquals(intervals, [1, 1, 2, 4, 8, 16, 32, 64, 64]);
  assertEquals([setup.asked, setup.rejected], [9, []]);
});

Deno.test("where nothing tells the end, a port is looked at five times a second", () => {
  using time = fakeTime();
  for (const hasLifeline of [true, false]) {
    const setup = openContact(time, hasLifeline);
    setup.isWatched = false;
    setup.contact.join(setup.member());
    assertEquals(Array.from({ length: 5 }, () => setup.look()), Array(5).fill(200));
    assertEquals([setup.asked, setup.rejected], [5, []]);
  }
});

Deno.test("a lifeline that is watched no longer is looked at as one that never was", () => {
  using time = fakeTime();
  const setup = openContact(time);
  setup.contact.join(setup.member());
  for (const interval of [1_000, 1_000, 2_000]) assertEquals(setup.look(), interval);
  setup.isWatched = false;
  assertEquals([setup.look(), setup.look(), setup.look()], [4_000, 200, 200]);
});

Deno.test("who is heard of is not asked for, and the looks begin anew", () => {
  using time = fakeTime();
  const setup = openContact(time);
  setup.contact.join(setup.member());
  for (let count = 0; count < 5; count++) setup.look();
  assertEquals(setup.asked, 5);
  setup.contact.heard(HOLDER);
  assertEquals([setup.look(), setup.asked], [16_000, 5]);
  assertEquals([setup.look(), setup.look(), setup.look(), setup.asked], [1_000, 2_000, 4_000, 8]);
});

Deno.test("what is awaited together is looked at once, and nothing where nothing is awaited", () => {
  using time = fakeTime();
  const setup = openContact(time);
  const members = [setup.member(), setup.member(), setup.member()];
  for (const member of members) setup.contact.join(member);
  assertEquals(setup.looks.waiting.size, 1);
  setup.look();
  for (const member of members) setup.contact.leave(member);
  assertEquals(setup.contact.isIdle, true);
  setup.look();
  assertEquals([setup.asked, setup.looks.waiting.size, setup.ended, setup.closed], [1, 0, 0, 0]);
  // The next that is awaited is looked at from the beginning.
  setup.contact.join(setup.member());
  assertEquals([setup.look(), setup.look(), setup.look()], [1_000, 1_000, 2_000]);
});

Deno.test("a port without a lifeline is let go of when nothing is awaited at a look", () => {
  using time = fakeTime();
  const setup = openContact(time, false);
  const member = setup.member();
  setup.contact.join(member);
  setup.contact.leave(member);
  setup.look();
  assertEquals([setup.asked, setup.ended, setup.looks.waiting.size], [0, 1, 0]);
});

for (
  const [name, hasLifeline] of [["lifeline that nobody watches", true], ["port without a lifeline", false]] as const
) {
  Deno.test(`a ${name} that is found gone ends what is awaited, once all that had come before has been read`, async () => {
    using time = fakeTime();
    const setup = openContact(time, hasLifeline);
    setup.isWatched = false;
    setup.contact.join(setup.member());
    setup.look();
    setup.isHeld = false;
    setup.look();
    assertEquals([setup.rejected, setup.contact.isCurrent, setup.ended], [[], false, 1]);
    await settled(1);
    assertEquals(setup.rejected, []);
    await settled(1);
    assertEquals(setup.rejected.length, 1);
    assertInstanceOf(setup.rejected[0], PeerGoneError);
    assertEquals([setup.looks.waiting.size, setup.closed], [0, hasLifeline ? 2 : 0]);
  });
}

Deno.test("what has come meanwhile, and is read before that, counts", async () => {
  using time = fakeTime();
  const setup = openContact(time, false);
  const [answered, lost] = [setup.member(), setup.member()];
  for (const member of [answered, lost]) setup.contact.join(member);
  setup.isHeld = false;
  setup.look();
  await settled(1);
  setup.contact.leave(answered);
  await settled(2);
  assertEquals(setup.rejected.length, 1);
});

Deno.test("while its end is about to be told, nothing is ended by a look", async () => {
  using time = fakeTime();
  const setup = openContact(time);
  setup.contact.join(setup.member());
  setup.isHeld = false;
  setup.look();
  await settled(3);
  assertEquals([setup.rejected, setup.contact.isCurrent], [[], false]);
  setup.broken();
  assertInstanceOf(setup.rejected[0], PeerGoneError);
  assertEquals([setup.rejected.length, setup.looks.waiting.size], [1, 0]);
});

Deno.test("a contact in whose place another is ends: at once where nothing is awaited from it, and else when that is told", async () => {
  using time = fakeTime();
  const [idle, watched, unwatched] = [openContact(time), openContact(time), openContact(time)];
  for (const setup of [watched, unwatched]) setup.contact.join(setup.member());
  unwatched.isWatched = false;
  for (const { contact } of [idle, watched, unwatched]) contact.replaced();
  assertEquals([idle, watched, unwatched].map(({ closed, ended }) => [closed, ended]), [[1, 1], [0, 0], [1, 1]]);
  await settled(3);
  assertEquals([watched.rejected, unwatched.rejected.length, watched.looks.waiting.size], [[], 1, 1]);
  watched.broken();
  assertEquals([watched.rejected.length, watched.closed], [1, 1]);
});

Deno.test("what joins a contact that is over is not looked at", () => {
  using time = fakeTime();
  const setup = openContact(time);
  setup.broken();
  setup.contact.join(setup.member());
  assertEquals([setup.looks.waiting.size, setup.contact.isCurrent], [0, false]);
});

Deno.test("a holder is known as its lifeline says, whoever is heard of", () => {
  using time = fakeTime();
  const { contact } = openContact(time);
  assertEquals(contact.holder, HOLDER);
  contact.heard({ ...HOLDER, uid: 1_000 });
  time.busy(100_000);
  assertEquals([contact.holder, contact.isIdentified], [HOLDER, false]);
  assertEquals([contact.isHolder(HOLDER), contact.isHolder({ ...HOLDER, gid: 7 })], [true, false]);
  assertEquals(contact.isHolder({ ...HOLDER, uid: 7 }), false);
});

Deno.test("a port that itself says that somebody else holds it has no lifeline any more", () => {
  using time = fakeTime();
  const setup = openContact(time);
  const { contact } = setup;
  contact.identified({ caller: { ...HOLDER, pidHint: 5 }, name: null });
  assertEquals([setup.closed, contact.isIdentified], [0, false]);
  const other = { ...HOLDER, uid: 1_000 };
  contact.identified({ caller: other, name: null });
  assertEquals([setup.closed, contact.lifeline, contact.isIdentified, contact.holder], [1, undefined, true, other]);
});

Deno.test("a call to a port that is freed by a process that lives on is rejected within seconds", async () => {
  using time = fakeTime();
  await using peers = openPeers();
  const { link } = peers.stranger(500);
  const call = peers.client.call(500, "m", [], { timeout: Infinity }).catch((error) => error);
  await settle();
  link.close();
  await time.pass(1_000);
  await settled(5);
  assertInstanceOf(await call, PeerGoneError);
  assertEquals([isolateLooks.size, peers.clientLink.holds], [0, 0]);
});

Deno.test("a port without a lifeline is looked at with NOOPs, and no failure but its absence counts", async () => {
  using time = fakeTime();
  await using peers = openPeers({ trust: "same-user" });
  const blind = openBlind(peers);
  const call = peers.client.call(500, "m", [], { timeout: Infinity }).catch((error) => error);
  await identify(blind);
  // The first look is for nothing: it has just been heard of.
  await time.pass(900);
  assertEquals(blind.noops, 3);
  blind.link.queueLimit = 0;
  peers.clientLink.failures.push(new SyscallError("sendto", 105));
  await time.pass(1_000);
  blind.link.queueLimit = Infinity;
  blind.answer(200, await blind.next(), "done");
  assertEquals(await call, "done");
});
