/**
 * What may stand behind a backslash, inside and outside of brackets.
 * @pure
 */
import { unicodeClass } from "./character-set.ts";
import type { CharacterSet } from "./character-set.ts";
import type { PatternInput } from "./pattern-input.ts";
import { PatternError } from "./pattern-tree.ts";

const CONTROLS: Readonly<Record<string, number>> = { a: 7, f: 12, t: 9, n: 10, r: 13, v: 11 };
const LAST_CODE_POINT = 0x10ffff;

/**
 * The code point that an escape means; the backslash has been read.
 * @param start where the backslash is
 * @throws {PatternError}
 */
export function escapedCode(input: PatternInput, start: number): number {
  if (input.atEnd) throw new PatternError("trailing backslash at end of expression", "");
  // A single digit would be a back-reference, but for zero.
  const octal = input.takeMatch(/0[0-7]{0,2}|[1-7][0-7]{1,2}/y);
  if (octal !== undefined) return Number.parseInt(octal, 8);
  const hexadecimal = input.takeMatch(/x[0-9a-fA-F]{2}|x\{[0-9a-fA-F]+\}/y);
  if (hexadecimal !== undefined) {
    const code = Number.parseInt(hexadecimal.replace(/[x{}]/g, ""), 16);
    if (code <= LAST_CODE_POINT) return code;
    throw new PatternError("invalid escape sequence", input.since(start));
  }
  const character = input.next();
  const control = CONTROLS[character];
  if (control !== undefined) return control;
  if (!/^[!-/:-@[-`{-~ \t\n\f\r]$/.test(character))
    throw new PatternError("invalid escape sequence", input.since(start));
  return character.charCodeAt(0);
}

/**
 * `pL`, `p{Greek}`, `P{^Lu}`; the backslash has been read. Nothing if it is another escape.
 * @throws {PatternError}
 */
export function unicodeEscape(input: PatternInput, start: number): CharacterSet | undefined {
  if (!input.sees("p") && !input.sees("P")) return undefined;
  const negated = input.next() === "P";
  const name = input.take("{") ? input.until("}") : input.next();
  const set = unicodeClass(name);
  if (!set) throw new PatternError("invalid character class range", input.since(start));
  return negated ? { ...set, negated: !set.negated } : set;
}
