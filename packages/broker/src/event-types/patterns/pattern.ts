/**
 * Regular expressions of schemas, which are input like any other: a match takes time in proportion to the text, never
 * more, whatever the pattern is. Stands in for `RegExp` where only `test` is asked of it.
 * @pure
 */
import { contains, isWordCharacter } from "./character-set.ts";
import { programOf } from "./pattern-program.ts";
import type { Instruction, PatternProgram } from "./pattern-program.ts";
import { readPattern } from "./pattern-syntax.ts";
import type { Assertion } from "./pattern-tree.ts";

/** A text cannot be matched within the work that one match may take. */
export class PatternCostError extends Error {
  override readonly name = "PatternCostError";
}

/** What came before a place in the text. */
type Before = "nothing" | "new-line" | "word" | "other";

/** All places in the program where a match may be; how each character goes on is found once. */
interface State {
  places: readonly number[];
  before: Before;
  ascii: (State | "match" | undefined)[];
  others: Map<number, State | "match">;
  matchesAtEnd: boolean | undefined;
}

const NEW_LINE = 0x0a;
const ASCII = 128;
const LAST_OF_ONE_UNIT = 0xffff;
/** Places, and ways on, that all known states have together. */
const MAX_KEPT = 200_000;
/** Places looked at in one match: a second's work. */
const MAX_WORK = 5_000_000;

export class Pattern {
  readonly #source: string;
  readonly #program: PatternProgram;
  #states = new Map<string, State>();
  #kept = 0;
  #work = 0;

  /** @throws {PatternError} */
  constructor(source: string) {
    this.#source = source;
    this.#program = programOf(readPattern(source));
  }

  toString(): string {
    return `/${this.#source}/`;
  }

  /**
   * Whether the pattern matches anywhere in the text.
   * @throws {PatternCostError}
   */
  test(text: string): boolean {
    this.#work = 0;
    let state = this.#state([this.#program.start], "nothing");
    for (let at = 0; at < text.length; at++) {
      const code = text.codePointAt(at) as number;
      if (code > LAST_OF_ONE_UNIT) at++;
      const next =
        (code < ASCII ? state.ascii[code] : state.others.get(code)) ?? this.#step(state, code);
      if (next === "match") return true;
      if (next.places.length === 0) return false;
      state = next;
    }
    return (state.matchesAtEnd ??= this.#closure(state, undefined) === "match");
  }

  /** Where a character leads that has not been seen in this state before. */
  #step(state: State, code: number): State | "match" {
    const characters = this.#closure(state, code);
    let next: State | "match" = "match";
    if (characters !== "match") {
      const places = new Set<number>();
      for (const { set, next } of characters) if (contains(set, code)) places.add(next);
      if (!this.#program.anchored) places.add(this.#program.start);
      next = this.#state(
        [...places],
        code === NEW_LINE ? "new-line" : isWordCharacter(code) ? "word" : "other",
      );
    }
    if (code < ASCII) state.ascii[code] = next;
    else if (this.#kept++ < MAX_KEPT) state.others.set(code, next);
    return next;
  }

  /** Everything that can be reached without a character: what waits for one, or a match. */
  #closure(
    { places, before }: State,
    code: number | undefined,
  ): (Instruction & { op: "character" })[] | "match" {
    const waiting = [...places];
    const seen = new Set(waiting);
    const characters: (Instruction & { op: "character" })[] = [];
    const reach = (place: number): void => {
      if (seen.has(place)) return;
      seen.add(place);
      waiting.push(place);
    };
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (++this.#work > MAX_WORK)
        throw new PatternCostError(`The text is too long for the pattern ${this.#source}.`);
      const instruction = this.#program.instructions[place] as Instruction;
      if (instruction.op === "match") return "match";
      if (instruction.op === "character") characters.push(instruction);
      else if (instruction.op === "split") instruction.targets.forEach(reach);
      else if (holds(instruction.assertion, before, code)) reach(instruction.next);
    }
    return characters;
  }

  #state(places: number[], before: Before): State {
    const key = `${before} ${places.sort((a, b) => a - b).join()}`;
    let state = this.#states.get(key);
    if (state) return state;
    this.#kept += places.length + ASCII;
    if (this.#kept > MAX_KEPT) {
      // They lead to one another, so all go at once.
      this.#states = new Map();
      this.#kept = places.length + ASCII;
    }
    state = {
      places,
      before,
      ascii: Array.from({ length: ASCII }),
      others: new Map(),
      matchesAtEnd: undefined,
    };
    this.#states.set(key, state);
    return state;
  }
}

/** @param code the character that follows; nothing at the end */
function holds(assertion: Assertion, before: Before, code: number | undefined): boolean {
  switch (assertion) {
    case "begin-text":
      return before === "nothing";
    case "begin-line":
      return before === "nothing" || before === "new-line";
    case "end-text":
      return code === undefined;
    case "end-line":
      return code === undefined || code === NEW_LINE;
    case "word-boundary":
    case "no-word-boundary": {
      const boundary = (before === "word") !== (code !== undefined && isWordCharacter(code));
      return boundary === (assertion === "word-boundary");
    }
  }
}
