/**
 * One wait for all sockets of the isolate.
 *
 * A wait occupies a thread of Deno's pool and keeps the process running; so there is one, and only while there is a reason.
 *
 * @module
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { EFD_CLOEXEC, EFD_NONBLOCK, EPOLL_CLOEXEC, EPOLLIN } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { EventList, Syscalls } from "../../ffi/syscalls.ts";
import { SyscallError } from "../errors.ts";
import { type ReactorSource, Registration, type RegistrationState } from "./registration.ts";
import { SendThreads } from "./send_threads.ts";
import { MAX_DATAGRAM, MAX_OVERFLOW } from "./socket.ts";
import { type Timer, unrefTimer } from "./unref_timer.ts";

/** How long a wait goes on after its last reason has gone, in milliseconds: the next call most often comes at once. */
export const LINGER_MILLISECONDS = 10;
/** How long sockets are read before timers and other I/O have their turn, in milliseconds. */
export const TURN_MILLISECONDS = 5;
/** Shortest and longest time between looks at sockets that must not keep the process running, in milliseconds. */
const LOOK_MILLISECONDS = { shortest: 1, longest: 16 } as const;
/** Sockets that one wait reports at most; the rest follows with the next. */
const MAXIMUM_EVENTS = 64;
/** How long a shutdown lets the waiting thread take to notice, in milliseconds. */
const WAKE_MILLISECONDS = 50;

// What arrives belongs to nobody's async context, not to that of whoever happened to begin the wait.
const inRootContext = AsyncLocalStorage.snapshot();

/** The epoll set, its wake-up descriptor, and the memory for its events. */
interface Epoll {
  readonly fd: number;
  readonly wake: number;
  readonly events: EventList;
}

/** Waits for sockets, and has them read. */
export class Reactor {
  /** The way to the kernel. */
  readonly syscalls: Syscalls;
  /** Sends what has to wait for room. */
  readonly sendThreads: SendThreads;

  readonly #registrations = new Map<number, Registration>();
  /** Registrations in the epoll set that have no reason to be there any more. */
  readonly #idle = new Set<Registration>();
  /** Registrations that are read whenever others are, while there is no epoll set yet. */
  readonly #accompanying = new Set<Registration>();
  #slot: ReceiveSlot | undefined;
  #epoll: Epoll | undefined;
  /** Whether the event list is in use: by a wait in another thread, or by the reading of what it reported. */
  #occupied = false;
  #poked = false;
  /** How many registrations keep the process running, and how many only want to be read while it runs. */
  readonly #active = { ref: 0, unref: 0 };
  #rotation = 0;
  /** How long sockets have been read since timers and other I/O had their turn. */
  #busyMilliseconds = 0;
  #lingerTimer: Timer | undefined;
  /** When a registration last became idle. */
  #lastRelease = 0;
  #lookTimer: Timer | undefined;
  #lookMilliseconds: number = LOOK_MILLISECONDS.shortest;

  /**
   * @param syscalls The way to the kernel.
   */
  constructor(syscalls: Syscalls) {
    this.syscalls = syscalls;
    this.sendThreads = new SendThreads(syscalls);
  }

  /**
   * Registers a socket. It is read only while it is held.
   *
   * @param source The socket.
   * @returns Its registration.
   */
  register(source: ReactorSource): Registration {
    const registration = new Registration(source, this.#change);
    this.#registrations.set(source.fd, registration);
    return registration;
  }

  /** Closes every socket and gives back everything, since the isolate ends. */
  shutdown(): void {
    for (const registration of [...this.#registrations.values()]) registration.source.close();
    this.sendThreads.shutdown();
    const epoll = this.#epoll;
    if (epoll === undefined || !this.#occupied) return;
    // The thread must have left the wait before the wake-up descriptor goes: an event of a closed descriptor is none.
    const deadline = performance.now() + WAKE_MILLISECONDS;
    while (!epoll.events.written()) {
      if (performance.now() > deadline) return;
      this.syscalls.schedYield();
    }
    this.#closeEpoll(epoll);
  }

  /** Before a registration changes from one state to another. */
  readonly #change = (registration: Registration, from: RegistrationState, to: RegistrationState): void => {
    if (to === "ref" || to === "unref") this.#watch(registration);
    if (from === "ref" || from === "unref") this.#active[from]--;
    if (to === "ref" || to === "unref") this.#active[to]++;
    else if (to === "accompanying") return this.#accompany(registration);
    else if (to === "idle") {
      this.#idle.add(registration);
      this.#lastRelease = performance.now();
    } else this.#remove(registration);

    if (to === "unref") this.#lookMilliseconds = LOOK_MILLISECONDS.shortest;
    if (this.#registrations.size === 0) this.#rest();
    else if (this.#active.ref === 0 || this.#idle.size > 0) {
      this.#lingerTimer ??= unrefTimer(this.#lingered, LINGER_MILLISECONDS);
    }
    this.#arm();
  };

  #watch(registration: Registration): void {
    if (this.#idle.delete(registration) || registration.watched) return;
    const epoll = this.#openEpoll();
    this.#check("epoll_ctl", this.syscalls.epollAdd(epoll.fd, registration.source.fd, EPOLLIN));
    registration.watched = true;
  }

  #accompany(registration: Registration): void {
    // An epoll set that nobody waits for yet would be made for nothing.
    if (this.#epoll === undefined) this.#accompanying.add(registration);
    else this.#watch(registration);
  }

  #unwatch(registration: Registration): void {
    if (!registration.watched || this.#epoll === undefined) return;
    this.syscalls.epollDelete(this.#epoll.fd, registration.source.fd);
    registration.watched = false;
  }

  #remove(registration: Registration): void {
    // Closing alone would not do it where another process has the socket too, as with one that was handed in.
    this.#unwatch(registration);
    this.#idle.delete(registration);
    this.#accompanying.delete(registration);
    this.#registrations.delete(registration.source.fd);
  }

  /** Waits, where there is a reason and no wait yet. */
  #arm(): void {
    const epoll = this.#epoll;
    if (this.#occupied || epoll === undefined) return;
    if (this.#active.ref > 0) {
      this.#occupied = true;
      epoll.events.clear();
      inRootContext(() => this.syscalls.epollWait(epoll.fd, epoll.events, MAXIMUM_EVENTS).then(this.#woken));
    } else if (this.#active.unref > 0) {
      this.#lookTimer ??= unrefTimer(() => inRootContext(() => this.#look(epoll)), this.#lookMilliseconds);
    }
  }

  readonly #woken = (count: number): void => {
    const epoll = this.#epoll;
    if (epoll === undefined) return;
    // The errno of a call in another thread is not to be had; the same call here tells it, where it fails again.
    if (count < 0) count = this.syscalls.epollPoll(epoll.fd, epoll.events, MAXIMUM_EVENTS);
    if (count < 0 && this.syscalls.errno() !== ERRNO.EINTR) return this.#fail(this.#waitFailed());
    this.#read(epoll, count);
  };

  /** Looks at sockets that must not keep the process running: less and less often while nothing comes. */
  #look(epoll: Epoll): void {
    this.#lookTimer = undefined;
    if (this.#occupied || epoll !== this.#epoll) return;
    const count = this.syscalls.epollPoll(epoll.fd, epoll.events, MAXIMUM_EVENTS);
    if (count < 0 && this.syscalls.errno() !== ERRNO.EINTR) return this.#fail(this.#waitFailed());
    this.#lookMilliseconds = count > 0
      ? LOOK_MILLISECONDS.shortest
      : Math.min(this.#lookMilliseconds * 2, LOOK_MILLISECONDS.longest);
    this.#occupied = true;
    this.#read(epoll, count);
  }

  /** Has the sockets read that are ready, and waits again. */
  #read(epoll: Epoll, count: number): void {
    let slot: ReceiveSlot;
    try {
      slot = this.#slot ??= this.syscalls.createReceiveSlot(MAX_DATAGRAM, MAX_OVERFLOW);
    } catch (error) {
      return this.#fail(error as Error);
    }
    const begun = performance.now();
    const deadline = begun + TURN_MILLISECONDS;
    // Where a turn ends early, the next begins with the sockets that it did not come to.
    const first = this.#rotation;
    this.#rotation = 0;
    try {
      for (let index = 0; index < count; index++) {
        const fd = epoll.events.fd((first + index) % count);
        if (fd === epoll.wake) {
          this.syscalls.eventfdRead(fd);
          this.#poked = false;
        } else if (index > 0 && performance.now() >= deadline) {
          this.#rotation = first + index;
          break;
        } else {
          const registration = this.#registrations.get(fd);
          if (registration === undefined) continue;
          if (this.#idle.delete(registration)) this.#unwatch(registration); // It lingers, and what arrives waits.
          else registration.source.readable(slot, deadline);
        }
      }
    } finally {
      this.#turnEnds(begun);
    }
  }

  /** Waits again, also where a listener has thrown. */
  #turnEnds(begun: number): void {
    // The end of a wait that does not have to wait comes before timers and other I/O, up to sixty times in a row. After
    // a turn's worth of work an immediate gives them theirs.
    this.#busyMilliseconds += performance.now() - begun;
    if (this.#busyMilliseconds < TURN_MILLISECONDS) return this.#turnDone();
    this.#busyMilliseconds = 0;
    setImmediate(this.#turnDone);
  }

  readonly #turnDone = (): void => {
    this.#occupied = false;
    if (this.#registrations.size === 0) this.#rest();
    else this.#arm();
  };

  /** Nobody can wait any more: every socket learns it. */
  #fail(error: Error): void {
    this.#occupied = true; // No further wait begins meanwhile.
    for (const registration of [...this.#registrations.values()]) registration.source.failed(error);
    this.#occupied = false;
    if (this.#registrations.size === 0) this.#rest();
    else this.#arm();
  }

  #waitFailed(): SyscallError {
    return new SyscallError("epoll_wait", this.syscalls.errno());
  }

  readonly #lingered = (): void => {
    this.#lingerTimer = undefined;
    const rest = this.#lastRelease + LINGER_MILLISECONDS - performance.now();
    if (rest > 0 && this.#idle.size > 0) {
      this.#lingerTimer = unrefTimer(this.#lingered, rest);
      return;
    }
    for (const registration of this.#idle) this.#unwatch(registration);
    this.#idle.clear();
    if (this.#active.ref === 0 && this.#occupied && this.#epoll !== undefined) this.#poke(this.#epoll);
  };

  /** There is no socket any more: nothing is kept. */
  #rest(): void {
    clearTimeout(this.#lingerTimer);
    clearTimeout(this.#lookTimer);
    this.#lingerTimer = this.#lookTimer = undefined;
    const epoll = this.#epoll;
    if (epoll === undefined) return;
    if (this.#occupied) this.#poke(epoll);
    else this.#closeEpoll(epoll);
  }

  #poke(epoll: Epoll): void {
    if (this.#poked) return;
    do this.#poked = this.syscalls.eventfdWrite(epoll.wake) === 0; while (
      !this.#poked && this.syscalls.errno() === ERRNO.EINTR
    );
  }

  #openEpoll(): Epoll {
    if (this.#epoll !== undefined) return this.#epoll;
    const { syscalls } = this;
    const fd = this.#check("epoll_create1", syscalls.epollCreate(EPOLL_CLOEXEC));
    let wake = -1;
    try {
      wake = this.#check("eventfd", syscalls.eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
      this.#check("epoll_ctl", syscalls.epollAdd(fd, wake, EPOLLIN));
      this.#epoll = { fd, wake, events: syscalls.createEventList(MAXIMUM_EVENTS) };
    } catch (error) {
      if (wake >= 0) syscalls.close(wake);
      syscalls.close(fd);
      throw error;
    }
    this.#watchAccompanying();
    return this.#epoll;
  }

  /** What only accompanies others must not fail them. */
  #watchAccompanying(): void {
    for (const registration of [...this.#accompanying]) {
      this.#accompanying.delete(registration);
      try {
        this.#watch(registration);
      } catch (error) {
        registration.source.failed(error as SyscallError);
      }
    }
  }

  #closeEpoll(epoll: Epoll): void {
    this.syscalls.close(epoll.fd);
    this.syscalls.close(epoll.wake);
    epoll.events.free();
    this.#epoll = undefined;
    this.#poked = false;
  }

  #check(syscall: string, result: number): number {
    if (result >= 0) return result;
    throw new SyscallError(syscall, this.syscalls.errno());
  }
}
