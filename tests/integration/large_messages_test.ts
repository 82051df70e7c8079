// Messages of every size, between two real processes.
import { assert, assertEquals, assertRejects } from "@std/assert";
import { InternalError, InvalidRequestError, MessageTooLargeError, RPCPeer } from "../../mod.ts";
import { MAX_DATAGRAM } from "../../src/netlink/socket_opening.ts";
import { troublesOf } from "../fakes/peers.ts";
import type { Bulk } from "./programs/bulk.ts";
import { type Program, start } from "./processes.ts";

const MIB = 1_048_576;
const HEADERS = 40;

/** A peer in another process, and how to call it. */
async function startBulk(options = {}): Promise<{ program: Program; port: number }> {
  const program = start("bulk", [JSON.stringify(options)], { flags: ["--allow-ffi", "--v8-flags=--expose-gc"] });
  return { program, port: Number(await program.line()) };
}

/** A text that makes the request of a call this large, with its headers. */
function textFor(size: number, method: string, id: string): string {
  const around = JSON.stringify({ jsonrpc: "2.0", id: 0, method, params: [""] }).length - 1 + id.length;
  return "x".repeat(size - HEADERS - around);
}

Deno.test("messages at the edge of one, two and three datagrams come back as they went", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  await using client = new RPCPeer();
  const troubles = troublesOf(client);
  const remote = client.talkTo<Bulk>(port);
  const part = MAX_DATAGRAM - HEADERS;
  for (const size of [MAX_DATAGRAM, HEADERS + 2 * part, HEADERS + 3 * part]) {
    // Ids grow by one a call and have ten digits at most: this covers each side of the bound, whatever they are.
    for (let difference = -12; difference <= 12; difference++) {
      const text = textFor(size + difference, "echo", "0123456789");
      assertEquals(await remote.echo(text), text);
      assertEquals(client.callSync(port, "echo", [text]), text);
    }
  }
  for (const text of ["", "ü".repeat(MAX_DATAGRAM), "🦕".repeat(MAX_DATAGRAM / 2), `x${"🦕".repeat(50_000)}`]) {
    assertEquals(await remote.echo(text), text);
  }
  assertEquals([troubles, await remote.troubles()], [[], []]);
});

Deno.test("1 MiB and the largest message by default, 64 MiB, and not one byte more", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  await using client = new RPCPeer({ timeout: 120_000 });
  const remote = client.talkTo<Bulk>(port);
  const text = "m".repeat(MIB);
  assertEquals(await remote.echo(text), text);

  // A notification has no id, so its size is known to the byte.
  const around = JSON.stringify({ jsonrpc: "2.0", method: "length", params: [""] }).length;
  const largest = "l".repeat(64 * MIB - HEADERS - around);
  await client.notify(port, "length", [largest]);
  const error = await assertRejects(() => client.notify(port, "length", [`${largest}.`]), MessageTooLargeError);
  assertEquals([error.size, error.maximum], [64 * MIB + 1, 64 * MIB]);

  assertEquals(await remote.length(largest.slice(100)), largest.length - 100);
  assertEquals((await remote.make(64 * MIB - 200)).length, 64 * MIB - 200);
  assertEquals(await remote.troubles(), []);
});

Deno.test("each side has its own bound, and says which message is beyond it", async () => {
  const { program, port } = await startBulk({ maxMessageSize: 200_000 });
  await using _program = program;
  await using client = new RPCPeer({ maxMessageSize: 300_000 });
  const remote = client.talkTo<Bulk>(port);
  assertEquals(await remote.length("x".repeat(190_000)), 190_000);
  const refused = await assertRejects(() => remote.length("x".repeat(250_000)), InvalidRequestError);
  assert(
    /The message has 2501\d\d bytes, and at most 200000 are taken/.test(refused.data as string),
    `${refused.data}`,
  );
  await assertRejects(() => remote.length("x".repeat(300_000)), MessageTooLargeError);
  const answer = await assertRejects(() => remote.make(250_000), InternalError);
  assert(/The answer has 2500\d\d bytes, and at most 200000 can be sent/.test(answer.data as string), `${answer.data}`);

  await using small = new RPCPeer({ maxMessageSize: 100_000 });
  const error = await assertRejects(() => small.talkTo<Bulk>(port).make(150_000), MessageTooLargeError);
  assertEquals(error.maximum, 100_000);
  assertEquals(await small.talkTo<Bulk>(port).make(3), "yyy");
});

Deno.test("a thousand large messages in each direction at once, and memory is back where it was", async () => {
  // Calls and answers for one port wait together: 400 MB of them.
  const { program, port } = await startBulk({ maxQueuedBytes: 1_000 * MIB });
  const { program: other, port: otherPort } = await startBulk({ maxQueuedBytes: 1_000 * MIB });
  await using _program = program;
  await using _other = other;
  await using client = new RPCPeer({ timeout: 120_000 });
  const [one, two] = [client.talkTo<Bulk>(port), client.talkTo<Bulk>(otherPort)];
  // Once before, so that what is allocated once and for all is there.
  await Promise.all([one.exchange(otherPort, 100, 200_000), two.exchange(port, 100, 200_000)]);
  const before = [await one.memory(), await two.memory()];
  const came = await Promise.all([one.exchange(otherPort, 1_000, 200_000), two.exchange(port, 1_000, 200_000)]);
  assertEquals(came, [1_000, 1_000]);
  const after = [await one.memory(), await two.memory()];
  for (const [index, { resident, external }] of after.entries()) {
    const grown = resident - before[index]!.resident;
    console.log(
      `    resident memory: ${(before[index]!.resident / MIB).toFixed(0)} MiB before, ${
        (resident / MIB).toFixed(0)
      } MiB after 800 MB; external: ${(external / MIB).toFixed(1)} MiB`,
    );
    assert(grown < 96 * MIB, `${grown} bytes more than before`);
    assert(external < 16 * MIB, `${external} bytes outside of the heap are still held`);
  }
});

Deno.test("small calls are answered while large messages go to the same port", async () => {
  const { program, port } = await startBulk();
  await using _program = program;
  await using client = new RPCPeer({ timeout: 120_000 });
  const remote = client.talkTo<Bulk>(port);
  let largeAreUnderWay = true;
  const large = Promise.all(Array.from({ length: 4 }, () => remote.length("x".repeat(16 * MIB))));
  const ended = large.then(() => largeAreUnderWay = false);
  let answered = 0;
  while (largeAreUnderWay) {
    assertEquals(await remote.length("small"), 5);
    if (largeAreUnderWay) answered++;
  }
  await ended;
  assertEquals(await large, [1, 1, 1, 1].map(() => 16 * MIB));
  assert(answered > 10, `only ${answered} small calls were answered meanwhile`);
});
