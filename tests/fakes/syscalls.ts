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
  EPOLLIN,
  MSG_DONTWAIT,
  MSG_TRUNC,
  SO_PASSCRED,
  SO_RCVBUF,
  SO_SNDBUF,
} from "../../ffi/constants.ts";
import { ReceiveSlot, SLOT_CONTROL, SLOT_NAME } from "../../ffi/receive_slot.ts";
import { readSockaddrNlPort, SOCKADDR_NL_SIZE, writeSockaddrNl } from "../../ffi/structs/sockaddr_nl.ts";
import { CMSG_UCRED_LENGTH } from "../../ffi/structs/ucred.ts";
import { writeMsghdrResult, writeUcredMessage } from "./received_message.ts";
import type { Syscalls } from "../../ffi/syscalls.ts";
import { FakeKernel } from "./kernel.ts";
import { FakeEpoll, FakeEventfd, FakeEventList, FakeSocket } from "./kernel_files.ts";
import { Failure } from "./script.ts";

/** System calls of a kernel in memory. */
export class FakeSyscalls extends FakeKernel implements Syscalls {
  #eventLists = 0;

  errno(): number {
    return this.script.errno;
  }

  socket(domain: number, type: number, protocol: number): number {
    return this.script.run("socket", () => this.open(new FakeSocket(domain, type, protocol)));
  }

  adopt(fd: number): number {
    return this.script.run("fcntl", () => {
      this.socketOf(fd).closeOnExec = true;
      return 0;
    });
  }

  bind(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.script.run("bind", () => {
      const socket = this.socketOf(fd);
      const view = viewOf(address);
      if (address.length < SOCKADDR_NL_SIZE || view.getUint16(0, true) !== AF_NETLINK) throw new Failure("EINVAL");
      this.bindPort(socket, readSockaddrNlPort(view, 0));
      return 0;
    });
  }

  getsockname(fd: number, address: Uint8Array<ArrayBuffer>): number {
    return this.script.run("getsockname", () => {
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

  getsockopt(fd: number, _level: number, option: number, value: Int32Array<ArrayBuffer>): number {
    return this.script.run("getsockopt", () => {
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
    assertNeverWaits(flags);
    return this.script.run("sendto", () => {
      if (length > data.length) throw new AssertionError(`${length} bytes of ${data.length} were to be sent`);
      const sender = this.socketOf(fd);
      if (length === 0) throw new Failure("ENODATA");
      if (length > sender.options.get(SO_SNDBUF)! - 32) throw new Failure("EMSGSIZE");
      if (sender.port === 0) this.bindPort(sender, 0);
      this.arrive(readSockaddrNlPort(viewOf(address), 0), data.subarray(0, length), sender.port);
      return length;
    });
  }

  recvmsg(fd: number, slot: ReceiveSlot, flags: number): number {
    assertNeverWaits(flags);
    return this.script.run("recvmsg", () => {
      slot.reset();
      const socket = this.socketOf(fd);
      const datagram = socket.queue.shift();
      if (datagram === undefined) throw new Failure("EAGAIN");
      const { bytes, from, credentials: { pid, uid, gid } } = datagram;
      const fits = Math.min(bytes.length, slot.data.length);
      slot.data.set(bytes.subarray(0, fits));
      writeSockaddrNl(slot.control, SLOT_NAME, from);
      const named = socket.options.get(SO_PASSCRED) === 1;
      if (named) writeUcredMessage(slot.control, SLOT_CONTROL, pid, uid, gid);
      writeMsghdrResult(slot.control, 0, fits < bytes.length ? MSG_TRUNC : 0, named ? CMSG_UCRED_LENGTH : 0);
      return (flags & MSG_TRUNC) !== 0 ? bytes.length : fits;
    });
  }

  close(fd: number): number {
    return this.script.run("close", () => {
      this.closeFile(fd);
      return 0;
    });
  }

  eventfd(initial: number, _flags: number): number {
    return this.script.run("eventfd", () => this.open(new FakeEventfd(initial)));
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
    return this.script.run("epoll_create1", () => this.open(new FakeEpoll()));
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

  createReceiveSlot(size: number): ReceiveSlot {
    return new ReceiveSlot(size, () => 0n);
  }

  createEventList(maximum: number): FakeEventList {
    return new FakeEventList(this.ledger, ++this.#eventLists, maximum);
  }
}

/** The whole program would stand still. */
function assertNeverWaits(flags: number): void {
  if ((flags & MSG_DONTWAIT) === 0) throw new AssertionError("A system call without MSG_DONTWAIT may wait");
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
