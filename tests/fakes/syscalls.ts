/**
 * System calls of a small kernel in memory: netlink sockets, eventfds, epoll sets, failures by script, and a ledger.
 *
 * It is stricter than the real one: closing twice, two waits at once, an errno that is asked too late, and memory that is
 * used after it was freed throw.
 *
 * @module
 */
import { AssertionError } from "@std/assert";
import {
  AF_NETLINK,
  AF_UNIX,
  EPOLLIN,
  MSG_DONTWAIT,
  MSG_TRUNC,
  NETLINK_SOCK_DIAG,
  SO_DOMAIN,
  SO_NETNS_COOKIE,
  SO_PASSCRED,
  SO_PEERCRED,
  SO_RCVBUF,
  SO_RCVTIMEO,
  SO_SNDBUF,
  SO_SNDTIMEO,
} from "../../ffi/constants.ts";
import { ERRNO } from "../../ffi/errno.ts";
import { ReceiveSlot, SLOT_CONTROL, SLOT_NAME } from "../../ffi/receive_slot.ts";
import { abstractAddress } from "../../ffi/structs/sockaddr_un.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { CMSG_UCRED_LENGTH } from "../../ffi/structs/ucred.ts";
import { writeMsghdrResult, writeUcredMessage } from "./received_message.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { FakeDiagSocket } from "./diag_socket.ts";
import { FakeKernel } from "./kernel.ts";
import {
  FakeEpoll,
  FakeEventfd,
  FakeEventList,
  FakeNamespaceFile,
  FakeOverflow,
  FakePidfd,
  type FakeProcess,
  FakeSendSlot,
  FakeSocket,
  FakeTextFile,
  FakeUnixSocket,
} from "./kernel_files.ts";
import { Failure } from "./script.ts";

/** System calls of a kernel in memory. */
export class FakeSyscalls extends FakeKernel implements Syscalls {
  #eventLists = 0;
  #sendSlots = 0;
  readonly #overflows = new WeakMap<ReceiveSlot, () => FakeOverflow>();

  errno(): number {
    return this.script.errno;
  }

  socket(domain: number, type: number, protocol: number): number {
    const create = () => {
      if (domain === AF_UNIX) return new FakeUnixSocket(this.namespace);
      if (protocol === NETLINK_SOCK_DIAG) return new FakeDiagSocket(this.namespace);
      return new FakeSocket(domain, type, protocol, this.namespace);
    };
    return this.script.run("socket", () => this.openFile(create()));
  }

  adopt(fd: number): number {
    return this.script.run("fcntl", () => {
      this.socketOf(fd).closeOnExec = true;
      return 0;
    });
  }

  bind(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.script.run("bind", () => {
      const unix = this.file(fd);
      if (unix instanceof FakeUnixSocket) {
        this.bindName(unix, nameOf(address));
        return 0;
      }
      const socket = this.socketOf(fd);
      const view = viewOf(address);
      if (address.length < SOCKADDR_NL_SIZE || view.getUint16(0, true) !== AF_NETLINK) throw new Failure("EINVAL");
      this.bindPort(socket, readSockaddrNlPort(view, 0));
      return 0;
    });
  }

  listen(fd: number): number {
    return this.script.run("listen", () => {
      this.#unixOf(fd).process = this.process;
      return 0;
    });
  }

  connect(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.script.run("connect", () => {
      const socket = this.#unixOf(fd);
      const listener = this.listenerAt(socket.namespace, nameOf(address));
      if (listener?.process === undefined) throw new Failure("ECONNREFUSED");
      if (listener.waiting >= this.backlog) throw new Failure("EAGAIN");
      listener.waiting++;
      socket.process = listener.process;
      this.wake();
      return 0;
    });
  }

  accept(fd: number): number {
    return this.script.run("accept4", () => {
      const listener = this.#unixOf(fd);
      if (listener.waiting === 0) throw new Failure("EAGAIN");
      listener.waiting--;
      return this.openFile(new FakeUnixSocket(listener.namespace));
    });
  }

  peerPidfd(fd: number): number {
    return this.script.run("peer_pidfd", () => this.openFile(new FakePidfd(this.#peerOf(fd))));
  }

  getsockname(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.script.run("getsockname", () => {
      const unix = this.file(fd);
      if (unix instanceof FakeUnixSocket) {
        address.set(abstractAddress(unix.name ?? "").subarray(0, address.length));
        return 0;
      }
      writeSockaddrNl(viewOf(address), 0, this.socketOf(fd).port);
      return 0;
    });
  }

  setsockopt(fd: number, _level: number, option: number, value: number): number {
    return this.script.run("setsockopt", () => {
      const isSize = option === SO_SNDBUF || option === SO_RCVBUF;
      this.socketOf(fd).options.set(option, isSize ? 2 * Math.min(value, this.bufferMaximum) : value);
      return 0;
    });
  }

  setsockoptTime(fd: number, _level: number, option: number, milliseconds: number): number {
    return this.script.run("setsockopt", () => {
      if (!Number.isInteger(milliseconds) || milliseconds < 0) throw new Failure("EINVAL");
      this.socketOf(fd).options.set(option, milliseconds);
      return 0;
    });
  }

  getsockopt(fd: number, _level: number, option: number, value: Int32Array<ArrayBuffer>): number {
    return this.script.run("getsockopt", () => {
      if (option === SO_PEERCRED) {
        const { pid, uid, gid } = this.#peerOf(fd).credentials;
        value.set([pid, uid, gid]);
        return 0;
      }
      if (option === SO_DOMAIN && this.file(fd) instanceof FakeUnixSocket) {
        value[0] = AF_UNIX;
        return 0;
      }
      if (option === SO_NETNS_COOKIE) {
        const file = this.file(fd);
        const isOther = file instanceof FakeUnixSocket || file instanceof FakeDiagSocket;
        const { namespace } = isOther ? file : this.socketOf(fd);
        new Uint8Array(value.buffer).set(new TextEncoder().encode(namespace.slice(0, 8).padEnd(8)));
        return 0;
      }
      const stored = this.socketOf(fd).options.get(option);
      if (stored === undefined) throw new Failure("ENOPROTOOPT");
      value[0] = stored;
      return 0;
    });
  }

  sendto(
    fd: number,
    data: Uint8Array<ArrayBuffer>,
    length: number,
    flags: number,
    address: Uint8Array<ArrayBuffer>,
  ): number {
    return this.script.run("sendto", () => {
      if (length > data.length) throw new AssertionError(`${length} bytes of ${data.length} were to be sent`);
      const port = readSockaddrNlPort(viewOf(address), 0);
      const groups = viewOf(address).getUint32(8, true);
      if (groups !== 0) this.multicast(this.socketOf(fd), groups, data.subarray(0, length));
      const diag = this.file(fd);
      if (diag instanceof FakeDiagSocket) {
        if (port !== 0) throw new Failure("EPERM");
        diag.ask(data.subarray(0, length), this.tellPorts(this.portsIn(diag.namespace)));
        return length;
      }
      const send = () => this.#send(fd, data.subarray(0, length), port);
      return this.#blocking(fd, flags, SO_SNDTIMEO, send);
    });
  }

  sendtoInThread(fd: number, slot: FakeSendSlot): Promise<number> {
    this.script.forgetErrno();
    if (this.script.due("sendto_in_thread") !== undefined) return Promise.resolve(-1);
    if (this.socketOf(fd).options.get(SO_SNDTIMEO) === 0) throw new AssertionError("A thread would wait without end");
    return this.sendInThread({ fd, to: slot.port, send: () => this.#send(fd, slot.bytes, slot.port) });
  }

  recvmsg(fd: number, slot: ReceiveSlot, flags: number): number {
    return this.script.run("recvmsg", () => {
      slot.reset();
      return this.#blocking(fd, flags, SO_RCVTIMEO, () => this.#receive(fd, slot, flags));
    });
  }

  open(path: string): number {
    return this.script.run("open", () => {
      const text = this.textFiles.get(path);
      if (text !== undefined) return this.openFile(new FakeTextFile(text));
      if (!this.namespaceFiles.has(path)) throw new Failure("ENOENT");
      return this.openFile(new FakeNamespaceFile(this.namespaceFiles.get(path)));
    });
  }

  read(fd: number, buffer: Uint8Array<ArrayBuffer>): number {
    return this.script.run("read", () => {
      const file = this.file(fd);
      if (file instanceof FakeDiagSocket) return file.read(buffer);
      if (!(file instanceof FakeTextFile)) throw new Failure("EINVAL");
      return new TextEncoder().encodeInto(file.text, buffer).written;
    });
  }

  poll(fds: readonly number[], milliseconds: number): number {
    return this.script.run("poll", () => {
      const count = () => fds.filter((fd) => this.file(fd).ready).length;
      if (count() > 0 || milliseconds === 0) return count();
      this.whileBlocked(milliseconds);
      return count();
    });
  }

  setns(fd: number): number {
    return this.script.run("setns", () => {
      const file = this.file(fd);
      if (!(file instanceof FakeNamespaceFile) || file.namespace === undefined) throw new Failure("EINVAL");
      this.namespace = file.namespace;
      return 0;
    });
  }

  close(fd: number): number {
    return this.script.run("close", () => {
      this.closeFile(fd);
      return 0;
    });
  }

  eventfd(initial: number, _flags: number): number {
    return this.script.run("eventfd", () => this.openFile(new FakeEventfd(initial)));
  }

  eventfdWrite(fd: number): number {
    return this.script.run("eventfd_write", () => {
      this.eventfdOf(fd).value++;
      this.wake();
      return 0;
    });
  }

  eventfdRead(fd: number): number {
    return this.script.run("eventfd_read", () => {
      const eventfd = this.eventfdOf(fd);
      if (eventfd.value === 0) throw new Failure("EAGAIN");
      eventfd.value = 0;
      return 0;
    });
  }

  epollCreate(_flags: number): number {
    return this.script.run("epoll_create1", () => this.openFile(new FakeEpoll()));
  }

  epollAdd(epfd: number, fd: number, events: number): number {
    return this.script.run("epoll_ctl", () => {
      if (events !== EPOLLIN) throw new Failure("EINVAL");
      this.epollOf(epfd).add(fd, this.file(fd));
      this.wake();
      return 0;
    });
  }

  epollDelete(epfd: number, fd: number): number {
    return this.script.run("epoll_ctl", () => {
      this.epollOf(epfd).delete(fd, this.file(fd));
      return 0;
    });
  }

  epollWait(epfd: number, events: FakeEventList, maximum: number): Promise<number> {
    this.script.forgetErrno();
    this.waits++;
    if (this.script.due("epoll_wait") !== undefined) return Promise.resolve(-1);
    const waiting = this.epollOf(epfd).beginWait(events, maximum);
    this.wake();
    return waiting;
  }

  epollPoll(epfd: number, events: FakeEventList, maximum: number): number {
    this.polls++;
    return this.script.run("epoll_wait", () => this.epollOf(epfd).poll(events, maximum));
  }

  schedYield(): void {
    this.script.forgetErrno();
    if (this.threadDelay === 0) return;
    this.threadDelay--;
    this.wake();
  }

  getuid(): number {
    return this.credentials.uid;
  }

  /** The thread, as the next calls see it. */
  thread = 4_711;

  gettid(): number {
    return this.thread;
  }

  getgid(): number {
    return this.credentials.gid;
  }

  createReceiveSlot(size: number, overflow: number): ReceiveSlot {
    let current = new FakeOverflow(overflow);
    const slot = new ReceiveSlot(size, () => 0n, () => current = new FakeOverflow(overflow));
    this.#overflows.set(slot, () => current);
    return slot;
  }

  createSendSlot(size: number): FakeSendSlot {
    return new FakeSendSlot(this.ledger, ++this.#sendSlots, size);
  }

  createEventList(maximum: number): FakeEventList {
    return new FakeEventList(this.ledger, ++this.#eventLists, maximum);
  }

  #unixOf(fd: number): FakeUnixSocket {
    const file = this.file(fd);
    if (!(file instanceof FakeUnixSocket)) throw new Failure("EOPNOTSUPP");
    return file;
  }

  #peerOf(fd: number): FakeProcess {
    const { process, name } = this.#unixOf(fd);
    if (process === undefined || name !== undefined) throw new Failure("ENODATA");
    return process;
  }

  #send(fd: number, bytes: Uint8Array, to: number): number {
    const sender = this.socketOf(fd);
    if (bytes.length === 0) throw new Failure("ENODATA");
    if (bytes.length > sender.options.get(SO_SNDBUF)! - 32) throw new Failure("EMSGSIZE");
    if (sender.port === 0) this.bindPort(sender, 0);
    this.arrive(to, bytes, sender.port, sender.namespace);
    return bytes.length;
  }

  #receive(fd: number, slot: ReceiveSlot, flags: number): number {
    const socket = this.socketOf(fd);
    const datagram = socket.queue.shift();
    if (datagram === undefined) throw new Failure("EAGAIN");
    const { bytes, from, credentials: { pid, uid, gid } } = datagram;
    slot.data.set(bytes.subarray(0, slot.data.length));
    if (bytes.length > slot.data.length) this.#overflows.get(slot)!().write(bytes.subarray(slot.data.length));
    writeSockaddrNl(slot.control, SLOT_NAME, from);
    const named = socket.options.get(SO_PASSCRED) === 1;
    if (named) writeUcredMessage(slot.control, SLOT_CONTROL, pid, uid, gid);
    const fits = Math.min(bytes.length, slot.capacity);
    writeMsghdrResult(slot.control, 0, fits < bytes.length ? MSG_TRUNC : 0, named ? CMSG_UCRED_LENGTH : 0);
    this.roomMade();
    return (flags & MSG_TRUNC) !== 0 ? bytes.length : fits;
  }

  /** Makes a call that may wait: the test says what happens meanwhile, and then it is made once more. */
  #blocking(fd: number, flags: number, timeout: number, call: () => number): number {
    const milliseconds = this.socketOf(fd).options.get(timeout)!;
    for (let tries = 1;; tries++) {
      try {
        return call();
      } catch (failure) {
        const blocks = failure instanceof Failure && failure.errno === ERRNO.EAGAIN && (flags & MSG_DONTWAIT) === 0;
        if (blocks && tries === 2 && milliseconds === 0) {
          throw new AssertionError("The whole program would stand still without end");
        }
        if (!blocks || tries === 2) throw failure;
      }
      this.whileBlocked(milliseconds);
    }
  }
}

/** The name in the address of an abstract unix socket. */
function nameOf(address: Uint8Array): string {
  if (viewOf(address).getUint16(0, true) !== AF_UNIX || address[2] !== 0) throw new Failure("EINVAL");
  return new TextDecoder().decode(address.subarray(3));
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
