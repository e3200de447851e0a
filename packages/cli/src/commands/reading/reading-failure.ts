/** What the client refuses to read, in the words of the command line. */
import { ConfigError } from "nakadi-client";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";

export function readingFailure(error: unknown, eventType: string): unknown {
  if (!(error instanceof ConfigError)) return error;
  if (error.path === "of") {
    return new Failure(
      `events of ${eventType} do not say when they came (their category is undefined): begin at a position, or --last`,
      EXIT.usage,
    );
  }
  if (error.path === "options.partitions") {
    return new Failure(`--partition: ${error.message.replace(/^.* must be of /, "there are, of ")}`, EXIT.usage);
  }
  return error;
}
