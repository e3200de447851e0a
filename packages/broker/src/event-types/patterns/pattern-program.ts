/**
 * A pattern as a machine that is in many places at once.
 * @pure
 */
import type { CharacterSet } from "./character-set.ts";
import { PatternError } from "./pattern-tree.ts";
import type { Assertion, PatternTree } from "./pattern-tree.ts";

export type Instruction =
  | { op: "character"; set: CharacterSet; next: number }
  | { op: "assertion"; assertion: Assertion; next: number }
  | { op: "split"; targets: number[] }
  | { op: "match" };

export interface PatternProgram {
  instructions: readonly Instruction[];
  start: number;
  /** A match can only begin where the text does. */
  anchored: boolean;
}

const MAX_INSTRUCTIONS = 10_000;

/** @throws {PatternError} if the program would be too large */
export function programOf(tree: PatternTree): PatternProgram {
  const instructions: Instruction[] = [{ op: "match" }];
  const add = (instruction: Instruction): number => {
    if (instructions.length >= MAX_INSTRUCTIONS)
      throw new PatternError("expression is too large", `${MAX_INSTRUCTIONS} steps`);
    return instructions.push(instruction) - 1;
  };
  /** Written from the end: where a part begins, given what follows it. */
  const compile = (part: PatternTree, next: number): number => {
    switch (part.kind) {
      case "character":
        return add({ op: "character", set: part.set, next });
      case "assertion":
        return add({ op: "assertion", assertion: part.assertion, next });
      case "sequence":
        return part.parts.reduceRight((behind, one) => compile(one, behind), next);
      case "choice":
        return add({ op: "split", targets: [...new Set(part.parts.map((one) => compile(one, next)))] });
      case "repeat": {
        let start = next;
        if (part.max === Infinity) {
          const targets = [next];
          start = add({ op: "split", targets });
          targets.push(compile(part.part, start));
        } else {
          for (let count = part.min; count < part.max; count++) {
            start = add({ op: "split", targets: [next, compile(part.part, start)] });
          }
        }
        for (let count = 0; count < part.min; count++) start = compile(part.part, start);
        return start;
      }
    }
  };
  const start = compile(tree, 0);
  return { instructions, start, anchored: beginsText(tree) };
}

function beginsText(tree: PatternTree): boolean {
  switch (tree.kind) {
    case "assertion":
      return tree.assertion === "begin-text";
    case "sequence":
      return tree.parts[0] !== undefined && beginsText(tree.parts[0]);
    case "choice":
      return tree.parts.every(beginsText);
    default:
      return false;
  }
}
