/**
 * One script, as it happens to a peer: whatever strangers do, nothing is thrown, friends get their answers, and nothing is left.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  CallTimeoutError,
  DecodeError,
  JSONRPCError,
  MessageTooLargeError,
  PeerGoneError,
  ReceiverFullError,
  type RPCRequest,
} from "../../mod.ts";
import { isolateDeadlines } from "../../src/rpc/isolate.ts";
import { settled } from "../fakes/time.ts";
import { assertOutcome, type Expected, FriendlyCalls } from "./friendly_calls.ts";
import { attack, pick, TO_A_TEXT } from "./hostile.ts";
import { checkMail } from "./mail.ts";
import { Neighbourhood, PORTS } from "./neighbourhood.ts";
import { type FriendlyCall, type HostileStep, PEER_SCRIPTS, type PeerStep } from "./peer_script.ts";
import { ScriptedTimers } from "./scripted_timers.ts";
import { defineTarget, scripts, type Target } from "./target.ts";
import { Watch } from "./watch.ts";

/** What a call of a stranger may fail with. */
const STRANGE_ERRORS = [
  CallTimeoutError,
  DecodeError,
  JSONRPCError,
  MessageTooLargeError,
  PeerGoneError,
  ReceiverFullError,
];

/** One script, as it happens. */
class Trial {
  readonly #timers: ScriptedTimers;
  readonly #hood = new Neighbourhood();
  readonly #calls = new FriendlyCalls();
  /** Tokens that each API is to be called with, once each. */
  readonly #tokens = { peer: [] as string[], honest: [] as string[] };
  /** Whoever trusts a stranger must be able to end that. */
  #trust = new AbortController();
  readonly #strange: Promise<unknown>[] = [];
  readonly #loops: AsyncIterator<RPCRequest, undefined>[] = [];
  #openLoops = 0;
  #lastToken = 0;

  constructor(timers: ScriptedTimers) {
    this.#timers = timers;
  }

  async run(steps: readonly PeerStep[]): Promise<void> {
    try {
      for (const step of steps) await this.#do(step);
      await this.#end();
    } finally {
      await this.#hood.close();
    }
    assertEquals([isolateDeadlines.size, this.#timers.intervals, this.#timers.timeouts], [0, 0, 0], "timers are left");
  }

  #do(step: PeerStep): void | Promise<void> {
    const { peer, client, gates } = this.#hood;
    switch (step.do) {
      case "call": {
        const { method, params, expected } = this.#friendly(step.call);
        return this.#calls.add(`${method} ${params[0]}`, client.call(PORTS.peer, method, params), expected);
      }
      case "batch":
        return this.#batch(step.calls);
      case "notify": {
        const params = [this.#token("peer"), step.payload];
        return this.#calls.add("a notification", client.notify(PORTS.peer, "echo", params), { result: undefined });
      }
      case "call out": {
        const params = [this.#token("honest"), step.payload];
        const method = step.slow ? "slow" : "echo";
        return this.#calls.add(`out: ${params[0]}`, peer.call(PORTS.honest, method, params), { result: params });
      }
      case "call synchronously": {
        const params = [`t${++this.#lastToken}`, step.payload];
        const result = peer.callSync(PORTS.synchronous, "echo", [...params, step.part]);
        return assertOutcome("a synchronous call", { result: params }, { status: "fulfilled", value: result });
      }
      case "call a stranger": {
        const { port } = pick(this.#hood.neighbours, step.to);
        const { signal } = this.#trust;
        const call = peer.call(port, "help", [step.payload], { timeout: Infinity, signal });
        return void this.#strange.push(
          call.then(
            (value) => assert(value !== TO_A_TEXT, "An answer to a text was taken for one to a number"),
            (error) => checkStrange(error, signal),
          ),
        );
      }
      case "give up":
        this.#trust.abort("enough");
        this.#trust = new AbortController();
        return;
      case "loop":
        this.#openLoops++;
        void this.#loop(step.count).finally(() => this.#openLoops--);
        return;
      case "release":
        for (const open of gates.splice(0)) open();
        return;
      case "turn":
        return settled();
      case "tick":
        return this.#timers.tick();
      default:
        return attack(this.#hood, step satisfies HostileStep);
    }
  }

  /** In fragments, both ways. */
  #callOnceMore(): void {
    this.#do({ do: "call", call: { method: "echo", payload: "still here".repeat(100) } });
  }

  #token(where: "peer" | "honest"): string {
    const token = `t${++this.#lastToken}`;
    this.#tokens[where].push(token);
    return token;
  }

  /** What a call of the client is, and how it is to end. */
  #friendly({ method, payload }: FriendlyCall): { method: string; params: [string, unknown]; expected: Expected } {
    const isThere = method !== "missing";
    const token = isThere ? this.#token("peer") : `t${++this.#lastToken}`;
    if (method === "relay") this.#tokens.honest.push(token);
    const params: [string, unknown] = [token, payload];
    return { method, params, expected: this.#expectedOf(method, params) };
  }

  #expectedOf(method: FriendlyCall["method"], params: unknown[]): Expected {
    switch (method) {
      case "refuse":
        return { code: 404, data: params };
      case "reject":
        return { code: 405, data: params };
      case "crash":
        return { code: -32603, data: "no luck" };
      case "grow":
        return { code: -32603 };
      case "missing":
        return { code: -32601 };
      case "who": {
        const { port, uid, gid, pidHint } = this.#hood.links.client.self;
        return { result: { port, uid, gid, pidHint } };
      }
      default:
        return { result: params };
    }
  }

  #batch(calls: readonly FriendlyCall[]): void {
    const members = calls.map((call) => this.#friendly(call));
    const batch = this.#hood.client.batch(PORTS.peer, members.map(({ method, params }) => ({ method, params })));
    const checked = batch.then((outcomes) => {
      assertEquals(outcomes.length, members.length);
      for (const [index, { method, expected }] of members.entries()) {
        assertOutcome(`${method} of a batch`, expected, outcomes[index]!);
      }
    });
    this.#calls.add("a batch", checked, { result: undefined });
  }

  /** Takes requests, and lets them be carried out while it takes the next. */
  async #loop(count: number): Promise<void> {
    const loop = this.#hood.peer[Symbol.asyncIterator]();
    this.#loops.push(loop);
    for (let taken = 0; taken < count; taken++) {
      const { done, value } = await loop.next();
      if (done) return;
      void value.dispatch();
    }
    await loop.return!();
  }

  /** Lets all come to its end, and looks what is left. */
  async #end(): Promise<void> {
    const { neighbours, links, api, honestAPI, gates } = this.#hood;
    for (const neighbour of neighbours) this.#hood.read(neighbour);
    // The client reads only while it waits for something: what strangers have sent it comes in front of this answer.
    this.#callOnceMore();
    for (let turn = 0; turn < 5; turn++) {
      await settled();
      for (const open of gates.splice(0)) open();
    }
    await this.#calls.assertRight();
    for (const loop of this.#loops) await loop.return!();
    await settled();
    assertEquals(this.#openLoops, 0, "loops have no end");
    this.#trust.abort("enough");
    await Promise.all(this.#strange);
    for (const neighbour of neighbours) this.#hood.leave(neighbour);
    // At the second of two ticks without a fragment, a sender that is gone is missed.
    for (let tick = 0; tick < 3; tick++) await this.#timers.tick();
    assertEquals(this.#timers.intervals, 0, "parts of messages are left");
    // Each side that serves is held once; whatever it awaits, or has to send, would be one more.
    const { peer, client, honest } = links;
    assertEquals([peer.holds, client.holds, honest.holds], [1, 0, 1], "links are held");
    assertEquals(isolateDeadlines.size, 0, "calls are pending");
    const count = (api: Neighbourhood["api"], port: number, tokens: readonly string[]) =>
      tokens.filter((token) => api._count(port, token) !== 1);
    assertEquals(count(api, PORTS.client, this.#tokens.peer), [], "these were not carried out once");
    assertEquals(count(honestAPI, PORTS.peer, this.#tokens.honest), [], "these were not called out once");
    this.#hood.assertSafe();
    // And it still serves.
    this.#callOnceMore();
    await this.#calls.assertRight();
    assertEquals(this.#timers.intervals, 0, "a timer waits for parts of messages although there are none");
    checkMail(this.#hood);
  }
}

function checkStrange(error: unknown, signal: AbortSignal): void {
  const isKnown = error === signal.reason || STRANGE_ERRORS.some((Class) => error instanceof Class);
  if (!isKnown) throw new Error("A call fails with an error that is none of ours", { cause: error });
}

/** The target. */
export const PEER: Target = defineTarget({
  name: "peer",
  share: 30,
  format: scripts<PeerStep[]>(),
  cases: PEER_SCRIPTS,
  async attempt(steps) {
    using watch = new Watch();
    using timers = new ScriptedTimers();
    await new Trial(timers).run(steps);
    // A rejection that nobody catches shows a turn later.
    await settled(2);
    watch.assertQuiet();
  },
});
