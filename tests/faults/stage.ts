/**
 * A process on the fake kernel, and another one, with peers that are watched.
 *
 * @module
 */
import { MSG_DONTWAIT } from "../../ffi/constants.ts";
import { RPCPeer, type RPCPeerOptions, type TroubleEvent } from "../../mod.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { isLiving } from "../../src/netlink/leftovers.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { LINGER_MILLISECONDS } from "../../src/netlink/watch_list.ts";
import { settled } from "../fakes/time.ts";
import { type Charge, Fuse } from "./fuse.ts";
import { type NeighbourKind, Neighbours } from "./neighbours.ts";
import { StageKernel } from "./stage_kernel.ts";
import { Stranger } from "./stranger.ts";
import { show, tell, tellAll } from "./tell.ts";
import { World } from "./world.ts";

/** How long anything may take once a scene is over, in milliseconds. */
const MOST_MILLISECONDS = 50;

/** How long a wait of the thread takes, in milliseconds. */
const WAIT_MILLISECONDS = 20;

/** How a peer of a scene is opened. */
export interface PeerOptions extends Omit<RPCPeerOptions, "link"> {
  /** Whether another process has it. */
  readonly elsewhere?: boolean;
}

/** Has peers live, and notes what is seen of them. */
export class Stage implements AsyncDisposable {
  readonly kernel: StageKernel = new StageKernel();
  /** The reactor of another process, whose calls never fail. */
  readonly elsewhere: Reactor = new Reactor(this.kernel.asAnotherProcess());
  /** That of this process. */
  readonly here: Reactor = new Reactor(this.kernel);
  /** What was seen, in order. */
  readonly seen: string[] = [];

  readonly #world = new World((line) => this.note(line));
  readonly #fuse: Fuse;
  /** Names of peers, by their descriptors. */
  readonly #names = new Map<number, string>();
  readonly #peers: { name: string; peer: RPCPeer }[] = [];
  readonly #strangers: Stranger[] = [];
  /** Descriptors of peers that are held for good. */
  readonly #held = new Set<number>();
  /** What has not ended yet. */
  readonly #pending = new Set<string>();
  readonly #afterwards: { name: string; run: () => Promise<unknown> }[] = [];
  /** Threads of this process that wait. */
  #waits = 0;
  #neighbours: Neighbours | undefined;
  #isClosing = false;

  /**
   * @param charge What fails, as soon as the scene says so; nothing where it is played as it should go.
   */
  constructor(charge?: Charge) {
    this.#fuse = new Fuse(this.kernel, charge, (fd) => this.#names.get(fd));
    const epollWait = this.kernel.epollWait.bind(this.kernel);
    this.kernel.epollWait = (...args) => {
      this.#waits++;
      return epollWait(...args).finally(() => this.#waits--);
    };
  }

  /** Opens two peers of this process that have nothing to do with the scene. */
  async openNeighbours(kind: NeighbourKind): Promise<void> {
    if (kind === "none") return;
    this.#neighbours = new Neighbours(this);
    if (kind === "busy") await this.#neighbours.call();
  }

  /** Opens a peer, and notes its trouble. */
  open(name: string, { elsewhere = false, port, fd, netns, ...options }: PeerOptions = {}): RPCPeer {
    const link = new NetlinkLink({ port, fd, netns }, elsewhere ? this.elsewhere : this.here);
    this.#names.set(link.fd, name);
    const peer = new RPCPeer({ ...options, link });
    this.#peers.push({ name, peer });
    peer.addEventListener("trouble", ({ kind, reason }: TroubleEvent) => {
      // What comes too late is read at last when a peer closes.
      if (this.#isClosing && kind === "unexpected") return;
      // Of others it matters that they are told, and not how: they are no matter of system calls.
      this.note(`${name} trouble: ${kind}${kind === "undelivered" || kind === "overrun" ? `: ${reason}` : ""}`);
    });
    return peer;
  }

  /** Opens a peer that serves `ping` and `echo`; notes how it ends, unless that is by being closed. */
  serve(name: string, options: PeerOptions = {}): RPCPeer {
    const peer = this.open(name, options);
    peer.registerFunction(() => "pong", "ping");
    peer.registerFunction((value: unknown) => value, "echo");
    this.holds(name);
    peer.runServerForever().catch((error) => this.note(`${name}: ${tell(error)}`));
    return peer;
  }

  /** Opens a peer of another process that does not need the event loop. */
  openStranger(port: number): Stranger {
    const stranger = new Stranger(this.kernel, port);
    this.#strangers.push(stranger);
    return stranger;
  }

  /** A peer is held for good from now on. */
  holds(name: string): void {
    const [fd] = [...this.#names].findLast(([, other]) => other === name)!;
    this.#held.add(fd);
  }

  /** Comes to a value after a while: what a method of a scene may take. Its timer is nobody's leak. */
  later<Value>(value: Value, milliseconds: number): Promise<Value> {
    return new Promise((resolve) => void this.#world.timers.ownSetTimeout(() => resolve(value), milliseconds));
  }

  /** Notes something that is seen; nobody sees anything once the program has ended. */
  note(line: string): void {
    if (!this.#world.hasEnded) this.seen.push(line);
  }

  /** Notes what something throws, or what it returns. */
  attempt(name: string, run: () => unknown): void {
    try {
      this.note(`${name}: ${show(run())}`);
    } catch (error) {
      this.note(`${name}: ${tell(error)}`);
    }
  }

  /** Notes what a promise comes to. */
  watch(name: string, promise: Promise<unknown>): void {
    this.#pending.add(name);
    const end = (line: string) => {
      this.#pending.delete(name);
      this.note(`${name}: ${line}`);
    };
    promise.then((value) => end(show(value)), (error) => end(tell(error)));
  }

  /** Notes what the members of a batch come to. */
  watchBatch(name: string, promise: Promise<PromiseSettledResult<unknown>[]>): void {
    this.watch(name, promise.then(tellAll));
  }

  /** From now on the calls of the row fail. */
  strike(): void {
    this.#fuse.arm();
  }

  /** From now on everything works. */
  heal(): void {
    this.#fuse.disarm();
  }

  /** How many calls have failed. */
  get struck(): number {
    return this.#fuse.struck;
  }

  /** The wait of this process ends, as by a signal. */
  endWait(): void {
    this.kernel.fail("epoll_wait", "EINTR");
  }

  /** Whether a thread of this process waits. */
  get isWaiting(): boolean {
    return this.#waits > 0;
  }

  /** Lets time pass. */
  async pass(milliseconds: number): Promise<void> {
    await this.#world.time.pass(milliseconds);
  }

  /** Lets time pass until all that is watched has ended, or for so long. */
  async passUntilEnded(milliseconds: number): Promise<void> {
    for (let step = 0; step < milliseconds && this.#pending.size > 0; step++) await this.pass(1);
  }

  /** Lets the clock go on while the thread waits. */
  busy(milliseconds: number): void {
    this.#world.time.busy(milliseconds);
  }

  /** Whatever has the thread wait takes a while from now on, also where a signal ends it. */
  waitsTakeTime(): void {
    const [sendto, recvmsg] = [this.kernel.sendto.bind(this.kernel), this.kernel.recvmsg.bind(this.kernel)];
    const wait = (flags: number) => {
      if ((flags & MSG_DONTWAIT) === 0) this.busy(WAIT_MILLISECONDS);
    };
    this.kernel.sendto = (fd, data, length, flags, address) => {
      wait(flags);
      return sendto(fd, data, length, flags, address);
    };
    this.kernel.recvmsg = (fd, slot, flags) => {
      wait(flags);
      return recvmsg(fd, slot, flags);
    };
  }

  /** What a promise comes to; fails where that takes longer than it may. */
  async within(outcome: Promise<unknown>): Promise<unknown> {
    let hangs = true;
    outcome.then(() => hangs = false, () => hangs = false);
    for (let step = 0; step < MOST_MILLISECONDS && hangs; step++) await this.pass(1);
    if (hangs) throw new Error("nothing is heard of it");
    return await outcome;
  }

  /** What must work once the scene is over. */
  afterwards(name: string, run: () => Promise<unknown>): void {
    this.#afterwards.push({ name, run });
  }

  /** Ends the scene: what hangs is noted, and what the others have noticed. Then everything is closed, and nothing may be left. */
  async finish(): Promise<void> {
    await settled(3);
    for (const name of this.#pending) this.note(`${name}: nothing is heard of it`);
    if (this.#fuse.spins) this.note("it spins");
    this.heal();
    if (this.#world.hasEnded) return;
    await this.#neighbours?.finish();
    for (const { name, run } of this.#afterwards) {
      try {
        await this.within(run());
      } catch (error) {
        this.note(`${name} afterwards: ${tell(error)}`);
      }
    }
    await this.#lookForWaits();
    await this.#close();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // After a failure in the midst of a scene: the peers of all scenes share timers.
    for (const { peer } of this.#peers) peer.close().catch(() => {});
    await settled(3);
    this.#world[Symbol.dispose]();
  }

  /** Nothing may wait any more; and nobody be read, and so keep the process running, who does not serve. */
  async #lookForWaits(): Promise<void> {
    await this.pass(LINGER_MILLISECONDS + 1);
    for (const fd of this.kernel.watched) {
      const name = this.#names.get(fd);
      if (!this.#held.has(fd) && name !== "neighbour") this.note(`${name} is held, though it waits for nothing`);
    }
    for (const { name, peer } of this.#peers) {
      const { callsInFlight, queuedBytes } = peer.stats();
      if (callsInFlight + queuedBytes > 0) {
        this.note(`${name} has ${callsInFlight} calls and ${queuedBytes} bytes left`);
      }
    }
  }

  async #close(): Promise<void> {
    this.#isClosing = true;
    const closing = Promise.all(this.#peers.map(({ peer }) => peer.close()));
    for (let turns = 0; turns < 10; turns++) {
      this.kernel.endSends();
      await settled();
    }
    await this.within(closing);
    for (const stranger of this.#strangers) stranger[Symbol.dispose]();
    await settled(3);
    for (const kind of this.kernel.opened) this.note(`left open: ${kind}`);
    for (const [fd, name] of this.#names) if (isLiving(fd)) this.note(`${name} is still taken for living`);
    const { active } = this.#world.timers;
    if (active > 0) this.note(`timers left: ${active}`);
  }
}
