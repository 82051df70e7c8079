/**
 * What was given to a verb, and the forms that values have.
 *
 * @module
 */
import type { AccessRule, Target } from "../../mod.ts";
import { usage } from "./failure.ts";

/** The units of a duration, in milliseconds. */
const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };
/** The longest time that a timer can wait, in milliseconds. */
const LONGEST = 0x7fff_ffff;

/** What was given to a verb, by the names of its declaration. */
export class Given {
  readonly #values: ReadonlyMap<string, unknown>;

  /**
   * @param values The values, by name: texts, lists of texts, and `true` for a switch.
   */
  constructor(values: ReadonlyMap<string, unknown>) {
    this.#values = values;
  }

  /**
   * Tells whether a switch or a value was given.
   *
   * @param name Its name.
   * @returns Whether.
   */
  has(name: string): boolean {
    const value = this.#values.get(name);
    return value !== undefined && value !== false;
  }

  /**
   * Reads a value that must be there.
   *
   * @param name Its name.
   * @returns The value.
   */
  text(name: string): string {
    return String(this.#values.get(name));
  }

  /**
   * Reads a value that may be there any number of times.
   *
   * @param name Its name.
   * @returns The values.
   */
  texts(name: string): readonly string[] {
    const values = this.#values.get(name);
    return Array.isArray(values) ? values : values === undefined ? [] : [String(values)];
  }

  /**
   * Reads texts that are separated by commas.
   *
   * @param name Its name.
   * @returns The texts; undefined where none was given.
   */
  list(name: string): string[] | undefined {
    if (!this.has(name)) return undefined;
    return this.text(name).split(",").map((text) => text.trim()).filter((text) => text !== "");
  }

  /**
   * Reads an integer.
   *
   * @param name Its name.
   * @param least The least that it may be.
   * @param most The most.
   * @returns The integer; undefined where none was given.
   * @throws {Failure} If it is none, or out of range.
   */
  integer(name: string, least: number, most: number = Number.MAX_SAFE_INTEGER): number | undefined {
    if (!this.has(name)) return undefined;
    const text = this.text(name);
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= least && value <= most) return value;
    const upwards = most === Number.MAX_SAFE_INTEGER ? `from ${least} on` : `from ${least} to ${most}`;
    throw usage(`--${name} must be an integer ${upwards}, not ${JSON.stringify(text)}`);
  }

  /**
   * Reads a duration: a number of seconds, or one with a unit, such as `250ms`.
   *
   * @param name Its name.
   * @returns The duration in milliseconds; undefined where none was given.
   * @throws {Failure} If it is none.
   */
  milliseconds(name: string): number | undefined {
    if (!this.has(name)) return undefined;
    const text = this.text(name);
    const [, number, unit = "s"] = text.match(/^(\d+(?:\.\d+)?|\.\d+)(ms|s|m|h)?$/) ?? [];
    const value = Number(number) * UNITS[unit]!;
    if (value > 0 && value <= LONGEST) return value;
    throw usage(`--${name} must be a time above 0, not ${JSON.stringify(text)}`, "such as 5 for seconds, or 250ms");
  }

  /**
   * Reads a peer: its port or its name.
   *
   * @param name What the parameter is called.
   * @returns The port as a number, or the name.
   * @throws {Failure} If it is a number, but no port.
   */
  peer(name: string): Target {
    const text = this.text(name);
    if (!/^\d+$/.test(text)) return text;
    const port = Number(text);
    if (port >= 1 && port <= 0xffff_ffff) return port;
    throw usage(`${name} must be a name, or a port from 1 to 4294967295, not ${text}`);
  }

  /**
   * Reads who may do something.
   *
   * @param name The name of the option.
   * @returns The rule; undefined where none was given.
   * @throws {Failure} If it is none.
   */
  rule(name: string): AccessRule | undefined {
    if (!this.has(name)) return undefined;
    const text = this.text(name);
    if (text === "anyone" || text === "same-user") return text;
    if (/^\d+(,\d+)*$/.test(text)) return { uids: text.split(",").map(Number) };
    throw usage(`--${name} must be same-user, anyone, or user ids such as 0,1000, not ${JSON.stringify(text)}`);
  }
}

/**
 * Reads a word as what it stands for: JSON where it is that, else the word itself.
 *
 * @param word The word.
 * @returns The value.
 */
export function valueOf(word: string): unknown {
  try {
    return JSON.parse(word);
  } catch {
    return word;
  }
}
