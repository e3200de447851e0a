/** `nakadi verify` and `nakadi repair`: what is damaged in a broker's data directory, and what can be saved. */
import type { Command } from "commander";
import type { CommandHost } from "./command-host.ts";

export function dataDirectoryCommands(program: Command, { context, end }: CommandHost): void {
  program
    .command("verify")
    .description("check all of the data directory of a broker that does not run, and change nothing")
    .argument("<directory>", "what the broker was given as --data")
    .addHelpText(
      "after",
      "\nEvery event's checksum is looked at, the snapshot and the journal. Exit code 1\n" +
        "if something is damaged.\n" +
        "\nExample:\n  $ nakadi verify ./nakadi-data\n" +
        "  ./nakadi-data is not damaged: 12,345 events of 7 event types",
    )
    .action(async (directory: string) => {
      const { runVerify } = await import("./data-directory/run-check.ts");
      end(await runVerify(context, directory));
    });
  program
    .command("repair")
    .description("check the data directory of a broker that does not run, and save what is left if it is damaged")
    .argument("<directory>", "what the broker was given as --data")
    .addHelpText(
      "after",
      "\nIt looks at what verify looks at. If nothing is wrong, nothing is changed. Else\n" +
        "events that can be read stay, also between damages, and damaged files are moved\n" +
        "to damaged/ in the directory. No offset of a lost event is given to another one.\n" +
        "\nExample:\n  $ nakadi repair ./nakadi-data\n" +
        "  ./nakadi-data is not damaged: 12,345 events of 7 event types",
    )
    .action(async (directory: string) => {
      const { runRepair } = await import("./data-directory/run-check.ts");
      end(await runRepair(context, directory));
    });
}
