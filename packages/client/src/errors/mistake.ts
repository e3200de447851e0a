/**
 * Failures that no further try mends: the program, or a library that it brings, is wrong.
 * @pure
 */
import { NakadiError } from "./nakadi-error.ts";

/** undici refuses arguments by these, before anything is sent. */
const REFUSED_ARGUMENTS: readonly unknown[] = ["UND_ERR_INVALID_ARG", "UND_ERR_NOT_SUPPORTED"];

/** As an error that is never tried again, where it is a mistake; else as it was thrown. */
export function asMistake(thrown: unknown, whose: string): unknown {
  return isMistake(thrown)
    ? new NakadiError("CONFIG", `${whose} has failed by a mistake: ${told(thrown)}`, { cause: thrown })
    : thrown;
}

function isMistake(thrown: unknown): thrown is Error {
  if (!(thrown instanceof Error) || NakadiError.is(thrown)) return false;
  if ("code" in thrown && REFUSED_ARGUMENTS.includes(thrown.code)) return true;
  // What fetch throws when the network fails is a TypeError, too, and has a cause.
  if (thrown instanceof TypeError) return thrown.cause === undefined;
  return thrown instanceof ReferenceError || thrown instanceof RangeError;
}

function told({ name, message }: Error): string {
  return `${name}: ${message}`;
}
