/** `nakadi lag`: how far consumers are behind. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { formatOption } from "../output/format.ts";
import type { ConnectionFlags } from "../settings/connection.ts";
import { withConnectionFlags } from "../settings/connection-flags.ts";
import type { CommandHost } from "./command-host.ts";
import type { LagFlags } from "./lag/run-lag.ts";
import { wholeNumber } from "./whole-number.ts";

export function lagCommand(program: Command, { context, end }: CommandHost): void {
  withConnectionFlags(
    program
      .command("lag")
      .description("show how far subscriptions are behind: events, time, owner, speed, time to catch up")
      .argument("[subscription...]", "their ids, with a line for each partition; none is all, with a line for each"),
  )
    .option("-w, --watch", "look again and again, until it is interrupted")
    .option("--interval <seconds>", "time between two looks, of which the speed is made; 0.1 to 3600", seconds, 1)
    .addOption(
      new Option(
        "--fail-over <events>",
        "exit with 1 if one of them is further behind than this, or it is not known how far",
      )
        .argParser(wholeNumber(0, Number.MAX_SAFE_INTEGER))
        .conflicts("watch"),
    )
    .addOption(formatOption())
    .addHelpText(
      "after",
      "\nA speed needs two looks, so one run takes as long as the interval. On a terminal\n" +
        "a table leaves out what does not fit; wide shows all of it.\n" +
        "\nExample:\n  $ nakadi lag --output wide\n  $ nakadi lag --fail-over 1000\n" +
        "  $ nakadi lag 4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11 --watch",
    )
    .action(async (ids: string[], flags: LagFlags & ConnectionFlags) => {
      const { runLag } = await import("./lag/run-lag.ts");
      end(await runLag(context, ids, flags));
    });
}

function seconds(text: string): number {
  const number = Number(text);
  if (/^\d+(\.\d+)?$/.test(text) && number >= 0.1 && number <= 3_600) return number;
  throw new InvalidArgumentError("It is a number of seconds from 0.1 to 3600.");
}
