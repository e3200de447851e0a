/** The flags of the commands that read events without a subscription's slot. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { wholeNumber } from "../whole-number.ts";
import { EVENT_FORMATS, type EventFormat } from "./event-printer.ts";

export interface ReadingFlags {
  /** Names of partitions. */
  partition?: readonly string[];
  key?: string;
  where?: string;
  select?: string;
  limit?: number;
  output?: EventFormat;
  withPosition?: boolean;
  quiet?: boolean;
}

export function withReadingFlags(command: Command): Command {
  return command
    .option("--where <expression>", "only events for which this JMESPath expression holds: order.total > `100`")
    .option("--key <key>", "only events with this key: what the type's key fields say, joined by commas")
    .option("-p, --partition <names>", "only these partitions, joined by commas", names)
    .option("--select <expression>", "what to show of an event, in JMESPath: metadata.eid")
    .option("-l, --limit <events>", "stop after this number of events", wholeNumber(1, Number.MAX_SAFE_INTEGER))
    .addOption(
      new Option("-o, --output <format>", "how to print; pretty on a terminal, ndjson in a pipe").choices(
        EVENT_FORMATS,
      ),
    )
    .option("--with-position", "give programs the position too: {position, event}")
    .option("-q, --quiet", "nothing on standard error but what went wrong");
}

function names(text: string): string[] {
  const all = text.split(",");
  if (all.every((name) => name !== "")) return all;
  throw new InvalidArgumentError("It is one name or several, joined by commas.");
}
