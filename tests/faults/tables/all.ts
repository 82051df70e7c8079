/**
 * The whole fault table.
 *
 * @module
 */
import type { FaultTable } from "../fault.ts";
import { CLOSING } from "./closing.ts";
import { LEGACY } from "./legacy.ts";
import { LIFELINES } from "./lifelines.ts";
import { NAMESPACES } from "./namespaces.ts";
import { OPENING } from "./opening.ts";
import { RECEIVING } from "./receiving.ts";
import { SENDING } from "./sending.ts";
import { WAITING } from "./waiting.ts";

/** The tables by phase. */
export const TABLES: Readonly<Record<string, FaultTable>> = {
  OPENING,
  SENDING,
  RECEIVING,
  WAITING,
  LIFELINES,
  LEGACY,
  NAMESPACES,
  CLOSING,
};
