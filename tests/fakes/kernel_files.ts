/**
 * What a file descriptor of the fake kernel stands for: sockets, eventfds and epoll sets.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import {
  SO_DOMAIN,
  SO_PASSCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVTIMEO,
  SO_SNDBUF,
  SO_SNDTIMEO,
} from "../../ffi/constants.ts";
import type { EventList, Overflow, SendSlot } from "../../ffi/syscalls.ts";
import type { FakeDiagSocket } from "./diag_socket.ts";
import type { Ledger } from "./ledger.ts";
import { Failure } from "./script.ts";

/** pid, uid and gid of a sender. */
export interface Credentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** A datagram in a queue. */
export interface FakeDatagram {
  readonly from: number;
  readonly bytes: Uint8Array;
  readonly credentials: Credentials;
}

/** A netlink socket, or another one for tests of what is no netlink socket. */
export class FakeSocket {
  readonly kind = "socket";
  readonly type: number;
  readonly options: Map<number, number>;
  readonly queue: FakeDatagram[] = [];
  /** Whether another process has the socket too: closing it here does not free its port, nor take it out of epoll sets. */
  shared = false;
  closeOnExec = false;
  port = 0;
  /** The network namespace that it was opened in. */
  readonly namespace: string;

  constructor(domain: number, type: number, protocol: number, namespace = "own") {
    this.type = type;
    this.namespace = namespace;
    this.options = new Map([
      [SO_DOMAIN, domain],
      [SO_PROTOCOL, protocol],
      [SO_PASSCRED, 0],
      [SO_RCVBUF, 212_992],
      [SO_SNDBUF, 212_992],
      [SO_RCVTIMEO, 0],
      [SO_SNDTIMEO, 0],
    ]);
  }

  get ready(): boolean {
    return this.queue.length > 0;
  }
}

/** A process, as far as its end matters. */
export class FakeProcess {
  readonly credentials: Credentials;
  ended = false;

  constructor(credentials: Credentials) {
    this.credentials = credentials;
  }
}

/** A unix socket: it listens at an abstract address, or is connected to one. */
export class FakeUnixSocket {
  readonly kind = "unix";
  /** The network namespace that it was opened in. */
  readonly namespace: string;
  /** Its abstract address, once it is bound. */
  name: string | undefined;
  /** Whose socket listens here; of one that is connected, the process on the other side. */
  process: FakeProcess | undefined;
  /** Connections that nobody has accepted yet. */
  waiting = 0;

  constructor(namespace: string) {
    this.namespace = namespace;
  }

  get ready(): boolean {
    return this.waiting > 0;
  }
}

/** A descriptor of a process. */
export class FakePidfd {
  readonly kind = "pidfd";
  readonly process: FakeProcess;

  constructor(process: FakeProcess) {
    this.process = process;
  }

  get ready(): boolean {
    return this.process.ended;
  }
}

/** An eventfd. */
export class FakeEventfd {
  readonly kind = "eventfd";
  value: number;

  constructor(initial: number) {
    this.value = initial;
  }

  get ready(): boolean {
    return this.value > 0;
  }
}

/** Memory for events that is in the ledger, and cannot be used after it was freed. */
export class FakeEventList implements EventList {
  readonly #ledger: Ledger;
  readonly #key: string;
  #fds: number[] = [];
  #freed = false;

  constructor(ledger: Ledger, number: number, maximum: number) {
    this.#ledger = ledger;
    this.#key = `event list ${number}`;
    ledger.opened(this.#key, `${maximum} events`);
  }

  /** Writes events, as the kernel does. */
  write(fds: readonly number[]): void {
    this.#assertAlive();
    if (fds.length > 0) this.#fds = [...fds];
  }

  fd(index: number): number {
    this.#assertAlive();
    const fd = this.#fds[index];
    if (fd === undefined) throw new AssertionError(`There is no event ${index}`);
    return fd;
  }

  written(): boolean {
    this.#assertAlive();
    return this.#fds.length > 0;
  }

  clear(): void {
    this.#assertAlive();
    this.#fds = [];
  }

  free(): void {
    this.#freed = true;
    this.#ledger.closed(this.#key);
  }

  #assertAlive(): void {
    if (this.#freed) throw new AssertionError(`${this.#key} was used after it was freed`);
  }
}

/** Memory for a datagram that is in the ledger, and cannot be used after it was freed. */
export class FakeSendSlot implements SendSlot {
  readonly #ledger: Ledger;
  readonly #key: string;
  readonly #size: number;
  #port = 0;
  #bytes: Uint8Array | undefined = new Uint8Array();

  constructor(ledger: Ledger, number: number, size: number) {
    this.#ledger = ledger;
    this.#key = `send slot ${number}`;
    this.#size = size;
    ledger.opened(this.#key, `${size} bytes`);
  }

  get port(): number {
    return this.#port;
  }

  get bytes(): Uint8Array {
    if (this.#bytes === undefined) throw new AssertionError(`${this.#key} was used after it was freed`);
    return this.#bytes;
  }

  get length(): number {
    return this.bytes.length;
  }

  fill(port: number, bytes: Uint8Array, length: number): void {
    if (length > this.#size) throw new AssertionError(`${length} bytes do not fit ${this.#key}`);
    this.#port = port;
    this.#bytes = bytes.slice(0, length);
  }

  free(): void {
    this.#bytes = undefined;
    this.#ledger.closed(this.#key);
  }
}

/** What did not fit a receive slot. */
export class FakeOverflow implements Overflow {
  readonly address = 0n;
  readonly size: number;
  #bytes = new Uint8Array();

  constructor(size: number) {
    this.size = size;
  }

  /** Writes what did not fit, as the kernel does. */
  write(bytes: Uint8Array): void {
    this.#bytes = bytes.slice(0, this.size);
  }

  copyTo(destination: Uint8Array<ArrayBuffer>): void {
    destination.set(this.#bytes.subarray(0, destination.length));
  }

  free(): void {}
}

/** A file with a text. */
export class FakeTextFile {
  readonly kind = "file";
  readonly ready = false;
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** A file that stands for a network namespace, or for something else. */
export class FakeNamespaceFile {
  readonly kind = "namespace";
  readonly ready = false;
  /** The namespace, or undefined where it is none. */
  readonly namespace: string | undefined;

  constructor(namespace: string | undefined) {
    this.namespace = namespace;
  }
}

interface Wait {
  readonly events: FakeEventList;
  readonly maximum: number;
  readonly resolve: (count: number) => void;
}

/** A level-triggered epoll set. */
export class FakeEpoll {
  readonly kind = "epoll";
  readonly ready = false;
  /** The thread that waits. */
  wait: Wait | undefined;
  readonly #interest = new Map<number, FakeFile>();

  /** The netlink sockets in the set. */
  get watched(): number[] {
    return [...this.#interest].filter(([, file]) => file.kind === "socket").map(([fd]) => fd);
  }

  add(fd: number, file: FakeFile): void {
    if (this.#interest.has(fd)) throw new Failure("EEXIST");
    this.#interest.set(fd, file);
  }

  delete(fd: number, file: FakeFile): void {
    if (this.#interest.get(fd) !== file) throw new Failure("ENOENT");
    this.#interest.delete(fd);
  }

  /** A file descriptor was closed: the last one of a file takes it out of the set. */
  fileClosed(fd: number, file: FakeFile): void {
    if (this.#interest.get(fd) === file) this.#interest.delete(fd);
  }

  /** Writes what is ready into the list; what was reported goes behind the others. */
  poll(events: FakeEventList, maximum: number): number {
    const fds = [...this.#interest].filter(([, file]) => file.ready).map(([fd]) => fd).slice(0, maximum);
    for (const fd of fds) {
      const file = this.#interest.get(fd)!;
      this.#interest.delete(fd);
      this.#interest.set(fd, file);
    }
    events.write(fds);
    return fds.length;
  }

  /** Begins a wait: its result. */
  beginWait(events: FakeEventList, maximum: number): Promise<number> {
    if (this.wait !== undefined) throw new AssertionError("A second thread was sent to wait");
    const { promise, resolve } = Promise.withResolvers<number>();
    this.wait = { events, maximum, resolve };
    return promise;
  }

  /** Ends the wait where there is something to report. */
  wake(): void {
    if (this.wait === undefined) return;
    const { events, maximum } = this.wait;
    const count = this.poll(events, maximum);
    if (count > 0) this.endWait(count);
  }

  /** Ends the wait with this result. */
  endWait(result: number): void {
    const wait = this.wait!;
    this.wait = undefined;
    wait.resolve(result);
  }

  /** Fails where a thread waits: it would never come back. */
  assertNoWait(): void {
    if (this.wait !== undefined) throw new AssertionError("The epoll set was closed while a thread waits for it");
  }
}

/** What a file descriptor can stand for. */
export type FakeFile =
  | FakeSocket
  | FakeUnixSocket
  | FakeDiagSocket
  | FakePidfd
  | FakeEventfd
  | FakeEpoll
  | FakeNamespaceFile
  | FakeTextFile;
