/**
 * The end of a lifeline at the peer that is called.
 *
 * @module
 */
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { lifelineAddress, openUnixSocket } from "./lifeline_socket.ts";
import type { SocketPlace } from "./socket_place.ts";
import type { Reactor } from "./reactor.ts";
import type { ReactorSource, Registration } from "./registration.ts";
import { type Timer, unrefTimer } from "./unref_timer.ts";

/** Connections that are accepted before another socket has its turn. */
const CONNECTIONS_A_TURN = 64;
/** How long nobody is accepted where no descriptor is to be had for it, in milliseconds. Until then connections wait. */
const PAUSE_MILLISECONDS = 1_000;
/** What accept(2) says where nobody waits, or it is to be tried again. */
const PASSING: readonly number[] = [ERRNO.EAGAIN, ERRNO.EINTR];

/**
 * Listens beside a port. A connection has told its caller all it can when it is accepted, and is closed at once: no descriptor is
 * kept for a caller.
 */
export class LifelineListener implements ReactorSource {
  readonly fd: number;
  readonly #syscalls: Syscalls;
  readonly #registration: Registration;
  #pauseTimer: Timer | undefined;
  #closed = false;

  /**
   * Begins to listen, where that is possible: a peer without a lifeline can be called all the same.
   *
   * @param reactor What waits for it.
   * @param place The netlink socket.
   * @param port Its port.
   * @returns What listens; undefined where the name is taken, or no socket is to be had.
   */
  static open(reactor: Reactor, place: SocketPlace, port: number): LifelineListener | undefined {
    const { syscalls } = reactor;
    const fd = openUnixSocket(syscalls, place);
    if (fd < 0) return undefined;
    if (syscalls.bind(fd, lifelineAddress(port)) !== -1 && syscalls.listen(fd) !== -1) {
      return new LifelineListener(reactor, fd);
    }
    syscalls.close(fd);
    return undefined;
  }

  private constructor(reactor: Reactor, fd: number) {
    this.#syscalls = reactor.syscalls;
    this.fd = fd;
    this.#registration = reactor.register(this);
    this.#accompany();
  }

  readable(_slot: ReceiveSlot, deadline: number): boolean {
    for (let connections = 0; connections < CONNECTIONS_A_TURN; connections++) {
      const fd = this.#syscalls.accept(this.fd);
      if (fd < 0) {
        // The connection stays: asked again and again, the program would do nothing else.
        if (!PASSING.includes(this.#syscalls.errno())) this.#pause();
        return connections > 0;
      }
      this.#syscalls.close(fd);
      if (performance.now() > deadline) break;
    }
    return true;
  }

  /** It goes on listening: without a lifeline the port would seem to be free. */
  failed(): void {
    this.#pause();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#pauseTimer);
    this.#registration.close();
    this.#syscalls.close(this.fd);
  }

  #accompany(): void {
    this.#pauseTimer = undefined;
    try {
      this.#registration.accompany();
    } catch {
      this.#pause();
    }
  }

  #pause(): void {
    if (this.#closed || this.#pauseTimer !== undefined) return;
    this.#registration.pause();
    this.#pauseTimer = unrefTimer(() => this.#accompany(), PAUSE_MILLISECONDS);
  }
}
