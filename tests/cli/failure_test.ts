// What is said of an error, values that are read, and what a peer says of its methods.
import { assertEquals, assertThrows } from "@std/assert";
import { methodsOf, namesOf, signatureOf } from "../../src/cli/description.ts";
import { EXIT, Failure, failureOf } from "../../src/cli/failure.ts";
import { Given, valueOf } from "../../src/cli/given.ts";
import {
  AccessDeniedError,
  CallTimeoutError,
  JSONRPCError,
  LibcUnavailableError,
  MessageTooLargeError,
  PeerGoneError,
  ReceiverFullError,
  SyscallError,
} from "../../mod.ts";

Deno.test("each error of the library has an exit code, and a sentence for those who do not write code", () => {
  const rows: [error: unknown, exit: number, message: string][] = [
    [new JSONRPCError(7, "No", { why: 1 }), EXIT.answeredError, 'No (7): {"why":1}'],
    [new JSONRPCError(7, "No"), EXIT.answeredError, "No (7)"],
    [new PeerGoneError(5), EXIT.nobody, "No peer holds port 5"],
    [new PeerGoneError(5, "answering"), EXIT.nobody, "The peer at port 5 was gone before it answered"],
    [new AccessDeniedError(), EXIT.denied, "Access denied"],
    [AccessDeniedError.untrusted(5, 10), EXIT.denied, "Port 5 is held by user 10, whom this call does not trust"],
    [
      new CallTimeoutError(5, "m", 10, "answer", 'If it is ProcsLink 0.1 for Python, call it with { dialect: "x" }'),
      EXIT.timeout,
      'Port 5 did not answer "m" within 10 ms',
    ],
    [new ReceiverFullError(5, 10, 9), EXIT.failed, "Port 5 does not keep up"],
    [new SyscallError("bind", 1), EXIT.cannot, new SyscallError("bind", 1).message],
    [new LibcUnavailableError("No libc"), EXIT.cannot, "No libc"],
    [new Deno.errors.NotCapable("Requires read access"), EXIT.cannot, "Requires read access"],
    [new RangeError("It cannot be the name of a peer"), EXIT.usage, "It cannot be the name of a peer"],
    [new Error("odd"), EXIT.failed, "odd"],
    ["a text", EXIT.failed, "a text"],
  ];
  for (const [error, exit, message] of rows) {
    const failure = failureOf(error);
    assertEquals([failure.exit, failure.message], [exit, message]);
  }
  assertEquals(failureOf(new MessageTooLargeError(2, 1)).exit, EXIT.failed);
  const failure = new Failure(EXIT.taken, "It is taken");
  assertEquals(failureOf(failure), failure);
});

Deno.test("durations are seconds, or have a unit", () => {
  const read = (text: string) => new Given(new Map([["timeout", text]])).milliseconds("timeout");
  const rows: [string, number][] = [["5", 5_000], ["0.5", 500], [".5", 500], ["250ms", 250], ["2s", 2_000], [
    "1m",
    60_000,
  ], [
    "1h",
    3_600_000,
  ]];
  for (const [text, milliseconds] of rows) assertEquals(read(text), milliseconds, text);
  for (const text of ["", "0", "-1", "5 s", "5d", "1e3", "Infinity", "0x5", "1000h", "5."]) {
    assertThrows(() => read(text), Failure, "", text);
  }
  assertEquals(new Given(new Map()).milliseconds("timeout"), undefined);
});

Deno.test("who may is same-user, anyone, or user ids", () => {
  const read = (text: string) => new Given(new Map([["trust", text]])).rule("trust");
  assertEquals(["anyone", "same-user", "0", "0,1000"].map(read), ["anyone", "same-user", { uids: [0] }, {
    uids: [0, 1000],
  }]);
  for (const text of ["", "root", "0,", ",", "-1", "0 1"]) assertThrows(() => read(text), Failure, "", text);
});

Deno.test("lists are separated by commas, and an empty one is none at all", () => {
  const read = (text: string) => new Given(new Map([["names", text]])).list("names");
  assertEquals(["a", "a, b", "", ",a,"].map(read), [["a"], ["a", "b"], [], ["a"]]);
  assertEquals(new Given(new Map()).list("names"), undefined);
});

Deno.test("a word is JSON where it can be read as that", () => {
  const words = ["5", "[1]", "five", '"5"', "", " 5", "{a:1}", "NaN", "null"];
  assertEquals(words.map(valueOf), [5, [1], "five", "5", "", 5, "{a:1}", "NaN", null]);
});

Deno.test("signatures are made of what is told", () => {
  const schema = { type: "number" };
  const [add, find, all, bare] = methodsOf({
    methods: [
      { name: "add", params: [{ name: "a", required: true, schema }, { name: "b", schema: {} }], result: { schema } },
      { name: "find", paramStructure: "by-name", params: [{ name: "title", required: true }] },
      { name: "all", summary: "Everything", params: [{ name: "rest", "x-rest": true }] },
      { name: "bare" },
    ],
  });
  assertEquals([add!, find!, all!, bare!].map(signatureOf), [
    "add(a: number, b?): number",
    "find({ title })",
    "all(...rest)",
    "bare",
  ]);
  assertEquals(all!.summary, "Everything");
});

Deno.test("what a peer says of its methods may be anything", () => {
  for (const value of [null, undefined, 5, "text", [], {}, { methods: 5 }]) {
    assertThrows(() => methodsOf(value), Failure);
    assertThrows(() => namesOf(value), Failure);
  }
  const odd = [null, 5, {}, { name: 5 }, { name: "a", params: [null, { name: 5 }], summary: 5, result: 5 }];
  assertEquals(methodsOf({ methods: odd }).map(signatureOf), ["a(??, ??)"]);
  assertEquals(namesOf({ methods: [1, null, "a"] }).map(signatureOf), ["a"]);
});
