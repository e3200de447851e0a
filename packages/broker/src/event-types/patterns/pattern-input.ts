/**
 * A pattern's text and how far it has been read.
 * @pure
 */
export class PatternInput {
  readonly text: string;
  #at = 0;

  constructor(text: string) {
    this.text = text;
  }

  get at(): number {
    return this.#at;
  }

  get atEnd(): boolean {
    return this.#at >= this.text.length;
  }

  /** What has been read from `start` on. */
  since(start: number): string {
    return this.text.slice(start, this.#at);
  }

  sees(text: string): boolean {
    return this.text.startsWith(text, this.#at);
  }

  take(text: string): boolean {
    const found = this.sees(text);
    if (found) this.#at += text.length;
    return found;
  }

  /** What a sticky expression finds here. */
  takeMatch(expression: RegExp): string | undefined {
    expression.lastIndex = this.#at;
    const found = expression.exec(this.text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }

  /** Everything up to `end`, or up to the end of the pattern; `end` is skipped. */
  until(end: string): string {
    const found = this.text.indexOf(end, this.#at);
    const start = this.#at;
    this.#at = found < 0 ? this.text.length : found + end.length;
    return this.text.slice(start, found < 0 ? undefined : found);
  }

  /** The next code point; empty at the end. */
  peek(): string {
    const code = this.text.codePointAt(this.#at);
    return code === undefined ? "" : String.fromCodePoint(code);
  }

  next(): string {
    const character = this.peek();
    this.#at += character.length;
    return character;
  }
}
