/**
 * The end of a lifeline at the peer that is called.
 *
 * @module
 */
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { lifelineAddress, type LifelinePlace, openUnixSocket } from "./lifeline_socket.ts";
import type { Reactor } from "./reactor.ts";
import type { ReactorSource, Registration } from "./registration.ts";

/** Connections that are accepted before another socket has its turn. The rest is accepted with the next one that comes. */
const CONNECTIONS_A_TURN = 64;

/**
 * Listens beside a port. A connection has told its caller all it can when it is accepted, and is closed at once: no descriptor is
 * kept for a caller.
 */
export class LifelineListener implements ReactorSource {
  readonly fd: number;
  // Where no descriptor is to be had for a connection, it stays there; asked again and again, the program would do nothing else.
  readonly edgeTriggered = true;
  readonly #syscalls: Syscalls;
  readonly #registration: Registration;
  #closed = false;

  /**
   * Begins to listen, where that is possible: a peer without a lifeline can be called all the same.
   *
   * @param reactor What waits for it.
   * @param place The netlink socket.
   * @param port Its port.
   * @returns What listens; undefined where the name is taken, or no socket is to be had.
   */
  static open(reactor: Reactor, place: LifelinePlace, port: number): LifelineListener | undefined {
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
    this.#registration.accompany();
  }

  readable(_slot: ReceiveSlot, deadline: number): void {
    for (let connections = 0; connections < CONNECTIONS_A_TURN; connections++) {
      const fd = this.#syscalls.accept(this.fd);
      if (fd < 0) return;
      this.#syscalls.close(fd);
      if (performance.now() > deadline) return;
    }
  }

  failed(): void {
    this.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#registration.close();
    this.#syscalls.close(this.fd);
  }
}
