import { assertEquals } from "@std/assert";
import { NETLINK_ADD_MEMBERSHIP } from "../../ffi/constants.ts";
import type { GroupEar } from "../../src/link/link.ts";
import { NetlinkLink } from "../../src/link/netlink_link.ts";
import { Reactor } from "../../src/netlink/reactor.ts";
import { closeLinks, openLink, RecordingReceiver, utf8 } from "../fakes/link_receiver.ts";
import type { FakeSyscalls } from "../fakes/syscalls.ts";
import { fakeTime, settled } from "../fakes/time.ts";

/** Has a link hear a group of port 20, and notes what it hears. */
function hear(link: NetlinkLink, group: number, from = 20): { ear: GroupEar; heard: RecordingReceiver } {
  const heard = new RecordingReceiver();
  return { ear: link.hear(group, from, heard)!, heard };
}

/** How many sockets are open that hear a group. */
function hearing(kernel: FakeSyscalls, group: number): number {
  let count = 0;
  for (let fd = 3; fd < 40; fd++) {
    try {
      if (kernel.socketOf(fd).options.get(NETLINK_ADD_MEMBERSHIP) === group) count++;
    } catch {
      // None of ours.
    }
  }
  return count;
}

Deno.test("all that hear a group share one socket, and the last one closes it", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const other = new NetlinkLink({ port: 11 }, reactor);
  const ears = [hear(link, 5).ear, hear(link, 5).ear, hear(other, 5).ear];
  const elsewhere = hear(link, 6).ear;
  assertEquals([hearing(kernel, 5), hearing(kernel, 6)], [1, 1]);
  ears[0]!.close();
  ears[0]!.close();
  ears[1]!.close();
  assertEquals(hearing(kernel, 5), 1);
  ears[2]!.close();
  elsewhere.close();
  assertEquals([hearing(kernel, 5), hearing(kernel, 6)], [0, 0]);
  const again = hear(link, 5).ear;
  assertEquals(hearing(kernel, 5), 1);
  again.close();
  await closeLinks(kernel, link, other);
});

Deno.test("the socket that serves calls hears no group", async () => {
  using _time = fakeTime();
  const { kernel, link } = openLink();
  const { ear } = hear(link, 5);
  assertEquals(kernel.socketOf(link.fd).options.has(NETLINK_ADD_MEMBERSHIP), false);
  ear.close();
  await closeLinks(kernel, link);
});

Deno.test("who may not hear a group is told so, and nothing stays open", async () => {
  using _time = fakeTime();
  const { kernel, link } = openLink();
  const before = kernel.count("setsockopt");
  const { ear } = hear(link, 5);
  const calls = kernel.count("setsockopt") - before;
  ear.close();
  kernel.fail("setsockopt", "EPERM", 1, calls - 1);
  assertEquals(link.hear(5, 20, new RecordingReceiver()), undefined);
  assertEquals(hearing(kernel, 5), 0);
  hear(link, 5).ear.close();
  await closeLinks(kernel, link);
});

Deno.test("peers of two reactors do not share a socket", async () => {
  using _time = fakeTime();
  const { kernel, link } = openLink();
  const other = new NetlinkLink({ port: 11 }, new Reactor(kernel));
  const ears = [hear(link, 5).ear, hear(other, 5).ear];
  assertEquals(hearing(kernel, 5), 2);
  for (const ear of ears) ear.close();
  await closeLinks(kernel, link, other);
});

Deno.test("what is sent to a group is heard, and the sender learns no error", async () => {
  using _time = fakeTime();
  const { kernel, reactor, link } = openLink();
  const sender = new NetlinkLink({ port: 20 }, reactor);
  const five = hear(link, 5);
  const six = hear(link, 6);
  for (const { ear } of [five, six]) ear.hold();
  sender.multicast(5, utf8("five, and more"), 4);
  sender.multicast(32, utf8("nobody"), 6);
  await settled();
  assertEquals([five.heard.texts, six.heard.texts], [["five"], []]);
  assertEquals(five.heard.received[0]!.sender, { port: 20, uid: 1000, gid: 100, pidHint: 1234 });
  for (const { ear } of [five, six]) ear.close();
  await closeLinks(kernel, link, sender);
});
