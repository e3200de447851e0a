/** `nakadi tail`: events as they come, without a subscription's slot. */
import { type Command, Option } from "commander";
import type { ConnectionFlags } from "../settings/connection.ts";
import { withConnectionFlags } from "../settings/connection-flags.ts";
import type { CommandHost } from "./command-host.ts";
import { PLACES } from "./reading/place.ts";
import { withReadingFlags } from "./reading/reading-flags.ts";
import type { TailFlags } from "./tail/run-tail.ts";
import { wholeNumber } from "./whole-number.ts";

export function tailCommand(program: Command, { context, end }: CommandHost): void {
  const command = program
    .command("tail")
    .description("show events as they come, or those that are there; no slot is taken and no cursor moves")
    .argument("<name>", "an event type, or the id of a subscription for all of its event types")
    .option("--from <place>", `where to begin: ${PLACES}. Default: end; begin with --no-follow`)
    .addOption(
      new Option("-n, --last <events>", "begin this number of events before the end of each partition")
        .argParser(wholeNumber(1, Number.MAX_SAFE_INTEGER))
        .conflicts("from"),
    )
    .option("--no-follow", "stop at the end, as it is now");
  withConnectionFlags(withReadingFlags(command))
    .addHelpText(
      "after",
      "\nReading begins behind the event that a position names. A place that is not in\n" +
        "the log is refused, with its bounds. On standard error: how many events, how\n" +
        "fast, and at the end the position to go on from.\n" +
        "\nExample:\n  $ nakadi tail order.created --last 10 --no-follow\n" +
        "  $ nakadi tail order.created --from 15min --where 'total > `100`'\n" +
        "  $ nakadi tail order.created --last 3 --no-follow --select metadata.eid",
    )
    .action(async (name: string, flags: TailFlags & ConnectionFlags) => {
      const { runTail } = await import("./tail/run-tail.ts");
      end(await runTail(context, name, flags));
    });
}
