/**
 * All targets.
 *
 * @module
 */
import { BODY_DECODERS } from "./body_decoders.ts";
import { DATAGRAM_READER } from "./datagram_reader.ts";
import { PEER } from "./peer_trial.ts";
import { REASSEMBLER } from "./reassembler.ts";
import type { Target } from "./target.ts";
import { VALID_MESSAGES } from "./valid_messages.ts";
import { WIRE_DECODERS } from "./wire_decoders.ts";

/** All targets. */
export const TARGETS: readonly Target[] = [
  ...WIRE_DECODERS,
  DATAGRAM_READER,
  ...BODY_DECODERS,
  ...VALID_MESSAGES,
  REASSEMBLER,
  PEER,
];
