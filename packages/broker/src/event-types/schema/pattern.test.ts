import fc from "fast-check";
import { beforeAll, describe, expect, test } from "vitest";
import { loadPatterns, Pattern, PatternCostError, PatternError } from "./pattern.ts";

beforeAll(loadPatterns);

const matches = (pattern: string, text: string): boolean => new Pattern(pattern).test(text);

/** Undefined for a pattern that is refused for its size alone: nested repeats multiply. */
function patternWithinLimit(source: string): Pattern | undefined {
  try {
    return new Pattern(source);
  } catch (error) {
    if (error instanceof PatternError && error.description === "expression is too large") return undefined;
    throw error;
  }
}

describe("matches where RegExp matches", () => {
  const patterns = fc.letrec<{ pattern: string }>((tie) => ({
    pattern: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom(
        "a",
        "b",
        ".",
        "\\w",
        "\\s",
        "[^a]",
        "[ab]",
        "[b-d-]",
        "\\b",
        "\\B",
        "^",
        "$",
        "",
        "é",
        "😀",
        "\\.",
      ),
      fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => a + b),
      fc.tuple(tie("pattern"), tie("pattern")).map(([a, b]) => `(${a}|${b})`),
      fc
        .tuple(tie("pattern"), fc.constantFrom("*", "+", "?", "{2}", "{1,3}", "{2,}", "*?", "+?", "??"))
        .map(([a, repeat]) => `(?:${a})${repeat}`),
    ),
  })).pattern;
  const texts = fc.string({
    unit: fc.constantFrom("a", "b", "c", " ", "é", "😀", "\n", "_", "."),
    maxLength: 12,
  });

  test("for any pattern and text", () => {
    fc.assert(
      fc.property(patterns, fc.array(texts, { maxLength: 8 }), (source, some) => {
        const pattern = patternWithinLimit(source);
        fc.pre(pattern !== undefined);
        const expected = new RegExp(source, "u");
        for (const text of some) {
          // RegExp finds `\\B` in the middle of a surrogate pair.
          if (source.includes("\\B") && text.includes("😀")) continue;
          expect([text, pattern.test(text)]).toEqual([text, expected.test(text)]);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});

describe("reads the syntax of RE2", () => {
  test.each([
    ["^\\A-\\z$", "-", true],
    ["\\Aa", "ba", false],
    ["a\\z", "a\n", false],
    ["a$", "a\n", false],
    ["(?m)^b$", "a\nb\nc", true],
    ["(?s)a.b", "a\nb", true],
    ["a.b", "a\nb", false],
    ["(?i)straße", "STRAßE", true],
    ["(?i)[k]", "\u212a", true],
    ["(?i:a)b", "Ab", true],
    ["(?i:a)b", "AB", false],
    ["a(?i)b|c", "C", true],
    ["(?i-i)a", "A", false],
    ["(?U)a+", "aa", true],
    ["(?P<name>a)(?<other>b)", "ab", true],
    ["[[:alpha:][:digit:]]{3}", "a1b", true],
    ["^[[:^space:]]$", " ", false],
    ["^[^[:space:]\\d]+$", "ab", true],
    ["^\\p{Lu}\\pL+$", "Éa", true],
    ["^\\p{Greek}$", "λ", true],
    ["^\\P{Greek}$", "λ", false],
    ["^\\p{^Greek}$", "l", true],
    ["^[\\p{Nd}\\-]+$", "1-2", true],
    ["\\Qa.b*\\E+", "a.b**", true],
    ["\\Qa.b", "a.b", true],
    ["\\x41\\x{1F600}\\101\\0", "A😀A\0", true],
    ["^[\\x41-\\x43]$", "B", true],
    ["a{,2}", "a{,2}", true],
    ["a{x", "a{x", true],
    ["a}]", "a}]", true],
    ["[]a]", "]", true],
    ["[^]a]", "]", false],
    ["[a-]", "-", true],
    ["(|a)*b", "b", true],
    ["()*", "", true],
    ["\\v", "\u000b", true],
    ["^\\s$", "\u000b", false],
    ["^\\w$", "é", false],
    ["^.$", "😀", true],
  ])("%s on %j: %j", (source, text, found) => {
    expect(matches(source, text)).toBe(found);
  });
});

describe("is refused with the piece at fault", () => {
  test.each([
    ["(?=x)y", "invalid or unsupported Perl syntax", "(?="],
    ["(?!x)y", "invalid or unsupported Perl syntax", "(?!"],
    ["(?<=x)y", "invalid or unsupported Perl syntax", "(?<"],
    ["(?>x)", "invalid or unsupported Perl syntax", "(?>"],
    ["(a)\\1", "invalid escape sequence", "\\1"],
    ["\\y", "invalid escape sequence", "\\y"],
    ["\\Z", "invalid escape sequence", "\\Z"],
    ["\\x{110000}", "invalid escape sequence", "\\x{110000"],
    ["a**", "invalid nested repetition operator", "**"],
    ["a++", "invalid nested repetition operator", "++"],
    ["a{2}{3}", "invalid nested repetition operator", "{2}{3}"],
    ["*a", "missing argument to repetition operator", "*"],
    ["a|+", "missing argument to repetition operator", "+"],
    ["(?i)*", "missing argument to repetition operator", "*"],
    ["a{1001}", "invalid repeat count", "{1001}"],
    ["a{2,1}", "invalid repeat count", "{2,1}"],
    ["((a{10}){10}){11}", "invalid repeat count", "{11}"],
    ["((a{100}){100}){100}", "expression is too large", "10000 steps"],
    ["(a", "missing closing )", "(a"],
    ["a)", "unexpected )", "a)"],
    ["[a", "missing closing ]", "[a"],
    ["[b-a]", "invalid character class range", "b-a"],
    ["[[:nonsense:]]", "invalid character class range", "[:nonsense:]"],
    ["\\p{Nonsense}", "invalid character class range", "\\p{Nonsense}"],
    ["(?P<a", "invalid named capture", "(?P<a"],
    ["a\\", "trailing backslash at end of expression", ""],
  ])("%s", (source, description, part) => {
    expect(() => new Pattern(source)).toThrow(expect.objectContaining({ name: "PatternError", description, part }));
  });

  test("if its program would be too large", () => {
    expect(() => new Pattern("x".repeat(20_000))).toThrow(PatternError);
    expect(() => new Pattern("(".repeat(100_000))).toThrow(PatternError);
    expect(() => new Pattern("a{1000}".repeat(11))).toThrow(PatternError);
    expect(() => new Pattern("(?:(?:\\pL{500}){2}b){11}")).toThrow(PatternError);
    expect(() => new Pattern("(?i)[B-\\x{1e942}]".repeat(100))).toThrow(PatternError);
    expect(() => new Pattern("[".repeat(100_000))).toThrow(PatternError);
    expect(() => new Pattern("\\p{".repeat(100_000))).toThrow(PatternError);
    expect(() => new Pattern("\\Qab\\E".repeat(20_000))).toThrow(PatternError);
  });
});

describe("takes time in proportion to the text", () => {
  test.each([
    ["(a+)+$", `${"a".repeat(200_000)}b`],
    ["^(a|aa)+$", `${"a".repeat(200_000)}b`],
    ["(x+x+)+y", "x".repeat(200_000)],
    ["(.*)*(.*)*(.*)*z", "é".repeat(200_000)],
    ["((((a*)*)*)*)*$b", "a".repeat(200_000)],
  ])("%s", (source, text) => {
    expect(matches(source, text)).toBe(false);
  });

  /** A state for each set of places at which an `a` was among the last letters: more states than memory holds. */
  const letters = (length: number): string => {
    let seed = 1;
    const next = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) & 0x7fffffff);
    return Array.from({ length }, () => (next() & 0x10000 ? "a" : "b")).join("");
  };

  test("or is given up", () => {
    expect(() => matches("[ab]*a[ab]{900}c", letters(100_000))).toThrow(PatternCostError);
  });

  test("and a program is replaced once it has cached many states", () => {
    const pattern = new Pattern("[ab]*a[ab]{300}c");
    const text = letters(5_000);
    for (let round = 0; round < 8; round++) expect(pattern.test(text.slice(round))).toBe(false);
  });
});
