/**
 * The streams that a peer is a member of.
 *
 * @module
 */
import { JSONRPCError } from "../jsonrpc/errors.ts";
import type { Caller } from "../link/link.ts";
import { GROUP_NOT_FOUND, LEAVE_METHOD, PUBLISH_METHOD, readLeaving, readPublished } from "./messages.ts";
import type { Stream } from "./stream.ts";

/** Streams that were left are remembered up to so many: what comes late is no trouble. */
const MOST_LEFT = 64;

/** Finds the stream that a message belongs to. */
export class JoinedStreams {
  /** By name. A peer may be a member twice. */
  readonly #streams = new Map<string, Set<Stream>>();
  /** How many of them each port has. */
  readonly #ports = new Map<number, number>();
  readonly #left = new Set<string>();

  /** Whether there is none, nor was one that something may come late of. */
  get isEmpty(): boolean {
    return this.#streams.size === 0 && this.#left.size === 0;
  }

  /**
   * Adds a stream.
   *
   * @param stream The stream.
   */
  add(stream: Stream): void {
    const same = this.#streams.get(stream.name);
    if (same === undefined) this.#streams.set(stream.name, new Set([stream]));
    else same.add(stream);
    const { port } = stream.owner;
    this.#ports.set(port, (this.#ports.get(port) ?? 0) + 1);
  }

  /**
   * Deletes a stream.
   *
   * @param stream The stream.
   */
  delete(stream: Stream): void {
    const same = this.#streams.get(stream.name);
    if (!same?.delete(stream)) return;
    const { port } = stream.owner;
    const ofPort = this.#ports.get(port)! - 1;
    if (ofPort > 0) this.#ports.set(port, ofPort);
    else this.#ports.delete(port);
    if (same.size > 0) return;
    this.#streams.delete(stream.name);
    this.#left.add(stream.name);
    if (this.#left.size > MOST_LEFT) this.#left.delete(this.#left.values().next().value!);
  }

  /**
   * Tells whether somebody is an owner: its messages are read, also where it may call nothing here.
   *
   * @param sender Who.
   * @returns Whether.
   */
  knows({ port, uid }: Caller): boolean {
    if (!this.#ports.has(port)) return false;
    for (const same of this.#streams.values()) {
      for (const { owner } of same) if (owner.port === port && owner.uid === uid) return true;
    }
    return false;
  }

  /**
   * Takes a notification, where it is one of an owner.
   *
   * @param method Its method.
   * @param params Its params, which may be anything.
   * @param bytes Length of its text in bytes.
   * @param sender Who has sent it, in the kernel's words.
   * @returns Whether it is, or was.
   */
  take(method: string, params: unknown, bytes: number, sender: Caller): boolean {
    if (method === PUBLISH_METHOD) {
      const published = readPublished(params);
      if (published === undefined) return false;
      for (const stream of this.#of(published.stream, sender)) stream.take(published, bytes);
      return this.#isOurs(published.stream, sender);
    }
    const leaving = method === LEAVE_METHOD ? readLeaving(params) : undefined;
    if (leaving?.next === undefined) return false;
    for (const stream of this.#of(leaving.stream, sender)) stream.close(leaving.next);
    return this.#isOurs(leaving.stream, sender);
  }

  /**
   * Tells an owner whether a message was taken, once that is known.
   *
   * @param sender Who asks, in the kernel's words.
   * @param params What it asks, which may be anything.
   * @returns Whether, by all memberships of its stream that go on.
   * @throws {JSONRPCError} If there is no such stream.
   * @throws {GroupClosedError} If all of them have ended.
   */
  async ask(sender: Caller, params: unknown): Promise<boolean> {
    const published = readPublished(params);
    const streams = published === undefined ? [] : this.#of(published.stream, sender);
    if (streams.length === 0) throw new JSONRPCError(GROUP_NOT_FOUND, "Group not found", "This peer is no member");
    const answers = await Promise.allSettled(streams.map((stream) => stream.ask(published!.number)));
    // A membership that has ended says nothing of the others.
    const told = answers.filter((answer) => answer.status === "fulfilled");
    if (told.length === 0) throw (answers[0] as PromiseRejectedResult).reason;
    return told.every(({ value }) => value);
  }

  #of(name: string, { port, uid }: Caller): Stream[] {
    const streams = this.#streams.get(name);
    return streams === undefined ? [] : [...streams].filter(({ owner }) => owner.port === port && owner.uid === uid);
  }

  /** Whether it is a stream of that owner, or was one. */
  #isOurs(name: string, sender: Caller): boolean {
    return this.#left.has(name) || this.#of(name, sender).length > 0;
  }
}
