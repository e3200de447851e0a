/**
 * Reads what stands between brackets.
 * @pure
 */
import { perlClass, posixClass } from "./character-set.ts";
import type { CharacterSet } from "./character-set.ts";
import { escapedCode, unicodeEscape } from "./pattern-escapes.ts";
import type { PatternInput } from "./pattern-input.ts";
import { PatternError } from "./pattern-tree.ts";

/**
 * The opening bracket has been read.
 * @param start where it is
 * @throws {PatternError}
 */
export function readCharacterClass(input: PatternInput, start: number, fold: boolean): CharacterSet {
  const ranges: [number, number][] = [];
  const parts: CharacterSet[] = [];
  const negated = input.take("^");
  for (let first = true; first || !input.sees("]"); first = false) {
    if (input.atEnd) throw new PatternError("missing closing ]", input.text.slice(start));
    const part = namedClass(input);
    if (part) {
      parts.push(part);
      continue;
    }
    const from = input.at;
    const low = code(input);
    const high = !input.sees("-]") && input.take("-") ? code(input) : low;
    if (high < low) throw new PatternError("invalid character class range", input.since(from));
    ranges.push([low, high]);
  }
  input.take("]");
  return { ranges, parts, negated, fold };
}

function namedClass(input: PatternInput): CharacterSet | undefined {
  const posix = input.takeMatch(/\[:\^?[a-z]*:\]/y);
  if (posix !== undefined) {
    const set = posixClass(posix.slice(2, -2));
    if (!set) throw new PatternError("invalid character class range", posix);
    return set;
  }
  const start = input.at;
  const perl = input.takeMatch(/\\[dDsSwW]/y);
  if (perl !== undefined) return perlClass(perl.slice(1));
  return /\\[pP]/y.test(input.text.slice(start, start + 2)) && input.take("\\")
    ? unicodeEscape(input, start)
    : undefined;
}

function code(input: PatternInput): number {
  const start = input.at;
  if (input.atEnd) throw new PatternError("missing closing ]", input.text);
  if (input.take("\\")) return escapedCode(input, start);
  return input.next().codePointAt(0) ?? 0;
}
