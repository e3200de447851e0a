/** What is done to a broker's data directory: backed up and restored, verified and repaired. */
import type { Command } from "commander";
import type { CommandHost } from "./command-host.ts";

export function dataDirectoryCommands(program: Command, { context, end }: CommandHost): void {
  program
    .command("backup")
    .description("copy the data directory of a broker, which may go on running, to an empty or a new directory")
    .argument("<directory>", "what the broker was given as --data")
    .argument("<to>", "where to")
    .addHelpText(
      "after",
      "\nThe copy has all that was acknowledged before, and no committed cursor beyond\n" +
        "an event that is not in it. A running broker goes on; while the last part is\n" +
        "copied, it removes and compacts nothing. After a failure or Ctrl-C the copy is\n" +
        "removed; one that was killed keeps the file unfinished-copy, and nothing starts\n" +
        "from it.\n" +
        "\nExample:\n  $ nakadi backup ./nakadi-data ./backups/monday\n" +
        "  ./nakadi-data is backed up in ./backups/monday: 16.9 MB in 12 files",
    )
    .action(async (directory: string, to: string) => {
      const { runBackup } = await import("./data-directory/run-backup.ts");
      end(await runBackup(context, directory, to));
    });
  program
    .command("restore")
    .description("make a data directory of a backup, in an empty or a new directory, and verify it")
    .argument("<backup>", "what nakadi backup has written")
    .argument("<to>", "what a broker will be given as --data")
    .addHelpText(
      "after",
      "\nEach file is compared with what the backup says of it. A broker starts only from\n" +
        "a directory that was restored to the end.\n" +
        "\nExample:\n  $ nakadi restore ./backups/monday ./restored\n" +
        "  ./restored is not damaged: 12,345 events of 7 event types",
    )
    .action(async (backup: string, to: string) => {
      const { runRestore } = await import("./data-directory/run-backup.ts");
      end(await runRestore(context, backup, to));
    });
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
