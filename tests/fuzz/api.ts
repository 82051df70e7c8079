/**
 * The methods that a peer offers here, and what it must not offer.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { currentCall, JSONRPCError } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";

/** What every method gives back, but for those that fail: what it was given. */
export type Echo = [token: unknown, payload: unknown];

/** What an API needs of where it runs. */
export interface Surroundings {
  /** Finds who holds a port, in the kernel's words. */
  whoHolds(port: number): readonly Caller[];
  /** Tells whether somebody may call a method. */
  mayCall(caller: Caller, method: string): boolean;
  /** Has somebody else echo it. */
  relay(token: unknown, payload: unknown): Promise<Echo>;
}

/** The largest message that peers take, in bytes. */
export const MAX_MESSAGE_SIZE = 32_768;

/** The deepest JSON that peers take. */
export const MAX_DEPTH = 1_000;

/** The token of messages that must not be taken. */
export const SPOOFED = "spoofed";

class Inherited {
  /** As `toString` of every object, not to be reached by its name. */
  toString(): string {
    return "an API";
  }
}

/** Methods, and traps between them. */
export class API extends Inherited {
  /** How often each port has called with each token. */
  readonly #served = new Map<string, number>();
  readonly #surroundings: Surroundings;
  readonly #reached: string[] = [];
  /** A field that holds a function is no method. */
  readonly hidden = (): void => void this.#reached.push("hidden");

  constructor(surroundings: Surroundings) {
    super();
    this.#surroundings = surroundings;
  }

  echo(token: unknown, payload: unknown): Echo {
    this._serve(token, payload);
    return [token, payload];
  }

  async later(token: unknown, payload: unknown): Promise<Echo> {
    this._serve(token, payload);
    await Promise.resolve();
    await new Promise((resolve) => void setImmediate(resolve));
    this._checkCaller();
    return [token, payload];
  }

  async relay(token: unknown, payload: unknown): Promise<Echo> {
    this._serve(token);
    const echo = await this.#surroundings.relay(token, payload);
    this._checkCaller();
    return echo;
  }

  refuse(token: unknown, payload: unknown): never {
    this._serve(token);
    throw new JSONRPCError(404, "refused", [token, payload]);
  }

  crash(token: unknown, _payload: unknown): never {
    this._serve(token);
    throw new Error("no luck");
  }

  async reject(token: unknown, payload: unknown): Promise<never> {
    this._serve(token);
    await Promise.resolve();
    throw new JSONRPCError(405, "rejected", [token, payload]);
  }

  /** Returns more than a message can hold. */
  grow(token: unknown, _payload: unknown): string {
    this._serve(token);
    return "x".repeat(100_000);
  }

  /** Takes until its caller gives it up, or is gone. */
  async wait(token: unknown, _payload: unknown): Promise<void> {
    this._serve(token);
    const { signal, request } = currentCall()!;
    // For a notification nobody waits: its signal says nothing until the peer is closed.
    if (request.isNotification) return;
    await new Promise((resolve) => signal.addEventListener("abort", resolve));
    const { caller } = request;
    const isCancelled = (signal.reason as Error).name === "AbortError";
    // Whoever has the port by now may be another user.
    if (isCancelled && this.#surroundings.whoHolds(caller.port).at(-1)!.uid !== caller.uid) {
      this.#reached.push("a call of another user, which was cancelled");
    }
  }

  sum(...numbers: number[]): number {
    this._serve(numbers);
    return numbers.reduce((sum, number) => sum + number, 0);
  }

  who(token: unknown, _payload: unknown): Caller {
    this._serve(token);
    return this._checkCaller();
  }

  get trap(): () => void {
    this.#reached.push("trap");
    return () => {};
  }

  _secret(): void {
    this.#reached.push("_secret");
  }

  /** How often a port has called with a token. */
  _count(port: number, token: string): number {
    return this.#served.get(`${port} ${token}`) ?? 0;
  }

  /** Fails where something was reached that is no method. */
  _assertSecret(): void {
    assertEquals(this.#reached, []);
  }

  /** Fails unless the caller is who the kernel says. */
  _checkCaller(): Caller {
    const { port, uid, gid, pidHint } = currentCall()!.caller;
    const caller = { port, uid, gid, pidHint };
    const holders = this.#surroundings.whoHolds(port);
    if (!holders.some((holder) => JSON.stringify(holder) === JSON.stringify(caller))) {
      this.#reached.push(`a caller that is none: ${JSON.stringify(caller)}`);
    }
    return caller;
  }

  _serve(token: unknown, payload?: unknown): void {
    const caller = this._checkCaller();
    const { port } = caller;
    if (!this.#surroundings.mayCall(caller, currentCall()!.request.method)) {
      this.#reached.push(`a call of user ${caller.uid}, who may not`);
    }
    if (typeof token === "string" && token.length > MAX_MESSAGE_SIZE) this.#reached.push("a message that is too large");
    let depth = 0;
    for (let value = payload; typeof value === "object" && value !== null; value = Object.values(value)[0]) depth++;
    if (depth > MAX_DEPTH) this.#reached.push("a message that is nested too deep");
    if (token === SPOOFED) this.#reached.push("a message that says it is of another port");
    if (typeof token !== "string") return;
    const key = `${port} ${token}`;
    this.#served.set(key, (this.#served.get(key) ?? 0) + 1);
  }
}
