/**
 * A {@linkcode Link} whose datagrams are captured. A peer without a capture has none of this in its way.
 *
 * @module
 */
import type { Capture } from "./capture.ts";
import type { BlockingLink, Caller, Lifeline, Link, LinkReceiver, PatientSend, UnmappedIds } from "./link.ts";

/** Sends and receives on another link, and tells a capture of each datagram once: when it has left, and before it is taken. */
export class CapturingLink implements Link {
  readonly #link: Link;
  readonly #capture: Capture;
  #blocking: CapturingBlocking | undefined;

  /** As the other link has it; none of these where that has none. */
  readonly sendSoon?: NonNullable<Link["sendSoon"]>;
  readonly openLifeline?: NonNullable<Link["openLifeline"]>;
  readonly socketAt?: NonNullable<Link["socketAt"]>;
  readonly sockets?: NonNullable<Link["sockets"]>;
  readonly beside?: NonNullable<Link["beside"]>;
  readonly multicast?: NonNullable<Link["multicast"]>;
  readonly hear?: NonNullable<Link["hear"]>;

  /**
   * @param link The other link.
   * @param capture Told of the datagrams.
   */
  constructor(link: Link, capture: Capture) {
    this.#link = link;
    this.#capture = capture;
    if (link.sendSoon !== undefined) {
      this.sendSoon = (to, bytes, length) => {
        const outcome = link.sendSoon!(to, bytes, length);
        if (outcome === "sent") this.sent(to, bytes, length);
        return outcome;
      };
    }
    if (link.openLifeline !== undefined) this.openLifeline = (port, broken) => link.openLifeline!(port, broken);
    if (link.socketAt !== undefined) this.socketAt = (port) => link.socketAt!(port);
    if (link.sockets !== undefined) this.sockets = (...asked) => link.sockets!(...asked);
    if (link.beside !== undefined) this.beside = (port) => new CapturingLink(link.beside!(port), capture);
    if (link.multicast !== undefined) {
      this.multicast = (group, bytes, length) => {
        link.multicast!(group, bytes, length);
        capture.record(bytes, length, { direction: "out", from: link.port, to: 0, group });
      };
    }
    if (link.hear !== undefined) {
      this.hear = (group, from, receiver) => link.hear!(group, from, this.#heard(group, receiver));
    }
  }

  get port(): number {
    return this.#link.port;
  }

  get uid(): number {
    return this.#link.uid;
  }

  get unmapped(): UnmappedIds | undefined {
    return this.#link.unmapped;
  }

  get maxDatagram(): number {
    return this.#link.maxDatagram;
  }

  get blocking(): BlockingLink | undefined {
    const { blocking } = this.#link;
    if (blocking === undefined) return undefined;
    if (this.#blocking?.inner !== blocking) this.#blocking = new CapturingBlocking(blocking, this);
    return this.#blocking;
  }

  start(receiver: LinkReceiver): void {
    this.#link.start({
      ...this.received(receiver),
      failed: (error) => receiver.failed(error),
    });
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number): boolean {
    const isSent = this.#link.send(to, bytes, length);
    if (isSent) this.sent(to, bytes, length);
    return isSent;
  }

  sendPatiently(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, stalled: boolean): PatientSend {
    const patient = this.#link.sendPatiently(to, bytes, length, stalled);
    const sent = patient.sent.then((isSent) => {
      if (isSent) this.sent(to, bytes, length);
      return isSent;
    });
    return { sent, cancel: () => patient.cancel() };
  }

  hold(): void {
    this.#link.hold();
  }

  release(): void {
    this.#link.release();
  }

  ref(): void {
    this.#link.ref();
  }

  unref(): void {
    this.#link.unref();
  }

  close(): Promise<void> | undefined {
    return this.#link.close();
  }

  /**
   * Tells the capture of a datagram that has left.
   *
   * @param to Port of the receiver.
   * @param bytes Memory that begins with the datagram.
   * @param length Length of the datagram in bytes.
   */
  sent(to: number, bytes: Uint8Array, length: number): void {
    this.#capture.record(bytes, length, { direction: "out", from: this.port, to });
  }

  /**
   * Has the capture told before a receiver is.
   *
   * @param receiver The receiver.
   * @returns The receiver to give to the other link.
   */
  received(receiver: Omit<LinkReceiver, "failed">): Omit<LinkReceiver, "failed"> {
    return this.#received(receiver, (sender) => ({ direction: "in", from: sender.port, to: this.port, sender }));
  }

  #heard(group: number, receiver: LinkReceiver): LinkReceiver {
    return {
      ...this.#received(receiver, (sender) => ({ direction: "in", from: sender.port, to: 0, group, sender })),
      failed: (error) => receiver.failed(error),
    };
  }

  #received(
    receiver: Omit<LinkReceiver, "failed">,
    wayOf: (sender: Caller) => Parameters<Capture["record"]>[2],
  ): Omit<LinkReceiver, "failed"> {
    return {
      receive: (bytes, length, sender) => {
        this.#capture.record(bytes, length, wayOf(sender));
        receiver.receive(bytes, length, sender);
      },
      trouble: (...trouble) => receiver.trouble(...trouble),
    };
  }
}

/** What another link can do while the event loop stands still. */
class CapturingBlocking implements BlockingLink {
  /** What it does. */
  readonly inner: BlockingLink;
  readonly #link: CapturingLink;

  /**
   * @param inner What the other link can do.
   * @param link The link whose datagrams are captured.
   */
  constructor(inner: BlockingLink, link: CapturingLink) {
    this.inner = inner;
    this.#link = link;
  }

  isOwn(port: number): boolean {
    return this.inner.isOwn(port);
  }

  send(to: number, bytes: Uint8Array<ArrayBuffer>, length: number, milliseconds: number): boolean {
    const isSent = this.inner.send(to, bytes, length, milliseconds);
    if (isSent) this.#link.sent(to, bytes, length);
    return isSent;
  }

  receive(receiver: Omit<LinkReceiver, "failed">, milliseconds: number, lifeline?: Lifeline): boolean {
    return this.inner.receive(this.#link.received(receiver), milliseconds, lifeline);
  }
}
