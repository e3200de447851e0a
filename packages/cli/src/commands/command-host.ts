/** What a command's definition gets: the process around it, and a place for its exit code. */
import type { Context } from "../context.ts";
import type { ExitCode } from "../exit-codes.ts";

export interface CommandHost {
  context: Context;
  end(code: ExitCode): void;
}
