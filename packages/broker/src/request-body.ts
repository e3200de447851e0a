/**
 * Reads JSON bodies as the server's mapper does (protocol 0.4, 0.5): a wrong JSON type is a 400 at once, a missing or
 * empty member a violation that is collected and answered 422 with all others, unknown members are ignored.
 * @pure
 */
import { ProblemError, ValidationError, type Violation } from "./problems.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** @throws {ProblemError} 400 if the text is no JSON */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    throw new ProblemError(
      400,
      `Malformed JSON: ${error instanceof Error ? error.message.replace(/, ".*$/s, "") : ""}`,
    );
  }
}

/** Reads the members of one object; violations of nested readers end up in the outermost one. */
export class Members {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #violations: Violation[];

  private constructor(object: JsonObject, path: string, violations: Violation[]) {
    this.#object = object;
    this.#path = path;
    this.#violations = violations;
  }

  /** @throws {ProblemError} 400 if `value` is no object */
  static of(value: unknown): Members {
    return new Members(objectOf(value, "the body"), "", []);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  /** The member as it stands; a missing one is `undefined`. */
  raw(name: string): unknown {
    return this.has(name) ? this.#object[name] : undefined;
  }

  /** A text; numbers and booleans are taken as texts too. Missing and null are both `null`. */
  text(name: string): string | null {
    const value = this.raw(name) ?? null;
    return value === null ? null : textOf(value, this.#pathOf(name));
  }

  /** A text that must be there, and not be empty where `ifEmpty` says what is wrong then. */
  requiredText(name: string, ifEmpty?: string): string {
    const text = this.text(name);
    if (text === null) this.violate(name, "must not be null");
    else if (text === "" && ifEmpty !== undefined) this.violate(name, ifEmpty);
    return text ?? "";
  }

  /** A whole number within `range`; missing, null and the empty text are `undefined`. */
  integer(name: string, range: IntegerRange): number | undefined {
    return integerOf(this.#pathOf(name), this.raw(name), range);
  }

  /** True or false, also as a text; missing and null are `undefined`. */
  flag(name: string): boolean | undefined {
    const value = this.raw(name) ?? undefined;
    if (value === undefined || typeof value === "boolean") return value;
    if (value === "true" || value === "false") return value === "true";
    throw wrongType(this.#pathOf(name), "true or false");
  }

  /** Missing and null are `null`. */
  list(name: string): readonly unknown[] | null {
    const value = this.raw(name) ?? null;
    if (value === null || Array.isArray(value)) return value;
    throw wrongType(this.#pathOf(name), "an array");
  }

  /** The texts of an array, read as `text` does; `null` where there is none. */
  texts(name: string): string[] | null {
    return this.list(name)?.map((value, index) => textOf(value, `${this.#pathOf(name)}[${index}]`)) ?? null;
  }

  /** A nested object. @throws {ProblemError} 400 if the member is anything else */
  object(name: string): Members {
    const path = this.#pathOf(name);
    return new Members(objectOf(this.raw(name), path), path, this.#violations);
  }

  /** The objects of an array; `null` where there is none. */
  objects(name: string): Members[] | null {
    return (
      this.list(name)?.map((value, index) => {
        const path = `${this.#pathOf(name)}[${index}]`;
        return new Members(objectOf(value, path), path, this.#violations);
      }) ?? null
    );
  }

  /** A map of texts; missing and null are `null`. */
  textMap(name: string): Record<string, string> | null {
    const value = this.raw(name) ?? null;
    if (value === null) return null;
    const entries = Object.entries(objectOf(value, this.#pathOf(name)));
    return Object.fromEntries(entries.map(([key, text]) => [key, textOf(text, `${this.#pathOf(name)}[${key}]`)]));
  }

  violate(name: string, message: string): void {
    this.#violations.push({ field: this.#pathOf(name), message });
  }

  /** A violation that was found elsewhere. */
  add(violation: Violation): void {
    this.#violations.push(violation);
  }

  /** @throws {ValidationError} if there was any violation */
  demandValid(): void {
    if (this.#violations.length > 0) throw new ValidationError(this.#violations);
  }

  #pathOf(name: string): string {
    return this.#path === "" ? name : `${this.#path}.${name}`;
  }
}

export type IntegerRange = readonly [min: bigint, max: bigint];

export const INT32: IntegerRange = [-(2n ** 31n), 2n ** 31n - 1n];
export const INT64: IntegerRange = [-(2n ** 63n), 2n ** 63n - 1n];
/** Signed, in decimal or as `0x10`, spaces around it: as the server reads texts. */
const INTEGER_TEXT = /^\s*([-+]?)(?:0[xX]([0-9a-fA-F]{1,32})|([0-9]{1,40}))\s*$/;

/**
 * A whole number, as a number or as a text; what stands behind its point is dropped. Missing, null and the empty text are
 * `undefined`.
 * @throws {ProblemError} 400 for what is no number, or outside of `range`
 */
export function integerOf(name: string, value: unknown, [min, max]: IntegerRange): number | undefined {
  if (value === undefined || value === null || value === "") return undefined;
  const number = typeof value === "string" ? textInteger(value) : numberInteger(value);
  if (number === undefined || number < min || number > max)
    throw wrongType(name, `a whole number from ${min} to ${max}`);
  return Number(number);
}

function textInteger(text: string): bigint | undefined {
  const [, sign, hexadecimal, decimal] = INTEGER_TEXT.exec(text) ?? [];
  const digits = hexadecimal === undefined ? decimal : `0x${hexadecimal}`;
  if (digits === undefined) return undefined;
  return sign === "-" ? -BigInt(digits) : BigInt(digits);
}

/** A double has lost what follows its 53 bits: 2^63 may have been written as the greatest number of 64 bits. */
function numberInteger(value: unknown): bigint | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return value === 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.trunc(value));
}

const TRUE = ["true", "on", "yes", "1"];
const FALSE = ["false", "off", "no", "0", ""];

/** The value of a query's parameter; a missing one is false. @throws {ProblemError} 400 for what is neither true nor false */
export function flagOf(name: string, text: string | undefined): boolean {
  const value = text?.toLowerCase();
  if (value === undefined || FALSE.includes(value)) return false;
  if (TRUE.includes(value)) return true;
  throw wrongType(name, "true or false");
}

function textOf(value: unknown, path: string): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  throw wrongType(path, "a text");
}

function objectOf(value: unknown, path: string): JsonObject {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw wrongType(path, "an object");
}

function wrongType(path: string, wanted: string): ProblemError {
  return new ProblemError(400, `Cannot read ${path}: it must be ${wanted}`);
}
