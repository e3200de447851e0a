/** `nakadi consume`: a consumer whose handler is a command of the shell. */
import { type Command, Option } from "commander";
import type { ConnectionFlags } from "../settings/connection.ts";
import { withConnectionFlags } from "../settings/connection-flags.ts";
import type { CommandHost } from "./command-host.ts";
import type { ConsumeFlags } from "./consume/run-consume.ts";
import { wholeNumber } from "./whole-number.ts";

export function consumeCommand(program: Command, { context, end }: CommandHost): void {
  withConnectionFlags(
    program
      .command("consume")
      .description("run a command for each batch of a subscription, and commit what it handled")
      .argument("<subscription>", "id of the subscription")
      .requiredOption("--exec <command>", "run by the shell for each batch: events on its standard input, one a line"),
  )
    .option("--batch <events>", "events in a batch at most, 1 to 10000", wholeNumber(1, 10_000), 100)
    .option("--wait <seconds>", "how long a batch waits to become full, 1 to 3600", wholeNumber(1, 3_600), 5)
    .option(
      "--parallel <commands>",
      "commands that run at a time; each partition has one at most",
      wholeNumber(1, 1_000),
      4,
    )
    .option("--rate <events>", "events a second at most", wholeNumber(1, 1_000_000))
    .option("--timeout <seconds>", "a command that runs longer has failed and is ended", wholeNumber(1, 86_400))
    .option("--attempts <times>", "how often a command is tried for the same events", wholeNumber(1, 1_000_000), 10)
    .addOption(
      new Option("--on-failure <action>", "what follows the last try; a batch is halved first, to find the event")
        .choices(["stop", "skip", "dead-letter"])
        .default("stop"),
    )
    .addOption(new Option("--dead-letter-file <path>", "file that dead letters are appended to, one a line"))
    .addOption(
      new Option("--dead-letter-type <name>", "event type that dead letters are published to").conflicts(
        "deadLetterFile",
      ),
    )
    .option("-q, --quiet", "say only what went wrong")
    .addHelpText(
      "after",
      "\nThe command handled its events if it exits with 0: then, and only then, they are\n" +
        "committed. Anything else is a failure: it is tried again. A process that it\n" +
        "leaves behind is not waited for. Its output comes out byte by byte; a reader\n" +
        "that is slow, or stopped, stops the consumption. It finds NAKADI_EVENT_TYPE,\n" +
        "NAKADI_PARTITION, NAKADI_OFFSET, NAKADI_EVENTS (how many) and NAKADI_ATTEMPT in\n" +
        "its environment. Events may come twice, after a failure or a lost connection.\n" +
        "\nExample:\n  $ nakadi consume 4fa0d3f5-31ab-4f7b-9d1c-6d8a4a3f3c11 --exec 'tee orders.txt'",
    )
    .action(async (subscription: string, flags: ConsumeFlags & ConnectionFlags) => {
      const { runConsume } = await import("./consume/run-consume.ts");
      end(await runConsume(context, subscription, flags));
    });
}
