import { assertEquals } from "@std/assert";
import { ServerError } from "../../mod.ts";
import type { Caller } from "../../src/link/link.ts";
import { LegacyPorts } from "../../src/rpc/legacy_ports.ts";
import { MAX_POSTPONED_BYTES, PostponedRequests } from "../../src/rpc/postponed_requests.ts";
import type { MessageSink } from "../../src/rpc/unpacker.ts";
import { NATIVE } from "../../src/wire/dialect.ts";
import { fakeTime, settled } from "../fakes/time.ts";

const CLOSED = new ServerError(-32000, "The peer is closed");
const SENDER: Caller = { port: 666, uid: 1, gid: 1, pidHint: 1 };

function setUp() {
  const handed: string[] = [];
  const refused: unknown[] = [];
  const troubles: string[] = [];
  const legacy = new LegacyPorts();
  const setup = {
    legacy,
    handed,
    refused,
    troubles,
    /** What a handler does. */
    onRequest: (_text: string) => {},
    add: (text: string, nlmsgSeq = 1) => setup.postponed.add(new TextEncoder().encode(text), nlmsgSeq, SENDER, NATIVE),
    postponed: new PostponedRequests(
      {
        request: (body, nlmsgSeq, sender) => {
          const text = new TextDecoder().decode(body);
          handed.push(`${text} ${nlmsgSeq} ${sender.port}`);
          setup.onRequest(text);
        },
        badRequest: ({ code, data }, nlmsgSeq, sender) => void refused.push([code, data, nlmsgSeq, sender.port]),
      } satisfies Partial<MessageSink> as Partial<MessageSink> as MessageSink,
      (kind, reason, port) => void troubles.push(`${kind} ${port}: ${reason}`),
      legacy,
    ),
  };
  return setup;
}

Deno.test("requests are handed on in order, in a later turn, once", async () => {
  const { add, handed } = setUp();
  add("a", 1);
  add("b", 2);
  assertEquals(handed, []);
  await settled();
  assertEquals(handed, ["a 1 666", "b 2 666"]);
  add("c", 3);
  await settled();
  assertEquals(handed.slice(2), ["c 3 666"]);
});

Deno.test("a request is copied: its memory is used again", async () => {
  const { postponed, handed } = setUp();
  const memory = new TextEncoder().encode("xx{}xx");
  postponed.add(memory.subarray(2, 4), 1, SENDER, NATIVE);
  memory.fill(0xff);
  await settled();
  assertEquals(handed, ["{} 1 666"]);
});

Deno.test("a flush hands them on at once, and the later turn then finds nothing", async () => {
  const { add, postponed, handed } = setUp();
  postponed.flush();
  add("a");
  postponed.flush();
  assertEquals(handed, ["a 1 666"]);
  await settled(2);
  assertEquals(handed.length, 1);
});

Deno.test("what comes while they are handed on goes behind them, and is handed on too", async () => {
  const setup = setUp();
  setup.onRequest = (text) => {
    if (text === "a") setup.add("c");
  };
  setup.add("a");
  setup.add("b");
  await settled();
  assertEquals(setup.handed, ["a 1 666", "b 1 666", "c 1 666"]);
});

Deno.test("at the end all that wait are handed on at once, in order, and none twice", async () => {
  const setup = setUp();
  setup.add("a", 1);
  setup.add("b", 2);
  setup.postponed.close();
  assertEquals([setup.handed, setup.postponed.size], [["a 1 666", "b 2 666"], 0]);
  await settled();
  assertEquals([setup.handed.length, setup.refused], [2, []]);
});

Deno.test("a handler that brings about the end has the others handed on there and then", async () => {
  const setup = setUp();
  setup.onRequest = () => setup.postponed.close();
  setup.add("a", 1);
  setup.add("b", 2);
  await settled(2);
  assertEquals([setup.handed, setup.refused, setup.postponed.size], [["a 1 666", "b 2 666"], [], 0]);
});

Deno.test("a flush inside of another hands nothing on out of turn", () => {
  const setup = setUp();
  setup.onRequest = (text) => {
    if (text === "a") setup.postponed.flush();
    setup.handed.push(`end of ${text}`);
  };
  setup.add("a");
  setup.add("b");
  setup.postponed.flush();
  assertEquals(setup.handed, ["a 1 666", "end of a", "b 1 666", "end of b"]);
});

Deno.test("so many bytes are kept and no more; then there is room again", async () => {
  const { add, postponed, handed, refused, troubles } = setUp();
  const quarter = new Uint8Array(MAX_POSTPONED_BYTES / 4).fill(0x20);
  for (let count = 0; count < 4; count++) postponed.add(quarter, 1, SENDER, NATIVE);
  assertEquals(refused, []);
  add("x", 7);
  const reason = "More than 67108864 bytes of requests have arrived during a synchronous call";
  assertEquals(refused, [[-32002, reason, 7, 666]]);
  assertEquals(troubles, [`refused 666: ${reason}`]);
  while (postponed.size > 0) postponed.flush();
  assertEquals(handed.length, 4);
  add("y", 8);
  await settled();
  assertEquals([handed.length, handed[4], refused.length], [5, "y 8 666", 1]);
});

Deno.test("a small request costs as much as it does in the kernel's queue", () => {
  const { postponed, refused } = setUp();
  const nothing = new Uint8Array(0);
  const fit = Math.floor(MAX_POSTPONED_BYTES / 832);
  for (let count = 0; count < fit; count++) postponed.add(nothing, 1, SENDER, NATIVE);
  assertEquals(refused.length, 0);
  postponed.add(nothing, 1, SENDER, NATIVE);
  assertEquals(refused.length, 1);
  postponed.close();
});

Deno.test("what has been handed on no longer counts, also while the others have their turn", () => {
  const setup = setUp();
  const half = new Uint8Array(MAX_POSTPONED_BYTES / 2).fill(0x20);
  let left = 5;
  // Each makes a synchronous call, during which the next one arrives: two are there at once, and never more.
  setup.onRequest = () => {
    if (left-- > 0) setup.postponed.add(half, 1, SENDER, NATIVE);
  };
  setup.postponed.add(half, 1, SENDER, NATIVE);
  while (setup.postponed.size > 0) setup.postponed.flush();
  assertEquals([setup.handed.length, setup.refused], [6, []]);
});

Deno.test("they are handed on for a turn; then the rest of the program has its own, and what comes goes behind", async () => {
  using time = fakeTime();
  const setup = setUp();
  setup.onRequest = () => time.busy(2);
  for (const text of ["a", "b", "c", "d", "e", "f", "g"]) setup.add(text);
  setup.postponed.flush();
  assertEquals([setup.handed.length, setup.postponed.size], [3, 4]);
  setup.add("h");
  let others = 0;
  setImmediate(() => others = setup.handed.length);
  await settled(3);
  assertEquals(setup.handed.map((text) => text[0]).join(""), "abcdefgh");
  assertEquals([others <= 6, setup.postponed.size], [true, 0]);
});

Deno.test("at least so many are handed on as one says, however long they take", () => {
  using time = fakeTime();
  const setup = setUp();
  setup.onRequest = () => time.busy(100);
  for (const text of ["a", "b", "c", "d", "e"]) setup.add(text);
  setup.postponed.flush(3);
  assertEquals([setup.handed.length, setup.postponed.size], [3, 2]);
  setup.postponed.flush(9);
  assertEquals([setup.handed.length, setup.postponed.size], [5, 0]);
});

Deno.test("as a sink it keeps requests in any case, and passes on everything else", () => {
  const setup = setUp();
  const half = new Uint8Array(MAX_POSTPONED_BYTES / 2).fill(0x20);
  for (let count = 0; count < 3; count++) setup.postponed.request(half, 1, SENDER, NATIVE);
  assertEquals([setup.postponed.size, setup.refused], [3, []]);
  setup.add("x", 2);
  assertEquals([setup.postponed.size, setup.refused.length], [3, 1]);
  setup.postponed.badRequest(CLOSED, 3, SENDER, NATIVE);
  assertEquals(setup.refused.slice(1), [[-32000, undefined, 3, 666]]);
  setup.postponed.close();
});
