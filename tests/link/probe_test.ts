import { assertEquals } from "@std/assert";
import { ERRNO } from "../../ffi/errno.ts";
import { PeerGoneError, SyscallError } from "../../src/errors.ts";
import { isGone } from "../../src/link/probe.ts";
import { DatagramReader } from "../../src/wire/datagram.ts";
import { NetlinkMessageHeader } from "../../src/wire/netlink_message.ts";
import { RecordingLink } from "../fakes/recording_link.ts";

Deno.test("a port that nobody holds is gone; one that takes a datagram or has no room for it is not", () => {
  const link = new RecordingLink();
  link.failures.set(1, new PeerGoneError(1));
  link.full.add(2);
  assertEquals([1, 2, 3].map((port) => isGone(link, port)), [true, false, false]);
});

Deno.test("another error does not say that a port is gone", () => {
  const link = new RecordingLink();
  link.failures.set(1, new SyscallError("sendto", ERRNO.ENOMEM));
  assertEquals(isGone(link, 1), false);
});

Deno.test("what a probe sends is a NOOP of this port, and no message", () => {
  const link = new RecordingLink(4242);
  isGone(link, 7);
  const [{ to, bytes }] = link.sent as [RecordingLink["sent"][number]];
  const { nlmsgLen, nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid } = NetlinkMessageHeader.fromBytes(bytes);
  assertEquals([link.sent.length, to, bytes.length], [1, 7, 16]);
  assertEquals([nlmsgLen, nlmsgType, nlmsgFlags, nlmsgSeq, nlmsgPid], [16, 1, 0, 0, 4242]);
  const reader = new DatagramReader();
  reader.start(bytes, bytes.length);
  assertEquals([reader.next(), reader.problem], [false, undefined]);
  assertEquals([link.holds, link.patient], [0, []], "it neither waits nor holds the link");
});
