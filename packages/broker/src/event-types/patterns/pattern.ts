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

/** @throws {PatternError} if `source` is no pattern that can be matched in linear time */
export function checkPattern(source: string): void {
  programOf(readPattern(source));
}

/** A text cannot be matched within the work that one match may take. */
export class PatternCostError extends Error {
  override readonly name = "PatternCostError";
}

/** What came before a place in the text. */
type Before = "nothing" | "new-line" | "word" | "other";

/** All places in the program where a match may be, and how each character that was seen goes on. */
interface State {
  places: readonly number[];
  before: Before;
  /** No more are kept once there are many; how one of those goes on is found each time. */
  isKept: boolean;
  ascii: (State | "match" | undefined)[];
  others: Map<number, State | "match">;
  matchesAtEnd: boolean | undefined;
}

const NEW_LINE = 0x0a;
const ASCII = 128;
const LAST_OF_ONE_UNIT = 0xffff;
/** Places, and ways on, that all known states have together. */
const MAX_KEPT = 100_000;
/** Places looked at in one match: a second's work. */
const MAX_WORK = 5_000_000;

export class Pattern {
  readonly #source: string;
  readonly #program: PatternProgram;
  #states = new Map<string, State>();
  #kept = 0;
  #isFull = false;
  #work = 0;
  /** In which round of looking a place was last seen. */
  readonly #seenIn: Float64Array;
  #round = 0;
  readonly #characters: (Instruction & { op: "character" })[] = [];

  /** @throws {PatternError} */
  constructor(source: string) {
    this.#source = source;
    this.#program = programOf(readPattern(source));
    this.#seenIn = new Float64Array(this.#program.instructions.length);
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
    if (this.#isFull) this.#forget();
    let state = this.#state([this.#program.start], "nothing");
    for (let at = 0; at < text.length; at++) {
      const code = text.codePointAt(at) as number;
      if (code > LAST_OF_ONE_UNIT) at++;
      const next = (code < ASCII ? state.ascii[code] : state.others.get(code)) ?? this.#step(state, code);
      if (next === "match") return true;
      if (next.places.length === 0) return false;
      state = next;
    }
    return (state.matchesAtEnd ??= this.#closure(state, undefined));
  }

  /** States lead to one another, so all go at once. */
  #forget(): void {
    this.#states = new Map();
    this.#kept = 0;
    this.#isFull = false;
  }

  /** Where a character leads that has not been seen in this state before. */
  #step(state: State, code: number): State | "match" {
    const next = this.#closure(state, code) ? "match" : this.#state(this.#placesBehind(code), kindOf(code));
    if (!state.isKept) return next;
    if (code < ASCII) state.ascii[code] = next;
    else if (this.#kept++ < MAX_KEPT) state.others.set(code, next);
    return next;
  }

  /**
   * Finds everything that can be reached without a character, into `#characters`.
   * @param code the character that follows; nothing at the end
   * @returns whether that is a match
   */
  #closure({ places, before }: State, code: number | undefined): boolean {
    const waiting = [...places];
    this.#characters.length = 0;
    this.#round++;
    for (let place = waiting.pop(); place !== undefined; place = waiting.pop()) {
      if (this.#seenIn[place] === this.#round) continue;
      this.#seenIn[place] = this.#round;
      if (++this.#work > MAX_WORK) {
        throw new PatternCostError(`The text is too long for the pattern ${this.#source}.`);
      }
      const instruction = this.#program.instructions[place] as Instruction;
      if (instruction.op === "match") return true;
      if (instruction.op === "character") this.#characters.push(instruction);
      else if (instruction.op === "split") waiting.push(...instruction.targets);
      else if (holds(instruction.assertion, before, code)) waiting.push(instruction.next);
    }
    return false;
  }

  #placesBehind(code: number): number[] {
    const places = this.#program.anchored ? [] : [this.#program.start];
    this.#round++;
    for (const { set, next } of this.#characters) {
      if (this.#seenIn[next] === this.#round || !contains(set, code)) continue;
      this.#seenIn[next] = this.#round;
      places.push(next);
    }
    return places;
  }

  #state(places: readonly number[], before: Before): State {
    if (this.#kept > MAX_KEPT) this.#isFull = true;
    if (this.#isFull) return { places, before, isKept: false, ...NO_WAYS, matchesAtEnd: undefined };
    const key = `${before} ${places.join()}`;
    let state = this.#states.get(key);
    if (state) return state;
    this.#kept += places.length + ASCII;
    state = {
      places,
      before,
      isKept: true,
      ascii: Array.from({ length: ASCII }),
      others: new Map(),
      matchesAtEnd: undefined,
    };
    this.#states.set(key, state);
    return state;
  }
}

const NO_WAYS = { ascii: [], others: new Map<number, State>() };

function kindOf(code: number): Before {
  if (code === NEW_LINE) return "new-line";
  return isWordCharacter(code) ? "word" : "other";
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
