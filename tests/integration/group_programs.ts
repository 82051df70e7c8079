// Groups whose members are other processes.
import { LinuxSyscalls } from "../../ffi/linux.ts";
import type { CallOptions, Group, RPCPeer } from "../../mod.ts";
import { NetlinkSocket } from "../../src/netlink/socket.ts";
import { startInside } from "./insiders.ts";
import { type Program, start } from "./processes.ts";
import type { MemberSettings, Tally } from "./programs/group_member.ts";

/** How long something is waited for that comes soon, in milliseconds. */
const SOON_MILLISECONDS = 20_000;

/** The groups of a socket that hears none, as the kernel lists them. */
const NO_GROUPS = "00000000";

const isRoot = Deno.permissions.querySync({ name: "ffi" }).state === "granted" && new LinuxSyscalls().getuid() === 0;

/** Why a test for which one must be root is left out, or undefined. */
export const onlyRoot: string | undefined = isRoot ? undefined : "only root becomes another user";

/** Why no process hears the kernel's multicast groups here, or undefined. */
export const noMulticast: string | undefined = onlyRoot ?? reasonAgainstMulticast();

function reasonAgainstMulticast(): string | undefined {
  try {
    new NetlinkSocket(new LinuxSyscalls(), { group: 1 }).close();
  } catch (error) {
    return (error as Error).message;
  }
}

/** Where members run. */
export interface MemberPlace {
  /** A command that goes there. */
  readonly before?: readonly string[];
  /** Whether they may not be able to read the project there. */
  readonly isOther?: boolean;
  /** Flags of Deno, where it may. */
  readonly flags?: string[];
}

/** A process of members. */
export class Members implements AsyncDisposable {
  /** The process. */
  readonly program: Program;
  /** Ports of its peers. */
  readonly ports: readonly number[];

  private constructor(program: Program, ports: readonly number[]) {
    this.program = program;
    this.ports = ports;
  }

  /** Starts one, whose peers begin to join. */
  static async start(
    settings: MemberSettings,
    { before = [], isOther = false, flags = ["--allow-ffi"] }: MemberPlace = {},
  ): Promise<Members> {
    const args = [JSON.stringify(settings)];
    const program = isOther
      ? startInside(before, "group_member", args)
      : start("group_member", args, { flags, before });
    try {
      return new Members(program, JSON.parse(await program.line()));
    } catch (error) {
      await program[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts one, and waits until its peers have joined. */
  static async join(settings: MemberSettings, place?: MemberPlace): Promise<Members> {
    const members = await Members.start(settings, place);
    try {
      await members.program.lineWith("joined");
      return members;
    } catch (error) {
      await members[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Tells what each has got, once that is all before a number. */
  talliesBefore(next: number, peer: RPCPeer, options: CallOptions = {}): Promise<Tally[]> {
    return Promise.all(
      this.ports.map((port) => peer.call<Tally>(port, "tallyBefore", [next], { trust: "anyone", ...options })),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.program[Symbol.asyncDispose]();
  }
}

/** Publishes numbers, each greater by one than the one before. */
export class Numbers {
  /** The number that is published next. */
  next: number;
  readonly #group: Group;

  constructor(group: Group, first = 0) {
    this.#group = group;
    this.next = first;
  }

  /** Publishes one, with so much text. */
  publish(length = 0): Promise<number> {
    const number = this.next++;
    return this.#group.publish(length === 0 ? number : [number, "x".repeat(length)]);
  }

  /** Publishes some, each when the one before is with the members; returns how many members each has reached. */
  async publishInTurn(count: number, length = 0): Promise<number[]> {
    const reached: number[] = [];
    for (let index = 0; index < count; index++) reached.push(await this.publish(length));
    return reached;
  }

  /** Publishes some at once; returns the same. */
  publishAtOnce(count: number, length = 0): Promise<number[]> {
    return Promise.all(Array.from({ length: count }, () => this.publish(length)));
  }
}

/** What a member has got that is missing nothing. */
export function allOf(count: number): Tally {
  return { received: count, missed: 0, gaps: 0, restarts: 0, wrong: [] };
}

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const latest = performance.now() + SOON_MILLISECONDS;
  while (!await holds()) {
    if (performance.now() > latest) throw new Error(`Not within ${SOON_MILLISECONDS} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** A socket that hears a multicast group of the kernel. */
export interface EarSocket {
  /** Its port. */
  readonly port: number;
  /** How many messages the kernel has dropped there. */
  readonly drops: number;
}

/** The sockets with which a process hears the kernel's multicast groups. */
export async function earsOf(pid: number): Promise<EarSocket[]> {
  const files = await outputOf("ls", "-l", `/proc/${pid}/fd`);
  const inodes = [...files.matchAll(/socket:\[(\d+)\]/g)].map(([, inode]) => inode);
  const sockets = (await outputOf("cat", `/proc/${pid}/net/netlink`)).trim().split("\n").slice(1);
  return sockets.map((line) => line.split(/\s+/))
    .filter(([, , , groups, , , , , , inode]) => groups !== NO_GROUPS && inodes.includes(inode))
    .map((fields) => ({ port: Number(fields[2]), drops: Number(fields[8]) }));
}

async function outputOf(command: string, ...args: string[]): Promise<string> {
  const { stdout } = await new Deno.Command(command, { args }).output();
  return new TextDecoder().decode(stdout);
}
