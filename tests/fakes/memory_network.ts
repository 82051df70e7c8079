import { ERRNO } from "../../ffi/errno.ts";
import { PeerGoneError, SyscallError } from "../../src/errors.ts";
import type {
  BlockingLink,
  Caller,
  Lifeline,
  Link,
  LinkReceiver,
  ListedSocket,
  UnmappedIds,
} from "../../src/link/link.ts";
import type { TroubleKind } from "../../src/link/trouble.ts";
import { MemoryEar, MemoryGroups } from "./memory_groups.ts";

// Taken now: a test may put timers of its own in their place.
const { setInterval, clearInterval } = globalThis;

/** A network in memory: links by port. Datagrams arrive in a later microtask, and only while the receiver is held. */
export class MemoryNetwork {
  /** Its multicast groups. */
  readonly groups: MemoryGroups = new MemoryGroups();
  readonly #links = new Map<number, MemoryLink>();

  /** Opens a link; its sender is what the kernel would attest. */
  open(port: number, credentials: Partial<Caller> = {}): MemoryLink {
    const link = new MemoryLink(this.#links, this.groups, {
      port,
      uid: 1000,
      gid: 1000,
      pidHint: port,
      ...credentials,
    });
    this.#links.set(port, link);
    return link;
  }
}

/** What a {@linkcode MemoryLink} can do while the event loop stands still. The rest of the world moves as a test has it. */
export class MemoryBlocking implements BlockingLink {
  /** Ports that this very thread holds. */
  readonly own: Set<number>;
  /** Happens while nothing is there to be read: something arrives, or time passes. */
  whileReceiving: (milliseconds: number) => void = () => {
    throw new Error("Nothing will ever arrive: the thread would stand still for ever");
  };
  /** Happens while a receiver has no room. */
  whileSending: (milliseconds: number) => void = () => {
    throw new Error("There will never be room: the thread would stand still for ever");
  };
  /** How long each wait was to last at most. */
  readonly waits: { send: number[]; receive: number[] } = { send: [], receive: [] };
  /** Trouble that reading finds next, in place of a datagram. */
  readonly troubles: [kind: TroubleKind, reason: string][] = [];
  readonly #link: MemoryLink;
  /** As with the real one, memory is used again at once; only what is being read stays as it is. */
  readonly #free: Uint8Array[] = [];

  constructor(link: MemoryLink) {
    this.#link = link;
    this.own = new Set([link.port]);
  }

  isOwn(port: number): boolean {
    return this.own.has(port);
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, milliseconds: number): boolean {
    if (this.#link.send(to, bytes, length)) return true;
    this.#wait(this.waits.send, milliseconds);
    this.whileSending(milliseconds);
    return this.#link.send(to, bytes, length);
  }

  receive(receiver: Omit<LinkReceiver, "failed">, milliseconds: number): boolean {
    if (this.#deliver(receiver)) return true;
    if (milliseconds <= 0) return false;
    this.#wait(this.waits.receive, milliseconds);
    this.whileReceiving(milliseconds);
    return this.#deliver(receiver);
  }

  #wait(waits: number[], milliseconds: number): void {
    if (waits.push(milliseconds) > 10_000) throw new Error("The thread waits again and again, and for nothing");
  }

  #deliver(receiver: Omit<LinkReceiver, "failed">): boolean {
    if (this.#link.closed) throw new SyscallError("recvmsg", ERRNO.EBADF);
    const trouble = this.troubles.shift();
    if (trouble !== undefined) {
      receiver.trouble(...trouble);
      return true;
    }
    const datagram = this.#link.shift();
    if (datagram === undefined) return false;
    const { length } = datagram.bytes;
    const memory = this.#free.pop() ?? new Uint8Array(200_000);
    memory.set(datagram.bytes);
    receiver.receive(memory, length, datagram.sender);
    memory.fill(0xff, 0, length);
    this.#free.push(memory);
    return true;
  }
}

/** A lifeline to a link of the same network. */
class MemoryLifeline implements Lifeline {
  readonly uid: number;
  readonly gid: number;
  readonly #target: MemoryLink;
  readonly #broken: () => void;
  #isOpen = true;

  constructor(target: MemoryLink, broken: () => void) {
    this.uid = target.lifelineOwner.uid;
    this.gid = target.lifelineOwner.gid;
    this.#target = target;
    this.#broken = broken;
    target.lifelines.add(this);
  }

  get isWatched(): boolean {
    return this.#isOpen;
  }

  isHeld(): boolean {
    return this.#isOpen && !this.#target.closed;
  }

  ask(): boolean {
    if (this.#target.closed) this.close();
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
    this.#target.lifelines.delete(this);
  }

  /** The process of the other side ends. */
  break(): void {
    if (!this.#isOpen) return;
    this.close();
    this.#broken();
  }
}

let lastCookie = 0n;

/** One side of a {@linkcode MemoryNetwork}. */
export class MemoryLink implements Link {
  maxDatagram = 100_000;
  /** Ids that nobody may be known by. */
  unmapped: UnmappedIds | undefined;
  /** Whether others can find out who holds the port before they send something. */
  hasLifeline = true;
  /** Who holds the lifeline: by itself who holds the port. */
  lifelineOwner: Caller;
  /** Lifelines of others that end here. */
  readonly lifelines = new Set<MemoryLifeline>();
  /** Datagrams that its queue holds. */
  queueLimit = Infinity;
  /** Whether it may hear multicast groups. */
  mayHear = false;
  /** What it can do without the event loop, unless a test says that it cannot. */
  blocking: MemoryBlocking | undefined;
  /** Ports of which it was asked, quietly, which socket holds them. */
  readonly socketsAsked: number[] = [];
  /** What was sent patiently. */
  readonly patient: { to: number; stalled: boolean }[] = [];
  /** Links that were opened beside it. */
  readonly opened: MemoryLink[] = [];
  /** Whether it carries the mark of a peer. */
  isPeer = true;
  /** Whether it is passed over where sockets are listed. */
  isMissed = false;
  /** Whether sockets can be listed from here. */
  canList = true;
  /** How often they were. */
  listings = 0;
  /** What no other socket has. */
  readonly cookie: bigint = ++lastCookie;
  /** What the kernel says of this side. */
  readonly self: Caller;
  /** Every datagram that was sent, with its destination. */
  readonly sent: { to: number; bytes: Uint8Array }[] = [];
  /** How often the link is held. */
  holds = 0;
  /** Whether holds keep the process running. */
  isRef = true;
  closed = false;
  /** What the next sends fail with. */
  readonly failures: Error[] = [];
  /** What the next holds fail with. */
  readonly holdFailures: Error[] = [];
  readonly #links: Map<number, MemoryLink>;
  readonly #groups: MemoryGroups;
  readonly #queue: { bytes: Uint8Array; sender: Caller }[] = [];
  /** What waits for room in its queue. */
  readonly #waiting: { attempt: () => void; giveUp: () => void }[] = [];
  #receiver: LinkReceiver | undefined;
  #keepAlive: ReturnType<typeof setInterval> | undefined;

  constructor(links: Map<number, MemoryLink>, groups: MemoryGroups, self: Caller) {
    this.#links = links;
    this.#groups = groups;
    this.self = self;
    this.lifelineOwner = self;
    this.blocking = new MemoryBlocking(this);
  }

  get port(): number {
    return this.self.port;
  }

  get receiver(): LinkReceiver {
    if (this.#receiver === undefined) throw new Error("The link was not started");
    return this.#receiver;
  }

  start(receiver: LinkReceiver): void {
    this.#receiver = receiver;
  }

  get uid(): number {
    return this.self.uid;
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): boolean {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
    if (this.closed) throw new SyscallError("sendto", ERRNO.EBADF);
    const target = this.#links.get(to);
    if (target === undefined || target.closed) throw new PeerGoneError(to);
    if (target.queueLimit <= target.#queue.length) return false;
    const copy = bytes.slice(0, length);
    this.sent.push({ to, bytes: copy });
    target.arrive(copy, this.self);
    return true;
  }

  sendPatiently(
    to: number,
    bytes: Uint8Array<ArrayBuffer>,
    length: number,
    stalled: boolean,
  ): { sent: Promise<boolean>; cancel(): boolean } {
    this.patient.push({ to, stalled });
    const target = this.#links.get(to);
    const outcome = Promise.withResolvers<boolean>();
    let given = false;
    const giveUp = () => {
      given = true;
      outcome.resolve(false);
    };
    const attempt = () => {
      if (given) return;
      try {
        if (!this.send(to, bytes, length)) target?.waits({ attempt, giveUp });
        else outcome.resolve(true);
      } catch (error) {
        outcome.reject(error);
      }
    };
    attempt();
    const cancel = () => {
      giveUp();
      return true;
    };
    return { sent: outcome.promise, cancel };
  }

  openLifeline(port: number, broken: () => void): Lifeline | undefined {
    const target = this.#links.get(port);
    return target?.hasLifeline ? new MemoryLifeline(target, broken) : undefined;
  }

  beside(port: number): MemoryLink {
    if (this.#links.has(port)) throw new SyscallError("bind", ERRNO.EADDRINUSE);
    const link = new MemoryLink(this.#links, this.#groups, { ...this.self, port });
    link.maxDatagram = this.maxDatagram;
    link.hasLifeline = this.hasLifeline;
    this.#links.set(port, link);
    this.opened.push(link);
    // One thread holds both.
    this.blocking?.own.add(port);
    return link;
  }

  sockets(): ListedSocket[] | undefined {
    this.listings++;
    if (!this.canList) return undefined;
    return [...this.#links.values()].filter(({ isMissed }) => !isMissed).sort((a, b) => a.port - b.port)
      .map(({ port, cookie, isPeer }) => ({ port, cookie, isPeer }));
  }

  multicast(group: number, bytes: Uint8Array<ArrayBuffer>, length: number): void {
    this.#groups.send({ group, bytes: bytes.slice(0, length), sender: this.self });
  }

  hear(group: number, from: number, receiver: LinkReceiver): MemoryEar | undefined {
    return this.mayHear ? new MemoryEar(this.#groups, group, this.port, from, receiver) : undefined;
  }

  socketAt(port: number): bigint | null {
    this.socketsAsked.push(port);
    return this.#links.get(port)?.cookie ?? null;
  }

  /** The process ends, and its port is free. */
  kill(): void {
    this.close();
    for (const lifeline of [...this.lifelines]) lifeline.break();
  }

  /** Something waits for room here. */
  waits(waiting: { attempt: () => void; giveUp: () => void }): void {
    this.#waiting.push(waiting);
  }

  /** Lets what waits for room here wait no longer. */
  giveUp(): void {
    for (const { giveUp } of this.#waiting.splice(0)) giveUp();
  }

  /** A datagram arrives, from whoever the kernel says. */
  arrive(bytes: Uint8Array, sender: Caller): void {
    this.#queue.push({ bytes, sender });
    queueMicrotask(() => this.read());
  }

  /** Takes the next datagram out of its queue, which makes room. */
  shift(): { bytes: Uint8Array; sender: Caller } | undefined {
    const datagram = this.#queue.shift();
    if (datagram !== undefined) this.#makeRoom();
    return datagram;
  }

  /** How many datagrams are in its queue. */
  get queued(): number {
    return this.#queue.length;
  }

  hold(): void {
    const failure = this.holdFailures.shift();
    if (failure !== undefined) throw failure;
    this.holds++;
    // Keeps the process running, as the wait of a real link does.
    this.#keepAlive ??= setInterval(() => {}, 1_000_000);
    queueMicrotask(() => this.read());
  }

  release(): void {
    this.holds--;
    if (this.holds === 0) this.#letGo();
  }

  ref(): void {
    this.isRef = true;
  }

  unref(): void {
    this.isRef = false;
  }

  close(): undefined {
    this.closed = true;
    this.#letGo();
    this.#links.delete(this.port);
    this.#makeRoom();
  }

  #makeRoom(): void {
    for (const { attempt } of this.#waiting.splice(0)) attempt();
  }

  #letGo(): void {
    clearInterval(this.#keepAlive);
    this.#keepAlive = undefined;
  }

  /** Reads what is in its queue, where it is held: by itself in a microtask, or now, as another thread that is faster. */
  read(): void {
    while (this.holds > 0 && !this.closed) {
      const datagram = this.shift();
      if (datagram === undefined) return;
      // As with the real receive buffer, the memory is used again at once.
      const memory = new Uint8Array(datagram.bytes.length + 64);
      memory.set(datagram.bytes);
      this.receiver.receive(memory, datagram.bytes.length, datagram.sender);
      memory.fill(0xff);
    }
  }
}
