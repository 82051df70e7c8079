/**
 * Has sockets read that are ready.
 *
 * @module
 */
import type { ReceiveSlot } from "../../ffi/receive_slot.ts";
import type { EventList, Syscalls } from "../../ffi/syscalls.ts";
import type { EpollSet } from "./epoll_set.ts";
import type { ReactorSource } from "./registration.ts";
import { MAX_OVERFLOW } from "./socket.ts";
import { MAX_DATAGRAM } from "./socket_opening.ts";
import type { WatchList } from "./watch_list.ts";

/** How long sockets are read before timers and other I/O have their turn, in milliseconds. */
export const TURN_MILLISECONDS = 5;

/** Has the sockets of the isolate read, with the memory for what arrives. */
export class SocketReader {
  readonly #syscalls: Syscalls;
  readonly #list: WatchList;
  readonly #failed: (error: Error) => void;
  #slot: ReceiveSlot | undefined;
  /** Which of the sockets that are ready comes first. */
  #rotation = 0;

  /**
   * @param syscalls The way to the kernel.
   * @param list The sockets.
   * @param failed Told where no memory is to be had.
   */
  constructor(syscalls: Syscalls, list: WatchList, failed: (error: Error) => void) {
    this.#syscalls = syscalls;
    this.#list = list;
    this.#failed = failed;
  }

  /**
   * Has one socket read.
   *
   * @param source The socket.
   * @param now The time.
   * @param justOne Whether it stops after one datagram.
   * @returns Whether anything was there.
   */
  read(source: ReactorSource, now: number, justOne: boolean): boolean {
    const slot = this.#receiveSlot();
    return slot === undefined || source.readable(slot, now + TURN_MILLISECONDS, justOne);
  }

  /**
   * Has the sockets read that are ready.
   *
   * @param epoll The set that they are in.
   * @param events What it has told.
   * @param count How many they are.
   * @param now The time.
   * @returns Whether anything was there.
   */
  readEvents(epoll: EpollSet, events: EventList, count: number, now: number): boolean {
    const slot = this.#receiveSlot();
    if (slot === undefined) return true;
    const deadline = now + TURN_MILLISECONDS;
    // Where a turn ends early, the next begins with the sockets that it did not come to.
    const first = this.#rotation;
    this.#rotation = 0;
    let found = false;
    for (let index = 0; index < count; index++) {
      const fd = events.fd((first + index) % count);
      if (epoll.takesPoke(fd)) continue;
      if (index > 0 && performance.now() >= deadline) {
        this.#rotation = first + index;
        return true;
      }
      // A socket that lingers is not read, and what arrives there waits.
      if (this.#list.toRead(fd)?.readable(slot, deadline, false)) found = true;
      // The isolate ends, as where a handler calls Deno.exit(): the events are gone with the set.
      if (this.#list.epoll !== epoll) break;
    }
    return found;
  }

  /** The memory where datagrams arrive; undefined where none is to be had. */
  #receiveSlot(): ReceiveSlot | undefined {
    try {
      return this.#slot ??= this.#syscalls.createReceiveSlot(MAX_DATAGRAM, MAX_OVERFLOW);
    } catch (error) {
      this.#failed(error as Error);
    }
  }
}
