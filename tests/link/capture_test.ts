// What becomes of a sink that does what it should not.
import { assertEquals } from "@std/assert";
import { Capture } from "../../src/link/capture.ts";
import { CapturingLink } from "../../src/link/capturing_link.ts";
import type { Caller } from "../../src/link/link.ts";
import { RecordingLink } from "../fakes/recording_link.ts";
import { settled } from "../fakes/time.ts";

const SENDER: Caller = { port: 77, uid: 1_000, gid: 100, pidHint: 4_711 };
const BYTES = Uint8Array.of(1, 2, 3, 0xff);

Deno.test("a sink that throws is told nothing more, and nothing else notices", async () => {
  const full = new Error("No space left on device");
  const troubles: unknown[][] = [];
  let calls = 0;
  const sink = {
    capture() {
      calls++;
      throw full;
    },
  };
  const inner = new RecordingLink(100);
  const link = new CapturingLink(inner, new Capture(sink, (...trouble) => void troubles.push(trouble)));
  let received = 0;
  link.start({ receive: () => void received++, trouble() {}, failed() {} });
  assertEquals(link.send(200, BYTES, 3), true);
  // A listener must not do what it likes in the midst of a send.
  assertEquals(troubles, []);
  inner.receiver!.receive(BYTES, 3, SENDER);
  assertEquals(link.send(200, BYTES, 3), true);
  assertEquals([calls, inner.sent.length, received], [1, 2, 1]);
  await settled();
  assertEquals(troubles, [
    ["handler", "The capture has thrown, and is over: No space left on device", undefined, full],
  ]);
});

Deno.test("a sink that throws what is no error has thrown all the same", async () => {
  const troubles: unknown[][] = [];
  const sink = {
    capture() {
      throw Object.create(null);
    },
  };
  const link = new CapturingLink(
    new RecordingLink(100),
    new Capture(sink, (...trouble) => void troubles.push(trouble)),
  );
  assertEquals(link.send(200, BYTES, 3), true);
  await settled();
  assertEquals(troubles[0]!.slice(0, 2), ["handler", "The capture has thrown, and is over: not an Error"]);
});

Deno.test("what a sink sends by the same link is sent, and not captured", () => {
  const seen: number[] = [];
  const inner = new RecordingLink(100);
  const sink = {
    capture({ to }: { to: number }) {
      seen.push(to);
      link.send(999, BYTES, 3);
    },
  };
  const link: CapturingLink = new CapturingLink(inner, new Capture(sink, () => {}));
  link.send(200, BYTES, 3);
  link.send(201, BYTES, 3);
  assertEquals(seen, [200, 201]);
  assertEquals(inner.sent.map(({ to }) => to), [200, 999, 201, 999]);
});
