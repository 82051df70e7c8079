// What has gone through a link: messages and bytes that are in their receivers' queues, and tries that were in vain.
import { assertEquals } from "@std/assert";
import { SendBuffer } from "../../src/link/send_buffer.ts";
import { Outbox } from "../../src/link/outbox.ts";
import { Traffic } from "../../src/link/traffic.ts";
import { Deliveries } from "../fakes/deliveries.ts";
import { RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";
import { HEADERS, LIMITS } from "./outbox_setup.ts";

/** An outbox whose traffic is counted. */
function openCounting(maxDatagram = 1_048_576) {
  const link = new RecordingLink(4242, maxDatagram);
  const traffic = new Traffic();
  const outbox = new Outbox(link, new SendBuffer(1_048_576), LIMITS, traffic);
  const deliveries = new Deliveries();
  return {
    link,
    traffic,
    outbox,
    deliveries,
    post: (to: number, body: string) => outbox.request(to, 1, body, deliveries.of(body.slice(0, 3))),
    /** Bytes that have left, in the words of the link. */
    get bytes() {
      return link.sent.reduce((sum, { bytes }) => sum + bytes.length, 0);
    },
    /** The counters. */
    get counts() {
      const { messagesIn, bytesIn, messagesOut, bytesOut, retries } = traffic;
      assertEquals([messagesIn, bytesIn], [0, 0]);
      return { messagesOut, bytesOut, retries };
    },
  };
}

Deno.test("nothing has gone through a link that was just opened", () => {
  assertEquals({ ...new Traffic() }, { messagesIn: 0, bytesIn: 0, messagesOut: 0, bytesOut: 0, retries: 0 });
});

Deno.test("messages that join a datagram count singly, and its bytes with all that is between them", async () => {
  const setup = openCounting();
  for (const body of ["a", "bb", "ccc"]) setup.post(1, body);
  setup.post(2, "d");
  assertEquals(setup.counts.messagesOut, 0);
  await settled();
  const bytes = 3 * (HEADERS + 4) - 1 + HEADERS + 1;
  assertEquals([setup.counts, setup.bytes], [{ messagesOut: 4, bytesOut: bytes, retries: 0 }, bytes]);
});

Deno.test("a message in fragments is one, and counts once all of it has left", async () => {
  const setup = openCounting(100);
  setup.link.full.add(1);
  setup.post(1, "x".repeat(150));
  await settled();
  assertEquals(setup.counts, { messagesOut: 0, bytesOut: 0, retries: 1 });
  await setup.link.endPatient(1, true);
  assertEquals(setup.counts, { messagesOut: 0, bytesOut: 100, retries: 2 });
  await setup.link.endPatient(1, true);
  await setup.link.endPatient(1, true);
  assertEquals([setup.counts, setup.bytes], [{ messagesOut: 1, bytesOut: 270, retries: 3 }, 270]);
});

Deno.test("each try in vain counts, and what was sent in the end counts once", async () => {
  const setup = openCounting();
  setup.link.full.add(1);
  setup.post(1, "a");
  setup.post(1, "b");
  await settled();
  for (const sent of [false, false, true]) await setup.link.endPatient(1, sent);
  assertEquals([setup.counts, setup.bytes], [{ messagesOut: 2, bytesOut: 85, retries: 3 }, 85]);
});

Deno.test("what fails, is refused or was taken back does not count", async () => {
  const setup = openCounting();
  const { link, deliveries, outbox } = setup;
  link.failures.set(1, new Error("gone"));
  link.full.add(2);
  setup.post(1, "a");
  setup.post(2, "b");
  setup.post(2, "c");
  await settled();
  deliveries.withdraw("b");
  outbox.close(new Error("closed"));
  await settled();
  assertEquals(setup.counts, { messagesOut: 0, bytesOut: 0, retries: 1 });
});

Deno.test("what is sent at once counts, by its datagrams", () => {
  const setup = openCounting(100);
  const { outbox, link } = setup;
  const send = (bytes: Uint8Array<ArrayBuffer>, length: number) => link.send(1, bytes, length);
  outbox.requestNow(1, 1, "abc", send);
  assertEquals(setup.counts, { messagesOut: 1, bytesOut: 43, retries: 0 });
  outbox.requestNow(1, 1, "x".repeat(150), send);
  assertEquals([setup.counts, setup.bytes], [{ messagesOut: 2, bytesOut: 43 + 270, retries: 0 }, 313]);
});

Deno.test("what is sent at once and given up does not count as a message, but for what has left of it", () => {
  const setup = openCounting(100);
  const { outbox, link } = setup;
  outbox.requestNow(1, 1, "abc", () => false);
  assertEquals(setup.counts, { messagesOut: 0, bytesOut: 0, retries: 0 });
  let datagrams = 0;
  outbox.requestNow(1, 1, "x".repeat(150), (bytes, length) => datagrams++ < 1 && link.send(1, bytes, length));
  assertEquals(setup.counts, { messagesOut: 0, bytesOut: 100, retries: 0 });
});
