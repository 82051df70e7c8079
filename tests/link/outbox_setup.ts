/**
 * An outbox on a link that keeps what was sent.
 *
 * @module
 */
import { mock } from "node:test";
import { Outbox, type OutboxLimits } from "../../src/link/outbox.ts";
import { SendBuffer } from "../../src/link/send_buffer.ts";
import { Deliveries } from "../fakes/deliveries.ts";
import { RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";

// Time stands still unless a test has it pass: how busy the machine is must not decide what leaves in which turn.
mock.method(performance, "now", () => 1_000);

/** Size of both headers of a message. */
export const HEADERS = 40;
/** The largest datagram where fragments are counted: each has 60 bytes of the body. */
export const SMALL_DATAGRAM = 100;
/** Bytes of the body in a fragment of such a datagram. */
export const PART = SMALL_DATAGRAM - HEADERS;

/** Limits that no test reaches by accident. */
export const LIMITS: OutboxLimits = { maxMessageSize: 4_194_304, maxQueuedBytes: 16_777_216 };

/** How the outbox is made. */
export interface OutboxSetupOptions extends Partial<OutboxLimits> {
  /** Size of the send buffer. */
  readonly size?: number;
  readonly maxDatagram?: number;
}

/** An outbox, and what it does. */
export interface OutboxSetup {
  readonly link: RecordingLink;
  readonly buffer: SendBuffer;
  readonly outbox: Outbox;
  readonly deliveries: Deliveries;
  /**
   * Posts a request. Its delivery has the name of the body, or of its first character where it is long; its number is that of
   * the posts so far, from 1 on.
   */
  post(to: number, body: string, then?: () => void): void;
  /** Lets everything leave that waits at a port, as its reader makes room. */
  drain(to: number): Promise<void>;
}

/** Opens an outbox. */
export function openOutbox(options: OutboxSetupOptions = {}): OutboxSetup {
  const { size = 1_048_576, maxDatagram = 1_048_576, ...limits } = options;
  const link = new RecordingLink(4242, maxDatagram);
  const buffer = new SendBuffer(size);
  const deliveries = new Deliveries();
  const outbox = new Outbox(link, buffer, { ...LIMITS, ...limits });
  let posts = 0;
  return {
    link,
    buffer,
    outbox,
    deliveries,
    post(to, body, then) {
      outbox.request(to, ++posts, body, deliveries.of(body.length > 20 ? body[0]! : body, then));
    },
    async drain(to) {
      link.full.delete(to);
      while (link.patient.some((patient) => patient.to === to)) await link.endPatient(to, true);
      await settled();
    },
  };
}

/** Opens an outbox whose messages leave in fragments of 60 bytes where they have more. */
export function openFragments(limits: Partial<OutboxLimits> = {}): OutboxSetup {
  return openOutbox({ maxDatagram: SMALL_DATAGRAM, ...limits });
}
