/**
 * The kernel itself behind the {@linkcode Syscalls} seam.
 *
 * @module
 */
import {
  CLONE_NEWNET,
  EPOLL_CTL_ADD,
  EPOLL_CTL_DEL,
  F_SETFD,
  FD_CLOEXEC,
  O_CLOEXEC,
  O_NONBLOCK,
  POLLIN,
  SO_PEERPIDFD,
  SOCK_CLOEXEC,
  SOCK_NONBLOCK,
  SOL_SOCKET,
  SOMAXCONN,
} from "./constants.ts";
import { libc, type LibcSymbols, seldomLibc } from "./libc.ts";
import { MallocEventList, MallocOverflow, MallocSendSlot } from "./malloc.ts";
import { ReceiveSlot } from "./receive_slot.ts";
import { type EpollEventLayout, epollEventLayout, writeEpollEvent } from "./structs/epoll_event.ts";
import { POLLFD_SIZE, writePollfd } from "./structs/pollfd.ts";
import { SOCKADDR_NL_SIZE } from "./structs/sockaddr_nl.ts";
import { TIMEVAL_SIZE, writeTimeval } from "./structs/timeval.ts";
import type { Syscalls } from "./syscalls.ts";
import { ThreadExitCloser } from "./thread_exit.ts";

const EPOLL_EVENT: EpollEventLayout = epollEventLayout(Deno.build.arch);
// The wait of a terminated Worker has nobody left who could end it: it ends by itself, within this time.
const WORKER_WAIT_MILLISECONDS = 1_000;
/** A thread waits for a socket, and for the end of the process on its other side. */
const MAXIMUM_POLLFDS = 2;

/** System calls through libc. */
export class LinuxSyscalls implements Syscalls {
  readonly #symbols: LibcSymbols;
  /** errno of this thread, at the address that libc names; an isolate stays on its thread. */
  readonly #errno: Int32Array;
  readonly #threadExit: ThreadExitCloser | undefined;
  readonly #waitMilliseconds: number;

  readonly #length = new Uint32Array(new ArrayBuffer(4));
  readonly #option = new Int32Array(new ArrayBuffer(4));
  readonly #time = new DataView(new ArrayBuffer(TIMEVAL_SIZE));
  readonly #timeBytes = new Uint8Array(this.#time.buffer);
  readonly #counter = new Uint8Array(new ArrayBuffer(8));
  readonly #event = new DataView(new ArrayBuffer(EPOLL_EVENT.size));
  readonly #eventBytes = new Uint8Array(this.#event.buffer);
  readonly #pollfds = new DataView(new ArrayBuffer(MAXIMUM_POLLFDS * POLLFD_SIZE));
  readonly #pollfdBytes = new Uint8Array(this.#pollfds.buffer);

  /**
   * Opens libc, where that has not happened yet.
   *
   * @throws {LibcUnavailableError} If it cannot be opened here.
   */
  constructor() {
    this.#symbols = libc();
    const location = this.#symbols.__errno_location();
    if (location === null) throw new Error("libc has no errno for this thread");
    this.#errno = new Int32Array(Deno.UnsafePointerView.getArrayBuffer(location, 4));
    // The first thread of a process has its number; every other is that of a Worker, of whichever kind.
    const inWorker = this.#symbols.gettid() !== Deno.pid;
    if (inWorker) this.#threadExit = new ThreadExitCloser({ ...this.#symbols, ...seldomLibc() });
    this.#waitMilliseconds = inWorker ? WORKER_WAIT_MILLISECONDS : -1;
  }

  errno(): number {
    return this.#errno[0]!;
  }

  socket(domain: number, type: number, protocol: number): number {
    return this.#own(this.#symbols.socket(domain, type, protocol));
  }

  adopt(fd: number): number {
    if (seldomLibc().fcntl(fd, F_SETFD, FD_CLOEXEC) === -1) return -1;
    this.#threadExit?.keep(fd);
    return 0;
  }

  bind(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#symbols.bind(fd, address, address.length);
  }

  listen(fd: number): number {
    return this.#symbols.listen(fd, SOMAXCONN);
  }

  connect(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.#symbols.connect(fd, address, address.length);
  }

  accept(fd: number): number {
    return this.#own(seldomLibc().accept4(fd, null, null, SOCK_CLOEXEC | SOCK_NONBLOCK));
  }

  peerPidfd(fd: number): number {
    const failed = this.getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, this.#option) === -1;
    // A pidfd has CLOEXEC by itself.
    return failed ? -1 : this.#own(this.#option[0]!);
  }

  getsockname(fd: number, address: Uint8Array<ArrayBuffer>): number {
    this.#length[0] = address.length;
    return this.#symbols.getsockname(fd, address, this.#length);
  }

  setsockopt(fd: number, level: number, option: number, value: number): number {
    this.#option[0] = value;
    return this.#symbols.setsockopt(fd, level, option, this.#option, 4);
  }

  setsockoptTime(fd: number, level: number, option: number, milliseconds: number): number {
    writeTimeval(this.#time, 0, milliseconds);
    return this.#symbols.setsockopt(fd, level, option, this.#timeBytes, TIMEVAL_SIZE);
  }

  getsockopt(fd: number, level: number, option: number, value: Int32Array<ArrayBuffer>): number {
    this.#length[0] = value.byteLength;
    return this.#symbols.getsockopt(fd, level, option, value, this.#length);
  }

  sendto(
    fd: number,
    data: Uint8Array<ArrayBuffer>,
    length: number,
    flags: number,
    address: Uint8Array<ArrayBuffer>,
  ): number {
    // The fast path of FFI takes numbers for `usize`; its type asks for a bigint, which would cost an allocation.
    return this.#symbols.sendto(fd, data, length as unknown as bigint, flags, address, SOCKADDR_NL_SIZE);
  }

  sendtoInThread(fd: number, slot: MallocSendSlot): Promise<number> {
    return seldomLibc().sendto_in_thread(fd, slot.data, BigInt(slot.length), 0, slot.address, SOCKADDR_NL_SIZE);
  }

  recvmsg(fd: number, slot: ReceiveSlot, flags: number): number {
    slot.reset();
    return this.#symbols.recvmsg(fd, slot.header, flags);
  }

  close(fd: number): number {
    return this.#threadExit === undefined ? this.#symbols.close(fd) : this.#threadExit.close(fd);
  }

  open(path: string): number {
    // Without O_NONBLOCK a named pipe would keep the whole program waiting.
    return this.#own(this.#symbols.open(new TextEncoder().encode(`${path}\0`), O_CLOEXEC | O_NONBLOCK));
  }

  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    return this.#symbols.read(fd, buffer, BigInt(buffer.length));
  }

  poll(fds: readonly number[], milliseconds: number): number {
    for (const [index, fd] of fds.entries()) writePollfd(this.#pollfds, index * POLLFD_SIZE, fd, POLLIN);
    return this.#symbols.poll(this.#pollfdBytes, fds.length as unknown as bigint, milliseconds);
  }

  setns(fd: number): number {
    return seldomLibc().setns(fd, CLONE_NEWNET);
  }

  eventfd(initial: number, flags: number): number {
    return this.#own(this.#symbols.eventfd(initial, flags));
  }

  eventfdWrite(fd: number): number {
    return seldomLibc().eventfd_write(fd, 1n);
  }

  eventfdRead(fd: number): number {
    return seldomLibc().eventfd_read(fd, this.#counter);
  }

  epollCreate(flags: number): number {
    return this.#own(this.#symbols.epoll_create1(flags));
  }

  epollAdd(epfd: number, fd: number, events: number): number {
    writeEpollEvent(this.#event, 0, EPOLL_EVENT, events, fd);
    return this.#symbols.epoll_ctl(epfd, EPOLL_CTL_ADD, fd, this.#eventBytes);
  }

  epollDelete(epfd: number, fd: number): number {
    return this.#symbols.epoll_ctl(epfd, EPOLL_CTL_DEL, fd, this.#eventBytes);
  }

  epollWait(epfd: number, events: MallocEventList, maximum: number): Promise<number> {
    return this.#symbols.epoll_wait_in_thread(epfd, events.pointer, maximum, this.#waitMilliseconds);
  }

  epollPoll(epfd: number, events: MallocEventList, maximum: number): number {
    return this.#symbols.epoll_wait(epfd, events.pointer, maximum, 0);
  }

  schedYield(): void {
    this.#symbols.sched_yield();
  }

  getuid(): number {
    return this.#symbols.getuid();
  }

  getgid(): number {
    return seldomLibc().getgid();
  }

  gettid(): number {
    return this.#symbols.gettid();
  }

  createReceiveSlot(size: number, overflow: number): ReceiveSlot {
    return new ReceiveSlot(
      size,
      (buffer) => BigInt(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer))),
      () => this.#createOverflow(overflow),
    );
  }

  createSendSlot(size: number): MallocSendSlot {
    return new MallocSendSlot(this.#symbols, size);
  }

  createEventList(maximum: number): MallocEventList {
    return new MallocEventList(this.#symbols, maximum, EPOLL_EVENT);
  }

  /** Where a process may not even reserve so much memory, it goes without. */
  #createOverflow(size: number): MallocOverflow | undefined {
    try {
      return new MallocOverflow(this.#symbols, size);
    } catch {
      return undefined;
    }
  }

  /** In a Worker, has a new file descriptor closed with its thread. */
  #own(fd: number): number {
    return fd < 0 || this.#threadExit === undefined ? fd : this.#threadExit.own(fd);
  }
}
