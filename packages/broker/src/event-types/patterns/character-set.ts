/**
 * Sets of code points as regular expressions name them.
 * @pure
 */
export interface CharacterSet {
  /** First and last code point of each range. */
  ranges: readonly (readonly [number, number])[];
  /** Further sets that belong to it. */
  parts: readonly CharacterSet[];
  /** Says what of the rest belongs to it. */
  also?: RegExp;
  negated: boolean;
  /** Letters stand for their other case too. */
  fold: boolean;
}

export function rangesSet(
  ranges: CharacterSet["ranges"],
  { negated = false, fold = false }: { negated?: boolean; fold?: boolean } = {},
): CharacterSet {
  return { ranges, parts: [], negated, fold };
}

export function contains(set: CharacterSet, code: number): boolean {
  return (holds(set, code) || (set.fold && otherCases(code).some((other) => holds(set, other)))) !== set.negated;
}

function holds({ ranges, parts, also }: CharacterSet, code: number): boolean {
  for (const [first, last] of ranges) if (code >= first && code <= last) return true;
  return parts.some((part) => contains(part, code)) || (also?.test(String.fromCodePoint(code)) ?? false);
}

/** Characters that are equal to one another but for their case, where that is more than a pair. */
const CASE_ORBITS = ["kK\u212a", "sS\u017f", "\u00e5\u00c5\u212b"];

function otherCases(code: number): number[] {
  const character = String.fromCodePoint(code);
  const orbit = CASE_ORBITS.find((one) => one.includes(character)) ?? character.toLowerCase() + character.toUpperCase();
  return Array.from(orbit, (one) => one.codePointAt(0) ?? 0);
}

const DIGIT: CharacterSet["ranges"] = [[0x30, 0x39]];
const SPACE: CharacterSet["ranges"] = [
  [0x09, 0x0a],
  [0x0c, 0x0d],
  [0x20, 0x20],
];
const UPPER: CharacterSet["ranges"] = [[0x41, 0x5a]];
const LOWER: CharacterSet["ranges"] = [[0x61, 0x7a]];
const WORD: CharacterSet["ranges"] = [...DIGIT, ...UPPER, ...LOWER, [0x5f, 0x5f]];
const LAST_CODE_POINT = 0x10ffff;

export const ANY_CHARACTER: CharacterSet = rangesSet([[0, LAST_CODE_POINT]]);
export const ANY_BUT_NEW_LINE: CharacterSet = rangesSet([[0x0a, 0x0a]], { negated: true });

/** `\d`, `\S` and so on. */
const PERL_CLASSES: Readonly<Record<string, CharacterSet["ranges"]>> = {
  d: DIGIT,
  s: SPACE,
  w: WORD,
};

export function perlClass(letter: string): CharacterSet | undefined {
  const ranges = PERL_CLASSES[letter.toLowerCase()];
  return ranges && rangesSet(ranges, { negated: letter !== letter.toLowerCase() });
}

export function isWordCharacter(code: number): boolean {
  return WORD.some(([first, last]) => code >= first && code <= last);
}

/** `[:alpha:]` and so on. */
const POSIX_CLASSES: Readonly<Record<string, CharacterSet["ranges"]>> = {
  alnum: [...DIGIT, ...UPPER, ...LOWER],
  alpha: [...UPPER, ...LOWER],
  ascii: [[0, 0x7f]],
  blank: [
    [0x09, 0x09],
    [0x20, 0x20],
  ],
  cntrl: [
    [0, 0x1f],
    [0x7f, 0x7f],
  ],
  digit: DIGIT,
  graph: [[0x21, 0x7e]],
  lower: LOWER,
  print: [[0x20, 0x7e]],
  punct: [
    [0x21, 0x2f],
    [0x3a, 0x40],
    [0x5b, 0x60],
    [0x7b, 0x7e],
  ],
  space: [
    [0x09, 0x0d],
    [0x20, 0x20],
  ],
  upper: UPPER,
  word: WORD,
  xdigit: [...DIGIT, [0x41, 0x46], [0x61, 0x66]],
};

/** @param name with a `^` in front for everything else */
export function posixClass(name: string): CharacterSet | undefined {
  const negated = name.startsWith("^");
  const bare = negated ? name.slice(1) : name;
  const ranges = Object.hasOwn(POSIX_CLASSES, bare) ? POSIX_CLASSES[bare] : undefined;
  return ranges && rangesSet(ranges, { negated });
}

const GENERAL_CATEGORY = /^(?:C[cfos]?|L[lmotu]?|M[cen]?|N[dlo]?|P[cdefios]?|S[ckmo]?|Z[lps]?)$/;

/** `\p{name}`: a general category or a script; a `^` in front means everything else. */
export function unicodeClass(name: string): CharacterSet | undefined {
  const negated = name.startsWith("^");
  const bare = negated ? name.slice(1) : name;
  if (bare === "Any") return { ...ANY_CHARACTER, negated };
  if (!/^[A-Z][A-Za-z_]*$/.test(bare)) return undefined;
  try {
    const property = GENERAL_CATEGORY.test(bare) ? bare : `Script=${bare}`;
    return {
      ranges: [],
      parts: [],
      also: new RegExp(`^\\p{${property}}$`, "u"),
      negated,
      fold: false,
    };
  } catch {
    return undefined;
  }
}
