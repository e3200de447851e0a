/**
 * Regular expressions of schemas. The real server matches them with RE2, so an expression has no look-around and no
 * back-reference, and a match takes time in proportion to the text (protocol 5.3). Loading the library takes 20 ms, so it is
 * loaded with the first schema of a client.
 * @pure
 */
import type * as Re2js from "re2js";

let library: typeof Re2js | undefined;

/** Makes `new Pattern` possible, which is synchronous; repeated calls load nothing. */
export async function loadPatterns(): Promise<void> {
  library ??= await import("re2js");
}

/** The source is not a regular expression that RE2 accepts. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  readonly description: string;
  /** The piece of the source that is at fault. */
  readonly part: string;

  constructor(description: string, part: string) {
    super(`${description}: \`${part}\``);
    this.description = description;
    this.part = part;
  }
}

/** A match would take more steps than one match may take. */
export class PatternCostError extends Error {
  override readonly name = "PatternCostError";
}

/** Instructions of one pattern: compiling takes up to 10 µs for each. */
const MAX_SIZE = 10_000;
/** Instructions times characters of one match: about a second where each character needs a new state. */
const MAX_STEPS = 50_000_000;
/** Each step may leave a few bytes of cached states behind; a new program has none. */
const STEPS_A_PROGRAM = 500_000;
const CHARACTERS_A_PROGRAM = 500;

/** Stands in for `RegExp` where only `test` is called. */
export class Pattern {
  readonly #source: string;
  #program: Re2js.RE2JS;
  #steps = 0;
  /** What compiling the source costs at most, in instructions. */
  readonly size: number;

  /** @throws {PatternError} if RE2 refuses the source, or its size is more than 10,000 instructions */
  constructor(source: string) {
    this.#source = source;
    this.size = sizeBound(source);
    if (this.size > MAX_SIZE) throw new PatternError("expression is too large", `${MAX_SIZE} steps`);
    this.#program = compile(source);
  }

  toString(): string {
    return `/${this.#source}/`;
  }

  /**
   * Whether the pattern matches anywhere in the text.
   * @throws {PatternCostError} if program and text together are too large
   */
  test(text: string): boolean {
    const instructions = this.#program.programSize();
    const steps = instructions * text.length;
    if (steps > MAX_STEPS) throw new PatternCostError(`The text is too long for the pattern ${this.#source}.`);
    if (this.#steps > Math.max(STEPS_A_PROGRAM, instructions * CHARACTERS_A_PROGRAM)) {
      this.#program = compile(this.#source);
      this.#steps = 0;
    }
    this.#steps += steps;
    return this.#program.test(text);
  }
}

function compile(source: string): Re2js.RE2JS {
  if (!library) throw new Error("Patterns are not loaded; await loadPatterns() first.");
  try {
    return library.RE2JS.compile(source);
  } catch (error) {
    if (!(error instanceof library.RE2JSSyntaxException)) throw error;
    const description = error.getDescription();
    const part = error.getPattern() ?? "";
    // The library takes a look-behind for a group with a name.
    if (/^\(\?<[=!]/.test(part)) throw new PatternError("invalid or unsupported Perl syntax", "(?<");
    throw new PatternError(description, part);
  }
}

/** Quoted text, an escape, a class, a counted repetition, or one character. */
const TOKEN =
  /\\Q.*?(?:\\E|$)|\\[pPx]\{[^}]*(?:\}|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*(?:\]|$)|\{(?<min>\d+)(?:,(?<max>\d*))?\}|./gsu;

/** Parts that take as long to compile as many instructions; with `(?i)` also ranges of other scripts, letter by letter. */
const COSTLY = { part: /\\[pP]/g, size: 100 };
const COSTLY_FOLDED = { part: /\\[pP]|-(?:\\x\{|[^\0-\x7f])/gu, size: 500 };

/** Found in one pass over the source, because the library expands all repetitions before it counts. */
function sizeBound(source: string): number {
  const costly = /\(\?[a-zA-Z]*i/.test(source) ? COSTLY_FOLDED : COSTLY;
  const outer: number[] = [];
  let total = (source.match(costly.part)?.length ?? 0) * costly.size;
  let last = 0;
  for (const { 0: token, groups } of source.matchAll(TOKEN)) {
    const { min, max } = groups ?? {};
    if (token === "(") {
      outer.push(total);
      total = last = 0;
    } else if (token === ")") {
      last = total + 2;
      total = last + (outer.pop() ?? 0);
    } else if (min !== undefined) {
      const size = last * Math.max(1, Number(max || min)) * (max === undefined ? 1 : 2);
      total += size - last;
      last = size;
    } else {
      last = 1;
      total += token.startsWith("\\Q") ? token.length : 1;
    }
  }
  return outer.reduce((sum, size) => sum + size, total);
}
