/**
 * The names of a peer, and what it can do with those of others.
 *
 * @module
 */
import { PeerGoneError } from "../errors.ts";
import { checkName } from "../naming/name.ts";
import { Conversation } from "./conversation.ts";
import { type CallByName, type LookupOptions, resolveName, waitForName } from "./lookup.ts";
import { checkTimeout, type RPCPeerOptions } from "./options.ts";
import type { PeerInfo } from "./peer_list.ts";
import { TroubleTarget } from "./trouble_target.ts";

/** The conversation of a peer, for what is built on it. */
export let conversationOf: (peer: NamedPeer) => Conversation;

/** How long the answer of a peer that is listed is waited for where nothing is said, in milliseconds. */
const LIST_MILLISECONDS = 1_000;

/** What an {@linkcode RPCPeer} can do with names. */
export class NamedPeer extends TroubleTarget {
  readonly #conversation: Conversation;

  /**
   * {@linkcode RPCPeer} opens peers.
   *
   * @param options How the peer is opened.
   * @ignore
   */
  constructor(options: RPCPeerOptions) {
    super();
    this.#conversation = new Conversation(options, (...trouble) => this.reportTrouble(...trouble));
  }

  static {
    conversationOf = (peer) => peer.#conversation;
  }

  /** The names that the peer has claimed, in the order in which it did. */
  get names(): readonly string[] {
    return this.#conversation.names.all;
  }

  /**
   * Claims a name, by which others can call this peer. Nobody else has it from then on, until it is released, or the process ends.
   *
   * A name is what the peer is called by; it does not prove who it is. Any user may claim a name that is free: `trust` says by
   * whom a caller expects it to be had.
   *
   * @param name The name: up to 255 bytes, such as `"com.example.clock"`.
   * @throws {NameTakenError} If somebody has it, this peer included; or another name that stands for the same port, by chance.
   * @throws {PeerClosedError} If the peer is closed, or drains.
   * @throws {TypeError} If it is not a string, or the link of this peer has no names.
   * @throws {RangeError} If it is empty, too long, a number, or has control characters.
   * @throws {SyscallError} If the kernel refuses another socket.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using server = new RPCPeer();
   * server.registerFunction(() => "tick", "sound");
   * server.claim("com.example.clock");
   * server.runServerForever();
   *
   * await using client = new RPCPeer();
   * assertEquals(await client.call("com.example.clock", "sound"), "tick");
   * ```
   */
  claim(name: string): void {
    this.#conversation.claim(name);
  }

  /**
   * Releases a name. Calls to it that are not answered yet are answered with an error.
   *
   * @param name The name.
   * @returns Resolves when somebody else can claim it. Rejects with a RangeError if this peer does not have it.
   */
  async release(name: string): Promise<void> {
    await this.#conversation.names.release(name);
  }

  /**
   * Finds the port of a name, and makes sure that whoever holds it has the name and is trusted. To call it, the name is enough.
   *
   * @param name The name.
   * @param options How long to wait for an answer, and whom to trust.
   * @returns The port. The promise rejects with the errors below.
   * @throws {NameNotFoundError} If nobody has the name.
   * @throws {AccessDeniedError} If whoever has it is not trusted, or lets this user call nothing.
   * @throws {CallTimeoutError} If no answer came in time.
   * @throws {PeerClosedError | TypeError | RangeError} As {@linkcode RPCPeer.call}.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using clock = new RPCPeer({ name: "com.example.clock" });
   * clock.runServerForever();
   *
   * await using client = new RPCPeer();
   * const port = await client.resolve("com.example.clock");
   * assertEquals(await client.call(port, "rpc.ping"), "pong");
   * ```
   */
  async resolve(name: string, options: LookupOptions = {}): Promise<number> {
    return await resolveName(this.#lookUp, checkName(name), options);
  }

  /**
   * Tells whether somebody has a name.
   *
   * @param name The name.
   * @param options How long to wait for an answer, and whom to trust.
   * @returns Whether. The promise rejects as that of {@linkcode NamedPeer.resolve}, but where nobody has the name.
   */
  async isPresent(name: string, options: LookupOptions = {}): Promise<boolean> {
    try {
      await this.resolve(name, options);
      return true;
    } catch (error) {
      if (error instanceof PeerGoneError) return false;
      throw error;
    }
  }

  /**
   * Waits until somebody has a name, so that programs may be started in any order.
   *
   * @param name The name.
   * @param options How long to wait in all, the signal that ends it, and whom to trust.
   * @returns Its port. The promise rejects with the errors below.
   * @throws {CallTimeoutError} If nobody had it in time.
   * @throws {AccessDeniedError | PeerClosedError | TypeError | RangeError} As {@linkcode NamedPeer.resolve}.
   * @throws {unknown} The reason of the signal, if it aborts.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   *
   * await using client = new RPCPeer();
   * const found = client.waitFor("com.example.late", { timeout: 5_000 });
   *
   * await using late = new RPCPeer({ name: "com.example.late" });
   * late.runServerForever();
   * await found;
   * ```
   */
  async waitFor(name: string, options: LookupOptions = {}): Promise<number> {
    return await waitForName(this.#lookUp, checkName(name), options);
  }

  /**
   * Lists the peers of the network namespace: with their ports, users, names and methods, and how much waits at them to be read. This
   * needs no privileges. Other sockets are left alone.
   *
   * @param options How long the answer of a peer is waited for, in milliseconds: 1,000 where nothing is said.
   * @returns The peers, by their ports, this one included. One that does not answer in time is there without its user and names, and
   * one that lets this user call nothing without its names. The promise rejects with the errors below.
   * @throws {PeerClosedError} If this peer is closed.
   * @throws {TypeError} If the link of this peer cannot tell which peers there are.
   * @throws {RangeError} If the timeout is not a number above 0.
   * @example
   * ```ts
   * import { RPCPeer } from "@procslink/procslink";
   * import { assertEquals } from "@std/assert";
   *
   * await using peer = new RPCPeer({ name: "com.example.listed" });
   * const listed = (await peer.list({ timeout: 100 })).find(({ port }) => port === peer.nlPid);
   * assertEquals(listed?.names, ["com.example.listed"]);
   * ```
   */
  async list({ timeout = LIST_MILLISECONDS }: Pick<LookupOptions, "timeout"> = {}): Promise<PeerInfo[]> {
    this.#conversation.assertOpen();
    return await this.#conversation.list(checkTimeout(timeout));
  }

  readonly #lookUp: CallByName = (name, method, options) => {
    this.#conversation.assertOpen();
    return this.#conversation.client.call(name, method, undefined, options);
  };
}
