/** `nakadi publish`: events from files or standard input. */
import type { Command } from "commander";
import type { ConnectionFlags } from "../settings/connection.ts";
import { withConnectionFlags } from "../settings/connection-flags.ts";
import type { CommandHost } from "./command-host.ts";
import type { PublishFlags } from "./publish/run-publish.ts";
import { wholeNumber } from "./whole-number.ts";

const MAX_BATCH = 10_000;

export function publishCommand(program: Command, { context, end }: CommandHost): void {
  withConnectionFlags(
    program
      .command("publish")
      .description("publish events: JSON objects, arrays of them, or one a line (NDJSON)")
      .argument("<event-type>", "name of the event type")
      .argument("[file...]", "files to read; - or none is standard input"),
  )
    .option("--batch <events>", `events in a request, 1 to ${MAX_BATCH}`, wholeNumber(1, MAX_BATCH), 100)
    .option("--rate <events>", "events a second at most", wholeNumber(1, 1_000_000))
    .option("--dry-run", "only say what the server would refuse: nothing is published")
    .option("-q, --quiet", "say only what was not published")
    .addHelpText(
      "after",
      "\nWhat is refused is said on standard error with file and line; the exit code is 1\n" +
        "then. Events of a slow pipe do not wait until a request is full:\n" +
        "`tail -f orders.log | nakadi publish order.created` publishes each as it comes.\n" +
        '\nExample:\n  $ echo \'{"order": "first"}\' | nakadi publish order.created',
    )
    .action(async (eventType: string, files: string[], flags: PublishFlags & ConnectionFlags) => {
      const { runPublish } = await import("./publish/run-publish.ts");
      end(await runPublish(context, eventType, files, flags));
    });
}
