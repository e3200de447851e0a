/**
 * Reads JSON bodies like the server's mapper (protocol 0.4, 0.5): a wrong JSON type is a 400 at once; missing and empty
 * members are violations, which are answered together with 422; unknown members are ignored.
 * @pure
 */
import { ProblemError, ValidationError, type Violation } from "./problems.ts";

type JsonObject = Readonly<Record<string, unknown>>;

/** @throws {ProblemError} 400 for invalid JSON */
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

/** Reads the members of one object; the outermost reader collects the violations of nested ones. */
export class Members {
  readonly #object: JsonObject;
  readonly #path: string;
  readonly #violations: Violation[];

  private constructor(object: JsonObject, path: string, violations: Violation[]) {
    this.#object = object;
    this.#path = path;
    this.#violations = violations;
  }

  /** @throws {ProblemError} 400 unless `value` is an object */
  static of(value: unknown): Members {
    return new Members(objectOf(value, "the body"), "", []);
  }

  has(name: string): boolean {
    return Object.hasOwn(this.#object, name);
  }

  /** The unchecked member; `undefined` if it is missing. */
  raw(name: string): unknown {
    return this.has(name) ? this.#object[name] : undefined;
  }

  /** A string; numbers and booleans are converted. Missing and null are `null`. */
  text(name: string): string | null {
    const value = this.raw(name) ?? null;
    return value === null ? null : textOf(value, this.#pathOf(name));
  }

  /** A required string; `ifEmpty` is the violation of an empty one, which is valid without it. */
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

  /** True or false, also as a string; missing and null are `undefined`. */
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

  /** The strings of an array, converted like those of `text`; `null` if it is missing. */
  texts(name: string): string[] | null {
    return this.list(name)?.map((value, index) => textOf(value, `${this.#pathOf(name)}[${index}]`)) ?? null;
  }

  /** A nested object. @throws {ProblemError} 400 if the member is anything else */
  object(name: string): Members {
    const path = this.#pathOf(name);
    return new Members(objectOf(this.raw(name), path), path, this.#violations);
  }

  /** The objects of an array; `null` if it is missing. */
  objects(name: string): Members[] | null {
    return (
      this.list(name)?.map((value, index) => {
        const path = `${this.#pathOf(name)}[${index}]`;
        return new Members(objectOf(value, path), path, this.#violations);
      }) ?? null
    );
  }

  /** A map of strings; missing and null are `null`. */
  textMap(name: string): Record<string, string> | null {
    const value = this.raw(name) ?? null;
    if (value === null) return null;
    const entries = Object.entries(objectOf(value, this.#pathOf(name)));
    return Object.fromEntries(entries.map(([key, text]) => [key, textOf(text, `${this.#pathOf(name)}[${key}]`)]));
  }

  violate(name: string, message: string): void {
    this.#violations.push({ field: this.#pathOf(name), message });
  }

  /** Adds a violation with its full path. */
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
/** Signed, decimal or hexadecimal (`0x10`), with spaces around it, as the server parses strings. */
const INTEGER_TEXT = /^\s*([-+]?)(?:0[xX]([0-9a-fA-F]{1,32})|([0-9]{1,40}))\s*$/;

/**
 * A whole number, as a number or a string; decimals of a number are dropped. Missing, null and empty values are
 * `undefined`.
 * @throws {ProblemError} 400 unless it is a number within `range`
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

/** A double has only 53 bits, so 2^63 may stand for the greatest number of 64 bits. */
function numberInteger(value: unknown): bigint | undefined {
  if (typeof value !== "number" || !Number.isFinite(value)) return undefined;
  return value === 2 ** 63 ? 2n ** 63n - 1n : BigInt(Math.trunc(value));
}

const TRUE = ["true", "on", "yes", "1"];
const FALSE = ["false", "off", "no", "0", ""];

/** A boolean parameter of the query; false if it is missing. @throws {ProblemError} 400 for any other value than true and false */
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
