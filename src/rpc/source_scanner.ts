/**
 * Finds its way through the source text of a function: what is code, and where a bracket closes.
 *
 * @module
 */

const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };
// After one of these, or at the very beginning, a slash begins a regular expression; else it divides.
const BEFORE_REGULAR_EXPRESSION = new Set("=([{,;:?!&|+-*%~^<>");

/** Goes through source text from left to right. Throws a SyntaxError where the text ends too early. */
export class SourceScanner {
  /** The text. */
  readonly text: string;
  /** Where it stands. */
  offset = 0;

  #previous = "";

  /**
   * @param text The text.
   */
  constructor(text: string) {
    this.text = text;
  }

  /**
   * Goes on until a character of a set stands here outside of strings, comments, regular expressions and inner brackets.
   *
   * @param stops The characters, or pairs of characters such as `"=>"`.
   * @param from Offset from which the text is collected.
   * @returns The code up to here, without comments, and what stopped it; undefined at the end of the text.
   */
  until(stops: readonly string[]): { code: string; stop: string | undefined } {
    let code = "";
    while (this.offset < this.text.length) {
      const stop = stops.find((stop) => this.text.startsWith(stop, this.offset));
      if (stop !== undefined) return { code, stop };
      code += this.#token();
    }
    return { code, stop: undefined };
  }

  /** Takes one token: a character, a whole string, or brackets with what is in them. A comment counts as a space. */
  #token(): string {
    const start = this.offset;
    const character = this.text[start]!;
    const next = this.text[start + 1];
    if (character === "/" && next === "/") return this.#skipPast("\n");
    if (character === "/" && next === "*") return this.#skipPast("*/");
    if (character === '"' || character === "'") this.#skipQuoted(character);
    else if (character === "`") this.#skipTemplate();
    else if (character === "/" && (this.#previous === "" || BEFORE_REGULAR_EXPRESSION.has(this.#previous))) {
      this.#skipRegularExpression();
    } else if (character in CLOSING) this.#skipBrackets(CLOSING[character]!);
    else this.offset++;
    if (character.trim() !== "") this.#previous = this.text[this.offset - 1]!;
    return this.text.slice(start, this.offset);
  }

  #skipPast(end: string): string {
    const found = this.text.indexOf(end, this.offset + 2);
    this.offset = found < 0 ? this.text.length : found + end.length;
    return " ";
  }

  #skipQuoted(quote: string): void {
    this.offset++;
    while (this.#here() !== quote) this.offset += this.#here() === "\\" ? 2 : 1;
    this.offset++;
  }

  #skipTemplate(): void {
    this.offset++;
    while (this.#here() !== "`") {
      if (this.text.startsWith("${", this.offset)) {
        this.offset++;
        this.#skipBrackets("}");
      } else this.offset += this.#here() === "\\" ? 2 : 1;
    }
    this.offset++;
  }

  #skipRegularExpression(): void {
    let inClass = false;
    for (this.offset++; inClass || this.#here() !== "/"; this.offset++) {
      const character = this.#here();
      if (character === "\\") this.offset++;
      else if (character === "[") inClass = true;
      else if (character === "]") inClass = false;
    }
    this.offset++;
  }

  #skipBrackets(closing: string): void {
    this.offset++;
    this.#previous = "(";
    while (this.#here() !== closing) this.#token();
    this.offset++;
  }

  #here(): string {
    const character = this.text[this.offset];
    if (character === undefined) throw new SyntaxError("The source text ends too early");
    return character;
  }
}
