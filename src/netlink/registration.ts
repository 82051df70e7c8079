/**
 * A socket's place in the reactor.
 *
 * @module
 */
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { RegistrationGroup } from "./registration_group.ts";

/** A socket that the reactor reads. None of its methods may throw. */
export interface ReactorSource {
  /** Its file descriptor. */
  readonly fd: number;
  /**
   * Reads what is there.
   *
   * @param slot Where datagrams arrive.
   * @param deadline When to stop although there is more, as `performance.now()` counts.
   * @param justOne Whether to stop after one datagram: nothing was there a moment ago, and whoever sent it may wait for an answer.
   * @returns Whether anything was there.
   */
  readable(slot: ReceiveSlot, deadline: number, justOne: boolean): boolean;
  /**
   * Nobody can wait for the socket any more.
   *
   * @param error Why.
   */
  failed(error: Error): void;
  /** Closes the file descriptor, since the isolate ends. */
  close(): void;
}

/**
 * What a registration wants: to be read and keep the process running, to be read while it runs, to be read whenever others are,
 * nothing, or never again.
 */
export type RegistrationState = "ref" | "unref" | "accompanying" | "idle" | "closed";

/** Told of each change of state, before it is made. Where it throws, the state stays as it was. */
export type StateChange = (registration: Registration, from: RegistrationState, to: RegistrationState) => void;

/** A socket's place in the reactor. */
export class Registration {
  /** The socket. */
  readonly source: ReactorSource;
  /** For how long the reactor may look for what arrives before it waits, in milliseconds. */
  readonly busyPoll: number;
  /** Whether it is in the epoll set; kept by the reactor. */
  watched = false;
  /** The group that it is in, and its place there; kept by the group. */
  group: RegistrationGroup | undefined;
  groupIndex = 0;

  readonly #change: StateChange;
  #state: RegistrationState = "idle";
  #holds = 0;
  #ref = true;

  /**
   * @param source The socket.
   * @param change Told of each change of state.
   * @param busyPoll For how long the reactor may look for what arrives before it waits, in milliseconds.
   */
  constructor(source: ReactorSource, change: StateChange, busyPoll = 0) {
    this.source = source;
    this.#change = change;
    this.busyPoll = busyPoll;
  }

  /**
   * Has the socket read. Counts.
   *
   * @throws {SyscallError} If the kernel does not take the socket into the epoll set.
   */
  hold(): void {
    this.#update(this.#holds + 1, this.#ref);
  }

  /** Whether something has the socket read. */
  get isHeld(): boolean {
    return this.#holds > 0;
  }

  /** Takes one hold back. */
  release(): void {
    this.#update(this.#holds - 1, this.#ref);
  }

  /**
   * Lets holds keep the process running, or not.
   *
   * @param ref Whether they do.
   */
  setRef(ref: boolean): void {
    this.#update(this.#holds, ref);
  }

  /**
   * Has the socket read whenever others are, for good. It is no reason to wait.
   *
   * @throws {SyscallError} If the kernel does not take the socket into the epoll set.
   */
  accompany(): void {
    this.#set("accompanying");
  }

  /** Has the socket read no longer, until it accompanies others again. */
  pause(): void {
    this.#set("idle");
  }

  /** Takes the socket out, before its file descriptor is closed. */
  close(): void {
    this.#set("closed");
  }

  #update(holds: number, ref: boolean): void {
    if (this.#state !== "closed") this.#set(holds === 0 ? "idle" : ref ? "ref" : "unref");
    this.#holds = holds;
    this.#ref = ref;
  }

  #set(state: RegistrationState): void {
    if (this.#state === state) return;
    this.#change(this, this.#state, state);
    this.#state = state;
  }
}
