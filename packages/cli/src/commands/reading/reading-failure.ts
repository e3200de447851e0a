/** What the client refuses to read, in the words of the command line. */
import { ConfigError, NakadiError } from "nakadi-client";
import { EXIT } from "../../exit-codes.ts";
import { Failure } from "../../failure.ts";

/** @param partitionsNamed whether they were named by `--partition`: positions name some too */
export function readingFailure(error: unknown, eventType: string, partitionsNamed: boolean): unknown {
  if (NakadiError.is(error) && error.code === "CURSOR_EXPIRED") {
    return new Failure(
      `${eventType}: the position lies outside of what the log holds. Begin elsewhere, as with --from begin`,
    );
  }
  if (!(error instanceof ConfigError)) return error;
  if (error.path === "of") {
    return new Failure(
      `events of ${eventType} do not say when they came (their category is undefined): begin at a position, or (tail only) with --last`,
      EXIT.usage,
    );
  }
  if (error.path === "options.partitions") {
    return new Failure(
      `${partitionsNamed ? "--partition" : "a position's partition"}: ${error.message.replace(/^.* must be of /, "there are, of ")}`,
      EXIT.usage,
    );
  }
  return error;
}
