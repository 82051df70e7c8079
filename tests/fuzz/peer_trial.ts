/**
 * One script, as it happens to a peer: whatever strangers do, nothing is thrown, friends get their answers, and nothing is left.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import type { RPCPeer } from "../../mod.ts";
import { isolateDeadlines, isolateLooks } from "../../src/rpc/isolate.ts";
import { settled } from "../fakes/time.ts";
import { assertQuotasFree } from "./free_quotas.ts";
import { Friends } from "./friends.ts";
import { attack } from "./hostile.ts";
import { checkMail } from "./mail.ts";
import { Neighbourhood, PORTS } from "./neighbourhood.ts";
import { type HostileStep, PEER_SCRIPTS, type PeerScript, type PeerStep, type Settings } from "./peer_script.ts";
import { ScriptedTimers } from "./scripted_timers.ts";
import { defineTarget, scripts, type Target } from "./target.ts";
import { Watch } from "./watch.ts";

/** The first fragment of a message. */
const BEGINNING: HostileStep = {
  do: "send",
  from: 0,
  to: 0,
  body: "the rest does not come",
  payloadType: 1,
  nlmsgSeq: 0,
  seq: 0,
  part: 9,
  order: [0],
  joined: false,
  mutations: [],
};

/** Ticks in which everybody is missed who is gone. */
const MAX_TICKS = 40;

/** One script, as it happens. */
class Trial {
  readonly #timers: ScriptedTimers;
  readonly #hood: Neighbourhood;
  readonly #friends: Friends;
  #leftOpen = 0;

  constructor(timers: ScriptedTimers, settings: Settings) {
    this.#timers = timers;
    this.#hood = new Neighbourhood(settings);
    this.#friends = new Friends(this.#hood);
  }

  async run(steps: readonly PeerStep[]): Promise<void> {
    const timed = countTimed();
    try {
      for (const step of steps) await this.#do(step);
      await this.#end();
      await this.#leaveOpen();
    } finally {
      await this.#hood.close();
    }
    await settled();
    assertEquals(this.#leftOpen, 0, "calls are pending");
    assertEquals(countTimed(), timed, "something is timed");
    assertEquals([this.#timers.intervals, this.#timers.timeouts], [0, 0], "timers are left");
  }

  #do(step: PeerStep): void | Promise<void> {
    switch (step.do) {
      case "release":
        for (const open of this.#hood.gates.splice(0)) open();
        return;
      case "turn":
        return settled();
      case "tick":
        return this.#timers.tick();
      case "call":
      case "wait":
      case "batch":
      case "notify":
      case "call out":
      case "call synchronously":
      case "call a stranger":
      case "call a stranger synchronously":
      case "give up":
      case "loop":
        return this.#friends.do(step);
      default:
        return attack(this.#hood, step);
    }
  }

  /** Lets all come to its end, and looks what is left. */
  async #end(): Promise<void> {
    const { neighbours, links, peer, client, honest, gates } = this.#hood;
    for (const neighbour of neighbours) this.#hood.read(neighbour);
    // The client reads only while it waits for something: what strangers have sent it comes in front of this answer.
    this.#friends.callLarge();
    for (let turn = 0; turn < 5; turn++) {
      await settled();
      for (const open of gates.splice(0)) open();
    }
    await this.#friends.assertAnswered();
    await this.#friends.end();
    for (const neighbour of neighbours) this.#hood.leave(neighbour);
    await this.#friends.endStrange();
    // Soon whoever is gone is missed: the sender of fragments, and the caller of a request.
    for (let tick = 0; tick < MAX_TICKS && (tick < 3 || this.#timers.intervals > 0); tick++) await this.#timers.tick();
    assertEquals(this.#timers.intervals, 0, "parts of messages are left, or requests of those who are gone");
    for (const side of [peer, client, honest]) assertIdle(side);
    // Each side that serves is held once; whatever it awaits, or has to send, would be one more.
    assertEquals([links.peer.holds, links.client.holds, links.honest.holds], [1, 0, 1], "links are held");
    this.#friends.assertServedOnce();
    this.#hood.assertSafe();
    // And it still serves.
    this.#friends.callLarge();
    await this.#friends.assertAnswered();
    // While a function is asked whether somebody may call, a timer looks after the caller, until its next time.
    if (this.#hood.settings.access !== "asked") {
      assertEquals(this.#timers.intervals, 0, "a timer waits for parts of messages although there are none");
    }
    checkMail(this.#hood);
    if (this.#hood.settings.access === "same-user") return;
    for (const neighbour of neighbours.slice(1)) await assertQuotasFree(this.#hood, neighbour);
  }

  /** Leaves something to be done: a call that is pending here and in hand there, and a message that is not whole. */
  async #leaveOpen(): Promise<void> {
    const { neighbours, peer, client } = this.#hood;
    this.#hood.return(neighbours[0]!);
    attack(this.#hood, BEGINNING);
    for (const caller of [peer, client]) {
      this.#leftOpen++;
      // Whichever is closed first says so.
      caller.call(PORTS.honest, "slow", ["open", null]).catch(() => this.#leftOpen--);
    }
    await settled(2);
    if (this.#hood.settings.access !== "same-user") {
      assert(peer.stats().reassemblyBytes > 0, "the rest of a message is not waited for");
    }
  }
}

/** What waits for its time, of all peers there are: a failure must not have the next case fail too. */
function countTimed(): number {
  return isolateDeadlines.size + isolateLooks.size;
}

/** Fails where something is left to be done. */
function assertIdle(peer: RPCPeer): void {
  const { callsInFlight, requestsInFlight, queuedBytes, reassemblyBytes } = peer.stats();
  assertEquals([callsInFlight, requestsInFlight, queuedBytes, reassemblyBytes], [0, 0, 0, 0], "something is left");
}

/** The target. */
export const PEER: Target = defineTarget({
  name: "peer",
  share: 30,
  format: scripts<PeerScript>(),
  cases: PEER_SCRIPTS,
  async attempt({ settings, steps }) {
    using watch = new Watch();
    using timers = new ScriptedTimers();
    await new Trial(timers, settings).run(steps);
    // A rejection that nobody catches shows a turn later.
    await settled(2);
    watch.assertQuiet();
  },
});
