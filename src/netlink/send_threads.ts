/**
 * Datagrams that wait for room in their receivers' queues.
 *
 * The kernel tells nobody when a receiver has read: POLLOUT stays set all the while. A timer that tries again comes too late
 * wherever others send too, since whoever waits inside of `sendto(2)` is woken first. So a thread of Deno's pool waits there.
 * The pool has 32 threads, which file I/O shares: a few of them are all that may wait. Beyond them datagrams are tried by a
 * timer, and receivers that have not read for a while give way to those that may.
 *
 * @module
 */
import type { SendSlot, Syscalls } from "../../ffi/syscalls.ts";
import type { NetlinkSocket } from "./socket.ts";
import { MAX_DATAGRAM, SEND_WAIT_MILLISECONDS } from "./socket_opening.ts";

/** Threads of the pool that wait at once. One of them is never for a receiver that has let a whole wait pass. */
export const MAX_SEND_THREADS = 4;
/** Time between tries of what waits without a thread, in milliseconds. */
export const RETRY_MILLISECONDS = 5;
/** Datagrams that are tried at once, so that the program has its turn. */
const TRIES_A_TICK = 64;

/** How long the thread of the program itself waits for room, in milliseconds: a receiver that is reading takes less. */
export const SOON_MILLISECONDS = 0.25;
/** Time between tries, in milliseconds: each copies the datagram, and slows the receiver down. */
const SOON_STEP_MILLISECONDS = 0.005;
/** How often it looks at the clock at most, should that stand still. */
const SOON_ROUNDS = 1_000;
/** After a wait in vain the program runs so many times as long before it waits like this again. */
const SOON_REST = 10;

/** What became of a datagram for which there may be room very soon. */
export type SoonOutcome = "sent" | "full" | "unread";

/** A datagram that waits. */
interface Waiting {
  readonly socket: NetlinkSocket;
  readonly to: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly length: number;
  /** When it is given back where it may not have a thread, as `performance.now()` counts. */
  readonly deadline: number;
  readonly outcome: PromiseWithResolvers<boolean>;
}

/** How a datagram is to wait. */
export interface Patience {
  /** Whether its receiver has let a whole wait pass in vain: it then gives way to others. */
  readonly stalled: boolean;
  /** Whether a thread may wait, which keeps the process running. */
  readonly ref: boolean;
}

/** Sends datagrams as soon as there is room for them. */
export class SendThreads {
  readonly #syscalls: Syscalls;
  /** Sockets that threads send from, once for each thread, and until when at the latest. */
  readonly #running = new Map<Waiting, number>();
  readonly #slots: SendSlot[] = [];
  /** What waits for a thread. */
  readonly #fresh = new Set<Waiting>();
  readonly #stalled = new Set<Waiting>();
  /** What may not have one. */
  readonly #unref = new Set<Waiting>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  /** Until when there is no waiting in the thread of the program, as `performance.now()` counts. */
  #restsUntil = 0;

  /**
   * @param syscalls The way to the kernel.
   */
  constructor(syscalls: Syscalls) {
    this.#syscalls = syscalls;
  }

  /**
   * Sends a datagram, and waits for room. Where there is none for a while, the caller is asked again what to send.
   *
   * @param socket What sends it.
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram, and is left alone until then.
   * @param length Length of the datagram in bytes.
   * @param patience How it is to wait.
   * @returns Whether it was sent, and how to give it up as long as no thread has it.
   */
  send(
    socket: NetlinkSocket,
    to: number,
    bytes: Uint8Array<ArrayBuffer>,
    length: number,
    { stalled, ref }: Patience,
  ): { sent: Promise<boolean>; cancel(): boolean } {
    const outcome = Promise.withResolvers<boolean>();
    const deadline = performance.now() + SEND_WAIT_MILLISECONDS;
    const waiting = { socket, to, bytes, length, deadline, outcome };
    const waitings = !ref ? this.#unref : stalled ? this.#stalled : this.#fresh;
    waitings.add(waiting);
    this.#occupy();
    return {
      sent: outcome.promise,
      cancel: () => {
        if (!waitings.delete(waiting)) return false;
        outcome.resolve(false);
        this.#occupy();
        return true;
      },
    };
  }

  /**
   * Sends a datagram where there is room very soon: a thread of the pool takes longer to be told than most receivers to read. The
   * thread of the program stands still meanwhile: so it does not wait where its own queue has something to read, nor for a while
   * after it has waited in vain.
   *
   * @param socket What sends it.
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   * @returns What became of it: `"full"` where there is no room, `"unread"` where something is to be read first. Throws as
   * {@linkcode NetlinkSocket.send}.
   */
  sendSoon(socket: NetlinkSocket, to: number, bytes: Uint8Array<ArrayBuffer>, length: number): SoonOutcome {
    const begun = performance.now();
    if (begun < this.#restsUntil) return "full";
    let now = begun;
    let next = begun + SOON_STEP_MILLISECONDS;
    for (let rounds = 0; rounds < SOON_ROUNDS && now < begun + SOON_MILLISECONDS; rounds++) {
      // Two that send to each other must both read, or neither finds room.
      if (this.#syscalls.poll([socket.fd], 0) > 0) return "unread";
      // The receiver may have to share the core: it may take long until the turn comes back.
      this.#syscalls.schedYield();
      now = performance.now();
      if (now < next) continue;
      if (socket.send(to, bytes, length)) return "sent";
      next = now + SOON_STEP_MILLISECONDS;
    }
    this.#restsUntil = now + SOON_REST * (now - begun);
    return "full";
  }

  /** Waits until every thread has left, since the isolate ends: sockets can then be closed. */
  shutdown(): void {
    const end = Math.max(...this.#running.values());
    while (performance.now() < end) this.#syscalls.schedYield();
    for (const { socket } of this.#running.keys()) socket.threadsHaveLeft();
  }

  /** Gives threads to what waits. */
  #occupy(): void {
    for (const waiting of this.#fresh) {
      if (this.#running.size >= MAX_SEND_THREADS) break;
      this.#fresh.delete(waiting);
      this.#wait(waiting);
    }
    for (const waiting of this.#stalled) {
      if (this.#running.size >= MAX_SEND_THREADS - 1) break;
      this.#stalled.delete(waiting);
      this.#wait(waiting);
    }
    if (this.#fresh.size + this.#stalled.size + this.#unref.size > 0) this.#startTimer();
    else this.#rest();
  }

  async #wait(waiting: Waiting): Promise<void> {
    const { socket, to, bytes, length, outcome } = waiting;
    // A thread may have to wait for its turn in the pool, and for a core, before it waits for room.
    this.#running.set(waiting, performance.now() + 4 * SEND_WAIT_MILLISECONDS);
    let slot: SendSlot | undefined;
    try {
      slot = this.#slots.pop() ?? this.#syscalls.createSendSlot(MAX_DATAGRAM);
      slot.fill(to, bytes, length);
      // Where the thread fails, the same call here says why, or finds that there is room now.
      outcome.resolve(await socket.sendInThread(slot) || socket.send(to, bytes, length));
    } catch (error) {
      outcome.reject(error);
    }
    if (slot !== undefined) this.#slots.push(slot);
    this.#running.delete(waiting);
    this.#occupy();
  }

  #startTimer(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setTimeout(this.#tick, RETRY_MILLISECONDS);
    // What may keep the process running has threads at work for it.
    Deno.unrefTimer(this.#timer);
  }

  /** Tries what waits without a thread: each kind in turn, and of each kind those first that have waited longest. */
  readonly #tick = (): void => {
    this.#timer = undefined;
    let kinds = [this.#fresh, this.#unref, this.#stalled].map((waitings) => ({ waitings, untried: waitings.size }));
    for (let tries = 0; tries < TRIES_A_TICK;) {
      kinds = kinds.filter(({ untried }) => untried > 0);
      if (kinds.length === 0) break;
      for (const kind of kinds) {
        // What was tried is behind the others by now.
        const [first] = kind.waitings;
        if (first !== undefined) this.#try(first, kind.waitings);
        kind.untried--;
        tries++;
      }
    }
    const now = performance.now();
    for (const waiting of this.#unref) {
      if (now < waiting.deadline) continue;
      this.#unref.delete(waiting);
      waiting.outcome.resolve(false);
    }
    this.#occupy();
  };

  /** Sends without waiting; what does not go has its next try behind the others. */
  #try(waiting: Waiting, waitings: Set<Waiting>): void {
    const { socket, to, bytes, length, outcome } = waiting;
    waitings.delete(waiting);
    try {
      if (socket.send(to, bytes, length)) outcome.resolve(true);
      else waitings.add(waiting);
    } catch (error) {
      outcome.reject(error);
    }
  }

  /** Nothing waits: memory goes back, once the last thread has. */
  #rest(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#running.size === 0) { for (const slot of this.#slots.splice(0)) slot.free(); }
  }
}
