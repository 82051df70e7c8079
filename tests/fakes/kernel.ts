/**
 * The inside of a small kernel in memory: its tables of files and ports, and what a test can do to it from outside.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import { AF_NETLINK, NETLINK_ADD_MEMBERSHIP, NETLINK_USERSOCK, SOCK_RAW } from "../../ffi/constants.ts";
import { ERRNO, type ErrnoName } from "../../ffi/errno.ts";
import { dumpOf } from "./diag_socket.ts";
import {
  type Credentials,
  FakeEpoll,
  FakeEventfd,
  type FakeFile,
  FakeProcess,
  FakeSocket,
  FakeUnixSocket,
} from "./kernel_files.ts";
import { Ledger } from "./ledger.ts";
import { Failure, Script, type SyscallName } from "./script.ts";

/** The first port that is chosen automatically; the next ones count from 0x80000000 upwards. */
export const FIRST_PORT = 4242;

/** A datagram on its way in a thread. */
export interface FakeSend {
  /** The file descriptor that it is sent on, which must stay open meanwhile. */
  readonly fd: number;
  /** Port of the receiver. */
  readonly to: number;
  /** Sends it; throws where there is no room. */
  readonly send: () => number;
}

/** The tables of the kernel, and its knobs. */
export class FakeKernel {
  /** What is open. */
  readonly ledger = new Ledger();
  /** Credentials of whatever is sent from now on. */
  credentials: Credentials = { pid: 1234, uid: 1000, gid: 100 };
  /** Datagrams that a queue holds. */
  queueLimit = 256;
  /** What SO_SNDBUF and SO_RCVBUF are cut down to before they are doubled. */
  bufferMaximum = 4_194_304;
  /** Whether the lowest free file descriptor is given again, as by the real kernel; without it none is given twice. */
  reuseFds = false;
  /** How many times `sched_yield` is called before a waiting thread has its turn. */
  threadDelay = 0;
  /** How often a thread was sent to wait. */
  waits = 0;
  /** The most threads that sent at once. */
  mostSending = 0;
  /** The network namespace of the thread. */
  namespace = "own";
  /** Files that can be opened, with the network namespace that they stand for; undefined where they stand for none. */
  readonly namespaceFiles: Map<string, string | undefined> = new Map([
    ["/proc/thread-self/ns/net", "own"],
    ["/proc/self/task/4711/ns/net", "own"],
  ]);
  /** Files with a text. */
  readonly textFiles: Map<string, string> = new Map([
    ["/proc/self/uid_map", "         0          0 4294967295\n"],
    ["/proc/self/gid_map", "         0          0 4294967295\n"],
  ]);
  /** Connections that a listening socket holds until they are accepted. */
  backlog = 128;
  /** This process. */
  readonly process: FakeProcess = new FakeProcess(this.credentials);
  /** What happens while the whole thread waits for a datagram, or for room for one; told for how long, 0 without end. */
  whileBlocked: (milliseconds: number) => void = () => {};
  /** What sock_diag(7) answers, datagram by datagram, where these ports are held. */
  tellPorts: (ports: readonly number[]) => readonly Uint8Array[] = (ports) => dumpOf(ports);
  /** How often somebody looked for events without waiting. */
  polls = 0;

  protected readonly script: Script = new Script();
  readonly #files = new Map<number, FakeFile>();
  /** Sockets that listen, by namespace and name. */
  readonly #listeners = new Map<string, FakeUnixSocket>();
  /** Each network namespace has ports of its own. */
  readonly #ports = new Map<string, FakeSocket>();
  /** Threads that wait for room in a queue. */
  readonly #sending = new Set<FakeSend & { resolve: (result: number) => void }>();
  #nextFd = 3;
  #nextPort = FIRST_PORT;

  /** Makes the next `times` calls of one system call fail, after `after` that do not. A wait in progress counts as next. */
  fail(syscall: SyscallName, errno: ErrnoName, times = 1, after = 0): void {
    this.script.fail(syscall, errno, times, after);
    const epoll = this.#epolls().find((epoll) => epoll.wait !== undefined);
    if (syscall === "epoll_wait" && epoll !== undefined && this.script.due(syscall)) epoll.endWait(-1);
  }

  /** Makes a system call work again. */
  heal(syscall: SyscallName): void {
    this.script.heal(syscall);
  }

  /** How often a system call was made. */
  count(syscall: SyscallName): number {
    return this.script.count(syscall);
  }

  /** Fails, and names what is still open. */
  assertAllClosed(): void {
    this.ledger.assertAllClosed();
  }

  /** Whether a file descriptor is open. */
  isOpen(fd: number): boolean {
    return this.#files.has(fd);
  }

  /** Another process listens at the abstract address of a port's lifeline; it ends by {@linkcode FakeKernel.endProcess}. */
  listenElsewhere(port: number, credentials: Partial<Credentials> = {}, namespace = "own"): FakeProcess {
    const process = new FakeProcess({ pid: 77, uid: 1000, gid: 100, ...credentials });
    const socket = new FakeUnixSocket(namespace);
    this.bindName(socket, `procslink/${port}`);
    socket.process = process;
    return process;
  }

  /** A process ends, and what it listened at is free. */
  endProcess(process: FakeProcess): void {
    process.ended = true;
    for (const [place, socket] of this.#listeners) if (socket.process === process) this.#listeners.delete(place);
    this.wake();
  }

  /** How many threads wait for room in a queue. */
  get sending(): number {
    return this.#sending.size;
  }

  /** The receivers that threads wait for. */
  get sendingTo(): number[] {
    return [...this.#sending].map(({ to }) => to);
  }

  /** Lets SO_SNDTIMEO pass for all threads that wait for room, or for those that wait for one receiver. */
  endSends(to?: number): void {
    for (const sending of [...this.#sending]) {
      if (to !== undefined && sending.to !== to) continue;
      this.#sending.delete(sending);
      sending.resolve(-1);
    }
  }

  /** A port's reader reads a datagram, as another process would; returns it. */
  readAt(port: number, namespace = "own"): Uint8Array | undefined {
    const datagram = this.#ports.get(placeOf(namespace, port))?.queue.shift();
    this.roomMade();
    return datagram?.bytes;
  }

  /** Whether a thread waits. */
  get waiting(): boolean {
    return this.#epolls().some((epoll) => epoll.wait !== undefined);
  }

  /** The file descriptors in epoll sets, without eventfds. */
  get watched(): number[] {
    return this.#epolls().flatMap((epoll) => epoll.watched);
  }

  /** The socket behind a file descriptor. */
  socketOf(fd: number): FakeSocket {
    const file = this.#files.get(fd);
    if (file === undefined) throw new Failure("EBADF");
    if (!(file instanceof FakeSocket)) throw new Failure("ENOTSOCK");
    return file;
  }

  /** A socket that was opened elsewhere. Where it is shared, another process has it too. */
  openElsewhere(
    options: { domain?: number; protocol?: number; port?: number; shared?: boolean; namespace?: string } = {},
  ): number {
    const { domain = AF_NETLINK, protocol = NETLINK_USERSOCK, port = 0, shared = false, namespace = "own" } = options;
    const socket = new FakeSocket(domain, SOCK_RAW, protocol, namespace);
    socket.shared = shared;
    if (port !== 0) this.bindPort(socket, port);
    return this.openFile(socket);
  }

  /** Puts a datagram into the queue of a port, as another process would by sending it. */
  arrive(to: number, bytes: Uint8Array = new Uint8Array([1]), from = 77, namespace = "own"): void {
    const receiver = this.#ports.get(placeOf(namespace, to));
    if (receiver === undefined) throw new Failure("ECONNREFUSED");
    if (receiver.queue.length >= this.queueLimit) throw new Failure("EAGAIN");
    receiver.queue.push({ from, bytes: bytes.slice(), credentials: this.credentials });
    this.wake();
  }

  /** Sends a datagram to all sockets that hear the lowest of some multicast groups. Who has no room for it loses it. */
  protected multicast(from: FakeSocket, groups: number, bytes: Uint8Array): void {
    const group = 32 - Math.clz32(groups & -groups);
    for (const socket of this.#ports.values()) {
      const isHearing = socket.namespace === from.namespace && socket.options.get(NETLINK_ADD_MEMBERSHIP) === group;
      if (!isHearing || socket === from || socket.queue.length >= this.queueLimit) continue;
      socket.queue.push({ from: from.port, bytes: bytes.slice(), credentials: this.credentials });
    }
    this.wake();
  }

  protected bindName(socket: FakeUnixSocket, name: string): void {
    const place = `${socket.namespace}:${name}`;
    if (this.#listeners.has(place)) throw new Failure("EADDRINUSE");
    socket.name = name;
    this.#listeners.set(place, socket);
  }

  protected listenerAt(namespace: string, name: string): FakeUnixSocket | undefined {
    return this.#listeners.get(`${namespace}:${name}`);
  }

  protected openFile(file: FakeFile): number {
    let fd = this.#nextFd;
    if (this.reuseFds) { for (fd = 3; this.#files.has(fd);) fd++; }
    this.#nextFd = Math.max(this.#nextFd, fd + 1);
    this.#files.set(fd, file);
    this.ledger.opened(`fd ${fd}`, file.kind);
    return fd;
  }

  protected closeFile(fd: number): void {
    this.ledger.closed(`fd ${fd}`);
    const file = this.#files.get(fd)!;
    this.#files.delete(fd);
    if (file instanceof FakeEpoll) file.assertNoWait();
    if (file instanceof FakeUnixSocket && file.name !== undefined) {
      this.#listeners.delete(`${file.namespace}:${file.name}`);
    }
    if (file instanceof FakeSocket) {
      if ([...this.#sending].some((sending) => sending.fd === fd)) {
        throw new AssertionError("A socket was closed while a thread sends: its number may be another's at once");
      }
      // The other process still has the file: its port stays, and so does its place in epoll sets.
      if (file.shared) return;
      this.#ports.delete(placeOf(file.namespace, file.port));
      this.roomMade();
    }
    for (const epoll of this.#epolls()) epoll.fileClosed(fd, file);
  }

  protected bindPort(socket: FakeSocket, wanted: number): void {
    if (socket.port !== 0 && socket.port !== wanted) throw new Failure("EINVAL");
    const holder = this.#ports.get(placeOf(socket.namespace, wanted));
    if (holder !== undefined && holder !== socket) throw new Failure("EADDRINUSE");
    let port = wanted;
    while (port === 0 || (wanted === 0 && this.#ports.has(placeOf(socket.namespace, port)))) {
      port = this.#nextPort;
      this.#nextPort = port === FIRST_PORT ? 0x8000_0000 : port + 1;
    }
    socket.port = port;
    this.#ports.set(placeOf(socket.namespace, port), socket);
  }

  /** The ports that are held in a network namespace. */
  protected portsIn(namespace: string): number[] {
    return [...this.#ports.values()].filter((socket) => socket.namespace === namespace).map(({ port }) => port);
  }

  protected file(fd: number): FakeFile {
    const file = this.#files.get(fd);
    if (file === undefined) throw new Failure("EBADF");
    return file;
  }

  /** A thread sends: it waits until there is room, or {@linkcode FakeKernel.endSends}. */
  protected sendInThread(send: FakeSend): Promise<number> {
    const outcome = Promise.withResolvers<number>();
    this.#sending.add({ ...send, resolve: outcome.resolve });
    this.mostSending = Math.max(this.mostSending, this.#sending.size);
    this.roomMade();
    return outcome.promise;
  }

  /** There may be room in a queue: threads that wait for it try again. */
  protected roomMade(): void {
    for (const sending of this.#sending) {
      try {
        sending.resolve(sending.send());
        this.#sending.delete(sending);
      } catch (failure) {
        if (!(failure instanceof Failure)) throw failure;
        if (failure.errno === ERRNO.EAGAIN) continue;
        this.#sending.delete(sending);
        sending.resolve(-1);
      }
    }
  }

  protected eventfdOf(fd: number): FakeEventfd {
    const file = this.file(fd);
    if (!(file instanceof FakeEventfd)) throw new Failure("EINVAL");
    return file;
  }

  protected epollOf(fd: number): FakeEpoll {
    const file = this.file(fd);
    if (!(file instanceof FakeEpoll)) throw new Failure("EINVAL");
    return file;
  }

  /** Something may be ready: ends waits, unless the thread does not have its turn yet. */
  protected wake(): void {
    if (this.threadDelay === 0) { for (const epoll of this.#epolls()) epoll.wake(); }
  }

  #epolls(): FakeEpoll[] {
    return [...this.#files.values()].filter((file) => file instanceof FakeEpoll);
  }
}

function placeOf(namespace: string, port: number): string {
  return `${namespace}:${port}`;
}
