import { assertEquals } from "@std/assert";
import {
  publishText,
  readAcknowledging,
  readAsking,
  readLeaving,
  readPublished,
  readWelcome,
} from "../../src/groups/messages.ts";

/** What no member and no owner says. */
const RUBBISH: unknown[] = [undefined, null, true, 5, "text", [], {}, [[]], { stream: 5 }, { group: {} }];
/** What is no number of a message. */
const NO_NUMBERS: unknown[] = [undefined, null, "1", -1, 1.5, NaN, Infinity, 2 ** 53, [1], {}];

Deno.test("what is none of the messages is none", () => {
  for (const read of [readWelcome, readAsking, readLeaving, readAcknowledging, readPublished]) {
    for (const value of RUBBISH) assertEquals(read(value), undefined, `${read.name}(${JSON.stringify(value)})`);
  }
});

Deno.test("a welcome has all its members, and each in its range", () => {
  const welcome = { stream: "s", port: 0xffff_ffff, next: 1, multicast: 32 };
  assertEquals(readWelcome(welcome), welcome);
  assertEquals(readWelcome({ ...welcome, port: 1, multicast: 1, present: [1] })?.present, [1]);
  const wrong: object[] = [{ stream: 5 }, { port: 0 }, { port: 2 ** 32 }, { multicast: 0 }, { multicast: 33 }];
  for (const name of ["port", "next", "multicast"]) {
    for (const value of NO_NUMBERS) wrong.push({ [name]: value });
  }
  for (const part of wrong) assertEquals(readWelcome({ ...welcome, ...part }), undefined, Deno.inspect(part));
});

Deno.test("who asks for a group says which; who says from where on, says all of it", () => {
  assertEquals(readAsking({ group: "g", more: 1 }), { group: "g" });
  const resuming = { group: "g", stream: "s", id: 0, next: 2, hears: 3 };
  assertEquals(readAsking({ ...resuming, more: 1 }), resuming);
  assertEquals(readAsking({ ...resuming, stream: 5 }), undefined);
  assertEquals(readAsking({ ...resuming, group: 5 }), undefined);
  for (const name of ["id", "next", "hears"]) {
    for (const value of NO_NUMBERS) assertEquals(readAsking({ ...resuming, [name]: value }), undefined);
  }
});

Deno.test("a member leaves by its id, an owner by the number behind its last message", () => {
  assertEquals(readLeaving({ stream: "s", id: 1 }), { stream: "s", id: 1, next: undefined });
  assertEquals(readLeaving({ stream: "s", next: 7 }), { stream: "s", id: undefined, next: 7 });
  assertEquals(readLeaving({ id: 1 }), undefined);
  for (const name of ["id", "next"]) {
    for (const value of NO_NUMBERS.slice(1)) assertEquals(readLeaving({ stream: "s", [name]: value }), undefined);
  }
});

Deno.test("an acknowledgement has a stream, a number and an id", () => {
  assertEquals(readAcknowledging(["s", 5, 1]), { stream: "s", next: 5, id: 1 });
  assertEquals(readAcknowledging([5, 5, 1]), undefined);
  for (const value of NO_NUMBERS) {
    assertEquals(readAcknowledging(["s", value, 1]), undefined);
    assertEquals(readAcknowledging(["s", 1, value]), undefined);
  }
});

Deno.test("a message has a stream, a number, and a value, which may be anything; or none", () => {
  assertEquals(readPublished(["s", 5]), { stream: "s", number: 5, hasValue: false, value: undefined });
  for (const value of [null, 0, [1], { a: 1 }]) {
    assertEquals(readPublished(["s", 5, value]), { stream: "s", number: 5, hasValue: true, value });
  }
  for (const wrong of [["s"], ["s", 5, 1, 1], [5, 5, 1], { 0: "s", 1: 5, length: 2 }]) {
    assertEquals(readPublished(wrong), undefined);
  }
  for (const value of NO_NUMBERS) assertEquals(readPublished(["s", value, 1]), undefined);
});

Deno.test("what is written is read", () => {
  for (const value of [undefined, '{"a":[1]}', "null"]) {
    const { jsonrpc, method, params, ...more } = JSON.parse(publishText("s-1", 7, value));
    assertEquals([jsonrpc, method, more], ["2.0", "rpc.publish", {}]);
    assertEquals(readPublished(params), {
      stream: "s-1",
      number: 7,
      hasValue: value !== undefined,
      value: value === undefined ? undefined : JSON.parse(value),
    });
  }
});
