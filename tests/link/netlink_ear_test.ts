import { assert, assertEquals } from "@std/assert";
import { LinuxSyscalls } from "../../ffi/linux.ts";
import type { GroupEar, LinkReceiver } from "../../src/link/link.ts";
import { NetlinkEar } from "../../src/link/netlink_ear.ts";
import type { Reactor } from "../../src/netlink/reactor.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { noMulticast } from "../integration/group_programs.ts";
import { testUnless } from "../integration/processes.ts";

const GROUP = 31;
/** More datagrams than an ear holds. */
const TOO_MANY = 5_000;

/** An ear that is read when the test says so, and somebody whom it hears. */
class Heard implements Disposable {
  readonly #syscalls = new LinuxSyscalls();
  readonly #sender = new NetlinkSocket(this.#syscalls);
  readonly #ear: NetlinkEar;
  readonly #slot = this.#syscalls.createReceiveSlot(4_096, 0);
  readonly #datagram = new Uint8Array(new ArrayBuffer(4));
  readonly listener: GroupEar;
  /** The numbers that were heard. */
  readonly numbers: number[] = [];

  constructor(receiver: Partial<LinkReceiver>) {
    const registration = { setRef() {}, hold() {}, release() {}, close() {} };
    const reactor = { syscalls: this.#syscalls, register: () => registration } as unknown as Reactor;
    this.#ear = new NetlinkEar(reactor, GROUP, undefined, () => {});
    this.listener = this.#ear.listen(this.#sender.port, {
      receive: (bytes, length, sender) => {
        this.numbers.push(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0));
        receiver.receive?.(bytes, length, sender);
      },
      trouble: (...told) => receiver.trouble?.(...told),
      failed: (error) => receiver.failed?.(error),
    });
  }

  send(number: number): void {
    new DataView(this.#datagram.buffer).setUint32(0, number);
    this.#sender.multicast(GROUP, this.#datagram, this.#datagram.length);
  }

  /** Has the ear read until nothing is there. */
  read(): void {
    while (this.#ear.readable(this.#slot, Infinity));
  }

  [Symbol.dispose](): void {
    this.listener.close();
    this.#sender.close();
  }
}

testUnless(noMulticast, "whoever is told that something was lost hears what is sent from then on", () => {
  const late: number[] = [];
  using heard = new Heard({
    trouble(kind) {
      assertEquals(kind, "overrun");
      late.push(TOO_MANY + late.length);
      heard.send(late.at(-1)!);
    },
  });
  for (let number = 0; number < TOO_MANY; number++) heard.send(number);
  heard.read();
  const before = heard.numbers.length - late.length;
  assert(before < TOO_MANY && late.length > 0, `${before} of ${TOO_MANY} were heard`);
  assertEquals(heard.numbers, [...Array.from({ length: before }, (_, index) => index), ...late]);
  return Promise.resolve();
});

testUnless(noMulticast, "who asks for the rest while it is told of something gets it after that, and in order", () => {
  let depth = 0;
  let deepest = 0;
  using heard = new Heard({
    receive() {
      deepest = Math.max(deepest, ++depth);
      heard.listener.drain();
      depth--;
    },
  });
  for (let number = 0; number < 500; number++) heard.send(number);
  heard.listener.drain();
  assertEquals(heard.numbers, Array.from({ length: 500 }, (_, index) => index));
  assertEquals(deepest, 1);
  return Promise.resolve();
});
