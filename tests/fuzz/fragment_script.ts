/**
 * Scripts of fragments: messages whose fragments take turns, and what slips on the way.
 *
 * @module
 */
import fc from "fast-check";

/** A message. Its number is its place in the script, so that no two have the same. */
export interface ScriptMessage {
  readonly port: number;
  readonly uid: number;
  readonly length: number;
  /** Where it is cut, in thousandths of what is left of it. */
  readonly cuts: readonly number[];
}

/** What slips. Places are those of fragments in the order in which they come, and begin again at the end. */
export type Slip =
  | { readonly slip: "drop" | "swap" | "refuse"; readonly at: number }
  /** A fragment comes once more. */
  | { readonly slip: "again"; readonly at: number; readonly to: number }
  /** A fragment states something else than the others of its message. */
  | { readonly slip: "lie"; readonly at: number; readonly about: Lie; readonly by: number }
  /** It comes from another user, or another process. */
  | { readonly slip: "heir"; readonly at: number; readonly uid: number; readonly pidHint: number }
  /** Time passes; for some, somebody is gone. */
  | { readonly slip: "tick"; readonly at: number; readonly gone: boolean };

/** What a fragment can lie about. */
export type Lie = "total" | "length" | "last" | "payloadType" | "nlmsgSeq" | "time";

/** A script. */
export interface FragmentScript {
  readonly messages: readonly ScriptMessage[];
  /** Whose turn is next, among those that are not through. */
  readonly turns: readonly number[];
  readonly slips: readonly Slip[];
  /** Whether there is little room. */
  readonly narrow: boolean;
  /** How all ends. */
  readonly end: "gone" | "idle" | "clear";
}

/** One fragment on its way. */
export interface ScriptFragment {
  readonly kind: "fragment";
  readonly message: number;
  readonly start: number;
  readonly end: number;
  readonly last: boolean;
  readonly lies: { readonly about: Lie; readonly by: number }[];
  readonly heir: { readonly uid: number; readonly pidHint: number } | undefined;
  readonly refused: boolean;
}

/** What happens, one after the other. */
export type ScriptEvent = ScriptFragment | { readonly kind: "tick"; readonly gone: boolean };

const message: fc.Arbitrary<ScriptMessage> = fc.record({
  port: fc.integer({ min: 1, max: 3 }),
  uid: fc.nat(2),
  length: fc.oneof(
    { arbitrary: fc.nat(60), weight: 12 },
    { arbitrary: fc.nat(3_000), weight: 4 },
    // Of several sizes of memory that is used again.
    { arbitrary: fc.integer({ min: 60_000, max: 200_000 }), weight: 1 },
  ),
  cuts: fc.array(fc.nat(1_000), { maxLength: 5 }),
});

const at = fc.nat(100);
const slip: fc.Arbitrary<Slip> = fc.oneof(
  fc.record({ slip: fc.constantFrom("drop" as const, "swap" as const, "refuse" as const), at }),
  fc.record({ slip: fc.constant("again" as const), at, to: at }),
  fc.record({
    slip: fc.constant("lie" as const),
    at,
    about: fc.constantFrom<Lie>("total", "length", "last", "payloadType", "nlmsgSeq", "time"),
    by: fc.oneof(fc.integer({ min: -50, max: 50 }), fc.constantFrom(-1, 1, 5_000, 2 ** 31)),
  }),
  fc.record({ slip: fc.constant("heir" as const), at, uid: fc.nat(2), pidHint: fc.nat(1) }),
  fc.record({ slip: fc.constant("tick" as const), at, gone: fc.boolean() }),
);

/** Scripts of all kinds. */
export const FRAGMENT_SCRIPTS: fc.Arbitrary<FragmentScript> = fc.record({
  messages: fc.oneof(
    { arbitrary: fc.array(message, { minLength: 1, maxLength: 6 }), weight: 6 },
    // More than a port may have at once.
    {
      arbitrary: fc.array(message.map((message) => ({ ...message, length: message.length % 500 })), {
        minLength: 10,
        maxLength: 40,
        size: "max",
      }),
      weight: 1,
    },
  ),
  turns: fc.array(fc.nat(100), { minLength: 1, maxLength: 20 }),
  slips: fc.array(slip, { maxLength: 8 }),
  narrow: fc.boolean(),
  end: fc.constantFrom("gone", "idle", "clear"),
});

/** The fragments of a message, each with something in it. */
function cut({ length, cuts }: ScriptMessage, message: number): ScriptFragment[] {
  let start = 0;
  const fragments: ScriptFragment[] = [];
  const add = (end: number, last: boolean) => {
    fragments.push({ kind: "fragment", message, start, end, last, lies: [], heir: undefined, refused: false });
    start = end;
  };
  for (const cut of cuts) {
    const end = start + Math.floor((length - start) * cut / 1_000);
    if (end > start && end < length) add(end, false);
  }
  add(length, true);
  return fragments;
}

/** Tells what happens, and which messages nothing has happened to. */
export function play({ messages, turns, slips }: FragmentScript): { events: ScriptEvent[]; unharmed: Set<number> } {
  const rest = messages.map(cut);
  const events: ScriptEvent[] = [];
  for (let turn = 0; rest.length > 0; turn++) {
    const index = turns[turn % turns.length]! % rest.length;
    events.push(rest[index]!.shift()!);
    if (rest[index]!.length === 0) rest.splice(index, 1);
  }
  const unharmed = new Set(messages.keys());
  for (const slip of slips) {
    if (events.length === 0) break;
    const at = slip.at % events.length;
    const event = events[at]!;
    if (slip.slip === "tick") events.splice(at, 0, { kind: "tick", gone: slip.gone });
    if (slip.slip === "tick" || event.kind === "tick") continue;
    unharmed.delete(event.message);
    switch (slip.slip) {
      case "drop":
        events.splice(at, 1);
        break;
      case "swap":
        events.splice(at, 1);
        events.splice(at + 1, 0, event);
        break;
      case "again":
        events.splice(slip.to % (events.length + 1), 0, event);
        break;
      case "lie":
        events[at] = { ...event, lies: [...event.lies, slip] };
        break;
      case "heir":
        events[at] = { ...event, heir: slip };
        break;
      case "refuse":
        events[at] = { ...event, refused: true };
    }
  }
  return { events, unharmed };
}
