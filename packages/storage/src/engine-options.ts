/**
 * The options of an engine: a misspelt one would do nothing.
 * @pure
 */
import { unknownOption } from "nakadi-protocol";

/** @throws {TypeError} for an option that is not known, and for a clock that is none */
export function checkEngineOptions(options: object, names: readonly string[]): void {
  const fault = unknownOption("options", options, names);
  if (fault) throw new TypeError(`${fault.path} must be ${fault.allowed}`);
  const { clock } = options as { clock?: Readonly<Record<string, unknown>> };
  const functions = ["wallMs", "monotonicMs", "schedule"];
  if (functions.some((name) => typeof clock?.[name] !== "function"))
    throw new TypeError(`options.clock must be an object with the functions ${functions.join(", ")}`);
}
