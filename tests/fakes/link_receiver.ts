/**
 * A netlink link on the fake kernel, and what it tells.
 *
 * @module
 */
import type { Caller, LinkReceiver } from "../../src/link/link.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { FakeSyscalls } from "./syscalls.ts";
import { settled } from "./time.ts";

/** Notes what a link tells. */
export class RecordingReceiver implements LinkReceiver {
  readonly received: { text: string; sender: Caller }[] = [];
  readonly troubles: [kind: string, reason: string, port: number | undefined][] = [];
  readonly failures: Error[] = [];
  onReceive: () => void = () => {};

  receive(bytes: Uint8Array, length: number, sender: Caller): void {
    this.received.push({ text: new TextDecoder().decode(bytes.subarray(0, length)), sender });
    this.onReceive();
  }

  trouble(kind: string, reason: string, port?: number): void {
    this.troubles.push([kind, reason, port]);
  }

  failed(error: Error): void {
    this.failures.push(error);
  }

  get texts(): string[] {
    return this.received.map(({ text }) => text);
  }
}

/** A link on a kernel of its own. */
export interface LinkSetup {
  readonly kernel: FakeSyscalls;
  readonly reactor: Reactor;
  readonly link: NetlinkLink;
  readonly receiver: RecordingReceiver;
}

/** Opens a link at port 10. */
export function openLink(): LinkSetup {
  const kernel = new FakeSyscalls();
  const reactor = new Reactor(kernel);
  const link = new NetlinkLink({ port: 10 }, reactor);
  const receiver = new RecordingReceiver();
  link.start(receiver);
  return { kernel, reactor, link, receiver };
}

/** Closes links; then nothing must be open. */
export async function closeLinks(kernel: FakeSyscalls, ...links: NetlinkLink[]): Promise<void> {
  for (const link of links) link.close();
  await settled();
  kernel.assertAllClosed();
}

/** Text as bytes. */
export function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
