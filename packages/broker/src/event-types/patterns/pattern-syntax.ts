/**
 * Reads regular expressions in the syntax of RE2, which the real server demands (protocol 5.3): no look-around, no
 * back-references, so that a match takes time in proportion to the text.
 * @pure
 */
import { ANY_BUT_NEW_LINE, ANY_CHARACTER, perlClass, rangesSet } from "./character-set.ts";
import type { CharacterSet } from "./character-set.ts";
import { readCharacterClass } from "./character-class.ts";
import { escapedCode, unicodeEscape } from "./pattern-escapes.ts";
import { PatternInput } from "./pattern-input.ts";
import { PatternError } from "./pattern-tree.ts";
import type { Assertion, PatternTree } from "./pattern-tree.ts";

interface Flags {
  /** `i` */
  fold: boolean;
  /** `m` */
  multiLine: boolean;
  /** `s` */
  dotAll: boolean;
}

const MAX_NESTING = 1_000;
const MAX_REPEAT = 1_000;

/** @throws {PatternError} */
export function readPattern(pattern: string): PatternTree {
  const input = new PatternInput(pattern);
  const tree = choice(input, { fold: false, multiLine: false, dotAll: false }, 0);
  if (!input.atEnd) throw new PatternError("unexpected )", pattern);
  if (repeatedOften(tree) > MAX_REPEAT) throw new PatternError("invalid repeat count", pattern);
  return tree;
}

/** Alternatives up to a closing parenthesis or the end. A group's flags end with it. */
function choice(input: PatternInput, outer: Flags, depth: number): PatternTree {
  if (depth > MAX_NESTING) throw new PatternError("expression nests too deeply", input.text);
  const flags = { ...outer };
  const alternatives: PatternTree[] = [];
  do alternatives.push(sequence(input, flags, depth));
  while (input.take("|"));
  return alternatives.length === 1 && alternatives[0] ? alternatives[0] : { kind: "choice", parts: alternatives };
}

function sequence(input: PatternInput, flags: Flags, depth: number): PatternTree {
  const parts: PatternTree[] = [];
  while (!input.atEnd && !input.sees("|") && !input.sees(")")) {
    const start = input.at;
    if (repetition(input, parts)) continue;
    if (input.take("\\Q")) {
      for (const character of input.until("\\E")) parts.push(literal(character, flags));
      continue;
    }
    const part = atom(input, flags, depth, start);
    if (part) parts.push(part);
  }
  return parts.length === 1 && parts[0] ? parts[0] : { kind: "sequence", parts };
}

/** One thing that can be repeated; nothing for a change of flags. */
function atom(input: PatternInput, flags: Flags, depth: number, start: number): PatternTree | undefined {
  const character = input.next();
  switch (character) {
    case "(":
      return group(input, flags, depth, start);
    case "[":
      return { kind: "character", set: readCharacterClass(input, start, flags.fold) };
    case ".":
      return { kind: "character", set: flags.dotAll ? ANY_CHARACTER : ANY_BUT_NEW_LINE };
    case "^":
      return assertion(flags.multiLine ? "begin-line" : "begin-text");
    case "$":
      return assertion(flags.multiLine ? "end-line" : "end-text");
    case "\\":
      return escape(input, flags, start);
    default:
      return literal(character, flags);
  }
}

function group(input: PatternInput, flags: Flags, depth: number, start: number): PatternTree | undefined {
  let inner = flags;
  if (input.take("?")) {
    if (input.take("P<") || (input.sees("<") && !input.sees("<=") && !input.sees("<!") && input.take("<"))) {
      const name = input.takeMatch(/[A-Za-z0-9_]+(?=>)/y);
      if (name === undefined) throw new PatternError("invalid named capture", input.since(start));
      input.take(">");
    } else {
      inner = changedFlags(input, flags, start);
      if (input.take(")")) {
        Object.assign(flags, inner);
        return undefined;
      }
      if (!input.take(":")) throw new PatternError(BAD_PERL, input.since(start));
    }
  }
  const tree = choice(input, inner, depth + 1);
  if (!input.take(")")) throw new PatternError("missing closing )", input.text);
  return tree;
}

const BAD_PERL = "invalid or unsupported Perl syntax";

function changedFlags(input: PatternInput, flags: Flags, start: number): Flags {
  const changed = { ...flags };
  let value = true;
  let seen = false;
  while (!input.sees(")") && !input.sees(":")) {
    const letter = input.atEnd ? "" : input.next();
    if (letter === "i") changed.fold = value;
    else if (letter === "m") changed.multiLine = value;
    else if (letter === "s") changed.dotAll = value;
    else if (letter === "-" && value) value = false;
    else if (letter !== "U") throw new PatternError(letter === "" ? "missing closing )" : BAD_PERL, input.since(start));
    seen = letter !== "-";
  }
  if (!value && !seen) throw new PatternError(BAD_PERL, input.since(start));
  return changed;
}

const ASSERTIONS: Readonly<Record<string, Assertion>> = {
  A: "begin-text",
  z: "end-text",
  b: "word-boundary",
  B: "no-word-boundary",
};

function escape(input: PatternInput, flags: Flags, start: number): PatternTree {
  if (input.atEnd) throw new PatternError("trailing backslash at end of expression", "");
  const found = ASSERTIONS[input.peek()];
  if (found) {
    input.next();
    return assertion(found);
  }
  const set = perlClass(input.peek());
  if (set) {
    input.next();
    return { kind: "character", set };
  }
  const unicode = unicodeEscape(input, start);
  if (unicode) return { kind: "character", set: { ...unicode, fold: flags.fold } };
  return literal(String.fromCodePoint(escapedCode(input, start)), flags);
}

/** Applies a repetition operator, if one stands here, to what came before. */
function repetition(input: PatternInput, parts: PatternTree[]): boolean {
  const start = input.at;
  const counts = operator(input);
  if (!counts) return false;
  const { min, max } = counts;
  const [written] = [input.since(start)];
  if (max < min || min > MAX_REPEAT || (max > MAX_REPEAT && max !== Infinity)) {
    throw new PatternError("invalid repeat count", written);
  }
  const part = parts.pop();
  if (!part) throw new PatternError("missing argument to repetition operator", written);
  input.take("?");
  const again = input.at;
  if (operator(input)) throw new PatternError("invalid nested repetition operator", written + input.since(again));
  parts.push({ kind: "repeat", part, min, max });
  return true;
}

function operator(input: PatternInput): { min: number; max: number } | undefined {
  if (input.take("*")) return { min: 0, max: Infinity };
  if (input.take("+")) return { min: 1, max: Infinity };
  if (input.take("?")) return { min: 0, max: 1 };
  const braces = input.takeMatch(/\{(?:0|[1-9][0-9]*)(?:,(?:0|[1-9][0-9]*)?)?\}/y);
  if (braces === undefined) return undefined;
  const [min = "", max] = braces.slice(1, -1).split(",");
  return {
    min: Number(min),
    max: max === undefined ? Number(min) : max === "" ? Infinity : Number(max),
  };
}

/** How often the innermost part may be repeated by all counted repetitions around it together. */
function repeatedOften(tree: PatternTree): number {
  switch (tree.kind) {
    case "sequence":
    case "choice":
      return tree.parts.reduce((most, part) => Math.max(most, repeatedOften(part)), 1);
    case "repeat": {
      const count = tree.max === Infinity ? tree.min : tree.max;
      return Math.max(1, count) * repeatedOften(tree.part);
    }
    default:
      return 1;
  }
}

function literal(character: string, { fold }: Flags): PatternTree {
  const code = character.codePointAt(0) ?? 0;
  const set: CharacterSet = rangesSet([[code, code]], { fold });
  return { kind: "character", set };
}

function assertion(assertion: Assertion): PatternTree {
  return { kind: "assertion", assertion };
}
