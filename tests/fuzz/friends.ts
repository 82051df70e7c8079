/**
 * What friends do: the client calls the peer, and the peer calls out. Each call has one end, and the right one.
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
} from "../../mod.ts";
import { settled } from "../fakes/time.ts";
import type { API } from "./api.ts";
import { assertOutcome, type Expected, FriendlyCalls } from "./friendly_calls.ts";
import { answerForged, pick, TO_A_TEXT } from "./hostile.ts";
import { isTrusted, type Neighbour, type Neighbourhood, PORTS, trustOf } from "./neighbourhood.ts";
import type { Forgery, FriendlyCall, FriendlyStep } from "./peer_script.ts";
import { soon } from "./turns.ts";

/** What a call of a stranger may fail with. */
const STRANGE_ERRORS = [
  CallTimeoutError,
  DecodeError,
  JSONRPCError,
  MessageTooLargeError,
  PeerGoneError,
  ReceiverFullError,
];

/** A call as it is made. */
interface Prepared {
  readonly method: string;
  readonly params: [token: string, payload: unknown];
  readonly expected: Expected;
}

/** All that friends do in one script. */
export class Friends {
  readonly #hood: Neighbourhood;
  readonly #calls = new FriendlyCalls();
  /** Tokens that each API is to be called with, once each. */
  readonly #tokens = { peer: [] as string[], honest: [] as string[] };
  /** Ends calls of strangers: whoever trusts one must be able to. */
  #trust = new AbortController();
  readonly #strange: Promise<void>[] = [];
  /** Ends what the client waits for. */
  readonly #patience = new AbortController();
  readonly #waits: Promise<unknown>[] = [];
  readonly #loops: { readonly iterator: AsyncIterator<unknown>; readonly over: Promise<void> }[] = [];
  #lastToken = 0;

  constructor(hood: Neighbourhood) {
    this.#hood = hood;
  }

  /** Does something; what comes of it is seen in the end. */
  do(step: FriendlyStep): void {
    const { peer, client, neighbours } = this.#hood;
    switch (step.do) {
      case "call": {
        const { method, params, expected } = this.#prepare(step.call);
        const options = step.timed ? { timeout: 60_000 } : {};
        return this.#calls.add(`${method} ${params[0]}`, client.call(PORTS.peer, method, params, options), expected);
      }
      case "wait": {
        const options = { timeout: step.timed ? 60_000 : Infinity, signal: this.#patience.signal };
        return void this.#waits.push(client.call(PORTS.peer, "wait", [this.#token("peer"), null], options));
      }
      case "batch":
        return this.#batch(step.calls);
      case "notify": {
        const params = [this.#token("peer"), step.payload];
        return this.#calls.add("a notification", client.notify(PORTS.peer, "echo", params), { result: undefined });
      }
      case "call out": {
        const params = [this.#token("honest"), step.payload];
        const call = peer.call(PORTS.honest, step.slow ? "slow" : "echo", params);
        return this.#calls.add(`out: ${params[0]}`, call, { result: params });
      }
      case "call synchronously": {
        const params = [`t${++this.#lastToken}`, step.payload];
        const trust = trustOf(this.#hood.settings, true);
        const value = peer.callSync(PORTS.synchronous, "echo", [...params, step.part], { trust });
        return assertOutcome("a synchronous call", { result: params }, { status: "fulfilled", value });
      }
      case "call a stranger":
        return void this.#strange.push(this.#callStranger(pick(neighbours, step.to), step.payload));
      case "call a stranger synchronously":
        return this.#callStrangerSynchronously(pick(neighbours, step.to), step.how, step.off);
      case "give up":
        this.#trust.abort("enough");
        this.#trust = new AbortController();
        return;
      case "loop":
        return this.#loop(step.count);
    }
  }

  /** The client calls, in fragments both ways. */
  callLarge(): void {
    this.do({ do: "call", call: { method: "echo", payload: "still here".repeat(100) }, timed: false });
  }

  /** Resolves when the calls have had their ends; fails where that is another than it should be. */
  assertAnswered(): Promise<void> {
    return this.#calls.assertRight();
  }

  /** Ends what does not end by itself. */
  async end(): Promise<void> {
    for (const { iterator } of this.#loops) await iterator.return!();
    await soon(Promise.all(this.#loops.map(({ over }) => over)), "loops");
    this.#patience.abort("long enough");
    for (const wait of this.#waits) this.#calls.add("a long wait", wait, { reason: "long enough" });
    await this.assertAnswered();
    await settled(2);
  }

  /** Ends the calls of strangers; where it is told that these are gone, they end by themselves. */
  async endStrange(): Promise<void> {
    if (!this.#hood.settings.lifelines) this.#trust.abort("enough");
    await soon(Promise.all(this.#strange), "calls of strangers");
  }

  /** Fails unless each call has reached its method once. */
  assertServedOnce(): void {
    const { api, honestAPI } = this.#hood;
    const not = (api: API, port: number, tokens: readonly string[]) =>
      tokens.filter((token) => api._count(port, token) !== 1);
    assertEquals(not(api, PORTS.client, this.#tokens.peer), [], "these were not carried out once");
    assertEquals(not(honestAPI, PORTS.peer, this.#tokens.honest), [], "these were not called out once");
  }

  #token(where: "peer" | "honest"): string {
    const token = `t${++this.#lastToken}`;
    this.#tokens[where].push(token);
    return token;
  }

  #prepare({ method, payload }: FriendlyCall): Prepared {
    const token = method === "missing" ? `t${++this.#lastToken}` : this.#token("peer");
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
    const members = calls.map((call) => this.#prepare(call));
    const batch = this.#hood.client.batch(PORTS.peer, members.map(({ method, params }) => ({ method, params })));
    const checked = batch.then((outcomes) => {
      assertEquals(outcomes.length, members.length);
      for (const [index, { method, expected }] of members.entries()) {
        assertOutcome(`${method} of a batch`, expected, outcomes[index]!);
      }
    });
    this.#calls.add("a batch", checked, { result: undefined });
  }

  async #callStranger({ port }: Neighbour, payload: unknown): Promise<void> {
    const { signal } = this.#trust;
    let value: unknown;
    try {
      value = await this.#hood.peer.call(port, "help", [payload], { timeout: Infinity, signal });
    } catch (error) {
      if (error !== signal.reason) assertOurs(error);
      return;
    }
    this.#checkStrange(value);
  }

  #callStrangerSynchronously(neighbour: Neighbour, how: Forgery, off: number): void {
    const { peer, settings } = this.#hood;
    this.#hood.whileWaiting = () => answerForged(neighbour, how, off);
    // In the legacy dialect it would wait for the answer to another call, and nothing else happens meanwhile.
    const options = { timeout: 60_000, trust: trustOf(settings, true), dialect: "native" } as const;
    let value: unknown;
    try {
      value = peer.callSync(neighbour.port, "help", [], options);
    } catch (error) {
      return assertOurs(error);
    } finally {
      this.#hood.whileWaiting = () => {};
    }
    this.#checkStrange(value);
  }

  /** Fails where this must not be the result of a call of a stranger. */
  #checkStrange(value: unknown): void {
    assert(value !== TO_A_TEXT, "An answer to a text was taken for one to a number");
    // Somebody else may hold the port by now.
    const { forgedBy } = Object(value) as { forgedBy?: number };
    const { settings } = this.#hood;
    assert(forgedBy === undefined || isTrusted(settings, forgedBy), "An answer was taken of whom nobody trusts");
  }

  /** Takes requests, and lets them be carried out while it takes the next. */
  #loop(count: number): void {
    const iterator = this.#hood.peer[Symbol.asyncIterator]();
    const take = async () => {
      for (let taken = 0; taken < count; taken++) {
        const { done, value } = await iterator.next();
        if (done) return;
        void value.dispatch();
      }
      await iterator.return!();
    };
    this.#loops.push({ iterator, over: take() });
  }
}

/** Fails unless a call may fail with this error. */
function assertOurs(error: unknown): void {
  // Whoever has called in the legacy dialect waits for nothing else.
  const isLegacy = error instanceof TypeError && error.message.includes("waits for an answer");
  const isOurs = isLegacy || STRANGE_ERRORS.some((Class) => error instanceof Class);
  if (!isOurs) throw new Error("A call fails with an error that is none of ours", { cause: error });
}
