/**
 * The reassembler: whatever becomes of fragments on their way, it throws nothing, keeps little, and keeps nothing in the end.
 *
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { MAX_IDLE_TICKS, MAX_PARTIAL_MESSAGES } from "../../src/wire/reassembly.ts";
import { assertWhole, bytesOf, fragment, OVERHEAD, Receiver } from "../wire/fragments.ts";
import {
  FRAGMENT_SCRIPTS,
  type FragmentScript,
  play,
  type ScriptEvent,
  type ScriptFragment,
} from "./fragment_script.ts";
import { assertBytes } from "./outcome.ts";
import { defineTarget, scripts, type Target } from "./target.ts";

const PER_USER = 5_000;
/** What is left for the peer's own user, whatever two others have. */
const OWN_ROOM = 10_000;
const NARROW = { perUser: PER_USER, total: 2 * PER_USER + OWN_ROOM };
const WIDE = { perUser: 2 ** 30, total: 2 ** 30 };

/** The user of the peer, as the receiver has it. */
const OWN_UID = 0;
/** The port that can be gone. */
const MORTAL = 3;

/** One script, as it happens. */
class Trial {
  readonly #script: FragmentScript;
  readonly #events: readonly ScriptEvent[];
  readonly #receiver: Receiver;
  readonly #total: number;
  /** Messages that nothing has happened to, and for which there is room in any case. */
  readonly #safe: ReadonlySet<number>;
  /** All that has come of each message, one fragment behind the other, as long as they say that they are of the same one. */
  readonly #come = new Map<number, { readonly from: string; readonly bytes: Uint8Array }>();
  /** Messages whose newest fragment was not the last one. */
  readonly #open = new Set<number>();
  readonly #arrived = new Set<number>();
  /** Messages that have become whole, or had a problem. */
  #told = 0;

  constructor(script: FragmentScript) {
    const limits = script.narrow ? NARROW : WIDE;
    const { events, unharmed } = play(script);
    this.#script = script;
    this.#events = events;
    this.#total = limits.total;
    this.#receiver = new Receiver(limits);
    this.#safe = new Set([...unharmed].filter((index) => this.#isSafe(index)));
  }

  run(): void {
    for (const event of this.#events) {
      if (event.kind === "fragment") this.#take(event);
      else this.#receiver.reassembler.tick((port) => event.gone && port === MORTAL);
      this.#checkBounds();
    }
    assertEquals([...this.#safe].filter((index) => !this.#arrived.has(index)), [], "these have not become whole");
    this.#end();
    this.#receiver.assertEmpty();
  }

  #isSafe(index: number): boolean {
    const { messages, narrow } = this.#script;
    const { port, uid } = messages[index]!;
    if (messages.filter((message) => message.port === port).length > MAX_PARTIAL_MESSAGES) return false;
    if (port === MORTAL && this.#events.some((event) => event.kind === "tick" && event.gone)) return false;
    if (!narrow) return true;
    const own = messages.filter(({ uid }, index) => uid === OWN_UID || this.#hasHeir(index));
    return uid === OWN_UID && own.reduce((sum, { length }) => sum + length + 2 * OVERHEAD, 0) <= OWN_ROOM;
  }

  #hasHeir(index: number): boolean {
    return this.#events.some((event) =>
      event.kind === "fragment" && event.message === index && event.heir !== undefined
    );
  }

  #take(event: ScriptFragment): void {
    const { message: index, start, end, heir, lies, refused } = event;
    const { port, uid, length } = this.#script.messages[index]!;
    const stated = { total: length, nlmsgSeq: index, payloadType: 1, time: index, seq: index };
    let last = event.last;
    let part = bytesOf(length, index).subarray(start, end);
    for (const { about, by } of lies) {
      if (about === "last") last = !last;
      else if (about === "length") part = by < 0 ? part.subarray(-by) : bytesOf(part.length + by % 100, index);
      else stated[about] = Math.max(stated[about] + by, 0);
    }
    // Two lies may add up to what a u32 has no room for.
    stated.nlmsgSeq >>>= 0;
    const { total: sum, ...fields } = stated;
    const total = sum >>> 0;
    this.#receiver.refusal = refused ? "refused" : undefined;
    const source = { port, uid: heir?.uid ?? uid, pidHint: heir?.pidHint ?? 0 };
    const come = this.#note(index, `${source.uid} ${source.pidHint} ${stated.nlmsgSeq} ${stated.time}`, part);
    const outcome = this.#receiver.take(fragment(part, total, last, fields), source);
    if (outcome !== undefined) this.#told++;
    if (last) this.#open.delete(index);
    else this.#open.add(index);
    if (this.#open.size === 0) this.#receiver.assertEmpty();
    if (this.#safe.has(index)) {
      if (!last) return assertEquals(outcome, undefined);
      assertWhole(outcome, bytesOf(length, index));
      this.#arrived.add(index);
    } else if (outcome instanceof Uint8Array) {
      // What is whole is as long as it is said to be, and the end of what has come.
      assert(last);
      assertEquals(outcome.length, total);
      assertBytes(outcome, come.subarray(come.length - total));
    }
    if (!(outcome instanceof Uint8Array)) return;
    // As whoever takes it does, at times.
    if (index % 2 === 0) this.#receiver.reassembler.release(outcome);
  }

  /** All that has come of a message from the same sender, this part included. */
  #note(index: number, from: string, part: Uint8Array): Uint8Array {
    if (this.#safe.has(index)) return part;
    const before = this.#come.get(index);
    const bytes = before?.from === from ? append(before.bytes, part) : part;
    this.#come.set(index, { from, bytes });
    return bytes;
  }

  #checkBounds(): void {
    const { bytes, reassembler } = this.#receiver;
    assert(bytes >= 0 && bytes <= this.#total, `${bytes} bytes are kept`);
    assertEquals(reassembler.isEmpty, bytes === 0);
  }

  #end(): void {
    const { reassembler, lost } = this.#receiver;
    if (this.#script.end === "clear") return reassembler.clear();
    const ticks = this.#script.end === "gone" ? 2 : MAX_IDLE_TICKS + 1;
    for (let tick = 0; tick < ticks; tick++) {
      reassembler.tick(() => this.#script.end === "gone");
      this.#checkBounds();
    }
    // Whatever was begun has had one end.
    assertEquals(this.#told + lost.length, this.#receiver.asked);
  }
}

function append(bytes: Uint8Array, part: Uint8Array): Uint8Array {
  const both = new Uint8Array(bytes.length + part.length);
  both.set(bytes);
  both.set(part, bytes.length);
  return both;
}

/** The target. */
export const REASSEMBLER: Target = defineTarget({
  name: "reassembler",
  share: 50,
  format: scripts<FragmentScript>(),
  cases: FRAGMENT_SCRIPTS,
  attempt: (script) => new Trial(script).run(),
});
