/**
 * Makes chosen system calls of the fake kernel fail.
 *
 * The fake can fail the next call of one name. A row of the table means one among several of the same name: of one option, of one
 * path, of one peer's socket.
 *
 * @module
 */
import {
  AF_UNIX,
  MSG_DONTWAIT,
  NETLINK_CAP_ACK,
  NETLINK_SOCK_DIAG,
  SO_DOMAIN,
  SO_NETNS_COOKIE,
  SO_PASSCRED,
  SO_PEERCRED,
  SO_PROTOCOL,
  SO_RCVBUF,
  SO_RCVLOWAT,
  SO_RCVTIMEO,
  SO_SNDBUF,
  SO_SNDTIMEO,
} from "../../ffi/constants.ts";
import type { FakeSyscalls } from "../fakes/syscalls.ts";
import { ALLOCATING, type Call, type Errno, LIBC, numberOf } from "./fault.ts";

const OPTIONS = new Map(
  Object.entries({
    NETLINK_CAP_ACK,
    SO_DOMAIN,
    SO_NETNS_COOKIE,
    SO_PASSCRED,
    SO_PEERCRED,
    SO_PROTOCOL,
    SO_RCVBUF,
    SO_RCVLOWAT,
    SO_RCVTIMEO,
    SO_SNDBUF,
    SO_SNDTIMEO,
  }).map(([name, number]) => [number, name]),
);

/** As many failures in one scene are no second try any more: somebody spins. */
const SPINS = 10_000;

/** Which calls fail, and how. */
export interface Charge {
  readonly call: Call;
  readonly of?: string | undefined;
  readonly errno: Errno;
  readonly after?: number | undefined;
  readonly times?: number | undefined;
}

/** What is out of order in a scene. */
export class Fuse {
  /** How many calls have failed. */
  struck = 0;
  /** Whether calls have failed again and again without a pause; they work since. */
  spins = false;

  readonly #kernel: FakeSyscalls;
  readonly #charge: Charge | undefined;
  readonly #nameOf: (fd: number) => string | undefined;
  /** Paths of open files. */
  readonly #paths = new Map<number, string>();
  #after: number;
  #isArmed = false;
  #errno: number | undefined;

  /**
   * @param kernel The kernel, whose calls are replaced.
   * @param charge What fails; nothing where a scene is played as it should go.
   * @param nameOf Names the peer that a netlink socket belongs to.
   */
  constructor(kernel: FakeSyscalls, charge: Charge | undefined, nameOf: (fd: number) => string | undefined) {
    this.#kernel = kernel;
    this.#charge = charge;
    this.#nameOf = nameOf;
    this.#after = charge?.after ?? 0;
    for (const call of Object.keys(LIBC) as Call[]) this.#replace(call);
    const errno = kernel.errno.bind(kernel);
    Object.assign(kernel, { errno: () => this.#errno ?? errno() });
  }

  /** From now on the calls fail. A wait that goes on is among them. */
  arm(): void {
    this.#isArmed = true;
    if (this.#charge?.call !== "epollWait" || !this.#kernel.waiting) return;
    this.struck++;
    this.#kernel.fail("epoll_wait", "EINTR"); // Whatever it is: errno of a thread is not to be had.
  }

  /** From now on everything works. */
  disarm(): void {
    this.#isArmed = false;
  }

  #replace(call: Call): void {
    const calls = this.#kernel as unknown as Record<Call, (...args: unknown[]) => unknown>;
    const real = calls[call].bind(this.#kernel);
    calls[call] = (...args) => {
      this.#errno = undefined;
      const subject = this.#subjectOf(call, args);
      if (this.#isDue(call, subject)) return this.#strike(call, () => real(...args));
      const result = real(...args);
      if (call === "open" && result !== -1) this.#paths.set(result as number, subject);
      return result;
    };
  }

  #isDue(call: Call, subject: string): boolean {
    const charge = this.#charge;
    if (!this.#isArmed || charge === undefined || charge.call !== call) return false;
    if (charge.of !== undefined && charge.of !== subject) return false;
    if (this.#after > 0) {
      this.#after--;
      return false;
    }
    if (this.struck >= SPINS) this.spins = true;
    return !this.spins && this.struck < (charge.times ?? 1);
  }

  #strike(call: Call, real: () => unknown): unknown {
    this.struck++;
    if ((ALLOCATING as readonly string[]).includes(call)) throw new RangeError("Out of memory");
    const { errno } = this.#charge!;
    // Linux has closed the descriptor, whatever close(2) says; and what is not in an epoll set is not there.
    if (call === "close" || call === "epollDelete") real();
    this.#errno = numberOf(errno);
    if (call !== "epollWait" && call !== "sendtoInThread") return -1;
    this.#errno = undefined;
    return Promise.resolve(-1);
  }

  /** Says what a call is about. */
  #subjectOf(call: Call, args: readonly unknown[]): string {
    const [first, second, third] = args as [never, never, never];
    switch (call) {
      case "socket":
        if (first === AF_UNIX) return "unix";
        return third === NETLINK_SOCK_DIAG ? "diag" : "netlink";
      case "setsockopt":
      case "setsockoptTime":
      case "getsockopt":
        return OPTIONS.get(third) ?? `option ${third}`;
      case "open":
        return first;
      case "setns":
        return this.#paths.get(first) ?? "";
      case "poll":
        return (first as number[]).map((fd) => this.#kindOf(fd)).join(" and ");
      case "sendto":
        return this.#waitingOr(args[3] as number, first);
      case "recvmsg":
        return this.#waitingOr(third, first);
      case "epollAdd":
      case "epollDelete":
        return this.#kindOf(second);
      default:
        return typeof first === "number" ? this.#kindOf(first) : "";
    }
  }

  /** A call that waits is another one than one that does not. */
  #waitingOr(flags: number, fd: number): string {
    const kind = this.#kindOf(fd);
    // The socket of a question about ports never has anybody wait.
    return (flags & MSG_DONTWAIT) === 0 && kind !== "diag" ? `${kind} waiting` : kind;
  }

  /** The peer that a socket belongs to, or what a descriptor is. */
  #kindOf(fd: number): string {
    const name = this.#nameOf(fd);
    if (name !== undefined) return name;
    const line = this.#kernel.ledger.open.find((line) => line.startsWith(`fd ${fd} (`));
    const kind = line?.slice(`fd ${fd} (`.length, -1) ?? "";
    return kind === "socket" ? "netlink" : kind;
  }
}
