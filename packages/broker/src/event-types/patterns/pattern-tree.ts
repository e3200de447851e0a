/**
 * What a regular expression says, once read.
 * @pure
 */
import type { CharacterSet } from "./character-set.ts";

export type Assertion = "begin-text" | "end-text" | "begin-line" | "end-line" | "word-boundary" | "no-word-boundary";

export type PatternTree =
  | { kind: "character"; set: CharacterSet }
  | { kind: "assertion"; assertion: Assertion }
  | { kind: "sequence"; parts: PatternTree[] }
  | { kind: "choice"; parts: PatternTree[] }
  | { kind: "repeat"; part: PatternTree; min: number; max: number };

/** The pattern is none; `part` is the piece that is to blame. */
export class PatternError extends Error {
  override readonly name = "PatternError";
  readonly description: string;
  readonly part: string;

  constructor(description: string, part: string) {
    super(`${description}: \`${part}\``);
    this.description = description;
    this.part = part;
  }
}
