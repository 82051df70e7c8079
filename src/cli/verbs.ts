/**
 * The verbs, in the order of the help.
 *
 * @module
 */
import type { Verb } from "./verb.ts";
import { bench } from "./verbs/bench.ts";
import { call } from "./verbs/call.ts";
import { completions } from "./verbs/completions.ts";
import { doctor } from "./verbs/doctor.ts";
import { introspect } from "./verbs/introspect.ts";
import { list } from "./verbs/list.ts";
import { log } from "./verbs/log.ts";
import { ping } from "./verbs/ping.ts";
import { publish } from "./verbs/publish.ts";
import { serve } from "./verbs/serve.ts";
import { subscribe } from "./verbs/subscribe.ts";
import { top } from "./verbs/top.ts";
import { trace } from "./verbs/trace.ts";
import { wait } from "./verbs/wait.ts";
import { watch } from "./verbs/watch.ts";

/** The verbs, in the order of the help. */
export const VERBS: readonly Verb[] = [
  list,
  introspect,
  call,
  ping,
  serve,
  publish,
  subscribe,
  watch,
  wait,
  log,
  trace,
  top,
  bench,
  doctor,
  completions(() => VERBS),
];
