import { assertEquals, assertNotStrictEquals } from "@std/assert";
import { ForeignQueue } from "../../src/link/foreign_queue.ts";
import type { Caller } from "../../src/link/link.ts";
import { closeLinks, openLink, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import { fakeTime, settled } from "../fakes/time.ts";

const OWN = { pid: 1, uid: 1000, gid: 100 };
const FOREIGN = { pid: 2, uid: 7, gid: 7 };

function senderAt(port: number): Caller {
  return { port, uid: 7, gid: 7, pidHint: 1 };
}

Deno.test("datagrams come out in order, once, as they were when they went in", () => {
  const queue = new ForeignQueue();
  const receiver = new RecordingReceiver();
  const memory = utf8("one, and what is behind it");
  queue.add(memory, 3, senderAt(1));
  memory.fill(0xff);
  queue.add(utf8("two"), 3, senderAt(2));
  assertEquals([queue.isEmpty, queue.deliver(receiver), queue.deliver(receiver)], [false, true, true]);
  assertEquals(receiver.received.map(({ text, sender }) => [text, sender.port]), [["one", 1], ["two", 2]]);
  assertEquals([queue.isEmpty, queue.deliver(receiver), receiver.texts.length], [true, false, 2]);
});

Deno.test("thousands go through in order, with some that come meanwhile", () => {
  const queue = new ForeignQueue();
  const receiver = new RecordingReceiver();
  let added = 0;
  const add = () => queue.add(utf8(String(added)), String(added++).length, senderAt(1));
  for (let count = 0; count < 2_500; count++) add();
  receiver.onReceive = () => {
    if (added < 4_000) add();
  };
  while (queue.deliver(receiver));
  assertEquals(receiver.texts, Array.from({ length: 4_000 }, (_, index) => String(index)));
  assertEquals([queue.isEmpty, queue.isFull], [true, false]);
});

Deno.test("it is full by bytes, a small datagram counting as much as the kernel takes for one, and then not any more", () => {
  for (const [size, fit] of [[1, Math.ceil(524_288 / 832)], [65_536, 8], [10_000_000, 1]] as const) {
    const queue = new ForeignQueue();
    const bytes = new Uint8Array(size);
    for (let count = 1; count <= fit; count++) {
      assertEquals(queue.isFull, false);
      queue.add(bytes, size, senderAt(1));
    }
    assertEquals(queue.isFull, true);
    queue.deliver(new RecordingReceiver());
    assertEquals(queue.isFull, false);
    while (queue.deliver(new RecordingReceiver()));
    assertEquals(queue.isEmpty, true);
  }
});

Deno.test("of what waits, the own user's comes first; each user's stays in order", async () => {
  using _time = fakeTime();
  const { kernel, link, receiver } = openLink();
  const order = ["f1", "o1", "f2", "o2", "f3"];
  for (const text of order) {
    kernel.credentials = text[0] === "o" ? OWN : FOREIGN;
    kernel.arrive(10, utf8(text), text[0] === "o" ? 50 : 60);
  }
  link.hold();
  await settled();
  assertEquals(receiver.texts, ["o1", "o2", "f1", "f2", "f3"]);
  assertNotStrictEquals(receiver.received[0]!.sender, receiver.received[2]!.sender);
  await closeLinks(kernel, link);
});

Deno.test("what comes of the own user while others are carried out has its turn before the rest of them", async () => {
  using time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.credentials = FOREIGN;
  for (const text of ["f1", "f2", "f3", "f4"]) kernel.arrive(10, utf8(text), 60);
  receiver.onReceive = () => {
    time.busy(3);
    if (receiver.texts.length === 1) {
      kernel.credentials = OWN;
      kernel.arrive(10, utf8("own"), 50);
    }
  };
  link.hold();
  await settled(10);
  assertEquals(receiver.texts, ["f1", "own", "f2", "f3", "f4"]);
  await closeLinks(kernel, link);
});

Deno.test("a synchronous wait has what was read of others before what was not", async () => {
  using time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.credentials = FOREIGN;
  for (const text of ["f1", "f2"]) kernel.arrive(10, utf8(text), 60);
  const waiting = new RecordingReceiver();
  receiver.onReceive = () => {
    receiver.onReceive = () => {};
    time.busy(10);
    kernel.arrive(10, utf8("f3"), 60);
    for (let count = 0; count < 2; count++) assertEquals(link.blocking.receive(waiting, 0), true);
    assertEquals(link.blocking.receive(waiting, 0), false);
  };
  link.hold();
  await settled(5);
  assertEquals([receiver.texts, waiting.texts], [["f1"], ["f2", "f3"]]);
  await closeLinks(kernel, link);
});

Deno.test("nothing of others is handed on once the link is closed", async () => {
  using time = fakeTime();
  const { kernel, link, receiver } = openLink();
  kernel.credentials = FOREIGN;
  for (const text of ["f1", "f2", "f3"]) kernel.arrive(10, utf8(text), 60);
  receiver.onReceive = () => {
    time.busy(10);
    setImmediate(() => link.close());
  };
  link.hold();
  await settled(5);
  assertEquals(receiver.texts.length < 3, true, receiver.texts.join());
  await closeLinks(kernel, link);
});
