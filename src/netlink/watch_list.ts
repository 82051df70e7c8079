/**
 * Which sockets of the isolate are watched, and what for.
 *
 * @module
 */
import type { Syscalls } from "../../ffi/syscalls.ts";
import type { SyscallError } from "../errors.ts";
import { EpollSet } from "./epoll_set.ts";
import { type ReactorSource, Registration, type RegistrationState } from "./registration.ts";
import { RegistrationGroup } from "./registration_group.ts";
import { type Timer, unrefTimer } from "./unref_timer.ts";

/** How long a socket stays in the epoll set after its last reason has gone, in milliseconds: the next call most often comes at once. */
export const LINGER_MILLISECONDS = 10;

/** Who is told of changes. */
export interface WatchListEvents {
  /** A socket is wanted in another way. */
  changed(to: RegistrationState): void;
  /** Sockets that were wanted a while ago are so no longer. */
  lingered(): void;
}

/** The sockets of the isolate. */
export class WatchList {
  /** Sockets that keep the process running. */
  readonly ref: RegistrationGroup = new RegistrationGroup();
  /** Sockets that only want to be read while it runs. */
  readonly unref: RegistrationGroup = new RegistrationGroup();

  readonly #syscalls: Syscalls;
  readonly #events: WatchListEvents;
  readonly #registrations = new Map<number, Registration>();
  /** Those in the epoll set that have no reason to be there any more. */
  readonly #idle = new RegistrationGroup();
  /** Those that are read whenever others are, while there is no epoll set yet. */
  readonly #accompanying = new Set<Registration>();
  #epoll: EpollSet | undefined;
  #lingerTimer: Timer | undefined;
  /** When a socket was last let go. */
  #lastRelease = 0;

  /**
   * @param syscalls The way to the kernel.
   * @param events Told of changes.
   */
  constructor(syscalls: Syscalls, events: WatchListEvents) {
    this.#syscalls = syscalls;
    this.#events = events;
  }

  /** Whether there is no socket. */
  get isEmpty(): boolean {
    return this.#registrations.size === 0;
  }

  /** All sockets, as they are now. */
  get all(): Registration[] {
    return [...this.#registrations.values()];
  }

  /** What watches them; undefined while nothing has to be watched. */
  get epoll(): EpollSet | undefined {
    return this.#epoll;
  }

  /**
   * Tells for how long one of them wants to be looked for, at most.
   *
   * @param known How long that was before one of them went.
   * @returns Milliseconds.
   */
  longestBusyPoll(known: number): number {
    let longest = 0;
    for (const { busyPoll } of this.#registrations.values()) {
      if (busyPoll >= known) return busyPoll; // Most often the first one is.
      longest = Math.max(longest, busyPoll);
    }
    return longest;
  }

  /**
   * Adds a socket.
   *
   * @param source The socket.
   * @param busyPoll For how long to look for what arrives, in milliseconds.
   * @returns Its registration.
   */
  add(source: ReactorSource, busyPoll: number): Registration {
    const registration = new Registration(source, this.#change, busyPoll);
    this.#registrations.set(source.fd, registration);
    return registration;
  }

  /**
   * Finds a socket that is to be read, since it is ready. One that only lingers is not: it is watched no longer.
   *
   * @param fd Its descriptor.
   * @returns The socket, or undefined.
   */
  toRead(fd: number): ReactorSource | undefined {
    const registration = this.#registrations.get(fd);
    if (registration === undefined || !this.#idle.delete(registration)) return registration?.source;
    this.#unwatch(registration);
    return undefined;
  }

  /** Stops to linger, since there is no socket any more. */
  rest(): void {
    clearTimeout(this.#lingerTimer);
    this.#lingerTimer = undefined;
  }

  /** Closes the epoll set; nobody may be waiting. */
  close(): void {
    this.#epoll?.close();
    this.#epoll = undefined;
  }

  /** Before a registration changes from one state to another. */
  readonly #change = (registration: Registration, from: RegistrationState, to: RegistrationState): void => {
    if (to === "ref" || to === "unref") this.#watch(registration);
    if (from === "ref" || from === "unref") this[from].delete(registration);
    if (to === "ref" || to === "unref") this[to].add(registration);
    else if (to === "accompanying") return this.#accompany(registration);
    else if (to === "idle") {
      this.#idle.add(registration);
      this.#lastRelease = performance.now();
    } else this.#remove(registration);

    const lingers = this.ref.size === 0 || this.#idle.size > 0;
    if (lingers && !this.isEmpty) this.#lingerTimer ??= unrefTimer(this.#lingered, LINGER_MILLISECONDS);
    this.#events.changed(to);
  };

  #watch(registration: Registration): void {
    if (this.#idle.delete(registration) || registration.watched) return;
    this.#open().add(registration.source.fd);
    registration.watched = true;
  }

  #accompany(registration: Registration): void {
    // An epoll set that nobody waits for yet would be made for nothing.
    if (this.#epoll === undefined) this.#accompanying.add(registration);
    else this.#watch(registration);
  }

  #unwatch(registration: Registration): void {
    if (!registration.watched || this.#epoll === undefined) return;
    this.#epoll.delete(registration.source.fd);
    registration.watched = false;
  }

  #remove(registration: Registration): void {
    // Closing alone would not do it where another process has the socket too, as with one that was handed in.
    this.#unwatch(registration);
    this.#idle.delete(registration);
    this.#accompanying.delete(registration);
    this.#registrations.delete(registration.source.fd);
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
    this.#events.lingered();
  };

  #open(): EpollSet {
    if (this.#epoll !== undefined) return this.#epoll;
    const epoll = this.#epoll = new EpollSet(this.#syscalls);
    // What only accompanies others must not fail them.
    for (const registration of [...this.#accompanying]) {
      this.#accompanying.delete(registration);
      try {
        this.#watch(registration);
      } catch (error) {
        registration.source.failed(error as SyscallError);
      }
    }
    return epoll;
  }
}
