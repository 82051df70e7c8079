/**
 * The narrow seam between this project and the kernel. {@linkcode LinuxSyscalls} is the real one; tests script another.
 *
 * @module
 */
import type { ReceiveSlot } from "./receive_slot.ts";

/** Memory that `epoll_wait(2)` fills, outside of V8's heap: a wait in another thread may outlive the isolate. */
export interface EventList {
  /** Tells the file descriptor of one event. */
  fd(index: number): number;
  /** Tells whether the kernel has written an event since {@linkcode EventList.clear}. */
  written(): boolean;
  /** Forgets the events. */
  clear(): void;
  /** Gives the memory back. */
  free(): void;
}

/** A datagram and its destination, outside of V8's heap: a thread that sends it may outlive the isolate. */
export interface SendSlot {
  /** Length of the datagram in bytes. */
  readonly length: number;
  /** Copies a datagram: the bytes up to `length`, for the socket with this port. */
  fill(port: number, bytes: Uint8Array, length: number): void;
  /** Gives the memory back. */
  free(): void;
}

/** Memory for what does not fit a receive slot. It takes up nothing as long as nothing is written to it. */
export interface Overflow {
  /** Where it is in memory. */
  readonly address: bigint;
  /** Its size in bytes. */
  readonly size: number;
  /** Copies as many bytes from its start as the destination has. */
  copyTo(destination: Uint8Array<ArrayBuffer>): void;
  /** Gives the memory back. */
  free(): void;
}

/**
 * System calls as the kernel has them: a result of -1 means failure, and {@linkcode Syscalls.errno} must then be asked
 * **before anything else is called**.
 */
export interface Syscalls {
  /** errno of the synchronous call that has just returned -1. */
  errno(): number;
  /** socket(2). */
  socket(domain: number, type: number, protocol: number): number;
  /** Takes over a file descriptor that was opened elsewhere: it is closed like one that {@linkcode Syscalls.socket} opened. */
  adopt(fd: number): number;
  /** bind(2). */
  bind(fd: number, address: Uint8Array<ArrayBuffer>): number;
  /** listen(2), with as much room for connections as the kernel gives. */
  listen(fd: number): number;
  /** connect(2). */
  connect(fd: number, address: Uint8Array<ArrayBuffer>): number;
  /** accept4(2); who has connected is of no interest. */
  accept(fd: number): number;
  /** getsockopt(2) of SO_PEERPIDFD: a descriptor of the process on the other side, which can be read once that has ended. */
  peerPidfd(fd: number): number;
  /** getsockname(2). */
  getsockname(fd: number, address: Uint8Array<ArrayBuffer>): number;
  /** setsockopt(2) of an option whose value is an int. */
  setsockopt(fd: number, level: number, option: number, value: number): number;
  /** setsockopt(2) of an option whose value is a time span, in whole milliseconds; 0 is without end. */
  setsockoptTime(fd: number, level: number, option: number, milliseconds: number): number;
  /** getsockopt(2) of an option whose value is one int or more. */
  getsockopt(fd: number, level: number, option: number, value: Int32Array<ArrayBuffer>): number;
  /** sendto(2): the bytes of `data` up to `length`. */
  sendto(
    fd: number,
    data: Uint8Array<ArrayBuffer>,
    length: number,
    flags: number,
    address: Uint8Array<ArrayBuffer>,
  ): number;
  /** sendto(2), without flags, in a thread of Deno's pool: it may wait. Its errno is another thread's. */
  sendtoInThread(fd: number, slot: SendSlot): Promise<number>;
  /** recvmsg(2). */
  recvmsg(fd: number, slot: ReceiveSlot, flags: number): number;
  /** close(2). */
  close(fd: number): number;
  /** open(2), for reading. */
  open(path: string): number;
  /** read(2). */
  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number;
  /** poll(2) for reading: how many descriptors can be read, or have nobody on the other side any more. */
  poll(fds: readonly number[], milliseconds: number): number;
  /** setns(2) of this thread to the network namespace behind a file descriptor. */
  setns(fd: number): number;
  /** eventfd(2). */
  eventfd(initial: number, flags: number): number;
  /** eventfd_write(3) of 1. */
  eventfdWrite(fd: number): number;
  /** eventfd_read(3); the value is of no interest. */
  eventfdRead(fd: number): number;
  /** epoll_create1(2). */
  epollCreate(flags: number): number;
  /** epoll_ctl(2): waits for `events` of `fd`. */
  epollAdd(epfd: number, fd: number, events: number): number;
  /** epoll_ctl(2): no longer waits for `fd`. */
  epollDelete(epfd: number, fd: number): number;
  /** epoll_wait(2) in a thread of Deno's pool. Its errno is another thread's: after -1, ask {@linkcode Syscalls.epollPoll}. */
  epollWait(epfd: number, events: EventList, maximum: number): Promise<number>;
  /** epoll_wait(2) that returns at once. */
  epollPoll(epfd: number, events: EventList, maximum: number): number;
  /** sched_yield(2). */
  schedYield(): void;
  /** getuid(2). */
  getuid(): number;
  /** getgid(2). */
  getgid(): number;
  /** gettid(2). */
  gettid(): number;
  /** Memory for datagrams of up to `size` bytes, and `overflow` bytes more for one that is larger, where they are to be had. */
  createReceiveSlot(size: number, overflow: number): ReceiveSlot;
  /** Memory for a datagram of up to `size` bytes that a thread sends. */
  createSendSlot(size: number): SendSlot;
  /** Memory for `maximum` events. */
  createEventList(maximum: number): EventList;
}
