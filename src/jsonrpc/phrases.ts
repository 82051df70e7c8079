/**
 * What is often the same in messages, as text and as bytes.
 *
 * @module
 */
import { OPENING } from "./canonical.ts";

/** A part of a message. */
export class Phrase {
  /** The text. */
  readonly text: string;
  /** The same in UTF-8. */
  readonly bytes: Uint8Array;

  /**
   * @param text The text.
   */
  constructor(text: string) {
    this.text = text;
    this.bytes = new TextEncoder().encode(text);
  }
}

/** What every message with an id begins with. */
export const HEAD = new Phrase(OPENING);
/** What stands between the id of a response and its result. */
export const RESULT = new Phrase(',"result":');
/** What every message ends with. */
export const END = new Phrase("}");

/** Methods that are remembered at most. */
const REMEMBERED_METHODS = 256;
/** Names of more characters are not: whoever calls in the name of others would keep what they choose. */
const LONGEST_REMEMBERED = 128;

/** What stands behind the ids of requests. */
export class RequestPhrases {
  readonly #withParams = new Map<string, Phrase>();
  readonly #withoutParams = new Map<string, Phrase>();
  #end = END;
  #deadline = -1;

  /**
   * Finds what stands between the id of a request and its params.
   *
   * @param method Name of the method.
   * @param hasParams Whether it has params.
   * @returns The text.
   */
  middle(method: string, hasParams: boolean): Phrase {
    const phrases = hasParams ? this.#withParams : this.#withoutParams;
    let phrase = phrases.get(method);
    if (phrase === undefined) {
      phrase = new Phrase(`,"method":${JSON.stringify(method)}${hasParams ? ',"params":' : ""}`);
      if (method.length > LONGEST_REMEMBERED) return phrase;
      if (phrases.size >= REMEMBERED_METHODS) phrases.clear();
      phrases.set(method, phrase);
    }
    return phrase;
  }

  /**
   * Finds what stands behind the params of a request. Of those that are made in one millisecond it is the same.
   *
   * @param deadline When nobody waits for the answer any more, in milliseconds since the epoch; undefined where that is never.
   * @returns The text.
   */
  end(deadline: number | undefined): Phrase {
    if (deadline === undefined) return END;
    if (deadline !== this.#deadline) {
      this.#deadline = deadline;
      this.#end = new Phrase(`,"deadline":${deadline}}`);
    }
    return this.#end;
  }
}
