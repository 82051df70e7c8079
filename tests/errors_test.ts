import { assert, assertEquals, assertInstanceOf, assertMatch } from "@std/assert";
import { ERRNO } from "../ffi/errno.ts";
import {
  CallTimeoutError,
  DecodeError,
  DuplicateMethodError,
  MessageTooLargeError,
  PeerClosedError,
  PeerGoneError,
  ReceiverFullError,
  sendError,
  SyscallError,
} from "../src/errors.ts";

Deno.test("sendError gives the class that a caller can catch, and what it needs to know", () => {
  const gone = sendError(ERRNO.ECONNREFUSED, 4242, 100, 200);
  assertInstanceOf(gone, PeerGoneError);
  assertEquals((gone as PeerGoneError).port, 4242);

  const large = sendError(ERRNO.EMSGSIZE, 4242, 100, 50);
  assertInstanceOf(large, MessageTooLargeError);
  assertEquals([(large as MessageTooLargeError).size, (large as MessageTooLargeError).maximum], [100, 50]);
});

Deno.test("sendError gives a SyscallError of sendto for every other number", () => {
  const mapped = ["ECONNREFUSED", "EMSGSIZE"];
  for (const [code, errno] of Object.entries(ERRNO)) {
    if (mapped.includes(code)) continue;
    const error = sendError(errno, 4242, 100, 200) as SyscallError;
    assertInstanceOf(error, SyscallError);
    assertEquals({ syscall: error.syscall, errno: error.errno, code: error.code }, { syscall: "sendto", errno, code });
  }
});

Deno.test("A SyscallError says what failed, why, and what to do about it", () => {
  assertEquals(new SyscallError("bind", 98).message, "bind failed: address already in use (EADDRINUSE)");
  assertEquals(
    new SyscallError("bind", 98, "Choose another port").message,
    "bind failed: address already in use (EADDRINUSE). Choose another port",
  );
  const unknown = new SyscallError("recvmsg", 12345);
  assertEquals(unknown.message, "recvmsg failed: unknown error (errno 12345)");
  assertEquals(unknown.code, "errno 12345");
});

Deno.test("A CallTimeoutError tells who did not answer what, and a name cannot break out of its quotes", () => {
  const error = new CallTimeoutError(4242, 'a "b"\n', 50);
  assertEquals({ port: error.port, method: error.method, timeout: error.timeout }, {
    port: 4242,
    method: 'a "b"\n',
    timeout: 50,
  });
  assertEquals(error.message, String.raw`Port 4242 did not answer "a \"b\"\n" within 50 ms`);
  assertEquals(new CallTimeoutError(1, "log", 5, "take").message, 'Port 1 did not take "log" within 5 ms');
});

Deno.test("a ReceiverFullError tells how much waits, how much may, and what to do about it", () => {
  const error = new ReceiverFullError(4242, 900, 1_000);
  assertEquals([error.port, error.queued, error.maximum], [4242, 900, 1_000]);
  assertEquals(
    error.message,
    "Port 4242 does not keep up: 900 bytes wait to be sent, and at most 1000 may. Send less at once, or raise maxQueuedBytes",
  );
});

Deno.test("a MessageTooLargeError tells both sizes, and what to do about it", () => {
  const error = new MessageTooLargeError(2_000, 1_024);
  assertEquals([error.size, error.maximum], [2_000, 1_024]);
  assertEquals(
    error.message,
    "A message of 2000 bytes is larger than maxMessageSize, which is 1024: split it, or raise the limit",
  );
});

Deno.test("A DuplicateMethodError tells the name", () => {
  const error = new DuplicateMethodError("hello");
  assertEquals(error.method, "hello");
  assertEquals(error.message, 'A method "hello" is registered already: choose another name');
});

Deno.test("Each error has the nearest built-in error as its parent", () => {
  assertInstanceOf(new DecodeError("Bad bytes"), RangeError);
  assertInstanceOf(new MessageTooLargeError(2, 1), RangeError);
});

Deno.test("A cause is kept where there is one, and there is none otherwise", () => {
  const cause = new Error("Why");
  assertEquals(new DecodeError("Bad bytes", { cause }).cause, cause);
  assertEquals(new PeerClosedError({ cause }).cause, cause);
  assert(!("cause" in new DecodeError("Bad bytes")));
  assert(!("cause" in new PeerClosedError()));
});

Deno.test("Every error has its class as its name, and a message in sentence case without a final full stop", () => {
  const errors = [
    new PeerGoneError(4242),
    new ReceiverFullError(4242, 900, 1_000),
    new CallTimeoutError(4242, "hello", 50),
    new CallTimeoutError(4242, "hello", 50, "take"),
    new MessageTooLargeError(100, 50),
    new PeerClosedError(),
    new DuplicateMethodError("hello"),
    new SyscallError("bind", 98),
    new SyscallError("bind", 98, "Choose another port"),
  ];
  for (const error of errors) {
    assertInstanceOf(error, Error);
    assertEquals(error.name, error.constructor.name);
    // The name of a system call stays as it is written.
    assertMatch(error.message, error instanceof SyscallError ? /^bind failed: [a-z].*[^.\s]$/ : /^[A-Z].*[^.\s]$/);
  }
});
