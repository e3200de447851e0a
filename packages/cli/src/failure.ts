/**
 * A failure that a person can do something about: what was tried, what came back, what to do.
 * @pure
 */
import { EXIT, type ExitCode } from "./exit-codes.ts";
import { visible } from "./output/visible.ts";

export class Failure extends Error {
  override readonly name = "Failure";
  readonly exitCode: ExitCode;

  constructor(message: string, exitCode: ExitCode = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** One line for whatever was thrown. A message may quote a server. */
export function describe(thrown: unknown): string {
  if (!(thrown instanceof Error)) return visible(String(thrown));
  return visible(thrown.message === "" ? thrown.name : thrown.message);
}
