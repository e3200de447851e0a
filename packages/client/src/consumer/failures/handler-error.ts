/**
 * Errors of code that the program supplies, as a NakadiError with code HANDLER.
 * @pure
 */
import { NakadiError } from "../../errors/nakadi-error.ts";

export function ownError(what: string, thrown: unknown): NakadiError {
  return NakadiError.is(thrown) ? thrown : handlerError(what, thrown);
}

export function handlerError(what: string, cause: unknown): NakadiError {
  return new NakadiError("HANDLER", `a handler ${what}`, { cause });
}
