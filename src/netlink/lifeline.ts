/**
 * The end of a lifeline at the peer that calls: who holds a port, and when that is over.
 *
 * @module
 */
import { SO_PEERCRED, SOL_SOCKET } from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { lifelineAddress, openUnixSocket } from "./lifeline_socket.ts";
import type { SocketPlace } from "./socket_place.ts";
import type { Reactor } from "./reactor.ts";
import type { ReactorSource, Registration } from "./registration.ts";

/** For how long an answer of the listening socket holds, in milliseconds: a port may be freed by a process that lives on. */
export const ASKED_MILLISECONDS = 1_000;
/** For how long it is known without a system call that the process lives, in milliseconds: what is sent meanwhile goes to anybody. */
const LOOKED_MILLISECONDS = 0.05;

/** The process that listens beside a port. */
interface Listener {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** Can be read once the process has ended; -1 where the kernel has no such descriptor, before Linux 6.5. */
  readonly pidfd: number;
}

/** What a lifeline tells. */
export interface LifelineEvents {
  /** The process has ended; `slot` is memory for what is still to be read. */
  broken(slot: ReceiveSlot): void;
  /** The lifeline is over, in whatever way. */
  ended(): void;
}

/** A process that listens beside a port. */
export class NetlinkLifeline implements ReactorSource {
  /** User id of the process that listens, as this user namespace has it. */
  readonly uid: number;
  /** Group id likewise. */
  readonly gid: number;
  /** Descriptor of that process, or -1. */
  readonly fd: number;

  readonly #syscalls: Syscalls;
  readonly #place: SocketPlace;
  readonly #port: number;
  readonly #pid: number;
  readonly #events: LifelineEvents;
  #registration: Registration | undefined;
  #asked = performance.now();
  #looked = this.#asked;
  #state: "held" | "broken" | "closed" = "held";
  /** Whether the process was seen to have ended: it never lives again. */
  #ended = false;

  /**
   * Connects to the peer that holds a port.
   *
   * @param reactor What waits for the end of its process.
   * @param place The netlink socket that calls it.
   * @param port The port.
   * @param events Told of its end.
   * @returns The lifeline; undefined where nobody listens, null where it cannot be told.
   */
  static open(
    reactor: Reactor,
    place: SocketPlace,
    port: number,
    events: LifelineEvents,
  ): NetlinkLifeline | null | undefined {
    const listener = ask(reactor.syscalls, place, port, true);
    if (typeof listener === "object") return new NetlinkLifeline(reactor, place, port, listener, events);
    return listener === "nobody" ? undefined : null;
  }

  private constructor(
    reactor: Reactor,
    place: SocketPlace,
    port: number,
    { pid, uid, gid, pidfd }: Listener,
    events: LifelineEvents,
  ) {
    this.uid = uid;
    this.gid = gid;
    this.fd = pidfd;
    this.#syscalls = reactor.syscalls;
    this.#place = place;
    this.#port = port;
    this.#pid = pid;
    this.#events = events;
    if (pidfd >= 0) this.#registration = this.#watch(reactor);
  }

  /** Whether the end of the process is told. */
  get isWatched(): boolean {
    return this.#registration !== undefined && this.#state === "held";
  }

  /**
   * Tells whether the same peer still holds the port, as far as is known; asks the kernel where that is too long ago.
   *
   * @returns Whether it does.
   */
  isHeld(): boolean {
    if (this.#state !== "held" || this.#ended) return false;
    const now = performance.now();
    if (now - this.#asked > ASKED_MILLISECONDS) return this.ask();
    if (now - this.#looked <= LOOKED_MILLISECONDS) return true;
    this.#looked = now;
    // That it has ended is told by the reactor, once what it had sent was read.
    return !this.#hasEnded();
  }

  /**
   * Asks the kernel whether the same peer still holds the port.
   *
   * @returns Whether it does; also where that cannot be told.
   */
  ask(): boolean {
    if (this.#state !== "held") return false;
    this.#looked = this.#asked = performance.now();
    if (this.#hasEnded()) return false;
    const listener = ask(this.#syscalls, this.#place, this.#port, false);
    if (listener === "unknown") return true;
    const isSame = listener !== "nobody" && listener.pid === this.#pid && listener.uid === this.uid &&
      listener.gid === this.gid;
    if (!isSame) this.#end("broken");
    return isSame;
  }

  readable(slot: ReceiveSlot): boolean {
    // An event may be that of another descriptor, which had the same number a moment ago.
    if (this.#state !== "held" || !this.#hasEnded()) return false;
    this.#end("broken");
    this.#events.broken(slot);
    return true;
  }

  /** It is looked at instead. */
  failed(): void {
    this.#registration?.close();
    this.#registration = undefined;
  }

  /** Whether nobody is to be told any more. */
  get isClosed(): boolean {
    return this.#state === "closed";
  }

  close(): void {
    this.#end("closed");
    this.#state = "closed";
  }

  #watch(reactor: Reactor): Registration | undefined {
    const registration = reactor.register(this);
    try {
      registration.accompany();
      return registration;
    } catch {
      registration.close(); // It is looked at instead.
      return undefined;
    }
  }

  #hasEnded(): boolean {
    return this.#ended ||= this.fd >= 0 && this.#syscalls.poll([this.fd], 0) > 0;
  }

  #end(state: "broken" | "closed"): void {
    if (this.#state !== "held") return;
    this.#state = state;
    if (this.fd >= 0) {
      this.#registration?.close();
      this.#syscalls.close(this.fd);
    }
    this.#events.ended();
  }
}

/** Connects, asks who listens, and hangs up. */
function ask(
  syscalls: Syscalls,
  place: SocketPlace,
  port: number,
  withPidfd: boolean,
): Listener | "nobody" | "unknown" {
  const fd = openUnixSocket(syscalls, place);
  if (fd < 0) return "unknown";
  try {
    if (syscalls.connect(fd, lifelineAddress(port)) === -1) {
      // Where the backlog is full (EAGAIN), or a sandbox forbids it, somebody may listen all the same.
      return syscalls.errno() === ERRNO.ECONNREFUSED ? "nobody" : "unknown";
    }
    const ucred = new Int32Array(new ArrayBuffer(12));
    if (syscalls.getsockopt(fd, SOL_SOCKET, SO_PEERCRED, ucred) === -1) return "unknown";
    const [pid, uid, gid] = ucred as unknown as [number, number, number];
    return { pid, uid: uid >>> 0, gid: gid >>> 0, pidfd: withPidfd ? syscalls.peerPidfd(fd) : -1 };
  } finally {
    syscalls.close(fd);
  }
}
