/**
 * One wait for all sockets of the isolate.
 *
 * A wait occupies a thread of Deno's pool and keeps the process running; so there is one, and only while there is a reason. Before
 * it, the reactor searches for a moment by itself: most answers come at once.
 *
 * @module
 */
import type { EventList, Syscalls } from "../../ffi/syscalls.ts";
import { BusyPoll } from "./busy_poll.ts";
import type { EpollSet } from "./epoll_set.ts";
import type { ReactorSource, Registration, RegistrationState } from "./registration.ts";
import { inRootContext } from "./root_context.ts";
import { SendThreads } from "./send_threads.ts";
import { SocketReader, TURN_MILLISECONDS } from "./socket_reader.ts";
import { type Timer, unrefTimer } from "./unref_timer.ts";
import { WatchList } from "./watch_list.ts";

/** How long is searched before timers and other I/O have their turn, in milliseconds: others may have had the processor for most of it. */
export const SEARCH_MILLISECONDS = 0.5;
/** Shortest and longest time between looks at sockets that must not keep the process running, in milliseconds. */
const LOOK_MILLISECONDS = { shortest: 1, longest: 16 } as const;
/** How long a shutdown lets the waiting thread take to notice, in milliseconds. */
const WAKE_MILLISECONDS = 50;
/**
 * Times that what waits for a promise has its turn, before the next search: what was found may go through so many promises until
 * something is sent. Each takes 30 ns.
 */
const MICROTASK_HOPS = 16;
/** How long it goes on like this before timers and other I/O have their turn, in milliseconds. */
const OTHERS_MILLISECONDS = 0.25;
/** And how many searches in a row, should the clock stand still: a search takes three microseconds at least. */
const OTHERS_SEARCHES = 256;
/** How long one socket alone may be looked at while it is busy, in milliseconds: then all have their turn. */
const ALONE_MILLISECONDS = 1;

/** What has come of a search. */
type Outcome = "found" | "nothing" | "later";

/** Waits for sockets, and has them read. */
export class Reactor {
  /** The way to the kernel. */
  readonly syscalls: Syscalls;
  /** Sends what has to wait for room. */
  readonly sendThreads: SendThreads;
  /** Decides how long to search where the whole thread waits, which is a matter of its own: nobody has to be told of its end. */
  readonly blockingBusyPoll: BusyPoll = new BusyPoll();

  readonly #list: WatchList;
  readonly #reader: SocketReader;
  readonly #busyPoll = new BusyPoll();
  /** Whether a thread waits, and since when. */
  #isWaiting = false;
  #waitBegun = 0;
  /** Whether sockets are being read, or told of a failure: what comes next is decided afterwards. */
  #isReading = false;
  /** Whether the next turn of the event loop searches. */
  #isScheduled = false;
  /** How long sockets have been read since timers and other I/O had their turn. */
  #busyMilliseconds = 0;
  /** What was sent since the last search. */
  #sentBytes = 0;
  /** When it was looked last, when timers and other I/O have their turn, and how many searches they have waited for. */
  #now = 0;
  #othersTurn = 0;
  #searches = 0;
  /** When all sockets have their turn again, after one alone was looked at. */
  #nextRound = 0;
  #lookTimer: Timer | undefined;
  #lookMilliseconds: number = LOOK_MILLISECONDS.shortest;

  /**
   * @param syscalls The way to the kernel.
   */
  constructor(syscalls: Syscalls) {
    this.syscalls = syscalls;
    this.sendThreads = new SendThreads(syscalls);
    this.#list = new WatchList(syscalls, { changed: (to) => this.#changed(to), lingered: () => this.#lingered() });
    this.#reader = new SocketReader(syscalls, this.#list, (error) => this.#fail(error));
  }

  /**
   * Registers a socket. It is read only while it is held.
   *
   * @param source The socket.
   * @param busyPoll How long to search for what arrives before a wait, in milliseconds. Of all sockets the longest counts: they wait
   * together.
   * @returns Its registration.
   */
  register(source: ReactorSource, busyPoll = 0): Registration {
    if (busyPoll > this.#busyPoll.longest) this.#setBusyPoll(busyPoll);
    return this.#list.add(source, busyPoll);
  }

  /**
   * Searches in the next turn, although a thread waits: something was sent just now, and its answer may come at once.
   *
   * @param bytes How much was sent.
   */
  expectAnswers(bytes: number): void {
    this.#sentBytes += bytes;
    if (this.#isWaiting && !this.#isScheduled && this.#list.ref.size > 0 && this.#busyPoll.isOn) this.#schedule();
  }

  /** Closes every socket and gives back everything, since the isolate ends. */
  shutdown(): void {
    for (const { source } of this.#list.all) source.close();
    this.sendThreads.shutdown();
    const { epoll } = this.#list;
    if (epoll === undefined) return;
    // The thread must have left the wait before the wake-up descriptor goes: an event of a closed descriptor is none.
    const deadline = performance.now() + WAKE_MILLISECONDS;
    while (this.#isWaiting && !epoll.waited.written()) {
      if (performance.now() > deadline) return;
      this.syscalls.schedYield();
    }
    this.#list.close();
  }

  #changed(to: RegistrationState): void {
    if (to === "unref") this.#lookMilliseconds = LOOK_MILLISECONDS.shortest;
    if (to === "closed") this.#setBusyPoll(this.#list.longestBusyPoll(this.#busyPoll.longest));
    this.#next();
  }

  #setBusyPoll(milliseconds: number): void {
    this.#busyPoll.longest = this.blockingBusyPoll.longest = milliseconds;
  }

  #lingered(): void {
    if (this.#list.ref.size === 0 && this.#isWaiting) this.#list.epoll?.poke();
  }

  /** Searches, or waits, where there is a reason and neither is under way. */
  #next(): void {
    const { epoll, ref, unref, isEmpty } = this.#list;
    if (isEmpty) return this.#rest();
    if (this.#isReading || this.#isScheduled || epoll === undefined) return;
    if (ref.size > 0) {
      if (this.#isWaiting) return;
      if (this.#busyPoll.isOn) this.#schedule();
      else this.#wait(epoll);
    } else if (unref.size > 0) {
      this.#lookTimer ??= unrefTimer(() => inRootContext(() => this.#lookAtUnref(epoll)), this.#lookMilliseconds);
    }
  }

  /** There is no socket any more: nothing is kept. */
  #rest(): void {
    this.#list.rest();
    clearTimeout(this.#lookTimer);
    this.#lookTimer = undefined;
    if (this.#isWaiting) this.#list.epoll?.poke();
    else if (!this.#isReading) this.#list.close();
  }

  /** Begins to search, once microtasks have had their turn. */
  #schedule(): void {
    this.#isScheduled = true;
    inRootContext(this.#drive);
  }

  /**
   * Searches as long as that finds something. In between microtasks run, which carry out what was found, and send what they have
   * to send; and every now and then timers and other I/O have their turn: that costs as much as a call, or it would be always.
   */
  readonly #drive = async (): Promise<void> => {
    let outcome: Outcome;
    do {
      for (let hop = 0; hop < MICROTASK_HOPS; hop++) await undefined;
      outcome = this.#turn();
      if (outcome === "later") {
        await new Promise<void>((resolve) => void setImmediate(resolve));
        this.#busyMilliseconds = 0;
      }
    } while (outcome !== "nothing");
    this.#isScheduled = false;
    const { epoll, ref } = this.#list;
    if (epoll !== undefined && ref.size > 0 && !this.#isWaiting) this.#wait(epoll);
    else this.#next();
  };

  /** Searches once. */
  #turn(): Outcome {
    const { epoll, ref } = this.#list;
    if (epoll === undefined || ref.size === 0) return "nothing";
    let outcome: Outcome = "found";
    this.#isReading = true;
    try {
      outcome = this.#search(epoll);
    } catch (error) {
      reportError(error); // A listener has thrown.
    }
    this.#isReading = false;
    if (outcome !== "found") return outcome;
    // What was found was found without the thread: the next is too, if none waits.
    if (this.#isWaiting) this.#list.epoll?.poke();
    if (!this.#busyPoll.isOn) return "nothing";
    // The time of the search before is near enough: it costs nothing.
    if (this.#now < this.#othersTurn && ++this.#searches < OTHERS_SEARCHES) return "found";
    this.#othersTurn = this.#now + OTHERS_MILLISECONDS;
    this.#searches = 0;
    return "later";
  }

  /** Looks again and again, until something was there, or it is not worth it any more, or others must have their turn. */
  #search(epoll: EpollSet): Outcome {
    const busyPoll = this.#busyPoll;
    let now = performance.now();
    const end = now + SEARCH_MILLISECONDS;
    busyPoll.begin(this.#sentBytes);
    this.#sentBytes = 0;
    for (let isFirst = true;; isFirst = false) {
      this.#now = now;
      if ((!isFirst || busyPoll.looksFirst()) && this.#readReady(epoll, now, !isFirst)) {
        busyPoll.found(isFirst);
        return "found";
      }
      if (!busyPoll.goesOn) {
        busyPoll.foundNothing();
        return "nothing";
      }
      if (now >= end) return "later";
      this.syscalls.schedYield();
      const after = performance.now();
      busyPoll.yielded(after - now, after);
      now = after;
    }
  }

  /** Reads what is there; tells whether anything was. */
  #readReady(epoll: EpollSet, now: number, justOne: boolean): boolean {
    const { ref } = this.#list;
    if (ref.size === 1 && now < this.#nextRound) {
      return this.#reader.read(ref.first!.source, now, justOne);
    }
    this.#nextRound = now + ALONE_MILLISECONDS;
    const count = this.#look(epoll);
    return count > 0 && this.#reader.readEvents(epoll, epoll.looked, count, now);
  }

  #wait(epoll: EpollSet): void {
    this.#isWaiting = true;
    this.#waitBegun = performance.now();
    inRootContext(() => epoll.wait().then(this.#woken));
  }

  readonly #woken = (count: number): void => {
    this.#isWaiting = false;
    const { epoll } = this.#list;
    if (epoll === undefined) return;
    const now = performance.now();
    this.#busyPoll.waited(now - this.#waitBegun);
    // The errno of a call in another thread is not to be had; the same call here tells it, where it fails again.
    if (count < 0) this.#readAround(epoll, now);
    else this.#read(epoll, epoll.waited, count, now);
  };

  /** Looks at sockets that must not keep the process running: less and less often while nothing comes. */
  #lookAtUnref(epoll: EpollSet): void {
    this.#lookTimer = undefined;
    if (this.#isWaiting || this.#isScheduled || epoll !== this.#list.epoll) return;
    this.#lookMilliseconds = Math.min(this.#lookMilliseconds * 2, LOOK_MILLISECONDS.longest);
    this.#readAround(epoll, performance.now());
  }

  /** Reads the sockets that are ready now. */
  #readAround(epoll: EpollSet, now: number): void {
    const count = this.#look(epoll);
    if (count > 0) this.#lookMilliseconds = LOOK_MILLISECONDS.shortest;
    if (count >= 0) this.#read(epoll, epoll.looked, count, now);
  }

  /** Looks which sockets are ready, and how many are. Where nobody can tell, every socket learns it, and it is -1. */
  #look(epoll: EpollSet): number {
    try {
      return epoll.look();
    } catch (error) {
      this.#fail(error as Error);
      return -1;
    }
  }

  /** Reads sockets that are ready, and goes on, also where a listener throws. */
  #read(epoll: EpollSet, events: EventList, count: number, now: number): void {
    this.#isReading = true;
    try {
      this.#reader.readEvents(epoll, events, count, now);
    } finally {
      this.#isReading = false;
      // The end of a wait that does not have to wait comes before timers and other I/O, up to sixty times in a row. After
      // a turn's worth of work an immediate gives them theirs.
      this.#busyMilliseconds += performance.now() - now;
      if (this.#busyMilliseconds >= TURN_MILLISECONDS && !this.#isScheduled) {
        this.#isScheduled = true;
        setImmediate(this.#othersHadTheirTurn);
      } else this.#next();
    }
  }

  readonly #othersHadTheirTurn = (): void => {
    this.#isScheduled = false;
    this.#busyMilliseconds = 0;
    this.#next();
  };

  /** Nobody can wait any more: every socket learns it. */
  #fail(error: Error): void {
    const wasReading = this.#isReading;
    this.#isReading = true; // No further wait begins meanwhile.
    for (const { source } of this.#list.all) source.failed(error);
    this.#isReading = wasReading;
    this.#next();
  }
}
