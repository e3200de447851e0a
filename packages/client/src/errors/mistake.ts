/**
 * Defects of the program or its libraries: every retry would fail the same way.
 * @pure
 */
import { NakadiError } from "./nakadi-error.ts";

/** Codes of undici for arguments that it refuses before it sends anything. */
const REFUSED_ARGUMENTS: readonly unknown[] = ["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"];

/**
 * A defect becomes an error of code CONFIG, which is never retried; any other value is returned unchanged.
 * @param part the failed part, for the message
 */
export function asMistake(thrown: unknown, part: string): unknown {
  if (!isMistake(thrown)) return thrown;
  const message = `${part} failed because of a defect: ${thrown.name}: ${thrown.message}`;
  return new NakadiError("CONFIG", message, { cause: thrown });
}

function isMistake(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error) || NakadiError.is(thrown)) return false;
  if ("code" in thrown && REFUSED_ARGUMENTS.includes(thrown.code)) return true;
  // fetch reports network failures by a TypeError with a cause.
  if (thrown instanceof TypeError) return thrown.cause === undefined;
  return thrown instanceof ReferenceError || thrown instanceof RangeError;
}
