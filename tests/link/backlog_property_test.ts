// Whatever happens to messages, each is delivered once or not at all, and whoever posted it is told just that.
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { ERRNO } from "../../ffi/errno.ts";
import { PeerGoneError, SyscallError } from "../../src/errors.ts";
import type { WaitingMessage } from "../../src/link/delivery.ts";
import { MAX_UNDER_WAY } from "../../src/link/large_lane.ts";
import { fakeTime, settled } from "../fakes/time.ts";
import { checkAsync } from "../fakes/property.ts";
import { openFragments, PART } from "./outbox_setup.ts";
import { Receivers } from "./receivers.ts";

const PORTS = [1, 2, 3];
const LIMITS = { maxQueuedBytes: 1_000, maxMessageSize: 2_000 };
const NO_MEMORY = new SyscallError("sendto", ERRNO.ENOMEM);

/** What whoever learns of a message does there and then. */
type Reaction = "nothing" | "post" | "flush" | "withdraw";

type Step =
  | { readonly do: "post"; readonly to: number; readonly length: number; readonly then: Reaction }
  | { readonly do: "now"; readonly to: number; readonly length: number }
  | { readonly do: "fill" | "empty" | "leave" | "return"; readonly to: number }
  | { readonly do: "end"; readonly to: number; readonly how: boolean | "fail" }
  | { readonly do: "withdraw"; readonly index: number }
  | { readonly do: "flush" | "turn" };

/** One of some names, each as often as it is there. */
function oneOf<Name extends string>(...names: Name[]): fc.Arbitrary<Name> {
  return fc.constantFrom(...names);
}

const to = fc.constantFrom(...PORTS);
const length = fc.oneof(fc.nat(PART), fc.integer({ min: PART + 1, max: 600 }));
const then = oneOf<Reaction>("nothing", "nothing", "post", "flush", "withdraw");
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 8, arbitrary: fc.record({ do: oneOf("post"), to, length, then }) },
  { weight: 1, arbitrary: fc.record({ do: oneOf("now"), to, length }) },
  { weight: 4, arbitrary: fc.record({ do: oneOf("fill", "fill", "empty"), to }) },
  { weight: 1, arbitrary: fc.record({ do: oneOf("leave", "return"), to }) },
  {
    weight: 8,
    arbitrary: fc.record({ do: oneOf("end"), to, how: fc.constantFrom(true, true, true, false, "fail" as const) }),
  },
  { weight: 2, arbitrary: fc.record({ do: oneOf("withdraw"), index: fc.nat(200) }) },
  { weight: 4, arbitrary: fc.record({ do: oneOf("flush", "turn") }) },
);

/** A message that was posted, and all that its sender was told. */
interface Posted {
  readonly to: number;
  readonly body: string;
  readonly told: ("delivered" | "undelivered")[];
  waiting: WaitingMessage | undefined;
  withdrawn: boolean;
}

/** A body that no other message has, with characters of one to four bytes. */
function bodyOf(index: number, length: number): string {
  return `${index}:${"aé€😀".repeat(length)}`.slice(0, Math.max(length, 5)).toWellFormed();
}

/** Posts messages, and has all happen to them that can. */
class Trial {
  readonly setup = openFragments(LIMITS);
  readonly receivers = new Receivers(this.setup.link);
  readonly posted: Posted[] = [];
  /** What was sent at once, and whether all of it was. */
  readonly now: { readonly to: number; readonly body: string; readonly sent: boolean }[] = [];
  failures = 0;

  async run(steps: readonly Step[], closes: boolean): Promise<void> {
    const { link, outbox } = this.setup;
    for (const step of steps) await this.#do(step);
    link.failures.clear();
    link.full.clear();
    await settled();
    if (closes) {
      outbox.close(new Error("closed"));
      while (link.patient.length > 0) await link.endPatient(link.patient[0]!.to, false);
      await settled();
    }
    while (link.holds > 0) {
      await this.#pause();
      while (link.patient.length > 0) await link.endPatient(link.patient[0]!.to, true);
    }
  }

  #do(step: Step): void | Promise<void> {
    const { link, outbox } = this.setup;
    const waits = (to: number) => link.patient.some((patient) => patient.to === to);
    switch (step.do) {
      case "post":
        return this.#post(step.to, step.length, step.then);
      case "now":
        return this.#sendNow(step.to, step.length);
      case "fill":
        return void link.full.add(step.to);
      case "empty":
        return void link.full.delete(step.to);
      case "return":
        return void link.failures.delete(step.to);
      case "leave": {
        const gone = new PeerGoneError(step.to);
        link.failures.set(step.to, gone);
        this.receivers.leave(step.to);
        if (waits(step.to)) void link.endPatient(step.to, gone);
        return this.#pause();
      }
      case "end":
        if (!waits(step.to)) return;
        if (step.how === "fail") this.failures++;
        return link.endPatient(step.to, step.how === "fail" ? NO_MEMORY : step.how);
      case "withdraw":
        return this.#withdraw(step.index);
      case "flush":
        return outbox.flush();
      case "turn":
        return settled();
    }
  }

  /** Until all that is sent waits for room: whoever sends to a port that is gone finds out before another one has it. */
  async #pause(): Promise<void> {
    const { link } = this.setup;
    do await settled(); while (link.patient.length < link.holds);
  }

  #post(to: number, length: number, then: Reaction): void {
    const body = bodyOf(this.posted.length, length);
    const message: Posted = { to, body, told: [], waiting: undefined, withdrawn: false };
    this.posted.push(message);
    const tell = (outcome: "delivered" | "undelivered") => {
      message.told.push(outcome);
      if (then === "withdraw") this.#withdraw(length);
      else if (then !== "nothing") this.#post(to, length, "nothing");
      if (then === "flush") this.setup.outbox.flush();
    };
    this.setup.outbox.request(to, this.posted.length, message.body, {
      delivered: () => tell("delivered"),
      undelivered: () => tell("undelivered"),
      waits: (waiting) => void (message.waiting = waiting),
    });
  }

  #withdraw(index: number): void {
    const message = this.posted[index % Math.max(this.posted.length, 1)];
    if (message?.waiting === undefined || message.told.length > 0) return;
    message.withdrawn = true;
    message.waiting.withdraw();
  }

  #sendNow(to: number, length: number): void {
    const { link, outbox } = this.setup;
    const body = bodyOf(1_000 + this.now.length, length);
    let sent = true;
    try {
      outbox.requestNow(to, 1_000 + this.now.length, body, (bytes, length) => sent = link.send(to, bytes, length));
    } catch {
      sent = false;
    }
    this.now.push({ to, body, sent });
  }
}

Deno.test("each message is delivered once, or rejected once, and arrives as it was posted", async () => {
  const steps = fc.array(step, { maxLength: 120, size: "max" });
  const how = fc.record({ closes: fc.boolean(), cancellable: fc.boolean(), slow: fc.boolean() });
  const property = fc.asyncProperty(steps, how, async (steps, { closes, cancellable, slow }) => {
    using time = fakeTime();
    const begun = performance.now();
    const trial = new Trial();
    const { link, outbox } = trial.setup;
    link.cancellable = cancellable;
    // A turn has time for one datagram only.
    if (slow) link.onSend = () => time.busy(6);
    await trial.run(steps, closes);
    link.assertIdle();
    assertEquals(outbox.queuedBytes, 0, "all has been counted down, and not too far");
    for (const port of PORTS) {
      const { whole, small, incomplete, mostAtOnce } = trial.receivers.at(port);
      const messages = trial.posted.filter(({ to }) => to === port);
      for (const { body, told, withdrawn } of messages) {
        const arrived = whole.filter((other) => other === body).length;
        assertEquals(told.length, withdrawn ? 0 : 1, `${body} was told ${told}`);
        if (!withdrawn) assertEquals(arrived, told[0] === "delivered" ? 1 : 0, `${body} was ${told}`);
        assert(arrived <= 1, `${body} arrived ${arrived} times`);
      }
      const now = trial.now.filter(({ to }) => to === port);
      for (const { body, sent } of now) {
        assertEquals(whole.filter((other) => other === body).length, sent ? 1 : 0, body);
      }
      const known = new Set([...messages, ...now].map(({ body }) => body));
      assertEquals(whole.filter((body) => !known.has(body)), []);
      // Small messages arrive in the order in which they were posted; large ones take turns.
      const bodies = messages.map(({ body }) => body);
      const places = small.map((body) => bodies.indexOf(body)).filter((place) => place >= 0);
      assertEquals(places, places.toSorted((a, b) => a - b));
      // A farewell that cannot be sent, or not in time, is left out; and an outbox that is closed sends none.
      if (trial.failures > 0 || closes || performance.now() > begun + 1_000) continue;
      assertEquals(incomplete, [], "the receiver has learned of each message that it was whole, or will not come");
      const most = MAX_UNDER_WAY + now.filter(({ sent }) => !sent).length + Math.min(now.length, 1);
      assert(mostAtOnce <= most, `${mostAtOnce} large messages at once`);
    }
  });
  await checkAsync(property, 200);
});
