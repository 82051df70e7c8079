/**
 * A peer of another process that answers while this thread waits: those of a scene cannot, since they share the thread.
 *
 * @module
 */
import { NetlinkMessage, NetlinkMessageHeader, ProcslinkMessage, ProcslinkMessageHeader } from "../../mod.ts";
import type { FakeProcess } from "../fakes/kernel_files.ts";
import { frame } from "../fakes/stranger.ts";
import type { FakeSyscalls } from "../fakes/syscalls.ts";

/** Answers every call with "pong", as soon as it is let. */
export class Stranger implements Disposable {
  /** Its process, which can end. */
  readonly process: FakeProcess;
  readonly #kernel: FakeSyscalls;
  readonly #port: number;
  readonly #fd: number;

  /**
   * @param kernel Where it lives.
   * @param port Its port.
   */
  constructor(kernel: FakeSyscalls, port: number) {
    this.#kernel = kernel;
    this.#port = port;
    this.#fd = kernel.openElsewhere({ port });
    this.process = kernel.listenElsewhere(port);
  }

  /** Reads what has come, and answers. */
  answer(to: number): void {
    const kernel = this.#kernel;
    for (let bytes = kernel.readAt(this.#port); bytes !== undefined; bytes = kernel.readAt(this.#port)) {
      if (bytes.length < 40) continue;
      for (const { header, payload } of NetlinkMessage.iterate(bytes)) {
        const { id } = JSON.parse(new TextDecoder().decode(ProcslinkMessage.fromBytes(payload).payload));
        const body = { jsonrpc: "2.0", id, result: "pong" };
        const answer = { body, netlink: { nlmsgSeq: header.nlmsgSeq }, procslink: { payloadType: 2 } };
        if (id !== undefined) kernel.arrive(to, frame(this.#port, answer), this.#port);
      }
    }
  }

  [Symbol.dispose](): void {
    this.#kernel.close(this.#fd);
    this.#kernel.endProcess(this.process);
  }
}

/** What a peer of ProcsLink 0.1 at a port answers a request: "pong". */
export function legacyAnswer(port: number, request: Uint8Array): Uint8Array<ArrayBuffer> {
  const { payload } = NetlinkMessage.fromBytes(request, "procslink-0.1");
  const { id } = JSON.parse(new TextDecoder().decode(ProcslinkMessage.fromBytes(payload, "procslink-0.1").payload));
  const body = new TextEncoder().encode(JSON.stringify({ jsonrpc: "2.0", id, result: "pong" }));
  const header = new ProcslinkMessageHeader({ payloadType: ProcslinkMessageHeader.PAYLOAD_TYPE_JSONRPC2_RESPONSE });
  const message = new ProcslinkMessage(header, body).toBytes("procslink-0.1");
  return new NetlinkMessage(new NetlinkMessageHeader({ nlmsgPid: port }), message).toBytes("procslink-0.1");
}
