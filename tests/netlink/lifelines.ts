/**
 * Lifelines of a socket on the fake kernel, and what they tell.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { AF_UNIX, SOCK_STREAM } from "../../ffi/constants.ts";
import { NetlinkLifeline } from "../../src/netlink/lifeline.ts";
import { lifelineAddress } from "../../src/netlink/lifeline_socket.ts";
import type { SocketPlace } from "../../src/netlink/socket_place.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { FakeSource } from "../fakes/source.ts";
import { FakeSyscalls } from "../fakes/syscalls.ts";
import { settled } from "../fakes/time.ts";

/** The namespace file of `blue`. */
export const BLUE = "/run/netns/blue";

/** A socket that calls others. It is not held. */
export class Calls {
  readonly kernel = new FakeSyscalls();
  readonly reactor = new Reactor(this.kernel);
  readonly caller = new FakeSource(this.reactor);
  /** What lifelines have told, in order: `"77 broken"`, `"77 ended"`. */
  readonly told: string[] = [];
  readonly #lifelines: NetlinkLifeline[] = [];

  constructor() {
    this.kernel.namespaceFiles.set(BLUE, "blue");
  }

  /** Where the caller is. */
  get place(): SocketPlace {
    return { fd: this.caller.fd, netns: undefined };
  }

  /** Opens a lifeline, where there is one to be had. */
  tryToOpen(port = 77, place: SocketPlace = this.place): NetlinkLifeline | undefined {
    const lifeline = NetlinkLifeline.open(this.reactor, place, port, {
      broken: () => void this.told.push(`${port} broken`),
      ended: () => void this.told.push(`${port} ended`),
    });
    if (lifeline) this.#lifelines.push(lifeline);
    return lifeline ?? undefined;
  }

  /** Opens a lifeline. */
  open(port = 77, place: SocketPlace = this.place): NetlinkLifeline {
    const lifeline = this.tryToOpen(port, place);
    if (lifeline === undefined) throw new Error(`There is no lifeline of port ${port}`);
    return lifeline;
  }

  /** What is open besides the caller. */
  get opened(): string[] {
    return this.kernel.ledger.open.filter((what) => what !== `fd ${this.caller.fd} (socket)`);
  }

  /** Closes everything, and fails where something is left open. */
  async finish(): Promise<void> {
    for (const lifeline of this.#lifelines) lifeline.close();
    this.caller.close();
    await settled();
    this.kernel.assertAllClosed();
  }
}

/** This process listens beside a port; returns the descriptor. */
export function listenHere(kernel: FakeSyscalls, port: number): number {
  const fd = kernel.socket(AF_UNIX, SOCK_STREAM, 0);
  assertEquals([kernel.bind(fd, lifelineAddress(port)), kernel.listen(fd)], [0, 0]);
  return fd;
}

/** Notes the system calls of a kernel from now on that have to do with unix sockets and processes. */
export function noteCalls(kernel: FakeSyscalls): () => string[] {
  const names = ["socket", "connect", "peer_pidfd", "poll"] as const;
  let before = names.map((name) => kernel.count(name));
  return () => {
    const now = names.map((name) => kernel.count(name));
    const made = names.filter((_, index) => now[index]! > before[index]!);
    before = now;
    return made;
  };
}

/** Has a system call give out descriptor 0, as where a program has closed its standard input. */
export function giveZero(kernel: FakeSyscalls, opens: "socket" | "accept" | "peerPidfd"): void {
  let real = 0;
  const calls = kernel as unknown as Record<string, (fd: number, ...rest: unknown[]) => number>;
  for (const name of ["socket", "bind", "listen", "connect", "accept", "getsockopt", "peerPidfd", "close"]) {
    const call = calls[name]!.bind(kernel);
    calls[name] = name === opens
      ? (...args) => {
        const fd = call(...args);
        if (fd < 0) return fd;
        real = fd;
        return 0;
      }
      : (fd, ...rest) => call(fd === 0 && name !== "socket" ? real : fd, ...rest);
  }
  const poll = kernel.poll.bind(kernel);
  kernel.poll = (fds, milliseconds) => poll(fds.map((fd) => fd === 0 ? real : fd), milliseconds);
}
