/**
 * Checks of options. An invalid option is a ConfigError that names its path and the allowed values.
 * @pure
 */
import { unknownOption } from "nakadi-protocol";
import { ConfigError } from "../errors/nakadi-error.ts";

export interface Bounds {
  min: number;
  max?: number;
}

/** A whole number within bounds, or `fallback` for `undefined`. */
export function wholeNumber(path: string, value: unknown, bounds: Bounds, fallback: number): number {
  return value === undefined ? fallback : requiredWholeNumber(path, value, bounds);
}

export function requiredWholeNumber(path: string, value: unknown, { min, max }: Bounds): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= (max ?? Number.MAX_SAFE_INTEGER))
    return value;
  throw new ConfigError(
    path,
    max === undefined ? `a whole number of ${min} or more` : `a whole number from ${min} to ${max}`,
  );
}

/** As `wholeNumber`, without a default. */
export function optionalWholeNumber(path: string, value: unknown, bounds: Bounds): number | undefined {
  return value === undefined ? undefined : wholeNumber(path, value, bounds, 0);
}

export function functionOrNone<F>(path: string, value: F | undefined): F | undefined {
  if (value === undefined || typeof value === "function") return value;
  throw new ConfigError(path, "a function");
}

/** An object of the program whose functions the client calls. */
export function withFunctions<T extends object>(path: string, value: T, names: readonly (keyof T & string)[]): T {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    throw new ConfigError(path, `an object with the functions ${names.join(", ")}`);
  }
  for (const name of names)
    if (typeof value[name] !== "function") throw new ConfigError(`${path}.${name}`, "a function");
  return value;
}

/** False for arrays, maps and `Headers`: their entries are not members and would be ignored. */
export function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !(Symbol.iterator in value);
}

/** Refuses unknown members, because a misspelt option would have no effect. */
export function knownMembers(path: string, value: unknown, names: readonly string[]): void {
  const fault = unknownOption(path, value, names);
  if (fault) throw new ConfigError(fault.path, fault.allowed);
}

export function text(path: string, value: unknown): string {
  if (typeof value === "string" && value !== "") return value;
  throw new ConfigError(path, "a text that is not empty");
}

export function abortSignal(path: string, value: AbortSignal | undefined): AbortSignal | undefined {
  if (value === undefined || value instanceof AbortSignal) return value;
  throw new ConfigError(path, "an AbortSignal");
}
